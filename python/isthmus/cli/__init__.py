"""The command `isthmus`: one module per verb."""

from __future__ import annotations

import click

from isthmus import __version__
from isthmus.cli.api import api
from isthmus.cli.call import call
from isthmus.cli.serving import connector, control, engine, up
from isthmus.cli.status import status
from isthmus.lab.cli import lab


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="isthmus")
def isthmus() -> None:
    """Isthmus, a self-hosted API gateway compatible with Alibaba Cloud API Gateway."""


for verb in (up, status, api, call, lab, control, engine, connector):
    isthmus.add_command(verb)


def main() -> None:
    """Entry point of the command."""
    isthmus(prog_name="isthmus")
