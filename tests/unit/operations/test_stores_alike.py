"""SQLite and PostgreSQL answer alike: one random walk on each, the same answers in the same order, or the same refusals.

STEPS makes it longer, SEED another one. Ids are random, so an answer shows each by the turn in which it came up; everything else is compared
as it is: texts, times, counts, and the order of rows.
"""

from __future__ import annotations

import itertools
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from isthmus.errors import ApiError
from model_walk import NOBODY
from wider_walk import WiderWalk
from workbench import Workbench, make_store

STEPS = int(os.environ.get("STEPS", "300"))
SEED = int(os.environ.get("SEED", "3"))
# Ids of 32 digits, those of apps and those of access lists.
_ID = re.compile(r"\b(?:[0-9a-f]{32}|[0-9]{8,12}|acl-[0-9a-z]{8,})\b")


class Recording(Workbench):
    """Keeps what was asked and answered."""

    def __init__(self, store: Any, clock: list[float]) -> None:
        super().__init__(store, clock)
        self.said: list[str] = []
        self._turns: dict[str, str] = {}

    def call(self, name: str, **params: Any) -> dict[str, Any]:
        try:
            answer = super().call(name, **params)
        except ApiError as error:
            self._say(name, params, [error.code, error.status, error.message])
            raise
        self._say(name, params, answer)
        return answer

    def _say(self, name: str, params: dict[str, Any], answer: Any) -> None:
        text = json.dumps([name, params, answer], ensure_ascii=False)
        self.said.append(_ID.sub(lambda found: self._turns.setdefault(found[0], f"<{len(self._turns)}>"), text))


class SameWalk(WiderWalk):
    """Chooses among what there is by the order in which it came, which does not depend on random ids."""

    def pick(self, known: Any) -> str:
        return NOBODY if not known or self.random.random() < 0.1 else str(self.random.choice(list(known)))

    def pick_app(self) -> str:
        return "1" if not self.model.apps or self.random.random() < 0.1 else self.random.choice(list(self.model.apps))


def walked(folder: Path, address: str | None) -> list[str]:
    clock = [1_795_000_000.0]
    for store in make_store(folder, clock, address):
        recording = Recording(store, clock)
        walk = SameWalk(recording, SEED)
        for number in range(STEPS):
            walk.step()
            if number % 25 == 0:
                walk.check()
        walk.check()
        return recording.said
    return []


@pytest.mark.timeout(3600)
def test_both_stores_answer_alike_step_by_step(tmp_path: Path, new_database: Callable[[], str]) -> None:
    pairs = itertools.zip_longest(walked(tmp_path, None), walked(tmp_path, new_database()))
    for number, (sqlite, postgresql) in enumerate(pairs):
        assert sqlite == postgresql, f"call {number}"
