"""`Lab`: starting a laboratory, talking to its keeper, ending it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from isthmus.lab import leftovers, topology

_START_SECONDS = 60
_PRODUCT_CONNECTOR = [sys.executable, "-m", "isthmus", "connector", "local"]


class LabError(Exception):
    """The laboratory cannot do what was asked; the text says why."""


@dataclass(frozen=True)
class LabNetwork:
    """What a gateway must know of a network of the laboratory."""

    network_id: str
    socket: Path

    @property
    def attachment(self) -> dict[str, str]:
        return {"mode": "connector", "socket": str(self.socket)}

    @property
    def instances(self) -> dict[str, str]:
        return {topology.instance_id(self.network_id, name): address for name, address in topology.INSTANCES.items()}


class SecurityGroup:
    """Of one instance: admits only what it is told."""

    def __init__(self, lab: Lab, network: str, instance: str) -> None:
        self._lab, self._of = lab, {"network": network, "instance": instance}

    def allow(self, address: str, port: int = topology.WEB_PORT) -> None:
        self._lab.ask("admit", **self._of, address=address, port=port, admitted=True)

    def revoke(self, address: str, port: int = topology.WEB_PORT) -> None:
        self._lab.ask("admit", **self._of, address=address, port=port, admitted=False)

    def blocked_packets(self) -> int:
        """Packets dropped so far; 0 without namespaces."""
        return int(self._lab.ask("blocked", **self._of)["packets"])


class Lab:
    """A running laboratory. In a `with` block it ends with the block."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mode = str(self.ask("status")["mode"])

    @classmethod
    def start(cls, name: str = "lab", mode: str = "auto", connector: list[str] | None = None) -> Lab:
        """`mode`: auto, root, userns or loopback. Removes what an earlier one of this name left. Raises: LabError."""
        chosen = _choose() if mode == "auto" else mode
        folder = lab_folder(name)
        cls.end(name)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o755)
        command = [
            sys.executable,
            "-m",
            "isthmus.lab.keeper",
            str(folder),
            name,
            chosen,
            json.dumps(connector or _PRODUCT_CONNECTOR),
        ]
        if chosen == "userns":
            command = ["unshare", "--user", "--map-root-user", "--net", "--mount", *command]
        with open(folder / "keeper.log", "ab") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + _START_SECONDS
        while not (folder / "keeper.sock").exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise LabError(f"the laboratory did not start: {(folder / 'keeper.log').read_text().strip()}")
            time.sleep(0.02)
        return cls(folder)

    @staticmethod
    def end(name: str = "lab") -> bool:
        """Ends a laboratory of this name, and what a killed one left; False when there was nothing."""
        folder = lab_folder(name)
        running = (folder / "keeper.sock").exists()
        if running:
            try:
                _ask(folder, {"do": "down"})
                _wait_for_end(folder)
            except (OSError, ValueError):
                (folder / "keeper.sock").unlink(missing_ok=True)
        return leftovers.remove(folder, name) or running

    @property
    def networks(self) -> dict[str, LabNetwork]:
        return {name: LabNetwork(name, self.folder / f"{name}.sock") for name in topology.NETWORKS}

    def security_group(self, network: str, instance: str) -> SecurityGroup:
        return SecurityGroup(self, network, instance)

    def backend_log(self, network: str, instance: str) -> list[str]:
        """One line per call that the backend got: peer, port, host, path."""
        return (self.folder / f"{network}-{instance}" / "access.log").read_text().splitlines()

    def allow(self, network: str, addresses: list[str]) -> None:
        """Sets the connector's own list."""
        self.ask("allow", network=network, addresses=addresses)

    def kill_connector(self, network: str) -> None:
        self.ask("kill", process=f"{network}-connector")

    def restart_connector(self, network: str) -> None:
        self.ask("restart", network=network)

    def process(self, name: str) -> int:
        """The pid of a part, for example `vpc-a-connector`."""
        return int(self.ask("status")["pids"][name])

    def ask(self, do: str, **values: Any) -> dict[str, Any]:
        """Raises: LabError."""
        try:
            answer = _ask(self.folder, {"do": do, **values})
        except (OSError, ValueError) as error:
            raise LabError(f"no laboratory runs in {self.folder}: {error}") from error
        if "error" in answer:
            raise LabError(str(answer["error"]))
        return answer

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with contextlib.suppress(LabError):
            self.ask("down")
        _wait_for_end(self.folder)


def lab_folder(name: str) -> Path:
    return Path(tempfile.gettempdir()) / f"isthmus-lab-{os.getuid()}-{name}"


def _wait_for_end(folder: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while (folder / "keeper.sock").exists() and time.monotonic() < deadline:
        time.sleep(0.02)


def _ask(folder: Path, command: dict[str, Any]) -> dict[str, Any]:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        connection.connect(str(folder / "keeper.sock"))
        with connection.makefile("rw", encoding="utf-8") as stream:
            stream.write(json.dumps(command) + "\n")
            stream.flush()
            answer = json.loads(stream.readline())
    if not isinstance(answer, dict):
        raise ValueError("the keeper did not answer with an object")
    return answer


def _choose() -> str:
    def works(*command: str) -> bool:
        return subprocess.run(command, capture_output=True).returncode == 0

    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    tools = all(shutil.which(tool, path=path) for tool in ("ip", "nft", "nginx", "nsenter", "unshare"))
    if not tools:
        return "loopback"
    if os.getuid() == 0 and works("unshare", "--net", "true"):
        return "root"
    if works("unshare", "--user", "--map-root-user", "--net", "--mount", "sh", "-c", "mount -t tmpfs tmpfs /run"):
        return "userns"
    return "loopback"
