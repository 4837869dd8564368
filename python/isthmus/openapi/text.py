"""The text of a document: JSON or YAML, read within bounds and written.

Called by the operations that import and export. Everything read is hostile: YAML's references make a small text a huge
document, so what is counted is the document, not the text. Invariant: what `read_document` returns is made of JSON's
types alone, with texts as keys.
"""

from __future__ import annotations

import json
import math
from typing import Any

import yaml

from isthmus import errors
from isthmus.errors import ApiError, Problem

_LONGEST = 4 * 1024 * 1024
_MOST_NODES = 500_000
_MOST_DEPTH = 64


class _Loader(yaml.CSafeLoader):
    """Dates stay the texts that they are in JSON."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def read_document(text: str, data_format: str | None) -> dict[str, Any]:
    """`data_format` is json or yaml; without it, the text tells. Raises: ApiError."""
    if len(text) > _LONGEST:
        raise _refused(f"is longer than {_LONGEST} characters.")
    kind = (data_format or "").strip().lower()
    if kind not in ("", "json", "yaml", "yml"):
        raise errors.invalid([Problem("DataFormat", f"{data_format!r:.40} is neither json nor yaml.")])
    is_json = kind == "json" or (not kind and text.lstrip()[:1] == "{")
    document = _plain(_parse_json(text) if is_json else _parse_yaml(text), _Budget(), 0)
    if not isinstance(document, dict):
        raise _refused("is not an OpenAPI document: it must be an object.")
    return document


def write_document(document: dict[str, Any], data_format: str) -> str:
    if data_format == "yaml":
        dumped: str = yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)
        return dumped
    return json.dumps(document, ensure_ascii=False, indent=2)


def _parse_json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise _refused(f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.") from error
    except ValueError as error:
        raise _refused(f"is not JSON: {error}.") from error
    except RecursionError as error:
        raise _refused(f"is nested deeper than {_MOST_DEPTH} levels.") from error


def _parse_yaml(text: str) -> Any:
    try:
        _check_depth(text)
        return yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
        raise _refused(f"is not YAML: {error.problem}{where}.") from error
    except (yaml.YAMLError, ValueError, TypeError) as error:
        raise _refused(f"is not YAML: {str(error)[:200]}.") from error
    except RecursionError as error:
        raise _refused(f"is nested deeper than {_MOST_DEPTH} levels.") from error


def _check_depth(text: str) -> None:
    """Before anything is built: the library's own recursion ends the process when a text is nested deeply enough."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _MOST_DEPTH:
            raise _refused(f"is nested deeper than {_MOST_DEPTH} levels.")


class _Budget:
    """How many values may still come."""

    def __init__(self) -> None:
        self.left = _MOST_NODES

    def spend(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise _refused(f"has more than {_MOST_NODES} values.")


def _plain(value: Any, budget: _Budget, depth: int) -> Any:
    budget.spend()
    if depth > _MOST_DEPTH:
        raise _refused(f"is nested deeper than {_MOST_DEPTH} levels, or refers to itself.")
    if isinstance(value, dict):
        return {_key(key): _plain(item, budget, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, budget, depth + 1) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise _refused(f"has the number {value}, which JSON does not have.")
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return _text(value)
    raise _refused(f"has a value of the type {type(value).__name__}, which JSON does not have.")


def _key(key: Any) -> str:
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, str | int | float):
        return _text(str(key))
    raise _refused("has a key that is no text.")


def _text(value: str) -> str:
    # A lone surrogate is legal in JSON text, but no text that could be stored or answered.
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise _refused("has half of a surrogate pair in a text.")
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number of JSON")


def _refused(text: str) -> ApiError:
    return errors.invalid([Problem("Data", text)])
