"""The revisions of the database are one chain: two that were written side by side must not both follow the same one."""

from __future__ import annotations

import re
from pathlib import Path

VERSIONS = Path(__file__).resolve().parents[2] / "python" / "isthmus" / "store" / "migrations" / "versions"


def test_each_revision_follows_the_one_before_it() -> None:
    files = sorted(VERSIONS.glob("v*.py"))
    numbers = [f"{number:04}" for number in range(1, len(files) + 1)]
    assert [path.name[1:5] for path in files] == numbers
    for path, number, before in zip(files, numbers, [None, *numbers], strict=False):
        text = path.read_text()
        assert re.search(rf'^revision(?:: str)? = "{number}"$', text, re.MULTILINE), path.name
        follows = f'"{before}"' if before else "None"
        assert re.search(rf"^down_revision.* = {follows}$", text, re.MULTILINE), path.name
