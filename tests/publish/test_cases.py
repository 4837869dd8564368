"""Each `*.case` file: a draft as the wire's parameters, `---`, then the plan record or the problems it gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from isthmus.catalog import Catalog
from isthmus.errors import ApiError
from isthmus.model import to_document
from isthmus.operations.definition import read_draft
from isthmus.publish.freeze import freeze
from isthmus.publish.release import release
from isthmus.publish.resolve import References

CASES = sorted(Path(__file__).parent.glob("*.case"))
CREATE_API = Catalog.load().find("CreateApi", "2016-07-14")
REFERENCES = References(base_path="/v1", access_name="users")
SEPARATOR = "\n---\n"


def published(given: dict[str, Any]) -> dict[str, Any]:
    assert CREATE_API is not None
    raw = {name: value if isinstance(value, str) else json.dumps(value) for name, value in given.items()}
    try:
        draft = read_draft(CREATE_API.check({"ApiName": "demo", "GroupId": "group", **raw}))
        frozen = freeze("api", "group", "RELEASE", json.dumps(to_document(draft)))
        return release(frozen, REFERENCES, "20261124093000000").body
    except ApiError as error:
        return {"code": error.code, "problems": error.message.split(". ")}


def written(value: Any, depth: int = 0) -> str:
    """JSON with one line for what fits into one."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) + 2 * depth <= 118 or not isinstance(value, dict | list) or not value:
        return flat
    pad = "  " * (depth + 1)
    if isinstance(value, dict):
        inner = [f"{pad}{json.dumps(key)}: {written(item, depth + 1)}" for key, item in value.items()]
        return "{\n" + ",\n".join(inner) + "\n" + "  " * depth + "}"
    return "[\n" + ",\n".join(pad + written(item, depth + 1) for item in value) + "\n" + "  " * depth + "]"


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_case_publishes_as_written(path: Path, request: pytest.FixtureRequest) -> None:
    text = path.read_text(encoding="utf-8")
    given, _, expected = text.partition(SEPARATOR)
    result = published(json.loads(given))
    if request.config.getoption("--update-cases"):
        path.write_text(f"{written(json.loads(given))}{SEPARATOR}{written(result)}\n", encoding="utf-8")
        return
    assert len(text.splitlines()) <= 80, "a case is at most 80 lines"
    assert json.loads(expected) == result


def test_there_are_cases() -> None:
    assert len(CASES) >= 10
