"""The sealing key of a state directory.

Called by the engine's host, which needs no store and should not load one, and by `opening.py`. Invariant: a key is made
only where there is no store yet, so that a lost key is never hidden by a new one that opens nothing.
"""

from __future__ import annotations

from pathlib import Path

from isthmus.processes import state
from isthmus.sealing import Keyring


def open_keyring(directory: Path) -> Keyring:
    """Raises: StateError, ValueError, OSError."""
    key_path, store_path = state.key_path(directory), state.store_path(directory)
    if store_path.exists() and not key_path.exists():
        text = f"{key_path} is missing, and {store_path} cannot be read without it: restore it from a backup"
        raise state.StateError(text)
    return Keyring.from_file(key_path)
