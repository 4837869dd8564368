"""What is wrong with a state directory is told in one sentence, and nothing in it is changed."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from isthmus.processes import state
from isthmus.processes.keyring import open_keyring
from isthmus.processes.opening import open_store
from isthmus.processes.state import StateError
from isthmus.store.access_keys import ensure_administrator


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Of a gateway that ran once."""
    store = open_store(tmp_path)
    with store.write() as transaction:
        ensure_administrator(transaction)
    store.close()
    return tmp_path


def lose_key(directory: Path) -> None:
    state.key_path(directory).unlink()


def take_another_key(directory: Path) -> None:
    state.key_path(directory).write_text("ab" * 32)


def spoil_store(directory: Path) -> None:
    for path in directory.glob("store.sqlite*"):
        path.unlink()
    state.store_path(directory).write_bytes(b"this is no database at all" * 100)


def take_newer_store(directory: Path) -> None:
    connection = sqlite3.connect(state.store_path(directory))
    with connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lose_key, "secret.key is missing"),
        (take_another_key, "is not the key that sealed"),
        (spoil_store, "file is not a database; restore it from a backup"),
        (take_newer_store, "a newer version has changed it"),
    ],
)
def test_a_harmed_state_directory_is_told(directory: Path, harm: Callable[[Path], None], told: str) -> None:
    harm(directory)
    key = state.key_path(directory).read_bytes() if state.key_path(directory).exists() else None
    with pytest.raises(StateError, match=told):
        open_store(directory)
    assert (state.key_path(directory).read_bytes() if state.key_path(directory).exists() else None) == key
    for verb in (["access-key", "list"], ["control", "--admin", "127.0.0.1:0"]):
        command = [sys.executable, "-m", "isthmus", *verb, "--state", str(directory)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ISTHMUS_")}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("isthmus: ") and told in done.stderr and len(done.stderr.splitlines()) == 1


def test_an_engine_makes_no_key_beside_a_store(directory: Path) -> None:
    lose_key(directory)
    with pytest.raises(StateError, match=r"secret\.key is missing"):
        open_keyring(directory)
    assert not state.key_path(directory).exists()
