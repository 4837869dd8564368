"""The type notation of the specification: one shape per parameter or response, parsed once from `spec/`.

The catalogue builds shapes when it loads and renders every result through them. A result that a shape does not fit
raises `ShapeMismatch`: that is a defect of the operation that made it, never the caller's, and the tests find it.
Invariant: what `render` returns has the vendor's names, only known members, and the declared JSON types.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property, lru_cache
from typing import Any

_ACRONYM_END = re.compile(r"([A-Z]+)([A-Z][a-z])")
_WORD_END = re.compile(r"([a-z0-9])([A-Z])")


@lru_cache(maxsize=8192)
def snake_case(vendor_name: str) -> str:
    """`IPV6AclId` becomes `ipv6_acl_id`; the same name gives the same result wherever it stands."""
    return _WORD_END.sub(r"\1_\2", _ACRONYM_END.sub(r"\1_\2", vendor_name)).lower()


class ShapeMismatch(Exception):
    """A result that does not fit its operation's response; the message names the member."""


@dataclass(frozen=True)
class Scalar:
    """`string`, `integer`, `boolean`, or `any` (passed on as it is)."""

    kind: str


@dataclass(frozen=True)
class ListOf:
    item: Shape


@dataclass(frozen=True)
class MapOf:
    """Keys are the caller's data, so they keep their spelling."""

    item: Shape


@dataclass(frozen=True)
class ObjectOf:
    members: dict[str, Shape]

    @cached_property
    def inside_names(self) -> frozenset[str]:
        return frozenset(snake_case(name) for name in self.members)

    @cached_property
    def list_member(self) -> str | None:
        """The only member that is a list: a bare Python list given for this object belongs there."""
        lists = [name for name, shape in self.members.items() if isinstance(shape, ListOf)]
        return lists[0] if len(lists) == 1 else None


Shape = Scalar | ListOf | MapOf | ObjectOf

_SCALARS = ("string", "integer", "boolean", "any")


def parse_shape(notation: Any, where: str) -> Shape:
    """Read the notation of the specification: a primitive's name, `{list: T}`, `{map: T}` or `{object: {name: T}}`."""
    if isinstance(notation, str) and notation in _SCALARS:
        return Scalar(notation)
    if isinstance(notation, dict) and len(notation) == 1:
        (kind, inner), *_ = notation.items()
        if kind == "list":
            return ListOf(parse_shape(inner, f"{where}[]"))
        if kind == "map":
            return MapOf(parse_shape(inner, f"{where}{{}}"))
        if kind == "object" and isinstance(inner, dict):
            return ObjectOf({name: parse_shape(member, f"{where}.{name}") for name, member in inner.items()})
    raise ValueError(f"The specification has an unreadable type at {where}: {notation!r}")


def empty_container(shape: Shape) -> Any:
    """What stands for an absent value: `[]` for a list, `{"Tag": []}` for a pure wrapper of one, else None (omitted).

    Clients look into list containers without asking; an object with other members is data and may be absent.
    """
    if isinstance(shape, ListOf):
        return []
    if isinstance(shape, ObjectOf) and len(shape.members) == 1:
        ((name, member),) = shape.members.items()
        inner = empty_container(member)
        return None if inner is None else {name: inner}
    return None


def render(shape: Shape, value: Any, where: str) -> Any:
    """`value` with inside names becomes JSON data with the vendor's names; None means that it is to be omitted."""
    if isinstance(value, Enum):
        value = value.value
    if value is None:
        return empty_container(shape)
    if isinstance(shape, Scalar):
        return _scalar(shape.kind, value, where)
    if isinstance(shape, ListOf):
        if not isinstance(value, list | tuple):
            raise ShapeMismatch(f"{where} is a list, not {type(value).__name__}")
        return [render(shape.item, item, f"{where}[{index}]") for index, item in enumerate(value)]
    if isinstance(shape, ObjectOf) and isinstance(value, list | tuple) and shape.list_member:
        value = {snake_case(shape.list_member): value}
    if not isinstance(value, Mapping):
        raise ShapeMismatch(f"{where} is an object, not {type(value).__name__}")
    if isinstance(shape, MapOf):
        return {str(key): render(shape.item, item, f"{where}.{key}") for key, item in value.items()}
    return _object(shape, value, where)


def _object(shape: ObjectOf, value: Mapping[str, Any], where: str) -> dict[str, Any]:
    unknown = sorted(str(key) for key in value.keys() - shape.inside_names)
    if unknown:
        raise ShapeMismatch(f"{where} has no member {', '.join(unknown)}")
    rendered = {}
    for name, member in shape.members.items():
        item = render(member, value.get(snake_case(name)), f"{where}.{name}")
        if item is not None:
            rendered[name] = item
    return rendered


def _scalar(kind: str, value: Any, where: str) -> Any:
    if kind == "any":
        return value
    if kind == "string" and isinstance(value, bool):
        return "true" if value else "false"
    if kind == "string" and isinstance(value, str | int | float):
        return str(value)
    if kind == "integer" and isinstance(value, int):
        return int(value)
    if kind == "integer" and isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,19}", value):
        return int(value)
    if kind == "boolean" and isinstance(value, bool):
        return value
    if kind == "boolean" and isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise ShapeMismatch(f"{where} is {kind}, not {type(value).__name__}")
