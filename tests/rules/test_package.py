"""What the installed package needs beside its code comes with it."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def check_links(given: str, pattern: str, links: str) -> None:
    """The build follows links to files, not to folders."""
    files = sorted((ROOT / given).glob(pattern))
    assert files
    for file in files:
        link = ROOT / "python" / "isthmus" / links / file.name
        text = f"an installed Isthmus lacks {file.name}: ln -s ../../../{given}/{file.name} {link.relative_to(ROOT)}"
        assert link.is_symlink() and link.resolve() == file, text


def test_the_package_carries_the_specification() -> None:
    check_links("spec", "*.json", "spec")


def test_the_package_carries_the_pages_of_plugins() -> None:
    check_links("docs/plugins", "*.md", "plugin_pages")
