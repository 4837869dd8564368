"""`--update-cases` writes what publishing gives now into the case files, for review."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-cases", action="store_true", help="rewrite the results in tests/publish/*.case")
