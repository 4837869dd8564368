"""The control plane's side of the plan: its routes, and the wait of a publish.

Held by the control plane process, which mounts `routes()` on its admin listener, gives the plane to the operations, and
calls `close()` before it waits for open connections. Calls `feed`, `response`, `reports`, `questions`, `traffic`.
Invariant: every route asks for the engine token, compared in constant time, before it looks at anything else.
"""

from __future__ import annotations

import hmac
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import anyio
from anyio import to_thread
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from isthmus.plane.bell import Bell
from isthmus.plane.feed import Feed, Position
from isthmus.plane.ledger import Ledger
from isthmus.plane.questions import AnswerError, Questions
from isthmus.plane.reports import NODE_NAME, EngineReport, ReportError, Reports
from isthmus.plane.response import FeedResponse, FeedTimes
from isthmus.plane.sharing import Sharing
from isthmus.plane.traffic import read_minute
from isthmus.store import Store
from isthmus.store.traffic import Minute, fold, keep_minute

log = logging.getLogger("isthmus.plane")

_REPORT_LIMIT = 4 * 1024 * 1024
# 100,000 APIs in one minute.
_TRAFFIC_LIMIT = 64 * 1024 * 1024


@dataclass(frozen=True)
class PlaneTimes:
    """In seconds."""

    # How long a publish waits for the engines at most (setting `publish_wait`).
    publish_wait: float = 5.0
    # An engine that was silent for longer is not waited for.
    healthy_for: float = 10.0
    # How often an idle feed says that it lives.
    ping: float = 5.0
    # How long an engine may not read its feed before it is cut off.
    stall: float = 15.0
    # How often old counts are folded into hours.
    fold: float = 600.0


