"""Generated pages are up to date, and what the operations page calls implemented is."""

from __future__ import annotations

from pathlib import Path

from isthmus.reference import PAGES

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"


def test_generated_pages_are_up_to_date() -> None:
    stale = [name for name, page in PAGES.items() if (REFERENCE / name).read_text(encoding="utf-8") != page()]
    assert not stale, f"{stale}: run `make generate`"


def test_every_refusal_is_provoked_by_a_test() -> None:
    from isthmus import native

    tests = (Path(__file__).resolve().parents[2] / "crates" / "engine" / "tests" / "wire").glob("*.rs")
    text = "".join(path.read_text() for path in tests)
    # Each needs a reason why no socket test can provoke it yet.
    unprovoked = {
        "X500ER": "only a defect provokes it",
    }
    missing = {str(one["code"]) for one in native.refusals() if f'"{one["code"]}"' not in text} - set(unprovoked)
    assert not missing, f"no test provokes {sorted(missing)}"
