"""Between the dataclasses of the model and the JSON documents that the store keeps.

`fields_of` is also what the reader of callers' JSON goes by. Invariant: `from_document(type(x), to_document(x)) == x`;
a document of a newer program reads too, its unknown keys ignored.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

Model = TypeVar("Model")


class ModelField(NamedTuple):
    """A field of a dataclass of the model: `text`, `integer`, `boolean`, `object` or `list`."""

    name: str
    kind: str
    # The dataclass of an object or of a list's items.
    inner: type[Any] | None = None


_KINDS = {str: "text", int: "integer", bool: "boolean"}


# Reading type hints is slow, and they do not change.
_fields: dict[type[Any], tuple[ModelField, ...]] = {}


def fields_of(model: type[Any]) -> tuple[ModelField, ...]:
    found = _fields.get(model)
    if found is None:
        hints = get_type_hints(model)
        found = _fields[model] = tuple(_field(one.name, hints[one.name]) for one in fields(model))
    return found


def _field(name: str, hint: Any) -> ModelField:
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(one for one in get_args(hint) if one is not type(None))
    if get_origin(hint) is tuple:
        return ModelField(name, "list", get_args(hint)[0])
    if hint in _KINDS:
        return ModelField(name, _KINDS[hint])
    return ModelField(name, "object", hint)


def to_document(value: Any) -> dict[str, Any]:
    """What is None is left out, and so is an empty list."""
    document: dict[str, Any] = {}
    for name, kind, _ in fields_of(type(value)):
        item = getattr(value, name)
        if item is None or item == ():
            continue
        if kind == "object":
            item = to_document(item)
        elif kind == "list":
            item = [to_document(each) for each in item]
        document[name] = item
    return document


def from_document(model: type[Model], document: Mapping[str, Any]) -> Model:
    read: dict[str, Any] = {}
    for name, kind, inner in fields_of(model):
        item = document.get(name)
        if item is None:
            continue
        if kind == "object" and inner is not None:
            item = from_document(inner, item)
        elif kind == "list" and inner is not None:
            item = tuple(from_document(inner, each) for each in item)
        read[name] = item
    return model(**read)
