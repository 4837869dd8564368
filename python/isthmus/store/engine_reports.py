"""What engines say about themselves, shared by the control planes of one PostgreSQL database.

Used by `isthmus.plane`: an engine reports to the control plane that it follows, and a publish through another waits for it
all the same. Rows are news, not records: they are written without a turn, need not survive a loss of power, and say
nothing once they are old. Invariant: ages are told by the database's clock, so control planes need not agree on the time.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import BigInteger, Column, Engine, MetaData, String, Table, Text, delete, func, select, text
from sqlalchemy.dialects import postgresql

_metadata = MetaData()
_reports = Table(
    "engine_reports",
    _metadata,
    Column("node", String(128), primary_key=True),
    # Which control plane has it at first hand.
    Column("control", String(32), nullable=False),
    # Unix milliseconds.
    Column("reported_at", BigInteger, nullable=False),
    Column("report", Text, nullable=False),
)
_CREATE_LOCK = 4_915_770_104
_KEPT_MS = 24 * 3600 * 1000
_NOW = func.floor(func.extract("epoch", func.clock_timestamp()) * 1000).cast(BigInteger)


class SharedReport(NamedTuple):
    """As the engine wrote it, and how many seconds ago."""

    text: str
    age: float


class StoredReports:
    """Safe to use from one thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._control = uuid.uuid4().hex
        self._seen: dict[str, int] = {}
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _CREATE_LOCK})
            _metadata.create_all(connection)

    def put(self, reports: Mapping[str, str]) -> None:
        """The newest word of each engine, by its name."""
        with self._engine.begin() as connection:
            connection.execute(text("SET LOCAL synchronous_commit = off"))
            connection.execute(delete(_reports).where(_reports.c.reported_at < _NOW - _KEPT_MS))
            # In one order, so that two control planes never wait for each other.
            for node in sorted(reports):
                row = {"node": node, "control": self._control, "reported_at": _NOW, "report": reports[node]}
                statement = postgresql.insert(_reports).values(row)
                changed = {column.name: column for column in statement.excluded if column.name != "node"}
                connection.execute(statement.on_conflict_do_update(index_elements=["node"], set_=changed))

    def news(self, within: float) -> list[SharedReport]:
        """What other control planes have heard since the last call, as far as it is not older than `within` seconds."""
        recent = (_reports.c.control != self._control, _reports.c.reported_at > _NOW - int(within * 1000))
        with self._engine.begin() as connection:
            known = connection.execute(select(_reports.c.node, _reports.c.reported_at).where(*recent))
            times = {row.node: row.reported_at for row in known}
            new = [node for node, at in times.items() if self._seen.get(node) != at]
            self._seen = times
            if not new:
                return []
            age = (_NOW - _reports.c.reported_at).label("age")
            found = connection.execute(select(_reports.c.report, age).where(_reports.c.node.in_(new)))
            return [SharedReport(row.report, max(0, row.age) / 1000) for row in found]
