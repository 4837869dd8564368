"""The management API as an ASGI application: one URL path, the operation chosen by name.

`create_app` wires request, signature, catalogue and dispatcher together. Invariant: whatever arrives gets an envelope
with code, message and request id; an unexpected exception is logged once with that id and told to the caller as
`InternalError` without details.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from isthmus import errors, logs
from isthmus.catalog import Catalog, Operation, Params
from isthmus.errors import ApiError
from isthmus.wire.answers import failure, success
from isthmus.wire.nonces import NonceMemory
from isthmus.wire.request import WireRequest, read_request
from isthmus.wire.signature import AccessKey, Verifier

log = logging.getLogger("isthmus.wire")

# What the console sends in place of a signature.
SESSION_COOKIE = "isthmus_session"


@dataclass(frozen=True)
class Caller:
    """Who calls, and from where."""

    # An access key's id, or `user:` and the name of who is signed in to the console.
    access_key_id: str
    role: str
    address: str
    user_agent: str
    request_id: str


@dataclass(frozen=True)
class Identity:
    """A caller's name and role."""

    name: str
    role: str


@dataclass(frozen=True)
class Outcome:
    """What an operation answered: its result (inside names) and headers to add."""

    result: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


class Dispatcher(Protocol):
    """Runs operations; implemented by `operations`."""

    def access_key(self, access_key_id: str) -> AccessKey | None: ...

    def session(self, token: str, csrf: str) -> Identity:
        """Who is signed in. Raises: ApiError."""

    async def run(self, operation: Operation, params: Params, caller: Caller) -> Outcome: ...


@dataclass(frozen=True)
class WireOptions:
    skew_seconds: float = 900
    body_limit: int = 8 << 20
    # Where the nonces of calls are kept; without one, in memory.
    nonces: NonceMemory | None = None


def create_app(
    catalog: Catalog,
    dispatcher: Dispatcher,
    clock: Callable[[], float],
    options: WireOptions,
    routes: Sequence[BaseRoute] = (),
    **starlette: Any,
) -> Starlette:
    """`routes` come first; everything else is answered as a management call at `/`."""
    wire = _Wire(
        catalog,
        dispatcher,
        Verifier(dispatcher.access_key, clock, options.skew_seconds, options.nonces),
        options,
    )
    return Starlette(routes=[*routes, Route("/", wire)], **starlette)


class _Wire:
    def __init__(
        self,
        catalog: Catalog,
        dispatcher: Dispatcher,
        verifier: Verifier,
        options: WireOptions,
    ) -> None:
        self._catalog = catalog
        self._dispatcher = dispatcher
        self._verifier = verifier
        self._options = options

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # An application and not a function: Starlette would answer methods that it does not know without an envelope.
        response = await self.answer(Request(scope, receive))
        await response(scope, receive, send)

    async def answer(self, request: Request) -> Response:
        request_id = str(uuid.uuid4()).upper()
        logs.request_id.set(request_id)
        host = request.headers.get("host", "")
        form = "JSON"
        if request.method == "GET" and not request.url.query and "text/html" in request.headers.get("accept", ""):
            # A person with a browser, who wants the console.
            return RedirectResponse("/console/")
        try:
            call = await read_request(request, self._options.body_limit)
            form = _form(call)
            identity = await run_in_threadpool(self._identify, call, request.cookies.get(SESSION_COOKIE))
            operation = self._operation(call)
            address = request.client.host if request.client else ""
            caller = Caller(identity.name, identity.role, address, call.header("user-agent"), request_id)
            params = operation.check(call.parameters)
            outcome = await self._dispatcher.run(operation, params, caller)
            return success(
                operation.name,
                operation.render(outcome.result),
                request_id,
                form,
                outcome.headers,
            )
        except ApiError as error:
            return failure(error, request_id, host, form)
        except ClientDisconnect:
            return Response(status_code=400)
        except Exception:
            log.exception("request %s failed", request_id)
            text = f"This is a defect of the gateway. Its log has the details under the request id {request_id}."
            return failure(errors.single("InternalError", text), request_id, host, form)

    def _identify(self, call: WireRequest, session: str | None) -> Identity:
        """A signature counts, whatever cookie came with it. Raises: ApiError."""
        if session and not call.is_signed_by_header and not call.parameter("Signature"):
            return self._dispatcher.session(session, call.header("x-isthmus-csrf"))
        key = self._verifier.verify(call)
        return Identity(key.access_key_id, key.role)

    def _operation(self, call: WireRequest) -> Operation:
        """Header for newer SDKs, parameter for the others, never what was not signed. Raises: ApiError."""
        name, version = call.parameter("Action"), call.parameter("Version")
        if call.is_signed_by_header:
            name = call.header("x-acs-action") or name
            version = call.header("x-acs-version") or version
        if not name:
            raise errors.missing(
                "Action",
                "Name the operation: the parameter Action or the header x-acs-action.",
            )
        if not version:
            raise errors.missing(
                "Version",
                "Name the version: the parameter Version or the header x-acs-version.",
            )
        operation = self._catalog.find(name, version)
        if operation is not None:
            return operation
        known = self._catalog.find_versions(name)
        if known:
            text = f"{name} does not exist in version {version[:40]}, but in {', '.join(known)}."
            raise errors.single("InvalidVersion", text)
        raise errors.single("InvalidApi.NotFound", f"There is no operation {name[:80]}.")


def _form(call: WireRequest) -> str:
    """JSON unless XML is asked for; newer SDKs say nothing and expect JSON. Raises: ApiError."""
    form = call.parameter("Format").upper() or "JSON"
    if form not in ("JSON", "XML"):
        raise errors.single("InvalidParameter.Format", "Format must be JSON or XML.")
    return form
