"""The operation that reads the audit trail."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from isthmus import errors
from isthmus.errors import Problem
from isthmus.operations.call import Call
from isthmus.operations.paging import page_fields, page_of
from isthmus.operations.times import read_time, utc_text
from isthmus.store.audit import EventFilter, StoredEvent, list_events


def describe_audit_events(call: Call, params: Any) -> Mapping[str, Any]:
    """Newest first."""
    page = page_of(params)
    wanted = EventFilter(
        start=_time("StartTime", params.start_time),
        end=_time("EndTime", params.end_time),
        actor=params.actor,
        operation=params.operation,
        client=params.client,
        outcome=params.outcome,
        subject=params.subject,
    )
    found = list_events(call.transaction, wanted, page)
    return {"audit_events": [_row(one) for one in found.events], **page_fields(page, found.total)}


def _row(stored: StoredEvent) -> dict[str, Any]:
    event, actor = stored.event, stored.event.actor
    return {
        "event_id": stored.event_id,
        "time": utc_text(stored.happened_at),
        "actor": actor.name,
        "role": actor.role,
        "source_address": actor.address,
        "client": actor.client,
        "user_agent": actor.user_agent,
        "operation": event.operation,
        "request_id": actor.request_id,
        "outcome": event.outcome,
        "message": event.message,
        "parameters": json.dumps(event.parameters, ensure_ascii=False),
        "changes": list(event.changes),
    }


def _time(parameter: str, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return read_time(text)
    except ValueError as error:
        problem = Problem(parameter, f"{text[:40]!r} is not a time; write 2026-11-24T09:30:00Z.")
        raise errors.invalid([problem]) from error
