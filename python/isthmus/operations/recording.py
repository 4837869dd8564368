"""What a management call leaves in the audit trail.

Called by `dispatch.py`, for a write in its own transaction, for one that was refused in another. Invariant: no secret
gets past this module.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from isthmus.catalog import Operation
from isthmus.difference import differences
from isthmus.errors import ApiError
from isthmus.masking import masked_differences, masked_parameters, shows_secret
from isthmus.roles import SECRET_READS
from isthmus.store import Transaction
from isthmus.store.audit import SUCCESS, Actor, AuditEvent, add_event
from isthmus.store.records import Change
from isthmus.wire.app import Caller

_MOST_CHANGES = 50
# What a user agent has in it, and the client that it means; the first counts.
_CLIENTS = (
    ("isthmus", "isthmus"),
    ("terraform", "terraform"),
    ("aliyun-cli", "cli"),
    ("alibabacloud", "sdk"),
    ("aliyun", "sdk"),
)


def actor_of(caller: Caller) -> Actor:
    return Actor(
        name=caller.access_key_id,
        role=caller.role,
        address=caller.address,
        client=client_of(caller),
        user_agent=caller.user_agent,
        request_id=caller.request_id,
    )


def client_of(caller: Caller) -> str:
    if caller.access_key_id.startswith("user:"):
        return "console"
    agent = caller.user_agent.lower()
    return next((client for part, client in _CLIENTS if part in agent), "other")


def record_success(
    transaction: Transaction, operation: Operation, caller: Caller, params: Mapping[str, Any], result: Mapping[str, Any]
) -> None:
    changes = transaction.changes()
    event = AuditEvent(
        actor=actor_of(caller),
        operation=operation.name,
        outcome=SUCCESS,
        message=_how_many(changes),
        parameters=masked_parameters(params),
        changes=tuple(_shown(change) for change in changes[:_MOST_CHANGES]),
        subjects=[*_named(params), *_named(result), *_changed(changes), *_status(operation, result)],
    )
    add_event(transaction, event)


def record_source(transaction: Transaction, actor: Actor, network_id: str, source: str) -> None:
    """What a source that the control plane reads has changed, as if it had called the operation; nothing: no event."""
    changes = transaction.changes()
    if changes:
        event = AuditEvent(
            actor=actor,
            operation="SetNetworkInstances",
            message=_how_many(changes),
            parameters={"network_id": network_id, "source": source},
            changes=tuple(_shown(change) for change in changes[:_MOST_CHANGES]),
            subjects=[network_id, *_changed(changes)],
        )
        add_event(transaction, event)


def shows_secrets(operation: Operation, result: Mapping[str, Any]) -> bool:
    """Whether the answer of a read is worth an event."""
    return operation.name in SECRET_READS and shows_secret(result.get("plugins"))


def record_reading(
    transaction: Transaction, operation: Operation, caller: Caller, params: Mapping[str, Any], result: Mapping[str, Any]
) -> None:
    """Of secrets; whose they are is what the answer is about."""
    shown = (row for rows in result.values() if isinstance(rows, list) for row in rows if isinstance(row, Mapping))
    event = AuditEvent(
        actor=actor_of(caller),
        operation=operation.name,
        message="Secrets were shown.",
        parameters=masked_parameters(params),
        subjects=[*_named(params), *_named(result), *(name for row in shown for name in _named(row))],
    )
    add_event(transaction, event)


def record_refusal(
    transaction: Transaction, operation: Operation, caller: Caller, params: Mapping[str, Any], error: ApiError
) -> None:
    event = AuditEvent(
        actor=actor_of(caller),
        operation=operation.name,
        outcome=error.code,
        message=error.message,
        parameters=masked_parameters(params),
        subjects=_named(params),
    )
    add_event(transaction, event)


def _how_many(changes: Sequence[Change]) -> str:
    if len(changes) <= _MOST_CHANGES:
        return ""
    return f"{len(changes)} things changed; the first {_MOST_CHANGES} are shown."


def _shown(change: Change) -> dict[str, Any]:
    plugin_type = ""
    if change.kind == "plugin":
        plugin_type = str((change.after or change.before or {}).get("type"))
    found = masked_differences(change.kind, plugin_type, differences(change.before, change.after))
    rows = [{"path": one.path, "before": one.before, "after": one.after} for one in found]
    return {"kind": change.kind, "key": change.key, "differences": rows}


def _named(values: Mapping[str, Any]) -> Iterator[str]:
    """Ids and names that a call gives or gets."""
    for name, value in values.items():
        if name.endswith(("_id", "_name")) and isinstance(value, str | int):
            yield str(value)
        elif name.endswith("_ids"):
            parts = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else ()
            yield from (str(part).strip() for part in parts)


def _status(operation: Operation, result: Mapping[str, Any]) -> Iterator[str]:
    """Of a request that was sent: `DebugApi 200`."""
    if operation.name == "DebugApi":
        yield f"{operation.name} {result['status']}"


def _changed(changes: Sequence[Change]) -> Iterator[str]:
    for change in changes:
        yield f"{change.kind} {change.key}"
        yield change.key
        yield change.key.partition("/")[0]
