"""Any text for any parameter of any operation gets an answer: a result, or an error of the caller's. Never a defect.

Each call runs as the dispatcher runs it, with its entry in the audit trail, in a transaction that is taken back. By
default an operation's parameters share the hostile texts out among them; HOSTILE=all tries every text for each.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from isthmus.catalog import Operation
from isthmus.errors import ApiError
from isthmus.operations import function_for
from isthmus.operations.call import Call
from isthmus.operations.dispatch import _READS, _store_errors_as_answers
from isthmus.operations.record_check import check_records
from isthmus.operations.recording import record_refusal, record_success
from isthmus.parameter import Parameter
from isthmus.shape import ObjectOf
from isthmus.wire.app import Caller
from workbench import CATALOG, NoEngines, Workbench, make_store, wanted_address
from world import World, hostile_values

OPERATIONS = [operation for operation in CATALOG.operations if function_for(operation.name) is not None]
ALL = os.environ.get("HOSTILE") == "all"
CALLER = Caller("user:tester", "owner", "127.0.0.1", "test", "REQUEST")


class _TakeBack(Exception):
    pass


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[World]:
    clock = [1_795_000_000.0]
    folder: Path = tmp_path_factory.mktemp("world")
    for store in make_store(folder, clock, wanted_address(request)):
        yield World(Workbench(store, clock))


def outcome(world: World, operation: Operation, raw: Mapping[str, str]) -> ApiError | None:
    """As `isthmus.wire` and the dispatcher do it. Anything but an `ApiError` would have been a 500."""
    store = world.workbench.store
    function = function_for(operation.name)
    assert function is not None
    is_read = operation.name.startswith(_READS)
    params = None
    try:
        params = operation.check(raw)
        try:
            with _store_errors_as_answers(), store.read() if is_read else store.write() as transaction:
                result = function(Call(transaction, world.workbench.settings, "key", NoEngines()), params)
                if not is_read:
                    check_records(transaction)
                    record_success(transaction, operation, CALLER, params, result)
                    transaction.records.flush()
                operation.render(result)
                raise _TakeBack
        except _TakeBack:
            return None
    except ApiError as error:
        if params is not None and not is_read:
            try:
                with _store_errors_as_answers(), store.write() as transaction:
                    record_refusal(transaction, operation, CALLER, params, error)
                    raise _TakeBack
            except _TakeBack:
                pass
        return error


def spoiled(world: World, operation: Operation, parameter: Parameter, value: str) -> Iterator[dict[str, str]]:
    """Parameters with this one spoiled."""
    good = world.parameters(operation)
    if parameter.wire != "flat-repeat":
        yield {**good, parameter.name: value}
        return
    rest = {name: text for name, text in good.items() if not name.startswith(f"{parameter.name}.")}
    item = getattr(parameter.shape, "item", None)
    if isinstance(item, ObjectOf):
        yield {**rest, **{f"{parameter.name}.1.{name}": value for name in item.members}}
    else:
        yield {**rest, f"{parameter.name}.1": value, f"{parameter.name}.3": value}


def shares(operation: Operation) -> list[tuple[Parameter, str]]:
    values = hostile_values()
    if ALL:
        return [(parameter, value) for parameter in operation.params for value in values]
    turns = max(len(values), 2 * len(operation.params))
    offset = sum(operation.name.encode())
    if not operation.params:
        return []
    return [
        (operation.params[turn % len(operation.params)], values[(offset + turn) % len(values)]) for turn in range(turns)
    ]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: str(operation.name))
def test_hostile_texts_get_an_error_of_the_caller_or_a_result(world: World, operation: Operation) -> None:
    for parameter, value in shares(operation):
        for raw in spoiled(world, operation, parameter, value):
            error = outcome(world, operation, raw)
            where = f"{parameter.name}={value[:60]!r}: {error}"
            if error is not None:
                assert 400 <= error.status < 500, where
                assert error.code != "RefusedByEngine", f"an operation let through what an engine refuses: {where}"
                assert error.code.isprintable() and error.code and error.message, where
                assert len(error.message) <= 16 * 1024, where


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: str(operation.name))
def test_nothing_and_odd_names_get_an_error_of_the_caller_or_a_result(world: World, operation: Operation) -> None:
    name = operation.params[0].name if operation.params else "GroupId"
    odd = [
        {},
        {name: ""},
        {f"{name}.999999999": "a"},
        {f"{name}.1.{'k' * 200}": "a"},
        {f"{name}.": "a", f"{name}..": "b"},
    ]
    for raw in odd:
        error = outcome(world, operation, raw)
        assert error is None or 400 <= error.status < 500, (raw, error)


def test_required_ids_that_name_nothing_are_told(world: World) -> None:
    """An operation that takes one id, given one of nothing, says which kind of thing there is none of."""
    silent = ("DeleteApiGroup", "DeleteDomain", "DeleteLogConfig", "RemoveVpcAccess")
    for operation in OPERATIONS:
        good: dict[str, Any] = world.parameters(operation)
        for name in ("GroupId", "ApiId", "AppId", "PluginId"):
            required = any(parameter.name == name and parameter.required for parameter in operation.params)
            if name in good and required and operation.name not in silent:
                error = outcome(world, operation, {**good, name: "1" if name == "AppId" else "f" * 32})
                told = error is not None and error.status in (400, 404)
                assert told or operation.name.startswith(("Describe", "Remove", "Delete", "Detach")), (
                    operation.name,
                    name,
                )
