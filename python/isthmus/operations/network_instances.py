"""Operations on the instances of a network: which id stands for which address, from a person or from a source.

A person's own entries are a part of the network (`networks.py`). A source, for example a script that reads a cloud's
inventory, says everything it knows again and again; what it has not repeated in time stays in use and is shown as
stale. Those that the control plane reads itself come in by `network_sources.py`. Invariant: a source never changes what a
person or another source has said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from isthmus import errors
from isthmus.errors import Problem
from isthmus.operations.call import Call
from isthmus.operations.fields import name_problems, raise_problems
from isthmus.operations.network_sources import MOST_INSTANCES, note_report, shown_sources
from isthmus.operations.networks import put_network, require_network
from isthmus.operations.targets import instances_problems
from isthmus.operations.times import utc_text
from isthmus.store.inventories import replace_seen_instances, seen_instances

_PERSON = "static"
_USUAL_FRESHNESS, _LONGEST_FRESHNESS = 300, 7 * 86400


def set_network_instances(call: Call, params: Any) -> Mapping[str, Any]:
    network = require_network(call, params.network_id)
    source = params.source or _PERSON
    fresh_for = _USUAL_FRESHNESS if params.fresh_seconds is None else params.fresh_seconds
    problems = name_problems("Source", source, 64)
    if not 1 <= fresh_for <= _LONGEST_FRESHNESS:
        problems.append(Problem("FreshSeconds", f"must be a number from 1 to {_LONGEST_FRESHNESS}."))
    if len(params.instances) > MOST_INSTANCES:
        problems.append(Problem("Instances", f"has {len(params.instances)} entries; at most {MOST_INSTANCES} fit."))
    problems += instances_problems(network, params.instances, call.settings.loopback_backends)
    if source == _PERSON:
        raise_problems(problems)
        put_network(call, network, replace(network, instances=dict(params.instances)))
        return {}
    raise_problems(problems)
    taken = {one.instance_id: one.source for one in seen_instances(call.transaction, network.network_id)}
    for instance_id in params.instances:
        if taken.get(instance_id, source) != source:
            text = f"{instance_id[:60]} is what the source {taken[instance_id]} reports; take it out there first."
            raise errors.invalid([Problem("Instances", text)])
    replace_seen_instances(call.transaction, network.network_id, source, params.instances, fresh_for)
    seen = {one.instance_id: one.address for one in seen_instances(call.transaction, network.network_id)}
    put_network(call, network, replace(network, seen=seen))
    note_report(call.transaction, network.network_id, source, bool(params.instances))
    return {}


def describe_network_instances(call: Call, params: Any) -> Mapping[str, Any]:
    network = require_network(call, params.network_id)
    rows = [
        {"instance_id": instance_id, "address": address, "source": _PERSON, "stale": False}
        for instance_id, address in sorted(network.instances.items())
    ]
    for one in seen_instances(call.transaction, network.network_id):
        if one.instance_id not in network.instances:
            rows.append(
                {
                    "instance_id": one.instance_id,
                    "address": one.address,
                    "source": one.source,
                    "stale": one.is_stale(call.transaction.now),
                    "seen_time": utc_text(one.seen_at),
                }
            )
    return {"instances": rows, "sources": shown_sources(call.transaction, network.network_id)}
