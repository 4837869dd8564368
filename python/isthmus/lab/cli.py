"""`isthmus lab`."""

from __future__ import annotations

import click


@click.group()
def lab() -> None:
    """Private networks on this machine, to try the gateway with."""
