"""Each operation that `roles.py` names exists, and what changes something is never open to those who only look."""

from __future__ import annotations

from isthmus.catalog import Catalog
from isthmus.roles import DEVELOPER, NAMED, OWN, ROLES, VIEWER, may, needed_role

OPERATIONS = {operation.name for operation in Catalog.load().operations}


def test_every_named_operation_is_in_the_catalogue() -> None:
    assert not NAMED - OPERATIONS


def test_what_writes_needs_at_least_a_developer() -> None:
    reads = ("Describe", "List", "Query", "Compare")
    weak = [name for name in OPERATIONS if not name.startswith(reads) and may(VIEWER, name) and name not in OWN]
    assert not weak
    assert all(ROLES.index(needed_role(name)) >= ROLES.index(DEVELOPER) for name in OPERATIONS if "Security" in name)
