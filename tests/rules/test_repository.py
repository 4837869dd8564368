"""What must never be in a tracked file: machine paths, registry hosts, work left for later."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

MACHINE_PATHS = re.compile(r"(^|[^A-Za-z0-9_.-])/(" + "|".join(["wo" + "rk", "fa" + "rm", "ro" + "ot"]) + r")/")
REGISTRIES = re.compile(
    "|".join(
        [
            "pypi" + r"\.org",
            "crates" + r"\.io/api",
            "registry" + r"\.npmjs",
            "proxy" + r"\.golang",
            "repo1?" + r"\.maven",
        ]
    )
)
LEFT_FOR_LATER = re.compile(
    r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "HA" + "CK"]) + r")\b|unimplemented!\(|todo!\("
)


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [ROOT / line for line in listed.splitlines() if (ROOT / line).is_file()]


def hits(pattern: re.Pattern[str], suffixes: tuple[str, ...] = ()) -> list[str]:
    found = []
    for path in tracked():
        if suffixes and path.suffix not in suffixes:
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [
            f"{path.relative_to(ROOT)}:{n}" for n, line in enumerate(text.splitlines(), 1) if pattern.search(line)
        ]
    return found


def test_no_path_of_a_machine_is_committed() -> None:
    assert hits(MACHINE_PATHS) == []


def test_no_registry_host_is_committed() -> None:
    assert hits(REGISTRIES) == []


def test_nothing_is_left_for_later_in_code() -> None:
    assert hits(LEFT_FOR_LATER, (".py", ".rs", ".ts", ".tsx")) == []


def test_every_module_says_what_it_owns() -> None:
    silent = []
    for path in tracked():
        text = path.read_text() if path.suffix in (".py", ".rs") and "tests" not in path.parts else ""
        opening = ('"""', "#!") if path.suffix == ".py" else ("//!",)
        if text and path.name != "tests.rs" and not text.lstrip().startswith(opening):
            silent.append(str(path.relative_to(ROOT)))
    assert not silent, f"these files need a docstring that says what they own: {silent}"
