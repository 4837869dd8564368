"""References inside a document: what `$ref` names, and which schema a place means.

Called by `operations.py`. Invariant: following references ends, whatever they name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MOST_STEPS = 16
_SCHEMAS = ("#/definitions/", "#/components/schemas/")


def resolve(document: Mapping[str, Any], value: Any) -> Any:
    """The value itself, or what it refers to; None when that is not there."""
    for _ in range(_MOST_STEPS):
        if not isinstance(value, Mapping) or not isinstance(value.get("$ref"), str):
            return value
        value = _at(document, value["$ref"])
    return None


def schema_name(schema: Any) -> str | None:
    """The reference when a schema is a reference to one of the document's named schemas."""
    if not isinstance(schema, Mapping) or not isinstance(schema.get("$ref"), str):
        return None
    return next((schema["$ref"] for prefix in _SCHEMAS if schema["$ref"].startswith(prefix)), None)


def referred_name(reference: str | None) -> str | None:
    """The schema's own name in such a reference."""
    for prefix in _SCHEMAS:
        if reference and reference.startswith(prefix):
            return _unescaped(reference[len(prefix) :])
    return None


def _at(document: Mapping[str, Any], pointer: str) -> Any:
    value: Any = document
    for step in pointer.removeprefix("#/").split("/"):
        name = _unescaped(step)
        if isinstance(value, Mapping):
            value = value.get(name)
        elif isinstance(value, list) and name.isascii() and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value


def _unescaped(step: str) -> str:
    return step.replace("~1", "/").replace("~0", "~")
