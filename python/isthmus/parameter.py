"""One parameter of an operation: how its text on the wire becomes a value, or a list of problems.

Called by `catalog.Operation.check` alone, for each declared parameter. There are four ways to write a value: `plain`
text, `flat-repeat` names (`Tag.1.Key`), `json` text, and `simple` (a list separated by commas). Everything read here is
hostile: an index never sizes a list, digits are counted before they are converted, nesting is bounded.
Invariant: a value is returned only without problems, and its type is the declared one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from isthmus.errors import Problem
from isthmus.shape import ListOf, MapOf, ObjectOf, Scalar, Shape, snake_case

# The largest list that the vendor documents is 100 ids; this only has to be clearly above it.
MAX_LIST_ITEMS = 1000
# Parsed JSON takes up to thirty times its text in memory.
MAX_JSON_LENGTH = 256 * 1024
# Names longer than this would make the error message a copy of the attack.
_MAX_SHOWN = 60

# Python's `str(1.0)` reaches us from clients that compute page numbers.
_INTEGER = re.compile(r"([+-]?[0-9]{1,19})(?:\.0+)?")
_INDEX = re.compile(r"([1-9][0-9]{0,8})(?:\.([A-Za-z0-9_]{1,100}))?")
_LARGEST_INTEGER = 2**63 - 1

Read = tuple[Any, list[Problem]]


@dataclass(frozen=True)
class Parameter:
    name: str
    inside_name: str
    shape: Shape
    wire: str
    required: bool
    # Other spellings that clients send; the declared name wins when both are there.
    aliases: tuple[str, ...] = ()


def read_parameter(parameter: Parameter, raw: Mapping[str, str], indexed: Mapping[str, str]) -> Read:
    """The value, or None with no problem when the caller left it out. `indexed` has `1.Key` for each `Tag.1.Key`."""
    if parameter.wire == "flat-repeat":
        if raw.get(parameter.name):
            return None, [
                Problem(
                    parameter.name,
                    f"is a list: send {parameter.name}.1, {parameter.name}.2, and so on.",
                )
            ]
        return _read_repeated(parameter, indexed)
    text = next(
        (raw[name] for name in (parameter.name, *parameter.aliases) if raw.get(name)),
        "",
    )
    if not text:
        return None, []
    if parameter.wire == "json":
        return _read_json(parameter, text)
    if parameter.wire == "simple":
        return _read_simple(parameter, text)
    return _read_scalar(parameter.shape, text, parameter.name)


def _read_scalar(shape: Shape, text: str, where: str) -> Read:
    kind = shape.kind if isinstance(shape, Scalar) else "any"
    if kind == "integer":
        match = _INTEGER.fullmatch(text.strip(" "))
        if match is None or abs(int(match[1])) > _LARGEST_INTEGER:
            return None, [
                Problem(
                    where,
                    f"is {_shown(text)}, but must be a whole number in decimal digits.",
                )
            ]
        return int(match[1]), []
    if kind == "boolean":
        if text.lower() not in ("true", "false"):
            return None, [Problem(where, f"is {_shown(text)}, but must be true or false.")]
        return text.lower() == "true", []
    return text, []


def _read_simple(parameter: Parameter, text: str) -> Read:
    assert isinstance(parameter.shape, ListOf)
    if text.count(",") >= MAX_LIST_ITEMS:
        return None, [_too_long(parameter.name)]
    items: list[Any] = []
    problems: list[Problem] = []
    # Clients put spaces after the commas.
    for part in filter(None, (part.strip() for part in text.split(","))):
        item, found = _read_scalar(parameter.shape.item, part, parameter.name)
        items.append(item)
        problems.extend(found)
    return (None, problems) if problems or not items else (items, [])


def _read_repeated(parameter: Parameter, indexed: Mapping[str, str]) -> Read:
    assert isinstance(parameter.shape, ListOf)
    rows: dict[int, dict[str, str]] = {}
    problems: list[Problem] = []
    for tail, text in indexed.items():
        match = _INDEX.fullmatch(tail)
        named = isinstance(parameter.shape.item, ObjectOf)
        if match is None or (match[2] is not None) != named or int(match[1]) > MAX_LIST_ITEMS:
            form = f"{parameter.name}.1.Field" if named else f"{parameter.name}.1"
            name = _shown(f"{parameter.name}.{tail}")
            text = f"the name {name} is not of the form {form} with an index from 1 to {MAX_LIST_ITEMS}."
            return None, [Problem(parameter.name, text)]
        rows.setdefault(int(match[1]), {})[match[2] or ""] = text
    items: list[Any] = []
    for index in sorted(rows):
        where = f"{parameter.name}.{index}"
        if isinstance(parameter.shape.item, ObjectOf):
            item, found = _read_row(parameter.shape.item, rows[index], where, parameter.name == "Tag")
        else:
            item, found = _read_scalar(parameter.shape.item, rows[index][""], where) if rows[index][""] else (None, [])
        problems.extend(found)
        if item is not None:
            items.append(item)
    return (None, problems) if problems or not items else (items, [])


def _read_row(shape: ObjectOf, row: Mapping[str, str], where: str, is_tag: bool) -> Read:
    """One object of a list: every declared member is there, None when the caller left it out."""
    if is_tag:
        return _read_tag(row, where)
    item: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, member in shape.members.items():
        text = row.get(name, "")
        value, found = _read_scalar(member, text, f"{where}.{name}") if text else (None, [])
        item[snake_case(name)] = value
        problems.extend(found)
    if problems:
        return None, problems
    return (item if any(value is not None for value in item.values()) else None), []


def _read_tag(row: Mapping[str, str], where: str) -> Read:
    # The only place where an empty value means something: a tag may have none, and older clients drop it.
    if not row.get("Key"):
        text = "a tag needs a key of at least one character."
        return None, [Problem(f"{where}.Key", text, code="InvalidParameter.TagKey")]
    return {"key": row["Key"], "value": row.get("Value", "")}, []


def _read_json(parameter: Parameter, text: str) -> Read:
    if len(text) > MAX_JSON_LENGTH:
        return None, [Problem(parameter.name, f"is longer than {MAX_JSON_LENGTH} characters.")]
    try:
        data = json.loads(text, parse_constant=_refuse_constant)
        # A lone surrogate is legal in JSON text, but no text that could be stored or answered.
        json.dumps(data, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        return None, [Problem(parameter.name, "is not JSON text.")]
    value, problems = _read_json_value(parameter.shape, data, parameter.name)
    return (None, problems) if problems else (value, [])


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _read_json_value(shape: Shape, data: Any, where: str) -> Read:
    if isinstance(shape, ListOf) and isinstance(data, list):
        if len(data) > MAX_LIST_ITEMS:
            return None, [_too_long(where)]
        read = [_read_json_value(shape.item, item, f"{where}.{index}") for index, item in enumerate(data, start=1)]
        return [value for value, _ in read], [problem for _, found in read for problem in found][:MAX_LIST_ITEMS]
    if isinstance(shape, MapOf) and isinstance(data, dict):
        fields = {key: _read_json_value(shape.item, item, f"{where}.{_shown(key)}") for key, item in data.items()}
        return {key: value for key, (value, _) in fields.items()}, [p for _, found in fields.values() for p in found]
    if isinstance(shape, ObjectOf) and isinstance(data, dict):
        by_name = {key.lower(): item for key, item in data.items()}
        members = {
            snake_case(name): _read_json_value(member, by_name.get(name.lower()), f"{where}.{name}")
            for name, member in shape.members.items()
        }
        return {key: value for key, (value, _) in members.items()}, [p for _, found in members.values() for p in found]
    if isinstance(shape, Scalar):
        return _read_json_scalar(shape, data, where)
    wanted = "a list" if isinstance(shape, ListOf) else "an object"
    return None, [Problem(where, f"must be {wanted} in JSON.")]


def _read_json_scalar(shape: Scalar, data: Any, where: str) -> Read:
    if shape.kind == "any" or data is None:
        return data, []
    if isinstance(data, dict | list | float):
        return None, [Problem(where, f"must be of type {shape.kind}.")]
    # Clients write numbers and booleans as JSON or as text.
    text = str(data).lower() if isinstance(data, bool) else str(data)
    return _read_scalar(shape, text, where)


def _too_long(name: str) -> Problem:
    return Problem(name, f"has more than {MAX_LIST_ITEMS} entries: send fewer per request.")


def _shown(text: str) -> str:
    return repr(text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "…")
