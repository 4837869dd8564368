"""Engines of dedicated instances on this machine: one for each that the store names, started and stopped as they come and
go.

Called by `supervisor.py`, which tends them with its other children; only reads the store. Invariant: an instance keeps its
ports for as long as it exists, also when the gateway starts anew, and one whose engine cannot start disturbs no other.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from isthmus.processes import state
from isthmus.processes.child import Child
from isthmus.processes.opening import open_store
from isthmus.settings import Settings
from isthmus.store.instances import dedicated_instance_ids

_LOOK_SECONDS = 0.5
_LONGEST_NODE = 64

# How an engine with this instance, node name and listeners is started.
Arguments = Callable[[str, str, dict[str, str]], list[str]]


class DedicatedEngines:
    """By instance id. Used from one thread."""

    def __init__(self, settings: Settings, arguments: Arguments) -> None:
        self._settings = settings
        self._node = settings.node or socket.gethostname()
        self._arguments = arguments
        self._store = open_store(settings.state, settings.database)
        self._children: dict[str, Child] = {}
        # Those of instances that are gone, as long as they drain.
        self._leaving: list[Child] = []
        self._look_at = 0.0
        self._is_away = False
        self._ports: dict[str, dict[str, str]] = state.read_json(self._ports_path) or {}

    @property
    def _ports_path(self) -> Path:
        return self._settings.state / "dedicated.json"

    def tend(self) -> bool:
        """True when what is served has changed since the last time."""
        has_changed = self._look() if time.monotonic() >= self._look_at else False
        came = [child for child in self._children.values() if child.tend()]
        if came:
            self._keep_ports()
        self._leaving = [child for child in self._leaving if child.process is not None and child.process.poll() is None]
        return has_changed or bool(came)

    def ready(self) -> dict[str, Any]:
        """Where each takes calls, of those that serve."""
        return {
            instance_id: {**{name: child.ready.get(name) for name in ("http", "https")}, "pid": child.process.pid}
            for instance_id, child in sorted(self._children.items())
            if child.is_ready and child.process is not None
        }

    def children(self) -> list[Child]:
        """All that may still run."""
        return [*self._children.values(), *self._leaving]

    def close(self) -> None:
        self._store.close()

    def _look(self) -> bool:
        self._look_at = time.monotonic() + _LOOK_SECONDS
        try:
            with self._store.read() as transaction:
                wanted = dedicated_instance_ids(transaction)
        except SQLAlchemyError as error:
            # What runs goes on: who is gone cannot be known.
            if not self._is_away:
                print(f"isthmus: the instances cannot be read: {error}", file=sys.stderr, flush=True)
            self._is_away = True
            return False
        self._is_away = False
        gone = [instance_id for instance_id in self._children if instance_id not in wanted]
        for instance_id in gone:
            self._end(instance_id)
        for instance_id in wanted:
            if instance_id not in self._children:
                self._begin(instance_id)
        return bool(gone)

    def _begin(self, instance_id: str) -> None:
        ports = self._ports.setdefault(instance_id, self._free_ports())
        ready_file = state.engine_ready_path(self._settings.state, instance_id, self._settings.engine_user)
        child = Child("engine", self._arguments(instance_id, self._node_name(instance_id), ports), ready_file)
        # Whatever stands in its way must not stand in the way of the others: it is tried again and again.
        child.again_at = 0.0
        self._children[instance_id] = child

    def _end(self, instance_id: str) -> None:
        child = self._children.pop(instance_id)
        child.stop()
        self._leaving.append(child)
        self._ports.pop(instance_id, None)
        state.write_json(self._ports_path, self._ports)
        print(f"isthmus: the instance {instance_id} is gone, its engine ends", file=sys.stderr, flush=True)

    def _free_ports(self) -> dict[str, str]:
        """The next two from the setting on that no other instance has; any that are free for port 0."""
        first = self._settings.dedicated
        assert first is not None
        has_https = self._settings.https is not None
        taken = {one["http"] for one in self._ports.values()}
        while first.port and str(first) in taken:
            first = first._replace(port=first.port + 2)
        second = first._replace(port=first.port + 1 if first.port else 0)
        return {"http": str(first), "https": str(second) if has_https else ""}

    def _keep_ports(self) -> None:
        """Those that the system chose are an instance's own from now on."""
        for instance_id, child in self._children.items():
            if not child.is_ready:
                continue
            chosen = {name: child.ready.get(name) or "" for name in ("http", "https")}
            if self._ports.get(instance_id) != chosen:
                self._ports[instance_id] = chosen
            child.arguments = self._arguments(instance_id, self._node_name(instance_id), chosen)
        state.write_json(self._ports_path, self._ports)

    def _node_name(self, instance_id: str) -> str:
        return f"{self._node[: _LONGEST_NODE - len(instance_id) - 1]}-{instance_id}"[-_LONGEST_NODE:]


def stop_all(children: list[Child], seconds: float) -> None:
    """Each may end in order until then."""
    for child in children:
        child.stop()
    deadline = time.monotonic() + seconds
    for child in children:
        if child.process is not None:
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
