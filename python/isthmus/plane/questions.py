"""Questions to engines, on the feeds that they hold open, and the answers that come back.

`ask` is called by operations on worker threads and waits; `response` sends what is in an engine's inbox; the route
`/plane/v1/answer` hands answers in. Invariant: a question is asked of one engine, once, and an answer that nobody waits
for any more is dropped.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

Inbox = deque[bytes]
_LONGEST_INBOX = 100


class AnswerError(Exception):
    """An answer that cannot be read; the text says what is wrong with it."""


class _Waiting:
    def __init__(self) -> None:
        self.done = threading.Event()
        self.answer: dict[str, Any] | None = None


class Questions:
    """Safe to use from any thread. `wake` makes the feeds look into their inboxes."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._lock = threading.Lock()
        # An engine may have a new feed before its old one is noticed to be gone: the newest is asked.
        self._inboxes: dict[str, list[Inbox]] = {}
        self._waiting: dict[str, _Waiting] = {}

    @contextmanager
    def inbox(self, node: str) -> Iterator[Inbox]:
        """Where the questions for an engine arrive, as lines of its feed."""
        box: Inbox = deque(maxlen=_LONGEST_INBOX)
        with self._lock:
            self._inboxes.setdefault(node, []).append(box)
        try:
            yield box
        finally:
            with self._lock:
                left = [one for one in self._inboxes[node] if one is not box]
                if left:
                    self._inboxes[node] = left
                else:
                    del self._inboxes[node]

    def nodes(self) -> list[str]:
        """Engines that can be asked here."""
        with self._lock:
            return sorted(self._inboxes)

    def ask(self, node: str, wanted: Mapping[str, Any], seconds: float) -> dict[str, Any] | None:
        """The engine's answer; None when it gave none in time, or has no feed here."""
        question, waiting = secrets.token_hex(16), _Waiting()
        line = json.dumps({"type": "ask", "id": question, "body": wanted}, separators=(",", ":")).encode() + b"\n"
        with self._lock:
            boxes = self._inboxes.get(node)
            if not boxes:
                return None
            self._waiting[question] = waiting
            boxes[-1].append(line)
        try:
            self._wake()
            waiting.done.wait(seconds)
            return waiting.answer
        finally:
            with self._lock:
                del self._waiting[question]

    def take_answer(self, text: bytes) -> None:
        """Raises: AnswerError."""
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise AnswerError(f"the answer is not JSON: {error}") from error
        if not isinstance(document, dict) or not isinstance(document.get("id"), str):
            raise AnswerError("the answer must be a JSON object with the id of its question")
        answer = document.get("answer")
        if not isinstance(answer, dict):
            raise AnswerError("answer must be a JSON object")
        with self._lock:
            waiting = self._waiting.get(document["id"])
        if waiting is not None:
            waiting.answer = answer
            waiting.done.set()
