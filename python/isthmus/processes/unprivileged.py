"""What an engine that root starts needs in order to become another user once it listens.

Called by `engine_host.py` before anything is opened. The engine's own directory becomes that user's and the working
directory, so that nobody else's path needs to be open to it: the state directory stays closed. Invariant: what belongs to
the user already is not touched again, so nothing that it put there is followed.
"""

from __future__ import annotations

import os
from pathlib import Path


def read_user(text: str) -> dict[str, int] | None:
    """From the setting `engine_user`; None when it is empty. Raises: ValueError."""
    if not text:
        return None
    uid, separator, gid = text.partition(":")
    are_numbers = all(part.isascii() and part.isdigit() and 0 < int(part) < 2**32 - 1 for part in (uid, gid))
    if not separator or not are_numbers:
        raise ValueError(f"engine_user: {text!r} is no user; write the numbers of user and group, such as 65534:65534")
    if os.geteuid() != 0:
        raise ValueError("engine_user: only root can become another user; start the engine as that user instead")
    return {"uid": int(uid), "gid": int(gid)}


def move_in(folder: Path, user: dict[str, int]) -> None:
    """Hands the directory over and makes it the working directory. Raises: OSError."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != user["uid"]:
        for parent, folders, files in os.walk(folder):
            for name in (*folders, *files):
                os.chown(Path(parent, name), user["uid"], user["gid"], follow_symlinks=False)
        os.chown(folder, user["uid"], user["gid"])
    os.chdir(folder)


def from_inside(path: Path, folder: Path) -> Path:
    """How a file of the directory is named once it is the working directory."""
    return Path(path.name) if path.absolute().parent == folder.absolute() else path.absolute()
