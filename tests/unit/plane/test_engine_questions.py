"""Questions to an engine: over the feed that it holds open, answered in time or not at all."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from isthmus.plane import Plane
from isthmus.plane.questions import AnswerError, Questions
from isthmus.store import Store

if TYPE_CHECKING:
    from conftest import RunningPlane

TOKEN = "t" * 40
DEADLINE = 20.0
WANTED = {"access": "nginx-demo"}


@pytest.fixture
def running_plane(
    store: Store, running: Callable[[Plane], AbstractContextManager[RunningPlane]]
) -> Iterator[RunningPlane]:
    with running(Plane(store, TOKEN)) as plane:
        yield plane


def answer(plane: RunningPlane, line: str, found: dict[str, Any]) -> httpx.Response:
    with plane.client() as client:
        content = json.dumps({"id": json.loads(line)["id"], "answer": found})
        return client.post("/plane/v1/answer", content=content.encode())


def asked_in_background(plane: RunningPlane, node: str, seconds: float) -> tuple[threading.Thread, list[Any]]:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(plane.plane.ask(node, WANTED, seconds)))
    thread.start()
    return thread, found


def test_an_engine_is_asked_over_its_feed_and_its_answer_comes_back(running_plane: RunningPlane) -> None:
    with running_plane.client() as client, client.stream("GET", "/plane/v1/feed?node=n1&after=0&asks=1") as feed:
        lines = feed.iter_lines()
        while json.loads(next(lines))["type"] != "commit":
            pass
        thread, found = asked_in_background(running_plane, "n1", DEADLINE)
        line = next(line for line in lines if '"ask"' in line)
        assert json.loads(line)["body"] == WANTED
        assert answer(running_plane, line, {"stops": []}).status_code == 204
        thread.join(DEADLINE)
        assert found == [("n1", {"stops": []})]
        # Nobody waits any more: a second answer is taken and dropped.
        assert answer(running_plane, line, {"stops": [1]}).status_code == 204


@pytest.mark.parametrize("query", ["node=n1&after=0", "node=n2&after=0&asks=1"])
def test_an_engine_without_a_feed_that_takes_questions_is_not_asked(running_plane: RunningPlane, query: str) -> None:
    with running_plane.client() as client, client.stream("GET", f"/plane/v1/feed?{query}") as feed:
        next(feed.iter_lines())
        started = time.monotonic()
        assert running_plane.plane.ask("n1", WANTED, DEADLINE) == ("n1", None)
        # It was not asked, so nothing was waited for.
        assert time.monotonic() - started < DEADLINE / 2
    assert running_plane.plane.ask("", WANTED, DEADLINE) == ("", None)


def test_an_answer_that_does_not_come_is_not_waited_for_longer() -> None:
    questions = Questions(lambda: None)
    with questions.inbox("n1") as box:
        assert questions.ask("n1", WANTED, 0.01) is None
        assert len(box) == 1
    assert questions.nodes() == []


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"{}", b'{"id": 1, "answer": {}}', b'{"id": "x"}', b'{"id": "x", "answer": 1}']
)
def test_an_answer_that_is_none_is_refused(text: bytes) -> None:
    with pytest.raises(AnswerError):
        Questions(lambda: None).take_answer(text)


def test_only_engines_answer(running_plane: RunningPlane) -> None:
    with running_plane.client("wrong") as client:
        assert client.post("/plane/v1/answer", content=b"{}").status_code == 401
