"""Rows of `tasks`: what operations on many objects did to each of them.

Called by the operations that answer with an operation id, and by those that show a task. Most do their work in their own
transaction, so their task is over when it can be found; an import goes on, and changes its task with each step.
Invariant: tasks older than a week are gone.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from sqlalchemy import delete, insert, select, update

from isthmus.store.database import Transaction
from isthmus.store.schema import tasks

_KEPT_MS = 7 * 24 * 3600 * 1000


def add_task(transaction: Transaction, kind: str, result: Any) -> str:
    """Returns the operation id."""
    task_id = uuid.uuid4().hex
    transaction.connection.execute(delete(tasks).where(tasks.c.created_at < transaction.now - _KEPT_MS))
    row = {"task_id": task_id, "kind": kind, "result": json.dumps(result), "created_at": transaction.now}
    transaction.connection.execute(insert(tasks).values(row))
    return task_id


def find_task(transaction: Transaction, kind: str, task_id: str) -> Any | None:
    """The result, when there is such a task of this kind."""
    query = select(tasks.c.result).where(tasks.c.task_id == task_id, tasks.c.kind == kind)
    text = transaction.connection.execute(query).scalar()
    return None if text is None else json.loads(text)


def change_task(transaction: Transaction, task_id: str, result: Any) -> None:
    transaction.connection.execute(update(tasks).where(tasks.c.task_id == task_id).values(result=json.dumps(result)))
