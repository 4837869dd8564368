"""The catalogue: every management operation, its parameters and its response, read from `spec/`.

`spec/operations.json` is the vendor's interface, `spec/patches.json` corrects it (each with its source), and
`spec/extensions.json` adds our own operations. `wire` finds an operation here, checks a request against it and renders
its result; `operations` gets only what passed `Operation.check`. The vendor's spelling ends in this module: inside,
`ApiId` is `api_id`. Invariant: `check` reports every problem of a request at once, and never anything but `ApiError`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from isthmus import errors
from isthmus.errors import Problem
from isthmus.parameter import Parameter, read_parameter
from isthmus.shape import (
    ListOf,
    MapOf,
    ObjectOf,
    Shape,
    parse_shape,
    render,
    snake_case,
)

__all__ = ["Catalog", "Operation", "Params", "snake_case"]

# Protocol parameters: the wire reads them, no operation does.
_PROTOCOL_PARAMETERS = frozenset({"SecurityToken"})


class Params(Mapping[str, Any]):
    """The checked parameters under their inside names; `params.group_id` is None when the caller left it out."""

    def __init__(self, values: Mapping[str, Any], declared: frozenset[str] | None = None) -> None:
        self._values = dict(values)
        self._declared = declared

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or (self._declared is not None and name not in self._declared):
            raise AttributeError(f"The operation has no parameter {name}.")
        return self._values.get(name)

    def __repr__(self) -> str:
        # Values may be secrets (AppSecret, private keys): the names are enough for a log.
        return f"Params({', '.join(sorted(self._values))})"


@dataclass(frozen=True)
class Operation:
    name: str
    version: str
    function_name: str
    params: tuple[Parameter, ...]
    response: ObjectOf
    tier: int
    declared: frozenset[str] = field(default=frozenset(), repr=False)

    def check(self, raw: Mapping[str, str]) -> Params:
        """Read what the caller sent; unknown parameters are ignored, as the vendor's older clients send several."""
        indexed = _indexed_names(self.params, raw)
        values: dict[str, Any] = {}
        problems: list[Problem] = []
        for parameter in self.params:
            value, found = read_parameter(parameter, raw, indexed.get(parameter.name, {}))
            problems.extend(found)
            if value is not None:
                values[parameter.inside_name] = value
            elif parameter.required and not found:
                problems.append(errors.missing_parameter(parameter.name))
        if problems:
            raise errors.refused(problems)
        return Params(values, self.declared)

    def render(self, result: Mapping[str, Any]) -> dict[str, Any]:
        """The response for the wire, without `RequestId`, which the wire adds."""
        rendered: dict[str, Any] = render(self.response, result, self.name)
        return rendered


class Catalog:
    def __init__(self, operations: Mapping[tuple[str, str], Operation]) -> None:
        self._operations = dict(operations)
        self._versions = {version: frozenset(n for n, v in operations if v == version) for _, version in operations}

    @classmethod
    def load(cls, folder: Traversable | None = None) -> Catalog:
        folder = folder or spec_folder()
        given = _read(folder, "operations.json")["operations"]
        patches = _read(folder, "patches.json")
        _apply_patches(given, patches)
        _add_parameters(given, patches["parameter_additions"])
        _add_to_responses(given, patches["response_additions"])
        own = _read(folder, "extensions.json")["operations"]
        built = [_build(entry, patches["aliases"].get(entry["name"], {})) for entry in (*given.values(), *own.values())]
        return cls({(operation.name, operation.version): operation for operation in built})

    @property
    def operations(self) -> tuple[Operation, ...]:
        return tuple(self._operations.values())

    @property
    def versions(self) -> tuple[str, ...]:
        return tuple(self._versions)

    def find(self, name: str, version: str) -> Operation | None:
        return self._operations.get((name, version))

    def find_versions(self, name: str) -> tuple[str, ...]:
        """The versions that have an operation of this name: what the wire suggests to a caller who named another."""
        return tuple(version for version, names in self._versions.items() if name in names)


def _indexed_names(params: tuple[Parameter, ...], raw: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Group `Tag.1.Key` under `Tag` in one pass, so that a request costs its own size and not size times parameters."""
    repeated = {parameter.name for parameter in params if parameter.wire == "flat-repeat"}
    grouped: dict[str, dict[str, str]] = {}
    for name, value in raw.items():
        stem, dot, tail = name.partition(".")
        if dot and stem in repeated:
            grouped.setdefault(stem, {})[tail] = value
    return grouped


def spec_folder() -> Traversable:
    installed = resources.files("isthmus") / "spec"
    if (installed / "operations.json").is_file():
        return installed
    return Path(__file__).resolve().parents[2] / "spec"


def _read(folder: Traversable, name: str) -> Any:
    return json.loads((folder / name).read_text(encoding="utf-8"))


def _apply_patches(operations: dict[str, Any], patches: Any) -> None:
    for patch in patches["parameters"]:
        for name in patch["operations"]:
            entry = operations[name]
            for parameter in entry["params"]:
                if parameter["name"] == patch["parameter"]:
                    parameter.update(patch["set"])
                    break
            else:
                raise ValueError(f"spec/patches.json corrects {name}.{patch['parameter']}, which does not exist.")


def _add_parameters(operations: dict[str, Any], additions: Any) -> None:
    for addition in additions:
        for name in addition["operations"]:
            operations[name]["params"].append({"in": "query", "required": False, **addition["parameter"]})


def _add_to_responses(operations: dict[str, Any], additions: Any) -> None:
    for addition in additions:
        members = operations[addition["operation"]]["response"]
        for step in addition["path"]:
            inner = members[step]
            members = inner["list"]["object"] if "list" in inner else inner["object"]
        members.update(addition["members"])


def _build(entry: dict[str, Any], aliases: Mapping[str, str]) -> Operation:
    name = entry["name"]
    params = tuple(
        _build_parameter(
            name,
            given,
            tuple(old for old, new in aliases.items() if new == given["name"]),
        )
        for given in entry["params"]
        if given["name"] not in _PROTOCOL_PARAMETERS
    )
    # RequestId is the wire's own member.
    members = {key: shape for key, shape in entry["response"].items() if key != "RequestId"}
    response = parse_shape({"object": members}, name)
    assert isinstance(response, ObjectOf)
    return Operation(
        name=name,
        version=entry["version"],
        function_name=snake_case(name),
        params=params,
        response=response,
        tier=entry["tier"],
        declared=frozenset(parameter.inside_name for parameter in params),
    )


def _build_parameter(operation: str, given: dict[str, Any], aliases: tuple[str, ...]) -> Parameter:
    name = given["name"]
    shape: Shape = parse_shape(given["type"], f"{operation}.{name}")
    wire = given.get("wire", "plain")
    if wire == "plain" and isinstance(shape, ListOf | MapOf | ObjectOf):
        raise ValueError(f"The specification does not say how {operation}.{name} is written on the wire.")
    return Parameter(name, snake_case(name), shape, wire, bool(given["required"]), aliases)
