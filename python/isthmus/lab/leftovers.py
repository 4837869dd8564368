"""What a killed keeper left behind: processes that outlived it, and namespaces.

A connector gives up its rights while it starts, and with them the order to die with its parent; so the keeper notes
what it started, with the time of the start, by which a process is told from a later one with the same number.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import time
from pathlib import Path

from isthmus.lab.commands import CommandError
from isthmus.lab.namespaces import Namespaces

_FILE = "processes.json"
_SECONDS = 10


def write_started(folder: Path, pids: list[int]) -> None:
    noted = {str(pid): start for pid in pids if (start := _start_time(pid)) is not None}
    temporary = folder / f".{_FILE}"
    temporary.write_text(json.dumps(noted))
    temporary.rename(folder / _FILE)


def remove(folder: Path, name: str) -> bool:
    """Ends and removes all of it; False when there was nothing."""
    pids = _noted(folder)
    rooted = os.getuid() == 0 and shutil.which("ip", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin") is not None
    if rooted:
        with contextlib.suppress(CommandError):
            pids += Namespaces(name).processes()
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + _SECONDS
    while any(_start_time(pid) is not None for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.01)
    (folder / _FILE).unlink(missing_ok=True)
    removed = Namespaces(name).remove() if rooted else 0
    return bool(pids) or removed > 0


def _noted(folder: Path) -> list[int]:
    """Those that still are the ones that were started."""
    try:
        noted = json.loads((folder / _FILE).read_text())
    except (OSError, ValueError):
        return []
    return [int(pid) for pid, start in noted.items() if _start_time(int(pid)) == start]


def _start_time(pid: int) -> int | None:
    """In clock ticks since boot; None for a process that is gone or only waits to be reaped."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])
