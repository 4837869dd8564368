"""Imports go one way, in both languages."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "python" / "isthmus"

# What a part of the package must never import.
FORBIDDEN: dict[str, set[str]] = {
    "model": {
        "wire",
        "catalog",
        "operations",
        "store",
        "publish",
        "plane",
        "control",
        "processes",
        "cli",
        "lab",
    },
    "openapi": {
        "wire",
        "catalog",
        "operations",
        "store",
        "publish",
        "plane",
        "control",
        "processes",
        "cli",
        "lab",
    },
    "sdk": {
        "wire",
        "catalog",
        "operations",
        "store",
        "publish",
        "plane",
        "control",
        "processes",
        "cli",
        "lab",
    },
    "inventory": {
        "wire",
        "catalog",
        "operations",
        "store",
        "publish",
        "plane",
        "control",
        "processes",
        "cli",
        "lab",
    },
    "publish": {
        "wire",
        "operations",
        "store",
        "plane",
        "control",
        "processes",
        "cli",
        "lab",
    },
    "store": {
        "wire",
        "catalog",
        "operations",
        "publish",
        "plane",
        "control",
        "processes",
        "cli",
        "lab",
    },
    "catalog.py": {
        "wire",
        "operations",
        "store",
        "publish",
        "plane",
        "control",
        "processes",
        "cli",
        "lab",
    },
    "wire": {
        "operations",
        "store",
        "publish",
        "plane",
        "control",
        "processes",
        "cli",
        "lab",
    },
    "operations": {"plane", "control", "processes", "cli", "lab"},
    "plane": {"wire", "operations", "publish", "control", "processes", "cli", "lab"},
    "lab": {"wire", "operations", "store", "publish", "plane", "control"},
    "settings.py": {
        "wire",
        "operations",
        "store",
        "publish",
        "plane",
        "control",
        "processes",
        "cli",
        "lab",
    },
}

# May only shrink. Bindings are made from the store's nouns, which carry no statement.
EXCEPTIONS: dict[str, set[str]] = {"publish/bindings.py": {"store"}}

# What a crate may depend on among ours.
CRATES: dict[str, set[str]] = {
    "plan": set(),
    "connector": set(),
    "engine": {"isthmus-plan", "isthmus-connector"},
    "pybind": {"isthmus-plan", "isthmus-engine", "isthmus-connector"},
}


def imported(path: Path) -> set[str]:
    """Parts of the package that a file imports, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module] if node.module != "isthmus" else [f"isthmus.{alias.name}" for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("isthmus.")}
    return found


def test_python_imports_go_one_way() -> None:
    wrong = []
    for part, forbidden in FORBIDDEN.items():
        place = PACKAGE / part
        for path in [place] if place.is_file() else sorted(place.rglob("*.py")):
            for name in (imported(path) & forbidden) - EXCEPTIONS.get(str(path.relative_to(PACKAGE)), set()):
                wrong.append(f"{path.relative_to(ROOT)} imports isthmus.{name}: move what it needs down, or pass it in")
    assert not wrong, "\n".join(wrong)


def test_only_one_file_imports_the_native_module() -> None:
    users = [path for path in PACKAGE.rglob("*.py") if "_native" in path.read_text() and "import" in path.read_text()]
    importing = []
    for path in users:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module == "isthmus":
                importing += [path.name for alias in node.names if alias.name == "_native"]
            if isinstance(node, ast.Import):
                importing += [path.name for alias in node.names if alias.name == "isthmus._native"]
    assert set(importing) <= {"native.py"}, importing


def test_crates_depend_one_way() -> None:
    for crate, allowed in CRATES.items():
        manifest = tomllib.loads((ROOT / "crates" / crate / "Cargo.toml").read_text())
        ours = {name for name in manifest.get("dependencies", {}) if name.startswith("isthmus-")}
        assert ours <= allowed, f"crates/{crate} must not depend on {sorted(ours - allowed)}"


def test_stories_in_the_documentation_name_the_folders() -> None:
    request = (ROOT / "docs/concepts/life-of-a-request.md").read_text()
    engine = ROOT / "crates/engine/src"
    for name in (
        "listen.rs",
        "request/route.rs",
        "request/guard.rs",
        "request/identify.rs",
        "request/permit.rs",
    ):
        assert (engine / name).exists() and f"`{name}`" in request, name
    for name in (
        "request/throttle.rs",
        "request/map.rs",
        "backend/mod.rs",
        "record/mod.rs",
        "request/answer.rs",
    ):
        assert (engine / name).exists() and f"`{name}`" in request, name
    publish = (ROOT / "docs/concepts/life-of-a-publish.md").read_text()
    for name in ("wire", "catalog.py", "operations", "store", "publish", "plane"):
        assert (PACKAGE / name).exists() and name in publish, name
