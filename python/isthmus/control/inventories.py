"""Sources of instances that the control plane reads itself, and the store in which their word is kept.

Made and run by `process.py`; `isthmus.inventory` does the reading, `operations/network_sources.py` knows the rules.
Invariant: whatever a source says, or the store, the control plane goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from isthmus.errors import ApiError
from isthmus.inventory.refresh import Refresher
from isthmus.inventory.source import Reading
from isthmus.inventory.sources_file import ConfiguredSource, read_sources
from isthmus.operations.call import Call, NodeReports
from isthmus.operations.network_sources import Told, keep_failure, keep_reading
from isthmus.operations.record_check import check_records
from isthmus.operations.recording import record_source
from isthmus.settings import Settings
from isthmus.store import Store, Transaction
from isthmus.store.audit import Actor
from isthmus.store.inventories import seen_instances

log = logging.getLogger("isthmus.inventory")

_ROLE = "owner"


def inventory_refresher(store: Store, settings: Settings, nodes: NodeReports) -> Refresher:
    """Of the sources in the file of the setting `inventory`; without one, of none. Raises: ValueError, OSError."""
    if settings.inventory is None:
        return Refresher([], StoreKeeper(store, settings, nodes))
    return Refresher(read_sources(settings.inventory), StoreKeeper(store, settings, nodes))


class StoreKeeper:
    """Keeps readings in the store, each in a write of its own."""

    def __init__(self, store: Store, settings: Settings, nodes: NodeReports) -> None:
        self._store = store
        self._settings = settings
        self._nodes = nodes
        # Sources whose network is not there, so that each is told once.
        self._without_network: set[str] = set()

    def known(self, configured: ConfiguredSource) -> Mapping[str, str]:
        try:
            with self._store.read() as transaction:
                seen = seen_instances(transaction, configured.network_id)
        except (DBAPIError, PoolTimeout) as error:
            log.warning("the store does not say what the source %s said last: %s", configured.name, error)
            return {}
        return {one.instance_id: one.address for one in seen if one.source == configured.name}

    def keep(self, configured: ConfiguredSource, reading: Reading) -> None:
        told = Told(reading.instances, int(configured.fresh_for.total_seconds()), reading.left_out)

        def write(transaction: Transaction) -> bool:
            actor = Actor(f"source:{configured.name}", _ROLE, "", "isthmus", "", "")
            call = Call(transaction, self._settings, actor.name, self._nodes)
            is_kept = keep_reading(call, configured.network_id, configured.name, configured.kind, told)
            check_records(transaction)
            record_source(transaction, actor, configured.network_id, configured.name)
            return is_kept

        self._write(configured, write)

    def keep_failure(self, configured: ConfiguredSource, text: str) -> None:
        self._write(
            configured,
            lambda transaction: keep_failure(
                transaction, configured.network_id, configured.name, configured.kind, text
            ),
        )

    def _write(self, configured: ConfiguredSource, write: Callable[[Transaction], bool]) -> None:
        try:
            with self._store.write() as transaction:
                has_network = write(transaction)
        except (DBAPIError, PoolTimeout, ApiError) as error:
            log.warning("what the source %s says could not be kept: %s", configured.name, error)
            return
        if has_network:
            self._without_network.discard(configured.name)
        elif configured.name not in self._without_network:
            self._without_network.add(configured.name)
            text = "the source %s tells of the network %s, which is not there: isthmus vpc create %s"
            log.warning(text, configured.name, configured.network_id, configured.network_id)
