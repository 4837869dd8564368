"""Hostile texts for any parameter, through a real socket, on both stores: an answer or a 4xx envelope, and after a refusal
every row of the store as it was.

By default an operation's parameters share an eighth of the texts out among them, HOSTILE=share all of them, and HOSTILE=all
tries every text for each.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy
from isthmus.catalog import Catalog, Operation
from isthmus.operations import function_for
from isthmus.operations.dispatch import _READS
from isthmus.settings import Settings
from terraform_provider import Provider

from running import Running

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "operations"))

from test_hostile import shares, spoiled  # noqa: E402
from workbench import Workbench  # noqa: E402
from world import World  # noqa: E402

# What refuses a call is on record itself, and so are signatures' nonces; engines report of themselves all the time.
NOT_COMPARED = {"audit_events", "audit_subjects", "management_nonces", "sessions", "engine_reports"}
# These take the world apart, so they come last.
ENDING = ("Delete", "Remove", "Abolish", "BatchAbolish", "Detach", "Reset", "Untag")


class SocketBench(Workbench):
    """Calls as a client makes them."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.settings = Settings()

    def call(self, name: str, **params: Any) -> dict[str, Any]:
        form = {key: value if isinstance(value, str) else json.dumps(value) for key, value in params.items()}
        answer = self.provider.post("2016-07-14", name, form)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


class Rows:
    """What the store holds, but for what each call adds."""

    def __init__(self, address: str) -> None:
        self._engine = sqlalchemy.create_engine(address)
        names = sorted(set(sqlalchemy.inspect(self._engine).get_table_names()) - NOT_COMPARED)
        self._statements = [sqlalchemy.text(f"select * from {name}") for name in names]
        if self._engine.dialect.name == "postgresql":
            # A digest of each table in one question: reading every row would take longer than all that is tested.
            digest = "select '{0}', md5(string_agg(t::text, ' ' order by t::text)) from {0} t"
            self._statements = [sqlalchemy.text(" union all ".join(digest.format(name) for name in names))]

    def all(self) -> list[list[str]]:
        with self._engine.connect() as connection:
            return [sorted(map(repr, connection.execute(one))) for one in self._statements]

    def close(self) -> None:
        self._engine.dispose()


class Attacked:
    def __init__(self, gateway: Running, address: str) -> None:
        self.provider = Provider(gateway)
        # The ids that are spoiled name things that are there.
        self.world = World(SocketBench(self.provider))
        self.rows = Rows(address)
        self.known = self.rows.all()

    def attack(self, operation: Operation) -> list[str]:
        """What was wrong."""
        wrong, is_read = [], operation.name.startswith(_READS)
        for parameter, value in shares(operation)[:: 1 if os.environ.get("HOSTILE") else 8]:
            for raw in spoiled(self.world, operation, parameter, value):
                answer = self.provider.post(operation.version, operation.name, raw)
                where = f"{operation.name}, {parameter.name}={value[:60]!r}: {answer.status_code} {answer.text[:300]}"
                found = self.known if is_read else self.rows.all()
                if not is_envelope(answer):
                    wrong.append(where)
                elif "RefusedByEngine" in answer.text:
                    wrong.append(f"{where}: only the engine's own check has found it")
                elif answer.status_code != 200 and found != self.known:
                    wrong.append(f"{where}: rows have changed")
                self.known = found
        return wrong


def is_envelope(answer: httpx.Response) -> bool:
    body = answer.json()
    if answer.status_code == 200:
        return bool(body["RequestId"])
    texts = all(isinstance(body[name], str) and body[name] for name in ("Code", "Message", "RequestId"))
    return 400 <= answer.status_code < 500 and texts and "Traceback" not in answer.text


def operations() -> list[Operation]:
    there = [one for one in Catalog.load().operations if function_for(one.name) is not None]
    return sorted(there, key=lambda one: one.name.startswith(ENDING))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def attacked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    folder, environment = tmp_path_factory.mktemp(request.param), {}
    if request.param == "postgresql":
        environment["ISTHMUS_DATABASE"] = str(request.getfixturevalue("postgresql").database())
    running = Running.start(folder, environment=environment)
    found = sorted(running.state.glob("*.db")) + sorted(running.state.glob("store*.sqlite"))
    address = environment.get("ISTHMUS_DATABASE", f"sqlite:///{found[0] if found else ''}")
    attacked = Attacked(running, address.replace("postgresql:", "postgresql+pg8000:"))
    try:
        yield attacked
    finally:
        attacked.rows.close()
        running.stop()


@pytest.mark.timeout(7200)
def test_hostile_calls_get_an_envelope_and_change_no_row(attacked: Attacked) -> None:
    wrong = [line for operation in operations() for line in attacked.attack(operation)]
    assert not wrong, "\n".join(wrong[:40])
