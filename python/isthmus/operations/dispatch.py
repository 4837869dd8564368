"""From a checked call to its outcome: the operation's function, in one transaction, on a worker thread.

Called by `isthmus.wire` for every authenticated call. Reads get a snapshot, everything else the one writer. Invariant:
a write is acknowledged after it is durable and after the healthy engines serve it, or the answer names those that lag.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from anyio import CapacityLimiter, from_thread, to_thread
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from isthmus import errors
from isthmus.catalog import Operation, Params
from isthmus.errors import ApiError
from isthmus.hub.desk import Desk
from isthmus.operations import function_for
from isthmus.operations.background import Background
from isthmus.operations.call import Call, NodeReports, OperationFunction
from isthmus.operations.debug import prepare_debug
from isthmus.operations.debug_draft import put_draft, remove_draft
from isthmus.operations.dry_runs import prepare_dry_run
from isthmus.operations.entrance import NOWHERE, Entrance
from isthmus.operations.pace import Pace
from isthmus.operations.record_check import check_records
from isthmus.operations.recording import record_reading, record_refusal, record_success, shows_secrets
from isthmus.operations.vpc_tests import prepare_test, prepare_validation
from isthmus.roles import SECRET_READS, may, needed_role
from isthmus.settings import Settings
from isthmus.store import Store, Transaction
from isthmus.store.access_keys import find_access_key
from isthmus.store.failures import LOST, Failure, failure_of
from isthmus.store.users import find_session, touch_session
from isthmus.wire.app import Caller, Identity, Outcome
from isthmus.wire.signature import AccessKey

log = logging.getLogger("isthmus.operations")

_READS = ("Describe", "List", "Query", "Compare")
_PREPARED = {
    "DebugApi": prepare_debug,
    "DryRunRequest": prepare_dry_run,
    "TestVpcAccess": prepare_test,
    "ValidateVpcConnectivity": prepare_validation,
}
_AWAY = (
    "The store of the gateway went away during the call. Look first before you send a write again: it may have taken "
    "effect."
)
# A session that is used is noted at most once in this time, in milliseconds.
_TOUCH_AFTER = 60_000


class Plane(NodeReports, Protocol):
    """What a write needs from `isthmus.plane`."""

    async def wait_served(self, revision: int) -> list[str]:
        """Waits, for a bounded time, until every healthy engine serves the revision; names those that do not."""

    def refusals_at(self, revision: int) -> list[dict[str, Any]]:
        """Records of this revision that engines refuse: node, kind, key, reason."""


class OperationsDispatcher:
    """Runs operations for the wire."""

    def __init__(
        self, store: Store, settings: Settings, plane: Plane, entrance: Entrance = NOWHERE, hub: Desk | None = None
    ) -> None:
        self._store = store
        self._hub = hub
        self._entrance = entrance
        self._settings = settings
        self._plane = plane
        self._threads = CapacityLimiter(settings.management_threads)
        self._pace = Pace(settings.writes_limit)
        self._background = Background(store, self._call)

    def close(self) -> None:
        """Ends what goes on behind answered calls."""
        self._background.stop()

    def access_key(self, access_key_id: str) -> AccessKey | None:
        """Raises: ApiError when the store does not answer."""
        with _store_errors_as_answers(), self._store.read() as transaction:
            found = find_access_key(transaction, access_key_id)
        if found is None:
            return None
        return AccessKey(found.access_key_id, found.secret, found.active, found.role)

    def first_use(self, access_key_id: str, nonce: str, until: float, now: float) -> bool:
        """As the wire's memory of nonces. Raises: ApiError when the store does not answer."""
        with _store_errors_as_answers():
            return self._store.nonces.first_use(access_key_id, nonce, until, now)

    def session(self, token: str, csrf: str) -> Identity:
        """Raises: ApiError when nobody is signed in with this token, or the second token does not fit."""
        with _store_errors_as_answers(), self._store.read() as transaction:
            found = find_session(transaction, token)
            now = transaction.now
        if found is None:
            raise errors.single("SignedOut", "The session is over: sign in again.")
        session, used_at = found
        if not hmac.compare_digest(session.csrf.encode(), csrf.encode()):
            raise errors.single("Forbidden.Csrf", "The header X-Isthmus-Csrf does not fit the session.")
        if used_at < now - _TOUCH_AFTER:
            with _store_errors_as_answers(), self._store.write() as transaction:
                touch_session(transaction, token)
        return Identity(f"user:{session.user.name}", session.user.role)

    async def run(self, operation: Operation, params: Params, caller: Caller) -> Outcome:
        """Raises: ApiError."""
        if not operation.name.startswith(_READS):
            self._pace.admit(caller.access_key_id)
        if not may(caller.role, operation.name):
            text = f"{operation.name} needs the role {needed_role(operation.name)}; {caller.access_key_id} is {caller.role}."
            refusal = errors.single("Forbidden.Role", text)
            if not operation.name.startswith(_READS) or operation.name in SECRET_READS:
                await to_thread.run_sync(self._refuse, operation, params, caller, refusal, limiter=self._threads)
            raise refusal
        function = function_for(operation.name)
        if function is None:
            raise errors.not_implemented(operation.name)
        run = self._runner(operation, params)
        result, revision = await to_thread.run_sync(run, operation, function, params, caller, limiter=self._threads)
        if revision is None:
            return Outcome(dict(result), {})
        headers = {"x-isthmus-revision": str(revision)}
        lagging = await self._plane.wait_served(revision)
        if lagging:
            headers["x-isthmus-lagging"] = ",".join(lagging)
            log.warning("revision %d is not served yet by %s", revision, ", ".join(lagging))
        self._tell_refusals(revision)
        return Outcome(dict(result), headers)

    def _runner(self, operation: Operation, params: Any) -> Callable[..., tuple[Mapping[str, Any], int | None]]:
        if operation.name == "DebugApi" and params.draft:
            return self._send_to_draft
        if operation.name in _PREPARED:
            return self._send
        return self._read if operation.name.startswith(_READS) else self._write

    def _tell_refusals(self, revision: int) -> None:
        """A stored change that an engine does not serve, such as one of another version, is no success. Raises: ApiError."""
        refused = self._plane.refusals_at(revision)
        if refused:
            listed = "; ".join(
                f"{one['node']} refuses {one['kind']} {one['key']}: {one['reason']}" for one in refused[:5]
            )
            raise errors.single("RefusedByEngine", f"The change is stored, but not served: {listed}.")

    def _read(
        self, operation: Operation, function: OperationFunction, params: Params, caller: Caller
    ) -> tuple[Mapping[str, Any], None]:
        with _store_errors_as_answers(), self._store.read() as transaction:
            result = function(self._call(transaction, caller), params)
        if shows_secrets(operation, result):
            # Before the answer: what cannot be kept is not shown.
            with _store_errors_as_answers(), self._store.write() as transaction:
                record_reading(transaction, operation, caller, params, result)
        return result, None

    def _write(
        self, operation: Operation, function: OperationFunction, params: Params, caller: Caller
    ) -> tuple[Mapping[str, Any], int | None]:
        try:
            with _store_errors_as_answers(), self._store.write() as transaction:
                call = self._call(transaction, caller)
                result = function(call, params)
                check_records(transaction)
                record_success(transaction, operation, caller, params, result)
        except ApiError as error:
            # A store that did not answer would be waited for twice.
            if error.status < 500:
                self._refuse(operation, params, caller, error)
            raise
        for job in call.jobs:
            self._background.take(job, operation, caller)
        return result, transaction.revision

    def _send(
        self, operation: Operation, _function: OperationFunction, params: Params, caller: Caller
    ) -> tuple[Mapping[str, Any], None]:
        """What takes as long as others take happens between two transactions; it is kept like a write."""
        try:
            with _store_errors_as_answers(), self._store.read() as transaction:
                send = _PREPARED[operation.name](self._call(transaction, caller), params)
            result = send()
        except ApiError as error:
            self._refuse(operation, params, caller, error)
            raise
        self._succeed(operation, params, caller, result)
        return result, None

    def _send_to_draft(
        self, operation: Operation, _function: OperationFunction, params: Params, caller: Caller
    ) -> tuple[Mapping[str, Any], None]:
        """The draft is served for this one call, and gone afterwards, however the call ends."""
        try:
            with _store_errors_as_answers(), self._store.write() as transaction:
                name, key = put_draft(self._call(transaction, caller), params)
                check_records(transaction)
            try:
                if transaction.revision is not None:
                    from_thread.run(self._plane.wait_served, transaction.revision)
                    self._tell_refusals(transaction.revision)
                with _store_errors_as_answers(), self._store.read() as reading:
                    send = prepare_debug(self._call(reading, caller), params, name)
                result = send()
            finally:
                with _store_errors_as_answers(), self._store.write() as removing:
                    remove_draft(removing, key)
        except ApiError as error:
            self._refuse(operation, params, caller, error)
            raise
        self._succeed(operation, params, caller, result)
        return result, None

    def _call(self, transaction: Transaction, caller: Caller) -> Call:
        return Call(transaction, self._settings, caller.access_key_id, self._plane, self._entrance, self._hub)

    def _succeed(self, operation: Operation, params: Params, caller: Caller, result: Mapping[str, Any]) -> None:
        with _store_errors_as_answers(), self._store.write() as transaction:
            record_success(transaction, operation, caller, params, result)

    def _refuse(self, operation: Operation, params: Params, caller: Caller, error: ApiError) -> None:
        with _store_errors_as_answers(), self._store.write() as transaction:
            record_refusal(transaction, operation, caller, params, error)


