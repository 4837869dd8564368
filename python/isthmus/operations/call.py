"""What an operation gets besides its parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from isthmus.hub.desk import Desk
from isthmus.operations.entrance import NOWHERE, Entrance
from isthmus.settings import Settings
from isthmus.store import Transaction


class NodeReports(Protocol):
    """What the engines have said about themselves (`isthmus.plane`)."""

    def egress_addresses(self, network_id: str, instance_id: str | None = None) -> list[str]:
        """Source addresses that backends in this network see, as the engines report them."""

    def ask(self, node: str, wanted: Mapping[str, Any], seconds: float) -> tuple[str, dict[str, Any] | None]:
        """Asks an engine, any when `node` is empty; its name (empty: none) and its answer (None: none in time)."""

    def engines(self) -> list[dict[str, Any]]:
        """One entry per engine: node, revision, state, last_seen (Unix ms), refused."""


class Job(Protocol):
    """Work that goes on when the call is answered (`background.py`), a transaction for each step."""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """What the audit trail shows of it."""

    def step(self, call: Call) -> bool:
        """True while there is more to do. Raises: ApiError, which ends the job."""

    def finish(self, call: Call, why: str) -> None:
        """What was not done will not be."""


@dataclass(frozen=True)
class Call:
    """One management call: its transaction, the settings, who calls, what the engines report, the way into one, the hub."""

    transaction: Transaction
    settings: Settings
    access_key_id: str
    nodes: NodeReports
    entrance: Entrance = NOWHERE
    # None: connectors of other networks cannot come in here.
    hub: Desk | None = None
    # Put here by the operation; begun when its transaction has committed.
    jobs: list[Job] = field(default_factory=list)


# One function per operation; parameters and results have snake-case names (isthmus.catalog turns them into the wire's).
OperationFunction = Callable[[Call, Any], Mapping[str, Any]]
