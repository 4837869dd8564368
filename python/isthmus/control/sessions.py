"""Signing in to the console: `/console/session` and `/console/setup`.

Mounted by `process.py`. A session is a cookie that scripts cannot read, and a second token that the console sends with
every call, so that another site's page cannot act for a user. Failed attempts slow down per name and per address; the
answer never says whether a name exists.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections import OrderedDict
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from isthmus import __version__
from isthmus.operations.users import password_problems, user_problems
from isthmus.roles import OWNER
from isthmus.settings import Settings
from isthmus.store import Store
from isthmus.store.audit import SUCCESS, Actor, AuditEvent, add_event
from isthmus.store.users import (
    SESSION_LIMIT,
    Session,
    add_user,
    close_session,
    count_users,
    find_session,
    find_user_by_name,
    is_password,
    open_session,
    password_of,
    use_setup_link,
)
from isthmus.wire.app import SESSION_COOKIE

_BODY_LIMIT = 16 * 1024
_FREE_ATTEMPTS = 5
_LONGEST_WAIT = 300


class Attempts:
    """Failed attempts by name and by address; bounded, the oldest are forgotten first."""

    _MOST = 10_000

    def __init__(self) -> None:
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def wait(self, keys: tuple[str, ...], now: float) -> int:
        """Seconds until the next attempt is let in; 0: now."""
        return max(0, *(int(self._until(key) - now + 0.999) for key in keys))

    def failed(self, keys: tuple[str, ...], now: float) -> None:
        for key in keys:
            count = self._failures.pop(key, (0, 0.0))[0] + 1
            pause = 0 if count < _FREE_ATTEMPTS else min(2 ** (count - _FREE_ATTEMPTS), _LONGEST_WAIT)
            self._failures[key] = (count, now + pause)
        while len(self._failures) > self._MOST:
            self._failures.popitem(last=False)

    def succeeded(self, keys: tuple[str, ...]) -> None:
        for key in keys:
            self._failures.pop(key, None)

    def _until(self, key: str) -> float:
        return self._failures.get(key, (0, 0.0))[1]


def session_routes(store: Store, settings: Settings) -> list[Route]:
    pages = _Sessions(store, settings)
    return [
        Route("/console/session", pages.session, methods=["GET", "POST", "DELETE"]),
        Route("/console/setup", pages.setup, methods=["GET", "POST"]),
    ]


class _Sessions:
    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._attempts = Attempts()

    async def session(self, request: Request) -> Response:
        if request.method == "POST":
            return await self._sign_in(request)
        token = request.cookies.get(SESSION_COOKIE, "")
        found = await asyncio.to_thread(self._find, token)
        if request.method == "DELETE":
            if found is not None:
                if request.headers.get("x-isthmus-csrf") != found.csrf:
                    return _refused(403, "Forbidden.Csrf", "The header X-Isthmus-Csrf does not fit the session.")
                await asyncio.to_thread(self._close, token)
            response = Response(status_code=204)
            response.delete_cookie(SESSION_COOKIE, path="/")
            return response
        if found is None:
            return _refused(401, "SignedOut", "Nobody is signed in.")
        return JSONResponse(self._shown(found), headers=_NO_STORE)

    async def setup(self, request: Request) -> Response:
        """GET: whether anybody is there yet. POST: makes the first owner with the link's token."""
        if request.method == "GET":
            needed = await asyncio.to_thread(self._nobody)
            return JSONResponse({"needed": needed}, headers=_NO_STORE)
        body = await _read_json(request)
        if body is None:
            return _refused(400, "InvalidBody", "Send JSON with token, user and password.")
        token, name, password = (str(body.get(field, "")) for field in ("token", "user", "password"))
        problems = user_problems(name) + password_problems(password)
        if problems:
            text = " ".join(f"{problem.parameter}: {problem.text}" for problem in problems)
            return _refused(400, "InvalidUser", text)
        made = await asyncio.to_thread(self._set_up, token, name, password, _visitor(request))
        if made is None:
            text = (
                "The link is used up, too old or wrong, or the name is taken. Make a new one: isthmus user setup-link."
            )
            return _refused(403, "InvalidSetupLink", text)
        return self._signed_in(request, *made)

    async def _sign_in(self, request: Request) -> Response:
        body = await _read_json(request)
        if body is None:
            return _refused(400, "InvalidBody", "Send JSON with user and password.")
        name, password = str(body.get("user", ""))[:256], str(body.get("password", ""))[:1024]
        address = request.client.host if request.client else ""
        keys = (f"user {name}", f"address {address}")
        wait = self._attempts.wait(keys, time.monotonic())
        if wait > 0:
            text = f"Too many attempts: try again in {wait} s."
            return _refused(429, "TooManyAttempts", text, {"retry-after": str(wait)})
        made = await asyncio.to_thread(self._try, name, password, _visitor(request))
        if made is None:
            self._attempts.failed(keys, time.monotonic())
            return _refused(401, "WrongUserOrPassword", "The user name or the password is wrong.")
        self._attempts.succeeded(keys[:1])
        return self._signed_in(request, *made)

    def _signed_in(self, request: Request, token: str, session: Session) -> Response:
        response = JSONResponse(self._shown(session), headers=_NO_STORE)
        secure = request.url.scheme == "https" or request.headers.get("x-forwarded-proto") == "https"
        age = SESSION_LIMIT // 1000
        response.set_cookie(
            SESSION_COOKIE, token, max_age=age, path="/", httponly=True, samesite="strict", secure=secure
        )
        return response

    def _shown(self, session: Session) -> dict[str, Any]:
        return {
            "user": session.user.name,
            "role": session.user.role,
            "csrf": session.csrf,
            "region": self._settings.region,
            "version": __version__,
        }

    def _find(self, token: str) -> Session | None:
        if not token:
            return None
        with self._store.read() as transaction:
            found = find_session(transaction, token)
        return None if found is None else found[0]

    def _close(self, token: str) -> None:
        with self._store.write() as transaction:
            close_session(transaction, token)

    def _nobody(self) -> bool:
        with self._store.read() as transaction:
            return count_users(transaction) == 0

    def _try(self, name: str, password: str, visitor: Actor) -> tuple[str, Session] | None:
        with self._store.read() as transaction:
            user, password_hash = password_of(transaction, name)
        is_right = is_password(password_hash, password) and user is not None
        role = user.role if user is not None and is_right else ""
        actor = replace(visitor, name=f"user:{name}", role=role)
        outcome = SUCCESS if is_right else "WrongUserOrPassword"
        with self._store.write() as transaction:
            add_event(transaction, AuditEvent(actor, "SignIn", outcome, subjects=[name]))
            return open_session(transaction, user) if user is not None and is_right else None

    def _set_up(self, token: str, name: str, password: str, visitor: Actor) -> tuple[str, Session] | None:
        with self._store.write() as transaction:
            # First the name: a link that makes nobody must not be used up.
            if find_user_by_name(transaction, name) is not None or not use_setup_link(transaction, token):
                return None
            actor = replace(visitor, name=f"user:{name}", role=OWNER)
            add_event(transaction, AuditEvent(actor, "SetUp", subjects=[name]))
            return open_session(transaction, add_user(transaction, name, OWNER, password))


_NO_STORE = {"cache-control": "no-store"}


def _visitor(request: Request) -> Actor:
    """Somebody who has not said who they are."""
    address = request.client.host if request.client else ""
    return Actor("", "", address, "console", request.headers.get("user-agent", ""), str(uuid.uuid4()).upper())


def _refused(status: int, code: str, text: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"Code": code, "Message": text}, status, {**_NO_STORE, **(headers or {})})


async def _read_json(request: Request) -> dict[str, Any] | None:
    """None for what is too long or no JSON object. Only JSON: a form could be sent from another site."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        return None
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _BODY_LIMIT:
            return None
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None
