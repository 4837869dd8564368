"""One process of the gateway as its supervisor sees it: started, awaited, started again, stopped.

Called by `supervisor.py` and `hub_process.py`. A child that dies comes back with the same arguments after a pause that doubles while it keeps
dying, and starts from the first pause again once it lived for a while. Invariant: no child outlives its supervisor.
"""

from __future__ import annotations

import ctypes
import os
import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from isthmus.processes import state

_START_SECONDS = 60
_FIRST_PAUSE, _LONGEST_PAUSE, _HEALTHY_AFTER = 0.1, 5.0, 30.0
# A child with a pulse shows it every second.
_FROZEN_SECONDS = 10.0
# 0.1 s doubled six times is past the longest pause; more would only make the number too large to compute with.
_DOUBLINGS = 6
_PR_SET_PDEATHSIG = 1
# Loaded once: between fork and exec nothing may wait for a lock that another thread had.
_LIBC = ctypes.CDLL(None)
# A child that ends with one of these has said on standard error what is wrong.
_TOLD_WHY = (1, 2)


class StartError(Exception):
    """A child did not come to serve; without a text, it has said why on standard error."""


def restart_pause(deaths: int) -> float:
    """Seconds before a child that died this many times in a row starts again, without the jitter."""
    return min(_FIRST_PAUSE * float(2 ** min(deaths - 1, _DOUBLINGS)), _LONGEST_PAUSE)


@dataclass
class Child:
    """`name` is its verb; `arguments` are what makes it come back on the same ports."""

    name: str
    arguments: list[str]
    ready_file: Path
    process: subprocess.Popen[bytes] | None = None
    started: float = 0
    deaths: int = 0
    again_at: float | None = None
    ready: dict[str, Any] = field(default_factory=dict)
    is_ready: bool = False
    # A file that the child touches again and again while it works; None: it has no pulse.
    pulse: Path | None = None

    def start(self) -> None:
        """Raises: OSError when the system has no process or memory left."""
        self.ready_file.unlink(missing_ok=True)
        self.is_ready = False
        verb = self.name.split()
        command = [sys.executable, "-m", "isthmus", *verb, *self.arguments, "--ready-file", str(self.ready_file)]
        parent = os.getpid()
        self.process = subprocess.Popen(command, preexec_fn=lambda: _die_with(parent))
        self.started, self.again_at = time.monotonic(), None

    def wait_ready(self, stopping: threading.Event) -> None:
        """Raises: StartError."""
        assert self.process is not None
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and not stopping.wait(0.02):
            if self._sees_ready():
                return
            if self.process.poll() is not None:
                code = self.process.returncode
                raise StartError("" if code in _TOLD_WHY else f"the {self.name} process ended ({code})")
        if not stopping.is_set():
            raise StartError(f"the {self.name} process does not serve after {_START_SECONDS} s")

    def tend(self) -> bool:
        """Starts it again when it died. True when it serves since this moment, as another process than before."""
        now = time.monotonic()
        if self.again_at is not None:
            if now >= self.again_at:
                self._start_again()
            return False
        if self.process is None or self.process.poll() is None:
            if self.process is not None and self._is_frozen():
                print(f"isthmus: the {self.name} process is frozen and is ended", file=sys.stderr, flush=True)
                self.process.kill()
            return not self.is_ready and self._sees_ready()
        self._plan_restart(f"ended ({self.process.returncode})")
        return False

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def _sees_ready(self) -> bool:
        ready = state.read_json(self.ready_file)
        if ready is None:
            return False
        self.ready, self.is_ready = ready, True
        return True

    def _is_frozen(self) -> bool:
        if self.pulse is None or not self.is_ready or time.monotonic() - self.started < _FROZEN_SECONDS:
            return False
        try:
            return time.time() - self.pulse.stat().st_mtime > _FROZEN_SECONDS
        except OSError:
            return False

    def _start_again(self) -> None:
        try:
            self.start()
        except OSError as error:
            self._plan_restart(f"cannot be started: {error.strerror}")

    def _plan_restart(self, why: str) -> None:
        now = time.monotonic()
        self.deaths = 1 if now - self.started > _HEALTHY_AFTER else self.deaths + 1
        # Without jitter, children that died of one cause would come back in step.
        pause = restart_pause(self.deaths) * random.uniform(0.5, 1)
        print(f"isthmus: the {self.name} process {why}; again in {pause:.1f} s", file=sys.stderr, flush=True)
        self.again_at = now + pause


def _die_with(parent: int) -> None:
    """Runs in the child. SIGKILL, because the next `isthmus up` needs the ports at once and nothing needs a farewell."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    # The parent may be gone already. Its number is compared: in a container, the parent itself may be process 1.
    if os.getppid() != parent:
        os._exit(1)
