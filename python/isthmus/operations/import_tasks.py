"""Imports that are tasks: what became of each API of the document so far, and imports that go on behind their call.

Called by `imports.py`, which decides and writes; the rows are kept by `store/tasks.py` and changed with each step, in the
transaction that imports what they tell. Invariant: a row that says OVER is of an API that is there, and a task that
nobody works on any more does not say Running for ever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from isthmus import errors
from isthmus.operations.call import Call
from isthmus.store import Transaction
from isthmus.store.tasks import add_task, change_task, find_task

Row = dict[str, Any]

# The vendor's words.
OVER, FAILED, _WAITING, _CANCELLED = "OVER", "FAIL", "WAIT", "CANCEL"
_TASK = "import_oas"
# APIs of one step: others wait for a transaction, and a poller wants to see something.
_TOGETHER = 50
# Steps take milliseconds; a task that was not touched for so long belonged to a process that is gone.
_PATIENCE_MS = 300_000
_LOST = "The gateway ended before it came to this; send the call again."


class Importer(Protocol):
    """Imports parts of one document; `imports.py` has it."""

    def models(self, call: Call) -> list[Row]:
        """All models, before any API."""

    def apis(self, call: Call, start: int, end: int) -> list[Row]:
        """The operations of the document from `start` to before `end`."""


def add_finished(transaction: Transaction, apis: Sequence[Row], models: Sequence[Row]) -> str:
    """The task of an import that is done. Returns the operation id."""
    return add_task(transaction, _TASK, {"api_results": apis, "model_results": models, "is_running": False})


def start_import(call: Call, apis: Sequence[Row], importer: Importer) -> str:
    """The task of an import that begins when the call is answered; `apis` are its rows to be. Returns the operation id."""
    waiting = [{**row, "api_id": None, "error_message": None, "update_status": _WAITING} for row in apis]
    task = {"api_results": waiting, "model_results": [], "is_running": True, "touched_at": call.transaction.now}
    operation_id = add_task(call.transaction, _TASK, task)
    call.jobs.append(ImportJob(operation_id, importer))
    return operation_id


class ImportJob:
    """The rest of an import, in steps."""

    def __init__(self, operation_id: str, importer: Importer) -> None:
        self._operation_id = operation_id
        self._importer = importer
        self._done = 0

    @property
    def parameters(self) -> Mapping[str, Any]:
        return {"operation_id": self._operation_id}

    def step(self, call: Call) -> bool:
        task = find_task(call.transaction, _TASK, self._operation_id)
        if task is None:
            return False
        if not self._done:
            task["model_results"] = self._importer.models(call)
        rows = task["api_results"]
        end = min(self._done + _TOGETHER, len(rows))
        rows[self._done : end] = self._importer.apis(call, self._done, end)
        task["is_running"], task["touched_at"] = end < len(rows), call.transaction.now
        change_task(call.transaction, self._operation_id, task)
        self._done = end
        return bool(task["is_running"])

    def finish(self, call: Call, why: str) -> None:
        task = find_task(call.transaction, _TASK, self._operation_id)
        if task is not None:
            change_task(call.transaction, self._operation_id, _cancelled(task, why))


def describe_import_oas_task(call: Call, params: Any) -> Mapping[str, Any]:
    task = find_task(call.transaction, _TASK, params.operation_id)
    if task is None:
        text = f"There is no import {params.operation_id[:64]}; reports are kept for a week."
        raise errors.not_found("Operation", text)
    is_running = task.get("is_running", False)
    if is_running and call.transaction.now - task["touched_at"] > _PATIENCE_MS:
        task, is_running = _cancelled(task, _LOST), False
    results = {name: task[name] for name in ("api_results", "model_results")}
    return {**results, "task_status": "Running" if is_running else "Finished"}


def _cancelled(task: Mapping[str, Any], why: str) -> dict[str, Any]:
    ended = {"update_status": _CANCELLED, "error_message": why}
    rows = [{**row, **ended} if row["update_status"] == _WAITING else row for row in task["api_results"]]
    return {**task, "api_results": rows, "is_running": False}
