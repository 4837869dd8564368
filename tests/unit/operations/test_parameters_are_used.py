"""No parameter of the vendor's interface is taken and ignored: an operation reads it, or a row says why it changes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from isthmus.catalog import Operation, Params
from isthmus.errors import ApiError
from isthmus.operations import function_for
from isthmus.operations.call import Call
from workbench import CATALOG, NoEngines, Workbench, make_store
from world import World

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "compatibility.md"
VENDORS = "2016-07-14"
# Read only in a state that this world is not in, where other tests have them.
ELSEWHERE = {
    ("SetDomain", "IsForce"),
    ("ImportOAS", "IgnoreWarning"),
    ("ValidateVpcConnectivity", "VpcAccessId"),
    *(("SetDomainCertificate", name) for name in ("CaCertificateBody", "ClientCertSDnPassThrough", "SslVerifyDepth")),
}


class Noting(Params):
    """Knows which of its names somebody has asked for."""

    def __init__(self, params: Params, asked: set[str]) -> None:
        super().__init__(params, params._declared)
        object.__setattr__(self, "_asked", asked)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_"):
            self._asked.add(name)
        return super().__getattr__(name)

    def __getitem__(self, name: str) -> Any:
        self._asked.add(name)
        return super().__getitem__(name)

    def __iter__(self) -> Iterator[str]:
        self._asked.update(self._values)
        return super().__iter__()


class _TakeBack(Exception):
    pass


def attempts(world: World, operation: Operation) -> Iterator[Mapping[str, str]]:
    """What is needed, everything at once, and each parameter beside what is needed."""
    needed = world.parameters(operation)
    yield needed
    values = [world.value(parameter, operation.name) for parameter in operation.params]
    yield {name: value for one in values for name, value in one.items()}
    yield from ({**needed, **one} for one in values)


def asked_for(world: World, operation: Operation) -> set[str]:
    function, asked = function_for(operation.name), set[str]()
    assert function is not None
    for raw in attempts(world, operation):
        try:
            params = Noting(operation.check(raw), asked)
            with world.workbench.store.write() as transaction:
                function(Call(transaction, world.workbench.settings, "key", NoEngines()), params)
                raise _TakeBack
        except (ApiError, _TakeBack):
            continue
    return asked


def documented() -> set[tuple[str, str]]:
    section = PAGE.read_text().partition("## Parameters without an effect")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]*) \| (`[^|]*) \|", section, re.MULTILINE)
    names = [
        (re.findall(r"`(\w+)`", parameters), re.findall(r"`(\w+)`", operations)) for parameters, operations in rows
    ]
    return {(operation, parameter) for some, others in names for operation in others for parameter in some}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    clock = [1_795_000_000.0]
    for store in make_store(tmp_path_factory.mktemp("used"), clock):
        yield World(Workbench(store, clock))


def test_a_parameter_is_read_or_its_row_says_why_not(world: World) -> None:
    unread = set()
    for operation in CATALOG.operations:
        if operation.version == VENDORS and function_for(operation.name) is not None:
            asked = asked_for(world, operation)
            unread |= {(operation.name, one.name) for one in operation.params if one.inside_name not in asked}
    assert unread - ELSEWHERE - documented() == set(), "taken and ignored: use them, refuse them, or document them"
    assert documented() - unread == set(), "documented as without an effect, and read"
