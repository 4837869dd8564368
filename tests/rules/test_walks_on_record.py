"""The record of which client walks which operation is that of the walks: no table missing, no operation made up."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from isthmus.operations import function_for

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "clients"))

from walking import operations, tables  # noqa: E402

WALKS = json.loads((ROOT / "spec" / "walks.json").read_text(encoding="utf-8"))
HINT = "RECORD_WALKS=1 pytest tests/clients writes spec/walks.json"

# What no client's walk calls, though it is there. May only shrink.
UNWALKED: set[str] = set()


def test_each_client_has_every_table_on_record_with_operations_of_that_table() -> None:
    for client, walks in WALKS.items():
        assert sorted(walks) == tables(), f"{client}: {HINT}"
        for table, called in walks.items():
            assert set(called) <= operations(table), f"{client}, {table}: {HINT}"


def test_every_operation_in_a_table_is_called_by_a_client_and_implemented() -> None:
    called = {name for walks in WALKS.values() for names in walks.values() for name in names}
    listed = {name for table in tables() for name in operations(table)}
    assert listed == called, f"{sorted(listed ^ called)}: {HINT}"
    assert {name for name in called if function_for(name) is None} == set()


def test_every_operation_of_the_vendors_that_is_there_is_walked() -> None:
    from isthmus.catalog import Catalog

    called = {name for walks in WALKS.values() for names in walks.values() for name in names}
    there = {one.name for one in Catalog.load().operations if one.version == "2016-07-14" and function_for(one.name)}
    assert there - called == UNWALKED, "put a step for it into tests/clients/steps, or take it off the list"
