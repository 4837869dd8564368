"""The edge of vpc-d: a real WireGuard program at the border of the network, and the connector at the tunnel's other end.

Started and ended by the keeper, in a lab of root alone. The keys are of this lab, lie in its directory and go with it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from isthmus.lab.connectors import CONNECT_TIMEOUT_MS, Connector, die_with_parent
from isthmus.lab.modes import LabError
from isthmus.lab.namespaces import ENVIRONMENT, Namespaces, run
from isthmus.lab.state import replace_file
from isthmus.lab.topology import (
    CIDR,
    EDGE_OUTSIDE,
    TUNNEL_EDGE,
    TUNNEL_EGRESS,
    TUNNEL_PORT,
    initially_allowed,
    tunnel_vpc,
)
from isthmus.tunnel import program
from isthmus.tunnel.keys import make_key, private_key
from isthmus.tunnel.peer import read_key

_INTERFACE = "wg0"
_STATUS = ("Uid", "CapEff", "CapPrm", "NoNewPrivs")


class Edge:
    """Both ends of the tunnel."""

    def __init__(self, directory: Path, namespaces: Namespaces, wireguard: str) -> None:
        self._directory = directory
        self._namespaces = namespaces
        self._wireguard = wireguard
        self._process: subprocess.Popen[bytes] | None = None

    def open(self) -> Connector:
        """Starts the edge; the connector is not started yet. Raises `LabError`."""
        vpc = tunnel_vpc()
        ours, theirs = self._directory / "tunnel.key", self._directory / "edge.key"
        our_key, their_key = make_key(ours), make_key(theirs)
        self._start(theirs, our_key)
        described = {
            "peer_key": their_key,
            "endpoint": f"{EDGE_OUTSIDE}:{TUNNEL_PORT}",
            "addresses": [f"{TUNNEL_EGRESS}/32"],
            "allowed_ips": [CIDR],
        }
        replace_file(self._directory / "tunnel.json", json.dumps(described))
        replace_file(self._directory / f"{vpc.name}.allow.json", json.dumps(initially_allowed(vpc)))
        configuration = {
            "socket": str(self._directory / f"{vpc.name}.sock"),
            "mode": "0666",
            "allow_file": str(self._directory / f"{vpc.name}.allow.json"),
            "connect_timeout_ms": CONNECT_TIMEOUT_MS,
            "wireguard": described,
        }
        options = ["--key-file", str(ours), "--program", self._wireguard, "--config", json.dumps(configuration)]
        return Connector(
            vpc=vpc.name,
            command=[sys.executable, "-m", "isthmus", "connector", "wireguard", *options],
            log=self._directory / f"{vpc.name}.connector.log",
            socket=self._directory / f"{vpc.name}.sock",
        )

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """Raises `LabError`."""
        if self._process is None:
            raise LabError("the edge does not run")
        match question["do"]:
            case "stop":
                self._process.send_signal(signal.SIGSTOP)
            case "continue":
                self._process.send_signal(signal.SIGCONT)
        return {"programs": self._programs()}

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _start(self, key_file: Path, other: str) -> None:
        vpc = tunnel_vpc()
        # Seen by the lab alone.
        program.SOCKETS.mkdir(parents=True, exist_ok=True)
        run(["mount", "-t", "tmpfs", "tmpfs", str(program.SOCKETS.resolve())])
        inside = self._namespaces.inside(vpc.name, vpc.entry)
        with (self._directory / "edge.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*inside, self._wireguard, "-f", _INTERFACE],
                env={**ENVIRONMENT, "LOG_LEVEL": "error", "WG_PROCESS_FOREGROUND": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent,
            )
        key = read_key(other)
        assert key is not None
        program.listen(_INTERFACE, private_key(key_file), key, (TUNNEL_PORT, f"{TUNNEL_EGRESS}/32"))
        lines = f"addr add {TUNNEL_EDGE} dev {_INTERFACE}\nlink set {_INTERFACE} mtu 1420 up\n"
        run([*inside, "ip", "-batch", "-"], lines)
        run([*inside, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"])
        program.wait_open(_INTERFACE)

    def _programs(self) -> list[dict[str, str]]:
        """What the kernel says about each WireGuard program but the edge's own."""
        found = []
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                is_one = os.path.samefile(status.parent / "exe", self._wireguard)
                lines = dict(line.split(":", 1) for line in status.read_text(encoding="utf-8").splitlines())
            except (OSError, ValueError):
                continue
            if is_one and self._process is not None and int(status.parent.name) != self._process.pid:
                found.append({name: lines[name].split()[0] for name in _STATUS})
        return found
