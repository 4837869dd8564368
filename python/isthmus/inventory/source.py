"""What every source of instances is, and what it may answer.

Implemented by one module for each kind; called by `refresh.py`. Invariant: `read` either tells all instances of the
network or raises, so that an answer in part never takes an instance away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


class SourceError(Exception):
    """A source did not answer, or not well; the text says why, and holds no credential."""


@dataclass
class Reading:
    """Instance id to address, and what was left out because it cannot be used."""

    instances: dict[str, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


class Source(Protocol):
    def read(self, before: Mapping[str, str]) -> Reading:
        """Everything that the source knows of its network; `before` is what it said last. Raises: SourceError."""
