"""What the engines say about themselves, and when a publish may say that they serve it.

Filled by `POST /plane/v1/report`, and by `sharing.py` with what engines say to other control planes; read by operations
(on worker threads) and by publishes that wait. Engines report every two seconds. Invariant: an engine counts as serving a revision only when its content hash
is the one the plan had there; one that was silent for too long is neither waited for nor believed.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from isthmus.plane.ledger import Ledger

NODE_NAME = re.compile(r"[A-Za-z0-9._:-]{1,128}")
COUNTS = ("connections_open", "records_lost", "log_lines_lost", "panics")
_FORGOTTEN_AFTER = 24 * 3600.0
# How well the age of what another control plane heard is known, in seconds.
_AGE_ERROR = 1.0


class ReportError(Exception):
    """A report that cannot be read; the text says what is wrong with it."""


@dataclass(frozen=True)
class Refusal:
    """A record that an engine does not serve, and why."""

    kind: str
    key: str
    revision: int
    reason: str


@dataclass(frozen=True)
class EngineReport:
    """One engine's newest word."""

    node: str
    store: str
    revision: int
    digest: str
    started_at: int = 0
    version: str = ""
    refused: tuple[Refusal, ...] = ()
    # The instance whose groups alone it serves; empty: every one's.
    instance: str = ""
    # Source addresses by network id.
    egress: dict[str, tuple[str, ...]] = field(default_factory=dict)
    # Why the engine cannot keep its disk copy, if it cannot.
    disk_problem: str | None = None
    # Since its start, by name: what it lost, what is open.
    counts: dict[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, text: bytes) -> EngineReport:
        """Raises: ReportError."""
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ReportError(f"the report is not JSON: {error}") from error
        if not isinstance(document, dict):
            raise ReportError("the report must be a JSON object")
        node = _field(document, "node", str)
        if not NODE_NAME.fullmatch(node):
            raise ReportError("node must be 1 to 128 letters, digits, '.', '_', ':' or '-'")
        egress = {name: _addresses(name, at) for name, at in _field(document, "egress", dict, {}).items()}
        return cls(
            node=node,
            store=_field(document, "store", str),
            revision=_field(document, "revision", int),
            digest=_field(document, "digest", str),
            started_at=_field(document, "started_at", int, 0),
            version=_field(document, "version", str, ""),
            instance=_field(document, "instance", str, ""),
            refused=tuple(_refusal(entry) for entry in _field(document, "refused", list, [])),
            egress=egress,
            disk_problem=_field(document, "disk_problem", str, "") or None,
            counts=_counts(_field(document, "counts", dict, {})),
        )


def _field(document: dict[str, Any], name: str, expected: type, default: Any = None) -> Any:
    value = document.get(name)
    if value is None and default is not None:
        return default
    if not isinstance(value, expected) or isinstance(value, bool):
        raise ReportError(f"{name} must be of the type {expected.__name__}")
    return value


def _addresses(network_id: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(address, str) for address in value):
        raise ReportError(f"egress.{network_id} must be a list of addresses")
    return tuple(value)


def _counts(document: dict[str, Any]) -> dict[str, int]:
    counts = {name: document[name] for name in COUNTS if name in document}
    if not all(type(value) is int and 0 <= value < 2**62 for value in counts.values()):
        raise ReportError("counts must be numbers from 0 to 2^62")
    return counts


def _refusal(entry: Any) -> Refusal:
    if not isinstance(entry, dict):
        raise ReportError("refused must be a list of objects")
    return Refusal(
        kind=_field(entry, "kind", str),
        key=_field(entry, "key", str),
        revision=_field(entry, "revision", int),
        reason=_field(entry, "reason", str),
    )


class Reports:
    """The newest report of each engine."""

    def __init__(self, ledger: Ledger, healthy_for: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._ledger = ledger
        self.healthy_for = healthy_for
        self._clock = clock
        self._lock = threading.Lock()
        self._reports: dict[str, tuple[EngineReport, float, int]] = {}

    def note(self, report: EngineReport, age: float = 0.0) -> None:
        """`age` is how many seconds ago the engine said so to another control plane; here at once."""
        now = self._clock()
        with self._lock:
            known = self._reports.get(report.node)
            if known is None or known[1] <= now - age + _AGE_ERROR:
                self._reports[report.node] = (report, now - age, int((time.time() - age) * 1000))
            gone = [node for node, (_, seen, _) in self._reports.items() if now - seen > _FORGOTTEN_AFTER]
            for node in gone:
                del self._reports[node]

    def healthy(self) -> list[EngineReport]:
        """Reports of the engines that were heard of lately, by name."""
        now = self._clock()
        with self._lock:
            found = [report for report, seen, _ in self._reports.values() if now - seen <= self.healthy_for]
        return sorted(found, key=lambda report: report.node)

    def lagging(self, store_id: str, revision: int) -> list[str]:
        """Healthy engines that do not serve this revision yet."""
        return [report.node for report in self.healthy() if not self._serves(report, store_id, revision)]

    def egress_addresses(self, network_id: str, instance_id: str | None = None) -> list[str]:
        """Source addresses that backends in this network see, as the engines (of one instance alone) report them."""
        serving = (one for one in self.healthy() if instance_id is None or one.instance in ("", instance_id))
        addresses = (address for report in serving for address in report.egress.get(network_id, ()))
        return list(dict.fromkeys(addresses))

    def engines(self) -> list[dict[str, Any]]:
        """One entry per engine, by name: what it serves, since when, what it refused, whether it is heard of."""
        now = self._clock()
        with self._lock:
            found = sorted(self._reports.values(), key=lambda entry: entry[0].node)
        return [self._entry(report, now - seen, last_seen) for report, seen, last_seen in found]

    def _entry(self, report: EngineReport, silence: float, last_seen: int) -> dict[str, Any]:
        newest = max(self._ledger.revision, 0)
        serves = self._serves(report, self._ledger.store_id or report.store, newest)
        state = "silent" if silence > self.healthy_for else "serving" if serves else "lagging"
        return {
            "node": report.node,
            "instance": report.instance,
            "state": state,
            "store": report.store,
            "revision": report.revision,
            "digest": report.digest,
            "last_seen": last_seen,
            "started_at": report.started_at,
            "version": report.version,
            "disk_problem": report.disk_problem,
            "counts": dict(report.counts),
            "egress": {network_id: list(addresses) for network_id, addresses in report.egress.items()},
            "refused": [
                {"kind": each.kind, "key": each.key, "revision": each.revision, "reason": each.reason}
                for each in report.refused
            ],
        }

    def _serves(self, report: EngineReport, store_id: str, revision: int) -> bool:
        if report.store != store_id or report.revision < revision:
            return False
        # A hash this ledger does not know came from another control plane, against which the engine has checked it.
        return self._ledger.digest_at(report.store, report.revision) in (None, report.digest)