class Plane:
    """Hands the plan to engines and knows what they serve."""

    def __init__(
        self,
        store: Store,
        token: str,
        times: PlaneTimes | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._token = token.encode()
        self._times = times or PlaneTimes()
        self._clock = clock
        self._ledger = Ledger()
        self._reports = Reports(self._ledger, self._times.healthy_for, clock)
        self._fold_at = 0.0
        self._changed = Bell()
        self._reported = Bell()
        self._questions = Questions(self._changed.ring)
        self._closed = False
        shared = store.engine_reports()
        self._sharing = None if shared is None else Sharing(shared, self._reports, self._reported)
        store.on_commit(lambda _revision: self._changed.ring())

    def routes(self) -> list[Route]:
        """The feed, the report and the answers to questions, for the admin listener."""
        return [
            Route("/plane/v1/feed", self._feed, methods=["GET"]),
            Route("/plane/v1/report", self._report, methods=["POST"]),
            Route("/plane/v1/traffic", self._traffic, methods=["POST"]),
            Route("/plane/v1/answer", self._answer, methods=["POST"]),
        ]

    async def wait_served(self, revision: int) -> list[str]:
        """Waits until every healthy engine serves this revision, for a bounded time; names those that do not yet."""
        store_id = self._ledger.store_id or await to_thread.run_sync(self._read_head)
        deadline = self._clock() + self._times.publish_wait
        with self._reported.waiting() as reported:
            while True:
                reported.clear()
                lagging = self._reports.lagging(store_id, revision)
                left = deadline - self._clock()
                if not lagging or left <= 0:
                    return lagging
                # Also without a word: an engine that falls silent stops being waited for.
                with anyio.move_on_after(min(left, 0.5)):
                    await reported.wait()

    def refusals_at(self, revision: int) -> list[dict[str, Any]]:
        """Records of this revision that healthy engines refused: node, kind, key, reason."""
        return [
            {"node": report.node, "kind": refusal.kind, "key": refusal.key, "reason": refusal.reason}
            for report in self._reports.healthy()
            for refusal in report.refused
            if refusal.revision == revision
        ]

    def egress_addresses(self, network_id: str, instance_id: str | None = None) -> list[str]:
        """Source addresses that backends in this network see, as the engines report them."""
        return self._reports.egress_addresses(network_id, instance_id)

    def ask(self, node: str, wanted: Mapping[str, Any], seconds: float) -> tuple[str, dict[str, Any] | None]:
        """Asks an engine, or the first that can be asked when `node` is empty; called on worker threads.

        Gives the engine's name (empty: none is connected) and its answer (None: none in time).
        """
        connected = self._questions.nodes()
        asked = node or next((one for one in self._healthy_nodes() if one in connected), "")
        return asked, self._questions.ask(asked, wanted, seconds) if asked else None

    def engines(self) -> list[dict[str, Any]]:
        """One entry per engine: node, state (serving, lagging, silent), revision, last_seen (Unix ms), refused."""
        return self._reports.engines()

    def close(self) -> None:
        """Ends every feed, so that the listener can stop; engines go on serving and connect again."""
        self._closed = True
        self._changed.ring()
        if self._sharing is not None:
            self._sharing.close()

    def _healthy_nodes(self) -> list[str]:
        return [report.node for report in self._reports.healthy()]

    def _read_head(self) -> str:
        with self._store.read() as transaction:
            return self._ledger.advance(transaction)[0].store_id

    async def _feed(self, request: Request) -> Response:
        if not self._admits(request):
            return _unauthorized()
        if self._closed:
            return _problem(503, "the control plane is stopping; connect again later")
        node, after = request.query_params.get("node", ""), request.query_params.get("after", "0")
        if not NODE_NAME.fullmatch(node):
            return _problem(400, "node must be 1 to 128 letters, digits, '.', '_', ':' or '-'")
        if not (after.isascii() and after.isdigit() and len(after) <= 18):
            return _problem(400, "after must be a revision: a number of at most 18 digits")
        position = Position(request.query_params.get("store", ""), int(after))
        log.info("engine %s connects at revision %d", node, position.revision)
        feed = Feed(self._store, self._ledger, position)
        times = FeedTimes(self._times.ping, self._times.stall)
        # An older engine would take a question for a broken feed.
        questions = self._questions if request.query_params.get("asks") == "1" else Questions(lambda: None)
        return FeedResponse(feed, (node, questions), self._changed, lambda: self._closed, times)

    async def _report(self, request: Request) -> Response:
        text = await self._body(request)
        if isinstance(text, Response):
            return text
        try:
            report = EngineReport.read(text)
        except ReportError as error:
            return _problem(400, str(error))
        self._reports.note(report)
        self._reported.ring()
        if self._sharing is not None:
            self._sharing.note(report.node, text.decode())
        return Response(status_code=204)

    async def _answer(self, request: Request) -> Response:
        text = await self._body(request)
        if isinstance(text, Response):
            return text
        try:
            self._questions.take_answer(text)
        except AnswerError as error:
            return _problem(400, str(error))
        return Response(status_code=204)

    async def _traffic(self, request: Request) -> Response:
        text = await self._body(request, _TRAFFIC_LIMIT)
        if isinstance(text, Response):
            return text
        try:
            await to_thread.run_sync(self._keep, read_minute(text, int(time.time() * 1000)))
        except ReportError as error:
            return _problem(400, str(error))
        except SQLAlchemyError as error:
            log.error("what an engine counted cannot be kept: %s", error)
            return _problem(503, "the store does not answer; send it again later")
        return Response(status_code=204)

    def _keep(self, minute: Minute) -> None:
        with self._store.write() as transaction:
            keep_minute(transaction, minute)
            if self._clock() >= self._fold_at:
                self._fold_at = self._clock() + self._times.fold
                fold(transaction)

    async def _body(self, request: Request, limit: int = _REPORT_LIMIT) -> bytes | Response:
        """What an engine sent, or the answer to somebody who is none."""
        if not self._admits(request):
            return _unauthorized()
        text = bytearray()
        try:
            async for part in request.stream():
                text += part
                if len(text) > limit:
                    return _problem(413, f"a report may have {limit} bytes at most; shorten `refused`")
        except ClientDisconnect:
            return _problem(400, "the report ended early")
        return bytes(text)

    def _admits(self, request: Request) -> bool:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        return hmac.compare_digest(given.strip().encode(), self._token) and scheme.lower() == "bearer"


def _unauthorized() -> Response:
    text = "this needs `Authorization: Bearer <engine token>`; the token is in the state directory of the control plane"
    return JSONResponse({"error": text}, status_code=401, headers={"www-authenticate": "Bearer"})


def _problem(status: int, text: str) -> Response:
    return JSONResponse({"error": text}, status_code=status)
