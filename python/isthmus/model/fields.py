"""Reading JSON texts against a table of fields, every problem reported at once with its path.

The API definition arrives as JSON texts whose keys clients spell in Pascal or camel case and whose numbers and booleans
come as texts or not. `read_text` turns one into data under inside names, by the tables in `definition.py`. Unknown keys
and nulls are ignored, empty values count as absent; what is kept, is kept as it was sent, because clients compare.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from isthmus.errors import Problem

MAX_TEXT = 512 * 1024
MAX_DEPTH = 32
MAX_ITEMS = 1000

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}(?:\.0+)?")
_ACRONYM_END = re.compile(r"([A-Z]+)([A-Z][a-z])")
_WORD_END = re.compile(r"([a-z0-9])([A-Z])")


@dataclass(frozen=True)
class Text:
    """`allowed` in any case; the value keeps its spelling. `separated`: a list with commas."""

    allowed: tuple[str, ...] = ()
    separated: bool = False


@dataclass(frozen=True)
class Integer:
    least: int = -(2**63)
    most: int = 2**63 - 1


@dataclass(frozen=True)
class Boolean:
    pass


@dataclass(frozen=True)
class Object:
    """Fields by the vendor's name; `aliases` are other spellings in lower case; `required` by the vendor's name."""

    fields: Mapping[str, Kind]
    aliases: Mapping[str, str] | None = None
    required: tuple[str, ...] = ()


@dataclass(frozen=True)
class Listing:
    item: Object


Kind = Text | Integer | Boolean | Object | Listing


def inside(name: str) -> str:
    """The vendor's name as it is called inside: `ContentTypeCatagory` is `content_type_catagory`."""
    return _WORD_END.sub(r"\1_\2", _ACRONYM_END.sub(r"\1_\2", name)).lower()


def read_text(kind: Kind, text: str | None, where: str, problems: list[Problem]) -> Any:
    """None for an absent text; problems are appended."""
    if not text or not text.strip():
        return None
    if len(text) > MAX_TEXT:
        problems.append(Problem(where, f"is longer than {MAX_TEXT} characters."))
        return None
    try:
        data = json.loads(text)
        json.dumps(data, ensure_ascii=False).encode("utf-8")
    except json.JSONDecodeError as error:
        problems.append(Problem(where, f"is not JSON: {error.msg} at line {error.lineno} column {error.colno}."))
        return None
    except (RecursionError, ValueError):
        problems.append(Problem(where, "is not JSON text that can be read: too deep, or not Unicode."))
        return None
    return _read(kind, data, where, problems, 0)


def _read(kind: Kind, data: Any, where: str, problems: list[Problem], depth: int) -> Any:
    if data is None or data == "" or depth > MAX_DEPTH:
        return None
    if isinstance(kind, Object):
        return _read_object(kind, data, where, problems, depth)
    if isinstance(kind, Listing):
        return _read_list(kind, data, where, problems, depth)
    if isinstance(data, dict | list):
        problems.append(Problem(where, "must be a single value."))
        return None
    if isinstance(kind, Boolean):
        return _read_boolean(data, where, problems)
    if isinstance(kind, Integer):
        return _read_integer(kind, data, where, problems)
    return _read_word(kind, data, where, problems)


def _read_object(kind: Object, data: Any, where: str, problems: list[Problem], depth: int) -> dict[str, Any] | None:
    if not isinstance(data, dict):
        problems.append(Problem(where, "must be a JSON object."))
        return None
    names = {name.lower(): name for name in kind.fields} | dict(kind.aliases or {})
    read: dict[str, Any] = {}
    for key, value in data.items():
        name = names.get(str(key).lower())
        if name is not None:
            item = _read(kind.fields[name], value, f"{where}.{name}", problems, depth + 1)
            if item is not None:
                read[inside(name)] = item
    for name in kind.required:
        if inside(name) not in read and not any(problem.parameter == f"{where}.{name}" for problem in problems):
            problems.append(Problem(f"{where}.{name}", "is required."))
    return read or None


def _read_list(kind: Listing, data: Any, where: str, problems: list[Problem], depth: int) -> list[Any] | None:
    if not isinstance(data, list):
        problems.append(Problem(where, "must be a JSON list."))
        return None
    if len(data) > MAX_ITEMS:
        problems.append(Problem(where, f"has more than {MAX_ITEMS} entries."))
        return None
    items = (_read(kind.item, item, f"{where}[{index}]", problems, depth + 1) for index, item in enumerate(data))
    return [item for item in items if item is not None] or None


def _read_boolean(data: Any, where: str, problems: list[Problem]) -> bool | None:
    text = str(data).lower()
    if text not in ("true", "false"):
        problems.append(Problem(where, "must be true or false."))
        return None
    return text == "true"


def _read_integer(kind: Integer, data: Any, where: str, problems: list[Problem]) -> int | None:
    text = str(data).strip()
    if isinstance(data, bool) or not _INTEGER.fullmatch(text):
        problems.append(Problem(where, "must be a whole number."))
        return None
    value = int(float(text)) if "." in text else int(text)
    if not kind.least <= value <= kind.most:
        problems.append(Problem(where, f"must be between {kind.least} and {kind.most}."))
        return None
    return value


def _read_word(kind: Text, data: Any, where: str, problems: list[Problem]) -> str | None:
    text = str(data).lower() if isinstance(data, bool) else str(data)
    if "\x00" in text:
        problems.append(Problem(where, "must not contain a NUL character."))
        return None
    words = [word.strip() for word in text.split(",")] if kind.separated else [text]
    allowed = {word.lower() for word in kind.allowed}
    for word in words:
        if allowed and word.lower() not in allowed:
            problems.append(Problem(where, f"is {word[:60]!r}, but must be one of {', '.join(kind.allowed)}."))
            return None
    return text
