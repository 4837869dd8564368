"""Sending a feed to one engine until it goes away.

An ASGI response of its own, because the feed never ends: it is woken by commits, pings when nothing happens, and gives
the connection up when the engine stops reading (a read transaction must not stay open for it).
Invariant: what is sent ends where a line ends, so that a ping can stand between any two chunks.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import anyio
from anyio import CapacityLimiter, to_thread
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from isthmus.plane.bell import Bell
from isthmus.plane.feed import PING, Feed
from isthmus.plane.questions import Questions
from isthmus.sealing import SealError

log = logging.getLogger("isthmus.plane")


@dataclass(frozen=True)
class FeedTimes:
    """In seconds: how often an idle feed says that it lives, and how long an engine may not read."""

    ping: float
    stall: float


class FeedResponse(Response):
    """One engine's feed."""

    def __init__(
        self, feed: Feed, asked: tuple[str, Questions], bell: Bell, closed: Callable[[], bool], times: FeedTimes
    ) -> None:
        """`asked`: the engine's name, and where questions to it come from."""
        super().__init__(media_type="application/x-ndjson", headers={"cache-control": "no-store"})
        self._feed = feed
        self._node, self._questions = asked
        self._bell = bell
        self._closed = closed
        self._times = times
        # Threads of its own: management calls that wait for the store must not keep the plan from engines.
        self._threads = CapacityLimiter(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._watch, receive, tasks.cancel_scope)
                await self._send_all(send)
                tasks.cancel_scope.cancel()
        except* (TimeoutError, OSError):
            log.warning("engine %s stopped reading its feed; it will have to connect again", self._node)
        except* (SQLAlchemyError, SealError) as errors:
            log.error("the feed of engine %s ends, the store cannot be read: %s", self._node, errors.exceptions[0])

    async def _watch(self, receive: Receive, scope: anyio.CancelScope) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        scope.cancel()

    async def _send_all(self, send: Send) -> None:
        headers = [pair for pair in self.raw_headers if pair[0] != b"content-length"]
        await self._send(send, {"type": "http.response.start", "status": 200, "headers": headers})
        async with anyio.create_task_group() as tasks:
            with self._bell.waiting() as changed, self._questions.inbox(self._node) as inbox:
                tasks.start_soon(self._ping, send, changed)
                while not self._closed():
                    changed.clear()
                    await self._send_batch(send)
                    while inbox:
                        question = {"type": "http.response.body", "body": inbox.popleft(), "more_body": True}
                        await self._send(send, question)
                    await changed.wait()
            tasks.cancel_scope.cancel()
        await self._send(send, {"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_batch(self, send: Send) -> None:
        batch = self._feed.batch()
        try:
            while chunk := await to_thread.run_sync(_next, batch, limiter=self._threads):
                await self._send(send, {"type": "http.response.body", "body": chunk, "more_body": True})
        finally:
            with anyio.CancelScope(shield=True):
                await to_thread.run_sync(_close, batch, limiter=self._threads)

    async def _ping(self, send: Send, changed: asyncio.Event) -> None:
        while True:
            await anyio.sleep(self._times.ping)
            await self._send(send, {"type": "http.response.body", "body": PING, "more_body": True})
            # Another control plane on the same store does not ring here: look now and then.
            changed.set()

    async def _send(self, send: Send, message: dict[str, object]) -> None:
        with anyio.fail_after(self._times.stall):
            await send(message)


def _next(batch: Iterator[bytes]) -> bytes:
    return next(batch, b"")


def _close(batch: Iterator[bytes]) -> None:
    batch.close()  # type: ignore[attr-defined]
