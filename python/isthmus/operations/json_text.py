"""Parameters that are JSON texts: read into the model's dataclasses, with every problem named by its path.

Called by `definition.py`. Keys are matched without case, unknown ones ignored, numbers may be texts and the reverse, as
the vendor's clients differ in all of that. Invariant: no text makes this raise; what is wrong becomes a `Problem`.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, TypeVar

from isthmus.errors import Problem
from isthmus.model.document import fields_of

Model = TypeVar("Model")

_MOST_BYTES = 512 * 1024
_MOST_DEPTH = 32
# A hostile definition must not get an answer as long as itself.
_MOST_PROBLEMS = 100
_INTEGER = re.compile(r"(-?[0-9]{1,18})(?:\.0+)?")

# Other names under which clients send a field, lower case; the field's own name wins.
_ALIASES: dict[str, dict[str, str]] = {
    "RequestParameter": {"api_parameter_name": "name"},
    "ServiceParameter": {"parameter_type": "type"},
    "FunctionComputeConfig": {"region_id": "fcregionid"},
    "ServiceConfig": {"content_type_catagory": "contenttypecategory"},
}


def vendor_name(name: str) -> str:
    """The spelling of the interface, for messages."""
    return "".join(piece.capitalize() for piece in name.split("_"))


class JsonReader:
    """Reads one call's JSON texts and collects what is wrong with them."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def report(self, path: str, text: str) -> None:
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(Problem(path, text))

    def read_object(self, parameter: str, text: str | None, model: type[Model]) -> Model | None:
        parsed = self._parse(parameter, text)
        return None if parsed is None else self._object(parameter, parsed, model)

    def read_list(self, parameter: str, text: str | None, model: type[Model]) -> tuple[Model, ...]:
        parsed = self._parse(parameter, text)
        return () if parsed is None else self._list(parameter, parsed, model)

    def check_text(self, path: str, text: str) -> None:
        """Characters that neither a header, a database nor a screen can show have no business in a definition."""
        if any(unicodedata.category(character) in ("Cc", "Cs") and character not in "\t\r\n" for character in text):
            self.report(path, "has a control character; remove it.")

    def _parse(self, parameter: str, text: str | None) -> Any:
        if text is None or not text.strip():
            return None
        if len(text) > _MOST_BYTES or len(text.encode(errors="replace")) > _MOST_BYTES:
            self.report(parameter, f"is longer than {_MOST_BYTES} bytes.")
            return None
        try:
            # Numbers stay the text that was sent, so that they can be shown again unchanged.
            parsed = json.loads(text, parse_int=str, parse_float=str, parse_constant=_refuse_constant)
        except json.JSONDecodeError as error:
            where = f"line {error.lineno}, column {error.colno}"
            self.report(parameter, f"is not JSON: {error.msg} at {where}.")
            return None
        except ValueError as error:
            self.report(parameter, f"is not JSON: {error}.")
            return None
        except RecursionError:
            parsed = _TOO_DEEP
        if parsed is _TOO_DEEP or is_deeper(parsed, _MOST_DEPTH):
            self.report(parameter, f"is nested deeper than {_MOST_DEPTH} levels.")
            return None
        return parsed

    def _object(self, path: str, value: Any, model: type[Model]) -> Model | None:
        if not isinstance(value, dict):
            self.report(path, f"must be a JSON object, not {_kind(value)}.")
            return None
        given = {key.lower(): item for key, item in value.items()}
        aliases = _ALIASES.get(model.__name__, {})
        read: dict[str, Any] = {}
        for name, kind, inner in fields_of(model):
            item = given.get(name.replace("_", ""))
            if item is None:
                item = given.get(aliases.get(name, ""))
            if item is None:
                continue
            place = f"{path}.{vendor_name(name)}"
            if kind == "object" and inner is not None:
                # Some clients write an empty text where they mean nothing.
                read[name] = None if item == "" else self._object(place, item, inner)
            elif kind == "list" and inner is not None:
                read[name] = () if item == "" else self._list(place, item, inner)
            else:
                read[name] = self._scalar(place, item, kind)
        return model(**read)

    def _list(self, path: str, value: Any, model: type[Model]) -> tuple[Model, ...]:
        # The form in which responses have lists: {"RequestParameter": [...]}.
        if isinstance(value, dict) and len(value) == 1 and isinstance(next(iter(value.values())), list):
            (value,) = value.values()
        if not isinstance(value, list):
            self.report(path, f"must be a JSON array, not {_kind(value)}.")
            return ()
        items = (self._object(f"{path}[{index}]", item, model) for index, item in enumerate(value) if item is not None)
        return tuple(item for item in items if item is not None)

    def _scalar(self, path: str, value: Any, kind: str) -> Any:
        if isinstance(value, dict | list):
            self.report(path, f"must be a single value, not {_kind(value)}.")
            return None
        text = ("TRUE" if value else "FALSE") if isinstance(value, bool) else str(value)
        if kind == "text":
            self.check_text(path, text)
            return text
        if not text.strip():
            return None
        if kind == "boolean":
            if text.strip().lower() in ("true", "false"):
                return text.strip().lower() == "true"
            self.report(path, f"{text[:40]!r} is neither true nor false.")
            return None
        number = _INTEGER.fullmatch(text.strip())
        if number is None:
            self.report(path, f"{text[:40]!r} is not a whole number.")
            return None
        return int(number[1])


_TOO_DEEP = object()


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number of JSON")


def is_deeper(value: Any, most: int) -> bool:
    """Whether lists and objects are nested deeper than so many levels."""
    level = [value]
    for _ in range(most):
        level = [inner for item in level for inner in _children(item)]
        if not level:
            return False
    return True


def _children(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    return value if isinstance(value, list) else []


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "an array"
    return "a single value"
