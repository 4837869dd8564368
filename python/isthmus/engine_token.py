"""The token with which engines show that they may read the plan, which holds every secret the gateway knows.

Made at the first start of a state directory and read ever after, by the control plane and by engines on the same
machine. Invariant: the file is never readable by others and never half written.
"""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

FILE_NAME = "engine-token"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32,128}")


def engine_token(state_dir: Path) -> str:
    """Reads the token, making one (mode 0600, synced to disk) when there is none.

    Raises: ValueError when the file holds something else than a token.
    """
    path = state_dir / FILE_NAME
    if not path.exists():
        _write_new(path)
    text = path.read_text(encoding="utf-8", errors="replace").strip()
    if not _TOKEN.fullmatch(text):
        raise ValueError(
            f"{path} does not hold an engine token (32 to 128 letters, digits, '-' or '_'): "
            "restore it, or remove it to have a new one made and hand that to every engine"
        )
    return text


def _write_new(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(8)}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        # Linking refuses to replace: of two processes that start at once, both end up with the same token.
        try:
            os.link(temporary, path)
        except FileExistsError:
            pass
    finally:
        temporary.unlink(missing_ok=True)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
