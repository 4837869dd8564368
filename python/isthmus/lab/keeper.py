"""The process that holds a laboratory: builds it, answers commands on a Unix socket, and takes everything down.

Started by `Lab.start`, as root, inside a user namespace, or without namespaces. Commands and answers are JSON, one each
per connection. Invariant: when it ends in an orderly way nothing is left; what a kill leaves, the next start removes.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from isthmus.lab import topology
from isthmus.lab.backends import nginx_configuration
from isthmus.lab.commands import CommandError, run, start
from isthmus.lab.leftovers import write_started
from isthmus.lab.namespaces import Namespaces

_READY_SECONDS = 20


class Keeper:
    def __init__(self, folder: Path, name: str, mode: str, connector: list[str]) -> None:
        self._folder = folder
        self._mode = mode
        self._connector = connector
        self._namespaces = Namespaces(name) if mode != "loopback" else None
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._allowed = {
            network: [f"{address}:{topology.WEB_PORT}" for address in topology.INSTANCES.values()]
            for network in topology.NETWORKS
        }
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    def run(self) -> None:
        signal.signal(signal.SIGTERM, _end)
        signal.signal(signal.SIGINT, _end)
        try:
            self._build()
            self._serve()
        except SystemExit:
            pass
        finally:
            self._take_down()

    def _build(self) -> None:
        if self._namespaces is not None:
            self._namespaces.build()
        for network in topology.NETWORKS:
            for instance in topology.INSTANCES:
                self._start_instance(network, instance)
            if self._namespaces is not None:
                self._start_metadata(network)
            self._write_allowed(network)
            self.start_connector(network)
        self._note_processes()
        for network in topology.NETWORKS:
            self._wait((self._folder / f"{network}.sock").exists, f"the connector of {network}")

    def _start_instance(self, network: str, instance: str) -> None:
        folder = self._folder / f"{network}-{instance}"
        folder.mkdir(exist_ok=True)
        (folder / "access.log").touch()
        if self._namespaces is None:
            (folder / "admitted.json").write_text("[]")
            command = [sys.executable, "-m", "isthmus.lab.backends", network, instance, str(folder)]
            self._processes[f"{network}-{instance}"] = start(command, folder / "log")
            port = topology.LOOPBACK_PORT_OFFSET + topology.WEB_PORT
            self._wait(lambda: _listens(topology.loopback(network, topology.INSTANCES[instance]), port), "a backend")
            return
        listen = f"listen {topology.WEB_PORT}; listen {topology.OTHER_PORT};"
        self._start_nginx(network, instance, topology.page(network, instance), listen)

    def _start_metadata(self, network: str) -> None:
        listen = f"listen {topology.METADATA}:{topology.WEB_PORT};"
        self._start_nginx(network, "switch", f"secret metadata of {network}", listen, None)

    def _start_nginx(
        self, network: str, part: str, text: str, listen: str, host: str | None = topology.VIRTUAL_HOST
    ) -> None:
        assert self._namespaces is not None
        folder, namespace = self._folder / f"{network}-{part}", self._namespaces.of(network, part)
        folder.mkdir(exist_ok=True)
        configuration = nginx_configuration(folder, text, listen, host)
        # One process in a namespace where root is the only user there is.
        (folder / "nginx.conf").write_text(f"user root;\n{configuration}")
        command = ["nginx", "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
        self._processes[f"{network}-{part}"] = start(command, folder / "log", namespace)
        self._wait(lambda: ":80 " in run("ss", "-Hltn", namespace=namespace), f"nginx of {network} {part}")

    def start_connector(self, network: str) -> None:
        configuration: dict[str, Any] = {
            "socket": str(self._folder / f"{network}.sock"),
            "mode": "0666",
            "allow_file": str(self._folder / f"{network}.allow.json"),
            "egress": list(topology.EGRESS),
            "connect_timeout_ms": topology.CONNECT_MS,
        }
        namespace = None
        if self._namespaces is None:
            net = topology.LOOPBACK_NETS[network]
            configuration["loopback_map"] = {"net": net, "port_offset": topology.LOOPBACK_PORT_OFFSET}
        else:
            namespace = self._namespaces.of(network, "gateway")
        command = [*self._connector, "--config", json.dumps(configuration)]
        self._processes[f"{network}-connector"] = start(command, self._folder / f"{network}-connector.log", namespace)

    def _write_allowed(self, network: str) -> None:
        path = self._folder / f"{network}.allow.json"
        temporary = path.with_suffix(".new")
        temporary.write_text(json.dumps(self._allowed[network]))
        temporary.chmod(0o644)
        temporary.rename(path)

    def _serve(self) -> None:
        path = self._folder / "keeper.sock"
        path.unlink(missing_ok=True)
        self._socket.bind(str(path))
        path.chmod(0o600)
        self._socket.listen(16)
        while True:
            connection, _ = self._socket.accept()
            with connection, connection.makefile("rw", encoding="utf-8") as stream:
                try:
                    answer = self._answer(json.loads(stream.readline()))
                except (CommandError, OSError, ValueError, KeyError, TypeError) as error:
                    answer = {"error": f"{type(error).__name__}: {error}"}
                stream.write(json.dumps(answer) + "\n")
                stream.flush()
                if answer.get("down"):
                    return

    def _answer(self, command: dict[str, Any]) -> dict[str, Any]:
        actions: dict[str, Callable[..., dict[str, Any]]] = {
            "status": self._status,
            "admit": self._admit,
            "allow": self._allow,
            "blocked": self._blocked,
            "kill": self._kill,
            "restart": self._restart,
            "down": lambda: {"down": True},
        }
        return actions[command.pop("do")](**command)

    def _status(self) -> dict[str, Any]:
        dead = [name for name, process in self._processes.items() if process.poll() is not None]
        pids = {name: process.pid for name, process in self._processes.items()}
        return {"mode": self._mode, "pids": pids, "dead": dead, "allowed": self._allowed}

    def _admit(self, network: str, instance: str, address: str, port: int, admitted: bool) -> dict[str, Any]:
        if self._namespaces is not None:
            self._namespaces.admit(network, instance, address, port, admitted)
            return {}
        path = self._folder / f"{network}-{instance}" / "admitted.json"
        others = [entry for entry in json.loads(path.read_text()) if entry != [address, port]]
        path.with_suffix(".new").write_text(json.dumps(others + [[address, port]] * admitted))
        path.with_suffix(".new").rename(path)
        return {}

    def _allow(self, network: str, addresses: list[str]) -> dict[str, Any]:
        self._allowed[network] = addresses
        self._write_allowed(network)
        return {}

    def _blocked(self, network: str, instance: str) -> dict[str, Any]:
        return {"packets": 0 if self._namespaces is None else self._namespaces.blocked_packets(network, instance)}

    def _kill(self, process: str) -> dict[str, Any]:
        self._processes[process].kill()
        self._processes[process].wait()
        return {}

    def _restart(self, network: str) -> dict[str, Any]:
        self.start_connector(network)
        self._note_processes()
        return {}

    def _note_processes(self) -> None:
        """For whoever has to clean up after a keeper that was killed."""
        write_started(self._folder, [process.pid for process in self._processes.values()])

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while not condition():
            dead = [name for name, process in self._processes.items() if process.poll() is not None]
            if dead or time.monotonic() > deadline:
                raise CommandError(f"{what} did not start; see the logs in {self._folder} (ended: {dead})")
            time.sleep(0.01)

    def _take_down(self) -> None:
        for process in self._processes.values():
            process.kill()
        for process in self._processes.values():
            process.wait()
        if self._namespaces is not None:
            self._namespaces.remove()
        (self._folder / "keeper.sock").unlink(missing_ok=True)


def _end(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _listens(address: str, port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((address, port)) == 0


def main() -> None:
    folder, name, mode, connector = sys.argv[1:5]
    if mode == "userns":
        # Inside: a private /run, so that namespaces have a place of their own.
        run("mount", "-t", "tmpfs", "tmpfs", "/run")
        os.mkdir("/run/netns")
    try:
        Keeper(Path(folder), name, mode, json.loads(connector)).run()
    except CommandError as error:
        print(f"lab: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
