"""`isthmus up`: control plane and engine on this machine, started, watched, restarted, stopped.

Each runs as a child in this process group and dies with this process. A child that dies comes back on the same ports,
after a pause that grows while it keeps dying. Invariant: the ready file exists only while both have served.
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
from types import FrameType
from typing import Any

from isthmus.processes import state
from isthmus.settings import Settings

_START_SECONDS = 60
_FIRST_PAUSE, _LONGEST_PAUSE, _HEALTHY_AFTER = 0.1, 5.0, 30.0
_PR_SET_PDEATHSIG = 1


class StartError(Exception):
    """A child did not come to serve; it has said why on standard error."""


@dataclass
class Child:
    """A process of the gateway. `arguments` are what makes it come back on the same ports."""

    name: str
    arguments: list[str]
    ready_file: Path
    process: subprocess.Popen[bytes] | None = None
    started: float = 0
    deaths: int = 0
    again_at: float | None = None
    ready: dict[str, Any] = field(default_factory=dict)

    def start(self) -> None:
        self.ready_file.unlink(missing_ok=True)
        command = [sys.executable, "-m", "isthmus", self.name, *self.arguments, "--ready-file", str(self.ready_file)]
        self.process = subprocess.Popen(command, preexec_fn=_die_with_parent)
        self.started, self.again_at = time.monotonic(), None

    def wait_ready(self, stopping: threading.Event) -> None:
        """Raises: StartError."""
        assert self.process is not None
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and not stopping.wait(0.02):
            ready = state.read_json(self.ready_file)
            if ready is not None:
                self.ready = ready
                return
            if self.process.poll() is not None:
                raise StartError(f"the {self.name} process ended with code {self.process.returncode}")
        if not stopping.is_set():
            raise StartError(f"the {self.name} process does not serve after {_START_SECONDS} s")

    def tend(self) -> None:
        """Starts it again when it died, after a pause with jitter."""
        now = time.monotonic()
        if self.again_at is not None:
            if now >= self.again_at:
                self.start()
            return
        if self.process is None or self.process.poll() is None:
            return
        self.deaths = 0 if now - self.started > _HEALTHY_AFTER else self.deaths + 1
        pause = min(_FIRST_PAUSE * 2**self.deaths, _LONGEST_PAUSE) * random.uniform(0.5, 1)
        print(
            f"isthmus: the {self.name} process ended ({self.process.returncode}); again in {pause:.1f} s",
            file=sys.stderr,
        )
        self.again_at = now + pause

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() == 1:
        os._exit(1)


class Supervisor:
    """Runs until SIGTERM or SIGINT; `run` returns the exit code."""

    def __init__(self, settings: Settings, common: list[str], ready_file: Path | None) -> None:
        self._settings = settings
        self._ready_file = ready_file
        self._stopping = threading.Event()
        self._common = common
        control = [*common, "--admin", str(settings.admin)]
        self._control = Child("control", control, state.ready_path(settings.state, "control"))
        self._engine = Child("engine", [], state.ready_path(settings.state, "engine"))

    def run(self, show_secret: bool) -> int:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        if self._ready_file is not None:
            self._ready_file.unlink(missing_ok=True)
        try:
            self._control.start()
            self._control.wait_ready(self._stopping)
            if not self._stopping.is_set():
                self._start_engine()
            if not self._stopping.is_set():
                self._announce(show_secret)
            while not self._stopping.wait(0.05):
                self._control.tend()
                self._engine.tend()
        except StartError as error:
            print(f"isthmus: {error}", file=sys.stderr)
            return 1
        finally:
            self._stop()
        return 0

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping.set()

    def _start_engine(self) -> None:
        admin = self._control.ready["admin"]
        self._control.arguments = [*self._common, "--admin", admin]
        settings = self._settings
        wanted = {"http": settings.http, "https": settings.https, "health": settings.health}
        self._engine.arguments = self._engine_arguments(
            admin, {name: "" if at is None else str(at) for name, at in wanted.items()}
        )
        self._engine.start()
        self._engine.wait_ready(self._stopping)
        chosen = {name: self._engine.ready.get(name) or "" for name in wanted}
        self._engine.arguments = self._engine_arguments(admin, chosen)

    def _engine_arguments(self, admin: str, addresses: dict[str, str]) -> list[str]:
        arguments = [*self._common, "--admin", admin, "--control-url", f"http://{_reachable(admin)}"]
        for name, address in addresses.items():
            arguments += [f"--{name}", address]
        return arguments

    def _announce(self, show_secret: bool) -> None:
        assert self._control.process is not None and self._engine.process is not None
        key = state.read_json(state.administrator_path(self._settings.state)) or {}
        management = f"http://{_reachable(self._control.ready['admin'])}"
        https = self._engine.ready.get("https")
        ready = {
            "management": management,
            "http": f"http://{_reachable(self._engine.ready['http'])}",
            "https": f"https://{_reachable(https)}" if https else None,
            "health": self._engine.ready.get("health"),
            "console": f"{management}/console",
            "access_key_id": key.get("access_key_id"),
            "access_key_secret": key.get("access_key_secret"),
            "pid": os.getpid(),
            "control_pid": self._control.process.pid,
            "engine_pid": self._engine.process.pid,
        }
        state.write_json(state.ready_path(self._settings.state, "up"), ready)
        if self._ready_file is not None:
            state.write_json(self._ready_file, ready)
        print("Isthmus is up.")
        print(f"  management API  {ready['management']}")
        print(f"  console         {ready['console']}")
        print(f"  calls           {ready['http']}" + (f"  {ready['https']}" if https else ""))
        print(
            f"  administrator   {key.get('access_key_id')}, its secret is in {state.administrator_path(self._settings.state)}"
        )
        if show_secret:
            print(f"  secret          {key.get('access_key_secret')}")
        sys.stdout.flush()

    def _stop(self) -> None:
        children = [self._engine, self._control]
        for child in children:
            child.stop()
        deadline = time.monotonic() + self._settings.drain.total_seconds() + 10
        for child in children:
            if child.process is not None:
                try:
                    child.process.wait(max(0.1, deadline - time.monotonic()))
                except subprocess.TimeoutExpired:
                    child.process.kill()
                    child.process.wait()
        state.ready_path(self._settings.state, "up").unlink(missing_ok=True)
        if self._ready_file is not None:
            self._ready_file.unlink(missing_ok=True)


def _reachable(address: str) -> str:
    """An address a client on this machine can use."""
    return address.replace("0.0.0.0:", "127.0.0.1:").replace("[::]:", "[::1]:")