@contextmanager
def _store_errors_as_answers() -> Iterator[None]:
    """What the database says no to, as an answer that tells the caller what to do. Nothing was written then, unless the
    connection was lost: a commit that was under way may have come to its end.
    """
    try:
        yield
    except DBAPIError as error:
        failure = failure_of(error)
        if failure is Failure.UNAVAILABLE:
            log.error("the store does not answer: %s", error.orig)
            text = "The store of the gateway is busy, full or away, so nothing was changed. Send the call again later."
            raise ApiError("ServiceUnavailable", _AWAY if error.connection_invalidated else text, 503) from error
        if failure is Failure.CONFLICT:
            # Operations check first, so this is another control plane that wrote between the check and the commit.
            log.warning("a concurrent change: %s", error.orig)
            text = (
                "Another call changed the same resource at the same time, so nothing was changed. Send the call again."
            )
            raise ApiError("RepeatedCommit", text) from error
        if failure is Failure.VALUE:
            text = "A parameter has a value that the store cannot hold, such as a zero byte; nothing was changed."
            raise ApiError("InvalidParameter", text) from error
        raise
    except LOST as error:
        log.error("the store went away: %s", error)
        raise ApiError("ServiceUnavailable", _AWAY, 503) from error
    except PoolTimeout as error:
        log.error("no connection to the store is free: %s", error)
        text = "The store of the gateway is busy, so nothing was changed. Send the call again later."
        raise ApiError("ServiceUnavailable", text, 503) from error
