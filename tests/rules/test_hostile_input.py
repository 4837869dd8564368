"""The page about hostile input and the tests that carry its numbers belong together."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAMES = re.compile(r"(?:fn|def) (?:test_)?((?:r\d\d_)+)\w")


def _tested() -> set[int]:
    sources = [*(ROOT / "crates").rglob("tests/**/*.rs"), *(ROOT / "tests").rglob("test_*.py")]
    found = (match for path in sources for match in NAMES.findall(path.read_text()))
    return {int(number) for match in found for number in re.findall(r"r(\d\d)_", match)}


def test_each_tested_number_has_a_row_and_each_row_that_says_tested_has_a_test() -> None:
    page = (ROOT / "docs" / "reference" / "hostile-input.md").read_text()
    rows = {int(number): state for number, state in re.findall(r"^\| R(\d+) \|.*\| ([^|]+) \|$", page, re.MULTILINE)}
    tested = _tested()
    assert tested - set(rows) == set(), "tests without a row"
    assert {number for number, state in rows.items() if state.startswith("tested")} - tested == set(), (
        "rows without a test"
    )
