"""The run directory of a lab: where it is, who may write into it, and what a crash left behind.

A lab's directory holds its sockets, lists, logs and `state.json`. It belongs to the user who started the lab and is
never one that somebody else could have prepared.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import stat
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from isthmus.lab.modes import LabError

STOP_SECONDS = 10.0


@dataclass(frozen=True)
class State:
    """What a later command needs to find a running lab and to end it."""

    name: str
    mode: str
    note: str
    # The outermost process, and when the kernel started it: process ids are used again.
    process: int
    started: str
    # Processes that do not end by themselves with the outermost one (without namespaces only).
    others: dict[str, str] = field(default_factory=dict)
    # Processes on the machine itself that lead to a hub (`door.py`).
    doors: dict[str, str] = field(default_factory=dict)

    def save(self, directory: Path) -> None:
        replace_file(directory / "state.json", json.dumps(asdict(self)))


def run_directory(name: str) -> Path:
    """The path only. Raises `LabError` for a name that is no file name."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,30}", name):
        raise LabError(f"the name {name!r} must be 1 to 31 lower-case letters, digits and hyphens")
    if os.getuid() == 0:
        # Not XDG_RUNTIME_DIR, which nobody else can enter: a connector gives root up.
        parent = Path("/run/isthmus-lab") if os.access("/run", os.W_OK) else Path("/tmp/isthmus-lab-0")
    elif runtime := os.environ.get("XDG_RUNTIME_DIR"):
        parent = Path(runtime) / "isthmus-lab"
    else:
        parent = Path(f"/tmp/isthmus-lab-{os.getuid()}")
    return parent / name


def prepare(directory: Path) -> None:
    """Makes the directory. Raises `LabError` when it is another user's, or a lab is in it."""
    for path in (directory.parent, directory):
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=0o755, parents=path == directory.parent)
        found = path.lstat()
        writable = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or writable:
            raise LabError(f"{path} is not a directory that belongs to you alone; remove it and try again")
    if any(directory.iterdir()):
        raise LabError(
            f"a lab named {directory.name!r} is there already; end it first: isthmus lab down --name {directory.name}"
        )


def load(directory: Path) -> State | None:
    """None when no lab was started there, or it left nothing readable."""
    try:
        return State(**json.loads((directory / "state.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def is_running(state: State) -> bool:
    """Whether the lab's outermost process lives."""
    return start_time(state.process) == state.started


def start_time(process: int) -> str:
    """When the kernel started a process, or nothing when it is gone."""
    try:
        text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except OSError:
        return ""
    fields = text.rpartition(")")[2].split()
    return "" if fields[0] in ("Z", "X") else fields[19]


def end(directory: Path) -> bool:
    """Ends a lab however it was left, and removes its directory. Whether there was one."""
    if not directory.is_dir():
        return False
    state = load(directory)
    if state:
        owned = {int(process): started for process, started in {**state.others, **state.doors}.items()}
        owned[state.process] = state.started
        for process, started in owned.items():
            if start_time(process) == started:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
        deadline = time.monotonic() + STOP_SECONDS
        while any(start_time(process) == started for process, started in owned.items()):
            if time.monotonic() > deadline:
                raise LabError(f"the processes {sorted(owned)} of lab {directory.name!r} do not end")
            time.sleep(0.01)
    remove(directory)
    return True


def remove(directory: Path) -> None:
    """The last process of a lab may still write its last line; what appears while removing is removed, too."""
    deadline = time.monotonic() + STOP_SECONDS
    while directory.exists() and time.monotonic() < deadline:
        shutil.rmtree(directory, ignore_errors=True)
    with contextlib.suppress(OSError):
        directory.parent.rmdir()


def replace_file(path: Path, text: str) -> None:
    """A reader sees the old text or the new one."""
    new = path.with_name(path.name + ".new")
    new.write_text(text, encoding="utf-8")
    os.chmod(new, 0o644)
    os.replace(new, path)
