"""The engine token is made once, for its owner's eyes only."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from isthmus.plane import engine_token


def test_makes_a_token_once_and_keeps_it(tmp_path: Path) -> None:
    state = tmp_path / "state"
    first = engine_token(state)
    assert len(first) >= 40
    assert engine_token(state) == first
    assert stat.S_IMODE(os.stat(state / "engine-token").st_mode) == 0o600
    assert os.listdir(state) == ["engine-token"]


def test_processes_that_start_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: engine_token(tmp_path), range(32)))) == 1


@pytest.mark.parametrize("content", [b"", b"short", b"\xff\xfe" * 20, b"a b" * 20])
def test_refuses_a_file_that_holds_no_token(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "engine-token").write_bytes(content)
    with pytest.raises(ValueError, match="does not hold an engine token"):
        engine_token(tmp_path)
