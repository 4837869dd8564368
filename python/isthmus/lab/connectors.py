"""The connectors of a lab: the real program, one in each network, started the way an operator starts it.

The keeper starts, ends and looks at them. A connector gives up root and every capability by itself; what the kernel
says about that is in `rights`.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from isthmus.lab.builtin import PORT_OFFSET
from isthmus.lab.modes import LabError
from isthmus.lab.namespaces import ENVIRONMENT
from isthmus.lab.state import replace_file
from isthmus.lab.topology import EGRESS, Vpc, initially_allowed

# The configuration follows as one more word.
PRODUCT_COMMAND = (sys.executable, "-m", "isthmus", "connector", "local", "--config")
START_SECONDS = 20.0
CONNECT_TIMEOUT_MS = 1500
SET_DEATH_SIGNAL = 1


@dataclass
class Connector:
    """One connector: how it is started, and its process while there is one."""

    vpc: str
    command: list[str]
    log: Path
    socket: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Does not wait: see `wait_ready`."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent,
            )

    def wait_ready(self) -> None:
        """Raises `LabError` with its last words when it does not serve."""
        deadline = time.monotonic() + START_SECONDS
        while not self.serves():
            if self.process is None or self.process.poll() is not None or time.monotonic() > deadline:
                said = self.log.read_text(encoding="utf-8", errors="replace").strip()
                raise LabError(f"the connector of {self.vpc} did not start: {said or 'no reason given'}")
            time.sleep(0.01)

    def serves(self) -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as one:
            return one.connect_ex(str(self.socket)) == 0

    def kill(self) -> None:
        """As a crash would: without a chance to tidy up."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def rights(self) -> dict[str, str]:
        """What the kernel says it may do; empty when it does not run."""
        if self.process is None or self.process.poll() is not None:
            return {}
        wanted = ("Uid", "CapEff", "CapPrm", "NoNewPrivs")
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        lines = dict(line.split(":", 1) for line in status.splitlines())
        return {name: lines[name].split()[0] for name in wanted}


def make(directory: Path, vpc: Vpc, command: list[str], inside: list[str] | None) -> Connector:
    """A connector that is not started yet. `inside` leads into its network; None without namespaces."""
    allow_file = directory / f"{vpc.name}.allow.json"
    replace_file(allow_file, json.dumps(initially_allowed(vpc)))
    configuration = {
        "socket": str(directory / f"{vpc.name}.sock"),
        # Whoever may look into the directory may ask: an engine often runs as another user than the lab.
        "mode": "0666",
        "allow_file": str(allow_file),
        "egress": list(EGRESS),
        "connect_timeout_ms": CONNECT_TIMEOUT_MS,
    }
    if inside is None:
        configuration["loopback_map"] = {"net": vpc.loopback_net, "port_offset": PORT_OFFSET}
    return Connector(
        vpc=vpc.name,
        command=[*(inside or []), *command, json.dumps(configuration)],
        log=directory / f"{vpc.name}.connector.log",
        socket=directory / f"{vpc.name}.sock",
    )


def die_with_parent() -> None:
    """Runs in the child. A process that changes its user afterwards loses this: `state.py` knows those."""
    ctypes.CDLL(None).prctl(SET_DEATH_SIGNAL, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() == 0:
        os.kill(os.getpid(), signal.SIGKILL)
