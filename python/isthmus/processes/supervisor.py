"""`isthmus up`: control plane, engine and perhaps a hub on this machine, started, watched, restarted, stopped.

Each runs as a child (`child.py`) in this process group and dies with this process. Invariant: the ready file exists only
once all have served, and names the processes that serve now.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

from isthmus.processes import state
from isthmus.processes.child import Child, StartError
from isthmus.processes.dedicated import DedicatedEngines, stop_all
from isthmus.processes.hub_process import hub_arguments, hub_child
from isthmus.settings import Settings
from isthmus.store.instances import SHARED_INSTANCE


class Supervisor:
    """Runs until SIGTERM or SIGINT; `run` returns the exit code."""

    def __init__(self, settings: Settings, common: list[str], ready_file: Path | None) -> None:
        self._settings = settings
        self._ready_file = ready_file
        self._stopping = threading.Event()
        self._engine_common = common
        # The instance that the engine on the usual ports serves; empty: every one.
        self._shared = "" if settings.dedicated is None else SHARED_INSTANCE
        self._hub = hub_child(settings)
        if settings.hub is not None:
            common = [*common, "--hub", str(settings.hub), "--hub-elsewhere"]
        secured = [] if settings.admin_https is None else ["--admin-https", str(settings.admin_https)]
        control = [*common, "--admin", str(settings.admin), *secured]
        self._common = common
        self._control = Child("control", control, state.ready_path(settings.state, "control"))
        self._engine = Child("engine", [], state.engine_ready_path(settings.state, self._shared, settings.engine_user))
        self._dedicated: DedicatedEngines | None = None

    def run(self, show_secret: bool) -> int:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        # What a killed one left would name ports and processes that are not ours.
        self._remove_ready()
        try:
            self._control.start()
            self._control.wait_ready(self._stopping)
            if not self._stopping.is_set():
                self._start_engine()
            if self._hub is not None and not self._stopping.is_set():
                self._start_hub(self._hub)
            if not self._stopping.is_set():
                self._announce(show_secret)
            if self._settings.dedicated is not None and not self._stopping.is_set():
                self._dedicated = DedicatedEngines(self._settings, self._dedicated_arguments)
            while not self._stopping.wait(0.05):
                # All are tended, whatever the first says.
                came_back = [child for child in self._children() if child.tend()]
                if self._dedicated is not None and self._dedicated.tend():
                    came_back.append(self._engine)
                if came_back:
                    self._write_ready()
        except StartError as error:
            if str(error):
                print(f"isthmus: {error}", file=sys.stderr)
            return 1
        finally:
            self._stop()
        return 0

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping.set()

    def _start_engine(self) -> None:
        admin = self._control.ready["admin"]
        self._control.arguments = [*self._common, *self._management()]
        settings = self._settings
        wanted = {"http": settings.http, "https": settings.https, "health": settings.health}
        self._engine.arguments = self._engine_arguments(
            admin, {name: "" if at is None else str(at) for name, at in wanted.items()}
        )
        self._engine.start()
        self._engine.wait_ready(self._stopping)
        chosen = {name: self._engine.ready.get(name) or "" for name in wanted}
        self._engine.arguments = self._engine_arguments(admin, chosen)

    def _start_hub(self, hub: Child) -> None:
        hub.start()
        hub.wait_ready(self._stopping)
        if hub.is_ready:
            hub.arguments = hub_arguments(self._settings, hub.ready["hub"])

    def _children(self) -> list[Child]:
        return [self._engine, self._control, *([] if self._hub is None else [self._hub])]

    def _engine_arguments(self, admin: str, addresses: dict[str, str]) -> list[str]:
        arguments = [*self._engine_common, *self._management(), "--control-url", f"http://{reachable(admin)}"]
        if self._shared and "instance" not in addresses:
            addresses = {**addresses, "instance": self._shared}
        for name, text in addresses.items():
            arguments += [f"--{name}", text]
        return arguments

    def _dedicated_arguments(self, instance_id: str, node: str, addresses: dict[str, str]) -> list[str]:
        own = {**addresses, "health": "", "instance": instance_id, "node": node}
        return self._engine_arguments(self._control.ready["admin"], own)

    def _management(self) -> list[str]:
        """Where the control plane listens, once it does."""
        ready = self._control.ready
        secured = ["--admin-https", ready["admin_https"]] if "admin_https" in ready else []
        return ["--admin", ready["admin"], *secured]

    def _write_ready(self) -> dict[str, Any]:
        assert self._control.process is not None and self._engine.process is not None
        key = state.read_json(state.administrator_path(self._settings.state)) or {}
        management = f"http://{reachable(self._control.ready['admin'])}"
        secured = self._control.ready.get("admin_https")
        https = self._engine.ready.get("https")
        ready = {
            "management": management,
            "management_https": f"https://{reachable(secured)}" if secured else None,
            "http": f"http://{reachable(self._engine.ready['http'])}",
            "https": f"https://{reachable(https)}" if https else None,
            "health": self._engine.ready.get("health"),
            "console": f"{management}/console/",
            "access_key_id": key.get("access_key_id"),
            "access_key_secret": key.get("access_key_secret"),
            "dedicated": {} if self._dedicated is None else self._dedicated.ready(),
            "hub": None if self._hub is None else self._hub.ready.get("hub"),
            "pid": os.getpid(),
            "control_pid": self._control.process.pid,
            "engine_pid": self._engine.process.pid,
            "hub_pid": None if self._hub is None or self._hub.process is None else self._hub.process.pid,
        }
        for path in self._ready_paths():
            state.write_json(path, ready)
        return ready

    def _announce(self, show_secret: bool) -> None:
        ready = self._write_ready()
        print("Isthmus is up.")
        print(f"  management API  {ready['management']}" + _beside(ready["management_https"]))
        link = state.setup_link(self._settings.state, ready["console"])
        print(
            f"  console         {link or ready['console']}"
            + ("  (set up your user; the link works once)" if link else "")
        )
        print(f"  calls           {ready['http']}" + _beside(ready["https"]))
        if ready["hub"]:
            print(f"  connectors      {ready['hub']}")
        where = state.administrator_path(self._settings.state)
        print(f"  administrator   {ready['access_key_id']}, its secret is in {where}")
        if show_secret:
            print(f"  secret          {ready['access_key_secret']}")
        sys.stdout.flush()

    def _ready_paths(self) -> list[Path]:
        own = state.ready_path(self._settings.state, "up")
        return [own] if self._ready_file is None else [own, self._ready_file]

    def _remove_ready(self) -> None:
        for path in self._ready_paths():
            path.unlink(missing_ok=True)

    def _stop(self) -> None:
        more = [] if self._dedicated is None else self._dedicated.children()
        stop_all([*more, *self._children()], self._settings.drain.total_seconds() + 10)
        if self._dedicated is not None:
            self._dedicated.close()
        self._remove_ready()


def reachable(address: str) -> str:
    """An address a client on this machine can use."""
    return address.replace("0.0.0.0:", "127.0.0.1:").replace("[::]:", "[::1]:")


def _beside(url: str | None) -> str:
    return f"  {url}" if url else ""
