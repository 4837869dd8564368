"""What is different between two documents, as a list of paths with the value before and after.

Used for drift, for comparing versions, and for the audit trail, so that all three speak of a change in the same way. An
entry of a list goes by its name where it has one, not by its place. Invariant: two documents that differ only in what is
absent, null or empty are equal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

# What an entry of a list goes by, the first that it has; together with its place in a request where it has one.
_NAMES = (
    "api_parameter_name",
    "request_parameter_name",
    "service_parameter_name",
    "header_name",
    "parameter_name",
    "name",
    "key",
    "value",
    "code",
    "id",
)


class Difference(NamedTuple):
    """`path` is written as the management API writes names; a side is None where there is nothing."""

    path: str
    before: Any
    after: Any


def differences(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[Difference]:
    """In the order of the paths."""
    old, new = dict(_leaves(before or {}, "")), dict(_leaves(after or {}, ""))
    paths = sorted(old.keys() | new.keys())
    return [
        Difference(path, old.get(path), new.get(path))
        for path in paths
        # 1 and True are equal to Python.
        if (type(old.get(path)), old.get(path)) != (type(new.get(path)), new.get(path))
    ]


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if value is None or value == "" or value == [] or value == {}:
        return
    if isinstance(value, Mapping):
        for name, inner in value.items():
            shown = _shown(str(name))
            yield from _leaves(inner, f"{path}.{shown}" if path else shown)
    elif isinstance(value, list) and all(isinstance(each, Mapping) for each in value):
        seen: dict[str, int] = {}
        for number, inner in enumerate(value, start=1):
            name = _entry_name(inner, number)
            seen[name] = seen.get(name, 0) + 1
            again = f" #{seen[name]}" if seen[name] > 1 else ""
            yield from _leaves(inner, f"{path}[{name}{again}]")
    else:
        yield path, value


def _entry_name(entry: Mapping[str, Any], number: int) -> str:
    for name in _NAMES:
        found = entry.get(name)
        if isinstance(found, str | int) and found != "":
            return str(found)[:100]
    return str(number)


def _shown(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))
