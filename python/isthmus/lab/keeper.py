"""The process that a lab lives in: builds everything, then does what it is asked through `control.sock`.

Started by `running.py` as `python -m isthmus.lab.keeper DIRECTORY`, as the first process of namespaces of its own: when
it ends, the kernel ends everything that it started and removes every network. It says one JSON line when it is ready.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from isthmus.lab import bastion, connectors
from isthmus.lab.backends import Backends
from isthmus.lab.builtin import PORT_OFFSET, BuiltinBackends
from isthmus.lab.connectors import Connector
from isthmus.lab.modes import LabError
from isthmus.lab.namespaces import Namespaces, run
from isthmus.lab.remote import Remotes
from isthmus.lab.security_group import KernelGroups, check_rule, packets
from isthmus.lab.state import start_time
from isthmus.lab.topology import EGRESS, TUNNEL_NAME, Vpc, remote_vpc, tunnel_vpc, vpcs
from isthmus.lab.tunnel import Edge

COUNTERS = {
    "attempts": ("lab", "eni"),
    "inbound": ("lab", "agent"),
    "metadata": ("lab", "switch"),
    "dropped": ("sg", ""),
}


class Keeper:
    """One lab, from the inside."""

    def __init__(self, directory: Path, mode: str, command: list[str], listener: int, wireguard: str) -> None:
        self._listener = listener
        self._directory = directory
        self._mode = mode
        self._command = command
        self._namespaces = Namespaces(directory)
        self._groups: KernelGroups | BuiltinBackends
        self._connectors: dict[str, Connector] = {}
        self._bastion: subprocess.Popen[bytes] | None = None
        self._remotes = Remotes(directory, self._namespaces)
        # Without a WireGuard program there is no network behind one.
        self._edge = Edge(directory, self._namespaces, wireguard) if wireguard else None
        self.ended = asyncio.Event()

    async def build(self) -> None:
        """Raises `LabError`."""
        if self._mode == "loopback":
            backends = BuiltinBackends(self._directory)
            await backends.start()
            self._groups, networks = backends, backends.vpcs
        else:
            self._groups, networks = KernelGroups(self._namespaces), vpcs()
            self._namespaces.build(self._networks())
            web = Backends(self._directory, self._namespaces, is_root=self._mode == "root")
            for vpc in self._networks():
                for instance in vpc.instances:
                    self._groups.build(vpc.name, instance.name)
                web.start(vpc)
            await self._remotes.open()
        for vpc in networks:
            inside = None if self._mode == "loopback" else self._namespaces.inside(vpc.name, "eni")
            self._connectors[vpc.name] = connectors.make(self._directory, vpc, self._command, inside)
        if self._edge is not None:
            self._connectors[TUNNEL_NAME] = self._edge.open()
        self._start_bastion(networks)
        for connector in self._connectors.values():
            connector.start()
        for connector in self._connectors.values():
            connector.wait_ready()

    def _start_bastion(self, networks: Sequence[Vpc]) -> None:
        """Listens on the socket that was handed in: it is one of the machine that the lab was started on."""
        (vpc,) = (vpc for vpc in networks if vpc.name == bastion.NETWORK)
        inside = None if self._mode == "loopback" else self._namespaces.inside(vpc.name, "eni")
        rules = {
            "log": str(self._directory / "bastion.log"),
            "source": EGRESS[0],
            "loopback_net": vpc.loopback_net if inside is None else None,
            "port_offset": PORT_OFFSET,
        }
        command = [sys.executable, "-m", "isthmus.lab.bastion", str(self._listener), json.dumps(rules)]
        with (self._directory / "bastion.errors").open("ab") as errors:
            self._bastion = subprocess.Popen(
                [*(inside or []), *command],
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                pass_fds=(self._listener,),
                preexec_fn=connectors.die_with_parent,
            )

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One question, one answer."""
        try:
            answer = self._answer(json.loads(await reader.readline()))
        except LabError as error:
            answer = {"error": str(error)}
        except (ValueError, KeyError, TypeError) as error:
            answer = {"error": f"the question cannot be read: {error!r}"}
        writer.write(json.dumps(answer).encode() + b"\n")
        await writer.drain()
        writer.close()

    def _answer(self, question: dict[str, Any]) -> dict[str, Any]:
        match question["op"]:
            case "status":
                return self._status()
            case "rule":
                self._change_rule(question)
            case "counter":
                return {"packets": self._count(question["counter"], question["vpc"], question["instance"])}
            case "connections":
                return {"open": self._connections(question["vpc"], question["address"])}
            case "kill":
                self._connector(question).kill()
            case "restart":
                connector = self._connector(question)
                connector.kill()
                connector.start()
                connector.wait_ready()
            case "join" | "leave" | "signal" | "remotes":
                return self._answer_about_remotes(question)
            case "edge":
                return self._known_edge().answer(question)
            case "stop":
                self.ended.set()
            case other:
                raise LabError(f"there is no question {other!r}")
        return self.leftovers()

    def _answer_about_remotes(self, question: dict[str, Any]) -> dict[str, Any]:
        if self._mode == "loopback":
            raise LabError("a lab without namespaces has no network that only a remote connector reaches")
        match question["op"]:
            case "join":
                self._remotes.join(question["name"], question["token"], question["is_far"])
            case "leave":
                self._remotes.leave(question["name"])
            case "signal":
                self._remotes.signal(question["name"], question["number"])
        return {"remotes": self._remotes.status(), "listeners": self._remotes.listeners()}

    def leftovers(self) -> dict[str, Any]:
        """Processes that outlive a killed keeper: without namespaces, a connector that has changed its user."""
        if self._mode != "loopback":
            return {"others": {}}
        running = [one.process.pid for one in self._connectors.values() if one.process is not None]
        return {"others": {str(pid): start_time(pid) for pid in running}}

    def _known_edge(self) -> Edge:
        if self._edge is None:
            raise LabError(f"this lab has no {TUNNEL_NAME}: it needs root and a WireGuard program (--wireguard)")
        return self._edge

    def close(self) -> None:
        self._remotes.close()
        if self._edge is not None:
            self._edge.close()
        for connector in self._connectors.values():
            connector.kill()
        if self._bastion is not None:
            self._bastion.kill()
            self._bastion.wait()

    def _connector(self, question: dict[str, Any]) -> Connector:
        connector = self._connectors.get(question["vpc"])
        if connector is None:
            raise LabError(f"there is no network {question['vpc']!r}; there are {', '.join(self._connectors)}")
        return connector

    def _change_rule(self, question: dict[str, Any]) -> None:
        vpc, instance = question["vpc"], question["instance"]
        rule = (question["address"], question["port"])
        check_rule(*rule)
        known = self._machines()
        if (vpc, instance) not in known:
            raise LabError(f"there is no instance {vpc} {instance}; there are {', '.join(map(' '.join, known))}")
        self._groups.change(vpc, instance, rule, question["allowed"])

    def _networks(self) -> tuple[Vpc, ...]:
        if self._mode == "loopback":
            return vpcs()
        return (*vpcs(), remote_vpc(), *([tunnel_vpc()] if self._edge is not None else []))

    def _machines(self) -> list[tuple[str, str]]:
        return [(vpc.name, instance.name) for vpc in self._networks() for instance in vpc.instances]

    def _count(self, counter: str, vpc: str, instance: str) -> int:
        if self._mode == "loopback":
            raise LabError("packets are counted by the kernel's packet filter, which a lab without namespaces has not")
        table, place = COUNTERS[counter]
        return packets(self._namespaces, (vpc, place or instance), table, counter)

    def _connections(self, vpc: str, address: str) -> int:
        if self._mode == "loopback":
            raise LabError("a lab without namespaces cannot tell its connections from others")
        ask = ["ss", "--no-header", "--tcp", "--numeric", "state", "established", "dst", address]
        entry = remote_vpc().entry if vpc == remote_vpc().name else "eni"
        return len(run([*self._namespaces.inside(vpc, entry), *ask]).splitlines())

    def _status(self) -> dict[str, Any]:
        names = self._machines()
        return {
            "connectors": {name: one.rights() for name, one in self._connectors.items()},
            "rules": {f"{vpc} {instance}": self._groups.rules(vpc, instance) for vpc, instance in names},
        }


async def keep(directory: Path) -> int:
    """Exit code."""
    configuration = json.loads((directory / "keeper.json").read_text(encoding="utf-8"))
    mode, command = configuration["mode"], configuration["connector_command"]
    keeper = Keeper(directory, mode, command, configuration["bastion_listener"], configuration["wireguard"])
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, keeper.ended.set)
    # A Ctrl-C is for the one who started the lab, and he ends it in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        await keeper.build()
        control = str(directory / "control.sock")
        server = await asyncio.start_unix_server(keeper.converse, control)
        os.chmod(control, 0o600)
        print(json.dumps(keeper.leftovers()), flush=True)
        await keeper.ended.wait()
        server.close()
    except (LabError, OSError) as error:
        print(json.dumps({"error": str(error)}), flush=True)
        return 1
    finally:
        keeper.close()
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(keep(Path(sys.argv[1]))))
