"""A draft that the debug page tries out: served for one call, as if it ran in a stage, and reached by that call alone.

Called by `dispatch.py` around `prepare_debug`. The draft becomes a plan record of its own beside what runs in the stage;
only a request that names it reaches it, and its name is random. Invariant: a record of it lives for one call; one that a
crash left behind goes with the next such call after ten minutes.
"""

from __future__ import annotations

import secrets
from typing import Any

from isthmus import errors
from isthmus.errors import Problem
from isthmus.operations.apis import require_api
from isthmus.operations.call import Call
from isthmus.operations.deploys import prepare_release
from isthmus.operations.stages import require_stage
from isthmus.publish.release import next_version
from isthmus.store import Transaction
from isthmus.store.records import keys_like

_LEFT_BEHIND_MS = 10 * 60 * 1000
_KIND = "edition"


def put_draft(call: Call, params: Any) -> tuple[str, str]:
    """What a request sends in `X-Ca-Stage` to reach it, and the key of its record. Raises: ApiError."""
    transaction = call.transaction
    if params.host:
        text = "must be left out for a draft, which is reached by the group's automatic domain only."
        raise errors.invalid([Problem("Host", text)])
    api = require_api(transaction, params.api_id, params.group_id)
    stage = require_stage(transaction, api.group_id, params.stage_name or "RELEASE").name
    _sweep(transaction)
    released = prepare_release(transaction, api, stage, api.definition, next_version(transaction.now, None))
    name = secrets.token_hex(16).upper()
    key = f"{released.key}~{name}"
    transaction.records.put(_KIND, key, {**released.body, "draft": name})
    return f"{stage}~{name}", key


def remove_draft(transaction: Transaction, key: str) -> None:
    transaction.records.remove(_KIND, key)


def _sweep(transaction: Transaction) -> None:
    oldest = next_version(transaction.now - _LEFT_BEHIND_MS, None)
    for key in keys_like(transaction.connection, _KIND, "%~%"):
        body = transaction.records.body(_KIND, key)
        if body is not None and str(body["version"]) < oldest:
            transaction.records.remove(_KIND, key)
