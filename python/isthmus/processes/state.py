"""The state directory: what lies where, who may use it, and files that are written whole or not at all."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import Any


class StateError(Exception):
    """The state directory cannot be used; the text says why and what to do."""


def store_path(state: Path) -> Path:
    return state / "store.sqlite"


def key_path(state: Path) -> Path:
    return state / "secret.key"


def administrator_path(state: Path) -> Path:
    return state / "administrator.json"


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
    descriptor = os.open(state / "run" / "up.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise StateError(f"another `isthmus up` uses {state}; stop it, or give this one another --state") from error
    return descriptor


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
