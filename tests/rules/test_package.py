"""What the installed package needs beside its code comes with it."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_package_carries_the_specification() -> None:
    """The build follows links to files, not to folders."""
    links = ROOT / "python" / "isthmus" / "spec"
    for file in sorted((ROOT / "spec").glob("*.json")):
        link = links / file.name
        text = f"an installed Isthmus lacks {file.name}: ln -s ../../../spec/{file.name} {link.relative_to(ROOT)}"
        assert link.is_symlink() and link.resolve() == file, text
