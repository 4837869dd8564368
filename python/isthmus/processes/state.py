"""The state directory: what lies where, who may use it, and files that are written whole or not at all."""

from __future__ import annotations

import fcntl
import json
import os
import time
from pathlib import Path
from typing import Any

_PID_LENGTH = 20
# `holder` has the lock for a moment, and a killed process for as long as the system takes to end it.
_LOCK_SECONDS = 0.5


class StateError(Exception):
    """The state directory cannot be used; the text says why and what to do."""


def store_path(state: Path) -> Path:
    return state / "store.sqlite"


def key_path(state: Path) -> Path:
    return state / "secret.key"


def administrator_path(state: Path) -> Path:
    return state / "administrator.json"


def setup_token_path(state: Path) -> Path:
    return state / "setup.json"


def hub_path(state: Path) -> Path:
    """The hub's own directory."""
    return state / "hub"


def engine_path(state: Path, instance: str) -> Path:
    """An engine's own directory. Beside each other on one machine, each has its own."""
    return state / (f"engine-{instance}" if instance else "engine")


def engine_ready_path(state: Path, instance: str, user: str) -> Path:
    """Where an engine says that it serves: one that becomes another user can write in its own directory alone."""
    return engine_path(state, instance) / "ready.json" if user else ready_path(state, engine_path(state, instance).name)


def write_setup_token(state: Path, token: str | None) -> None:
    """The link that makes the console's first owner; None: there are users, so there is none."""
    if token is None:
        setup_token_path(state).unlink(missing_ok=True)
    else:
        write_json(setup_token_path(state), {"token": token})


def setup_link(state: Path, console: str) -> str | None:
    """`console` is its URL."""
    token = (read_json(setup_token_path(state)) or {}).get("token")
    # Behind the hash, so that it stays out of requests and their logs.
    return f"{console.rstrip('/')}/welcome#{token}" if token else None


def ready_path(state: Path, process: str) -> Path:
    """Where `control` and `engine` say that they serve."""
    return state / "run" / f"{process}.json"


def prepare(state: Path) -> None:
    """Makes the directory, for this user only. Raises: StateError."""
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        (state / "run").mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise StateError(f"the state directory {state} cannot be made: {error.strerror}") from error


def lock(state: Path) -> int:
    """A lock that ends with this process. Raises: StateError when another `isthmus up` has it."""
    descriptor = os.open(_lock_path(state), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + _LOCK_SECONDS
    while not _try_lock(descriptor):
        if time.monotonic() > deadline:
            holder = os.pread(descriptor, _PID_LENGTH, 0).decode("ascii", "replace").strip()
            os.close(descriptor)
            text = f"another `isthmus up` uses {state} (process {holder}); stop it, or give this one another --state"
            raise StateError(text)
        time.sleep(0.02)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def holder(state: Path) -> int | None:
    """The process that has the lock. A number alone proves nothing: after a crash it may be anybody's."""
    try:
        descriptor = os.open(_lock_path(state), os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        text = os.pread(descriptor, _PID_LENGTH, 0).strip()
        return int(text) if text.isdigit() else None
    finally:
        os.close(descriptor)
    return None


def _lock_path(state: Path) -> Path:
    return state / "run" / "up.lock"


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Readable by this user only; replaces the old file in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def read_json(path: Path) -> dict[str, Any] | None:
    """None when it is not there, or not (yet) whole."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
