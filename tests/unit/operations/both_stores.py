"""A workbench on each store, for what is counted by the database itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from workbench import Workbench, make_store


@pytest.fixture(params=["sqlite", "postgresql"])
def workbench(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Workbench]:
    clock = [1_795_000_000.0]
    address = str(request.getfixturevalue("postgresql").database()) if request.param == "postgresql" else None
    for store in make_store(tmp_path, clock, address):
        yield Workbench(store, clock)
