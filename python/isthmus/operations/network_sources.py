"""What sources say about instances: kept, and shown with when it was said and what was wrong.

`keep_reading` and `keep_failure` are called by the control plane for the sources that it reads itself
(`control/inventories.py`), the others by `network_instances.py`. A stranger's list is taken as far as it is good: one
bad entry keeps no other out. Invariant: a failure changes no instance, and what stays the same changes no plan record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from isthmus.operations.call import Call
from isthmus.operations.networks import put_network
from isthmus.operations.targets import instances_problems
from isthmus.operations.times import utc_text
from isthmus.store import Transaction
from isthmus.store.inventories import (
    REPORTED,
    KnownSource,
    confirm_seen_instances,
    known_sources,
    put_source,
    remove_source,
    replace_seen_instances,
    seen_instances,
)
from isthmus.store.networks import Network, find_network

MOST_INSTANCES = 5000
_LONGEST_TEXT = 1000


@dataclass(frozen=True)
class Told:
    """What a source told at once, for so many seconds."""

    instances: Mapping[str, str]
    fresh_for: int
    left_out: Sequence[str] = field(default=())


def keep_reading(call: Call, network_id: str, source: str, kind: str, told: Told) -> bool:
    """False when there is no such network."""
    transaction = call.transaction
    network = find_network(transaction, network_id)
    if network is None:
        return False
    kept, left_out = _usable(call, network, source, told)
    seen = seen_instances(transaction, network_id)
    if kept == {one.instance_id: one.address for one in seen if one.source == source}:
        confirm_seen_instances(transaction, network_id, source, told.fresh_for)
    else:
        replace_seen_instances(transaction, network_id, source, kept, told.fresh_for)
        others = {one.instance_id: one.address for one in seen if one.source != source}
        put_network(call, network, replace(network, seen={**others, **kept}))
    now = transaction.now
    put_source(transaction, network_id, KnownSource(source, kind, now, now, "", _joined(left_out)))
    return True


def keep_failure(transaction: Transaction, network_id: str, source: str, kind: str, text: str) -> bool:
    """False when there is no such network."""
    if find_network(transaction, network_id) is None:
        return False
    before = next((one for one in known_sources(transaction, network_id) if one.source == source), None)
    refreshed_at, left_out = (before.refreshed_at, before.left_out) if before else (None, "")
    failed = KnownSource(source, kind, refreshed_at, transaction.now, _plain(text)[:_LONGEST_TEXT], left_out)
    put_source(transaction, network_id, failed)
    return True


def note_report(transaction: Transaction, network_id: str, source: str, has_instances: bool) -> None:
    """Of a source that called an operation. One that reports nothing has taken itself out."""
    if has_instances:
        now = transaction.now
        put_source(transaction, network_id, KnownSource(source, REPORTED, now, now, "", ""))
    else:
        remove_source(transaction, network_id, source)


def shown_sources(transaction: Transaction, network_id: str) -> list[dict[str, Any]]:
    return [
        {
            "source": one.source,
            "kind": one.kind,
            "refresh_time": None if one.refreshed_at is None else utc_text(one.refreshed_at),
            "tried_time": utc_text(one.tried_at),
            "failing": bool(one.error),
            "error": one.error or None,
            "left_out": one.left_out or None,
        }
        for one in known_sources(transaction, network_id)
    ]


def _usable(call: Call, network: Network, source: str, told: Told) -> tuple[dict[str, str], list[str]]:
    """What of it can be used, and why the rest cannot."""
    kept: dict[str, str] = {}
    left_out = list(told.left_out)
    taken = {one.instance_id: one.source for one in seen_instances(call.transaction, network.network_id)}
    names: dict[str, str] = {}
    for instance_id, address in sorted(told.instances.items()):
        problems = instances_problems(network, {instance_id: address}, call.settings.loopback_backends)
        other = names.get(address)
        if problems:
            left_out.append(f"{instance_id[:60]}: {problems[0].text}")
        elif taken.get(instance_id, source) != source:
            left_out.append(f"{instance_id[:60]} is what the source {taken[instance_id]} reports.")
        elif other is not None:
            left_out.append(f"{instance_id[:60]} has the address of {other[:60]}; an address is one instance's.")
        elif len(kept) >= MOST_INSTANCES:
            left_out.append(f"{instance_id[:60]}: {MOST_INSTANCES} instances are the most.")
        else:
            kept[instance_id] = address
            names[address] = instance_id
    return kept, left_out


def _joined(left_out: Sequence[str]) -> str:
    text = _plain("; ".join(left_out))
    if len(text) <= _LONGEST_TEXT:
        return text
    return f"{len(left_out)} instances, such as: {text[: _LONGEST_TEXT - 60]}…"


def _plain(text: str) -> str:
    """A stranger's names are in it, and a store cannot hold everything."""
    return "".join(one if one.isprintable() else "?" for one in text)
