"""Every type of plug-in has a page that names each of its fields and whose example an engine accepts, and tests that set
each of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from isthmus.operations.plugin_text import known_types, read_definition

PAGES = Path(__file__).resolve().parents[2] / "docs" / "plugins"
CRATES = Path(__file__).resolve().parents[2] / "crates" / "engine"
TYPES = known_types()


def fields(schema: dict[str, Any]) -> set[str]:
    """The properties at the top, and those of every definition below."""
    found = set(schema.get("properties", {}))
    for one in schema.get("oneOf", []) + schema.get("anyOf", []) + list(schema.get("$defs", {}).values()):
        found |= set(one.get("properties", {}))
    return found


@pytest.mark.parametrize("name", TYPES)
def test_the_page_has_every_field_and_an_example_that_works(name: str) -> None:
    page = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {name}\n")
    missing = [field for field in sorted(fields(TYPES[name])) if not re.search(rf"\b{re.escape(field)}\b", page)]
    assert not missing, f"docs/plugins/{name}.md says nothing of {missing}"
    examples = re.findall(r"```yaml\n(.*?)```", page, flags=re.S)
    assert examples, "an example in a yaml block"
    for example in examples:
        assert read_definition(name, example)[1] == []


def test_there_is_no_page_without_a_type() -> None:
    assert {path.stem for path in PAGES.glob("*.md")} == set(TYPES)


@pytest.mark.parametrize("name", TYPES)
def test_each_example_of_the_page_is_run_by_a_test_through_sockets(name: str) -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in (CRATES / "tests" / "wire").glob("*.rs"))
    page = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    # A test that only decodes one proves nothing; `gateway` of plugin_examples.rs takes the page's first one.
    first = rf'(?<!decode\()example\("{name}"\)|= gateway\(\s*"{name}", '
    for index in range(page.count("```yaml\n")):
        wanted = first if index == 0 else rf'(?<!decode\()example_at\("{name}", {index}\)'
        assert re.search(wanted, tests), f"no test runs example {index} of docs/plugins/{name}.md"


def sources(name: str) -> str:
    """Tests through sockets, the page's examples that they run, and tests beside the code of what no socket shows."""
    snake = re.sub(r"([A-Z])", r"_\1", name).lower()
    # A breaker's other backend is a route's; tokens have their keys from a file of their own.
    others = {"circuitBreaker": "plugin_routing", "jwtAuth": "support/tokens"}
    files = [f"tests/wire/plugin_{snake}.rs", f"tests/wire/{others.get(name, 'none')}.rs"]
    text = "".join((CRATES / file).read_text(encoding="utf-8") for file in files if (CRATES / file).exists())
    beside = CRATES / "src" / "plugins" / f"{snake}.rs"
    if beside.exists():
        text += "".join(beside.read_text(encoding="utf-8").split("#[cfg(test)]")[1:])
    if re.search(rf'example(_at)?\("{name}"', text):
        text += re.sub(
            r"^[ -]*([\w-]+):", r'"\1"', (PAGES / f"{name}.md").read_text(encoding="utf-8"), flags=re.MULTILINE
        )
    return text


@pytest.mark.parametrize("name", TYPES)
def test_every_field_is_tested(name: str) -> None:
    text = sources(name)
    missing = [field for field in sorted(fields(TYPES[name])) if f'"{field}"' not in text]
    assert not missing, f"no test of {name} sets {missing}"
