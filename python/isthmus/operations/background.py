"""Work that goes on after its call was answered, in steps that are each a transaction like a call's.

`dispatch.py` hands over the jobs that an operation has put into its call (`Call.jobs`). One thread takes the jobs in
turns, so that a long one holds up no short one, and lets calls in between the steps. Invariant: a job that was taken
ends, with `finish` when it cannot go on.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from isthmus.catalog import Operation
from isthmus.errors import ApiError
from isthmus.operations.call import Call, Job
from isthmus.operations.record_check import check_records
from isthmus.operations.recording import record_success
from isthmus.store import Store, Transaction
from isthmus.wire.app import Caller

log = logging.getLogger("isthmus.operations")

# More are done before their call is answered.
_MOST_JOBS = 20
_STOP_SECONDS = 5.0


@dataclass(frozen=True)
class _Work:
    job: Job
    operation: Operation
    caller: Caller


class Background:
    """`make_call` is the dispatcher's."""

    def __init__(self, store: Store, make_call: Callable[[Transaction, Caller], Call]) -> None:
        self._store = store
        self._make_call = make_call
        self._waiting: deque[_Work] = deque()
        self._changed = threading.Condition()
        self._is_stopping = False
        self._thread: threading.Thread | None = None

    def take(self, job: Job, operation: Operation, caller: Caller) -> None:
        """Returns at once, unless there is too much to do already: then when the job is done."""
        work = _Work(job, operation, caller)
        with self._changed:
            if len(self._waiting) < _MOST_JOBS and not self._is_stopping:
                self._waiting.append(work)
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="background", daemon=True)
                    self._thread.start()
                self._changed.notify()
                return
        while self._step(work):
            pass

    def stop(self) -> None:
        """Jobs that are not done end where they are, and say so."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(_STOP_SECONDS)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._is_stopping)
                if not self._waiting:
                    return
                work, is_stopping = self._waiting.popleft(), self._is_stopping
            if is_stopping:
                self._finish(work, "The gateway was stopped before; send the call again.")
            elif self._step(work):
                with self._changed:
                    self._waiting.append(work)

    def _step(self, work: _Work) -> bool:
        """True while there is more to do."""
        try:
            with self._store.write() as transaction:
                more = work.job.step(self._make_call(transaction, work.caller))
                check_records(transaction)
                self._record(transaction, work, {})
        except ApiError as error:
            self._finish(work, f"{error.code}: {error.message}")
        except (DBAPIError, PoolTimeout) as error:
            log.error("%s of %s: the store does not answer: %s", work.operation.name, work.caller.access_key_id, error)
            self._finish(work, "The store of the gateway did not answer; send the call again.")
        except Exception:
            # A defect of ours must not end the thread, and must be seen.
            log.exception("%s, after its call was answered", work.operation.name)
            self._finish(work, "InternalError: the gateway's log says more.")
        else:
            return more
        return False

    def _finish(self, work: _Work, why: str) -> None:
        try:
            with self._store.write() as transaction:
                work.job.finish(self._make_call(transaction, work.caller), why)
                self._record(transaction, work, {"message": why})
        except Exception:
            log.exception("the end of %s could not be kept", work.operation.name)

    def _record(self, transaction: Transaction, work: _Work, further: Mapping[str, Any]) -> None:
        record_success(transaction, work.operation, work.caller, {**work.job.parameters, **further}, {})
