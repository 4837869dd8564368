"""A running lab as callers see it: start it, look at it, change security groups and lists, end it.

    with Lab.start() as lab:
        lab.security_group("vpc-a", "ecs1").allow("10.0.0.250", 80)

A lab that was started in the foreground ends with the process that started it, however that ends.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from isthmus.lab import bastion, modes, state
from isthmus.lab.client import ConnectorClient
from isthmus.lab.connectors import PRODUCT_COMMAND, die_with_parent
from isthmus.lab.modes import LabError
from isthmus.lab.state import State, replace_file
from isthmus.lab.topology import EGRESS, TUNNEL_NAME, WEB_PORT, instance_id, vpcs

CONTROL_SECONDS = 30.0


@dataclass(frozen=True)
class LabNetwork:
    """What the gateway has to know about a network: where its connector listens, and what backends see."""

    network_id: str
    socket: Path
    allow_file: Path
    egress: tuple[str, ...]
    # Instance id, such as `i-a-ecs1`, to address.
    instances: dict[str, str]

    @property
    def attachment(self) -> dict[str, str]:
        return {"mode": "connector", "socket": str(self.socket)}


@dataclass(frozen=True)
class SecurityGroup:
    """The group of one instance; it admits nothing at the start."""

    lab: Lab
    vpc: str
    instance: str

    def allow(self, address: str, port: int = WEB_PORT) -> None:
        self._change(address, port, True)

    def revoke(self, address: str, port: int = WEB_PORT) -> None:
        self._change(address, port, False)

    def _change(self, address: str, port: int, is_allowed: bool) -> None:
        question = {"vpc": self.vpc, "instance": self.instance, "address": address, "port": port}
        self.lab.ask("rule", allowed=is_allowed, **question)


class Lab:
    """Use `Lab.start` or `Lab.find`."""

    def __init__(self, directory: Path, found: State) -> None:
        self.directory = directory
        self._state = found
        self._process: subprocess.Popen[str] | None = None
        self._doors: list[subprocess.Popen[bytes]] = []
        self.networks = {
            vpc.name: LabNetwork(
                network_id=vpc.name,
                socket=directory / f"{vpc.name}.sock",
                allow_file=directory / f"{vpc.name}.allow.json",
                egress=EGRESS,
                instances={instance_id(vpc.name, one.name): one.address for one in vpc.instances},
            )
            for vpc in vpcs()
        }

    @classmethod
    def start(
        cls,
        name: str = "default",
        mode: str = "auto",
        connector_command: list[str] | None = None,
        is_detached: bool = False,
        wireguard: str | None = None,
    ) -> Lab:
        """Raises `LabError`. The configuration of a connector is added to its command as the last word.

        `wireguard`: the WireGuard program, when it is not on the way of commands.
        """
        chosen = modes.choose(mode)
        directory = state.run_directory(name)
        found = state.load(directory)
        if found and state.is_running(found):
            raise LabError(f"the lab {name!r} runs already; end it first: isthmus lab down --name {name}")
        state.end(directory)
        state.prepare(directory)
        starting = State(name, chosen.name, chosen.note, os.getpid(), state.start_time(os.getpid()))
        starting.save(directory)
        command = list(connector_command or PRODUCT_COMMAND)
        lab = cls(directory, starting)
        try:
            # Made here, because the keeper is in a network of its own.
            with socket.create_server(("127.0.0.1", 0)) as listener:
                address = {"host": "127.0.0.1", "port": listener.getsockname()[1]}
                replace_file(directory / "bastion.json", json.dumps(address))
                given = {"mode": chosen.name, "connector_command": command, "bastion_listener": listener.fileno()}
                given["wireguard"] = modes.wireguard_program(chosen, wireguard)
                replace_file(directory / "keeper.json", json.dumps(given))
                lab._start(chosen, is_detached, listener.fileno())
        except BaseException:
            lab.stop()
            raise
        return lab

    @classmethod
    def find(cls, name: str = "default") -> Lab:
        """A lab that runs. Raises `LabError` when there is none."""
        directory = state.run_directory(name)
        found = state.load(directory)
        if found is None or not state.is_running(found):
            raise LabError(f"no lab {name!r} runs; start it: isthmus lab up --name {name}")
        return cls(directory, found)

    @staticmethod
    def end(name: str = "default") -> bool:
        """Ends a lab that runs, or removes what a crash left of one; False when there is neither."""
        return state.end(state.run_directory(name))

    def _start(self, chosen: modes.Mode, is_detached: bool, listener: int) -> None:
        log = self.directory / "keeper.log"
        with log.open("w", encoding="utf-8") as errors:
            process = subprocess.Popen(
                [*chosen.prefix, sys.executable, "-m", "isthmus.lab.keeper", str(self.directory)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={**os.environ, "PATH": modes.SEARCH_PATH},
                start_new_session=True,
                pass_fds=(listener,),
                preexec_fn=None if is_detached else die_with_parent,
            )
        self._process = process
        self._remember(replace(self._state, process=process.pid, started=state.start_time(process.pid)))
        assert process.stdout is not None
        with process.stdout as words:
            line = words.readline()
        if not line:
            said = log.read_text(encoding="utf-8").strip().splitlines()
            raise LabError(f"the lab did not start: {said[-1] if said else 'no reason given'}")
        self._take(json.loads(line))

    def __enter__(self) -> Lab:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def name(self) -> str:
        return self._state.name

    @property
    def mode(self) -> str:
        return self._state.mode

    @property
    def note(self) -> str:
        """Why the lab has no namespaces, when it has none and was not asked to."""
        return self._state.note

    def stop(self) -> None:
        """Ends every process and removes the directory; twice does no harm."""
        try:
            state.end(self.directory)
        finally:
            for door in self._doors:
                door.kill()
                door.wait()
            if self._process is not None:
                self._process.kill()
                self._process.wait()
                self._process = None

    def security_group(self, vpc: str, instance: str) -> SecurityGroup:
        return SecurityGroup(self, vpc, instance)

    @property
    def has_tunnel(self) -> bool:
        """Whether there is vpc-d, behind WireGuard."""
        return bool(json.loads((self.directory / "keeper.json").read_text(encoding="utf-8"))["wireguard"])

    def tunnel_attachment(self) -> dict[str, Any]:
        """How vpc-d is attached."""
        found: dict[str, Any] = json.loads((self.directory / "tunnel.json").read_text(encoding="utf-8"))
        return {"mode": "wireguard", "socket": str(self.directory / f"{TUNNEL_NAME}.sock"), **found}

    def edge(self, do: str = "status") -> dict[str, Any]:
        """Lets the edge of vpc-d be silent (`stop`) or speak again (`continue`); says what tunnels' programs may do."""
        return self.ask("edge", do=do)

    def bastion(self, mode: str) -> dict[str, Any]:
        """How a network behind the bastion is attached: `socks5` or `http_connect`. It leads into vpc-b."""
        address = json.loads((self.directory / "bastion.json").read_text(encoding="utf-8"))
        return {"mode": mode, **address, "user": bastion.USER, "password": bastion.PASSWORD}

    def bastion_log(self) -> list[str]:
        """A line per wish that the bastion was told: how, address, port, and what came of it (0: connected)."""
        path = self.directory / "bastion.log"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def backend_log(self, vpc: str, instance: str) -> list[str]:
        """A line per request that the instance's web server answered: peer, host, port, request, status."""
        path = self.directory / vpc / instance / "access.log"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def allowed(self, vpc: str) -> list[str]:
        """What the connector's own list names."""
        listed: list[str] = json.loads(self._allow_file(vpc).read_text(encoding="utf-8"))
        return listed

    def allow(self, vpc: str, target: str) -> None:
        """Puts `ip:port` on the connector's own list."""
        replace_file(self._allow_file(vpc), json.dumps([*self.allowed(vpc), target]))

    def disallow(self, vpc: str, target: str) -> None:
        """Takes `ip:port` off the connector's own list."""
        left = [one for one in self.allowed(vpc) if one != target]
        replace_file(self._allow_file(vpc), json.dumps(left))

    def _allow_file(self, vpc: str) -> Path:
        return self.directory / f"{vpc}.allow.json"

    def client(self, vpc: str) -> ConnectorClient:
        return ConnectorClient(self.networks[vpc].socket)

    def kill_connector(self, vpc: str) -> None:
        """As a crash would."""
        self._take(self.ask("kill", vpc=vpc))

    def restart_connector(self, vpc: str) -> None:
        """Returns when it serves."""
        self._take(self.ask("restart", vpc=vpc))

    def open_door(self, hub: str) -> None:
        """Lets remote connectors of the lab dial a hub on this machine, HOST:PORT; raises `LabError`."""
        process = subprocess.Popen(
            [sys.executable, "-m", "isthmus.lab.door", str(self.directory), hub],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=die_with_parent if self._process is not None else None,
        )
        assert process.stdout is not None
        with process.stdout as words:
            if not words.readline():
                raise LabError(f"the way from the lab to {hub} cannot be made")
        self._doors.append(process)
        doors = {**self._state.doors, str(process.pid): state.start_time(process.pid)}
        self._remember(replace(self._state, doors=doors))

    def join(self, name: str, token: str = "", is_far: bool = False) -> None:
        """Starts a remote connector in vpc-c, by its certificate when there is no token. Does not wait.

        A far one dials over a link of 40 ms that loses one packet of a hundred.
        """
        self.ask("join", name=name, token=token, is_far=is_far)

    def leave(self, name: str) -> None:
        """Kills a remote connector."""
        self.ask("leave", name=name)

    def signal(self, name: str, number: int) -> None:
        """Sends a remote connector a signal."""
        self.ask("signal", name=name, number=number)

    def remotes(self) -> dict[str, Any]:
        """`remotes` by name: `ended`, `said`, `capabilities`; `listeners` of their machine."""
        return self.ask("remotes")

    def status(self) -> dict[str, Any]:
        """`connectors`: what the kernel says about each; `rules`: what each security group admits."""
        return self.ask("status")

    def count(self, counter: str, vpc: str, instance: str = "") -> int:
        """Packets: connection `attempts` of a connector, `metadata` requests, `dropped` by an instance's group."""
        return int(self.ask("counter", counter=counter, vpc=vpc, instance=instance)["packets"])

    def connections(self, vpc: str, address: str) -> int:
        """How many connections from the network's entry point to an address stand."""
        return int(self.ask("connections", vpc=vpc, address=address)["open"])

    def ask(self, operation: str, **question: Any) -> dict[str, Any]:
        """Raises `LabError`."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as control:
            control.settimeout(CONTROL_SECONDS)
            try:
                control.connect(str(self.directory / "control.sock"))
                control.sendall(json.dumps({"op": operation, **question}).encode() + b"\n")
                with control.makefile(encoding="utf-8") as words:
                    line = words.readline()
                answer: dict[str, Any] = json.loads(line)
            except (OSError, ValueError) as error:
                raise LabError(f"the lab {self.name!r} does not answer: {error}") from error
        return self._checked(answer)

    def _take(self, answer: dict[str, Any]) -> None:
        self._remember(replace(self._state, others=self._checked(answer)["others"]))

    def _remember(self, new: State) -> None:
        self._state = new
        new.save(self.directory)

    @staticmethod
    def _checked(answer: dict[str, Any]) -> dict[str, Any]:
        if "error" in answer:
            raise LabError(answer["error"])
        return answer
