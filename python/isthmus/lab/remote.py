"""Remote connectors of a lab: the real program on the one machine of vpc-c that can dial out, and its way to the hub.

The keeper starts and ends them, and listens where they dial: what comes in there goes to a Unix socket, behind which
`door.py` stands on the machine that the lab was started on, because a gateway's hub is there and not in the lab.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from isthmus.lab.connectors import die_with_parent
from isthmus.lab.modes import LabError
from isthmus.lab.namespaces import ENVIRONMENT, Namespaces, run
from isthmus.lab.state import replace_file
from isthmus.lab.topology import (
    AGENT_FAR_OUTSIDE,
    FAR_OUTSIDE,
    HUB_PORT,
    OUTSIDE,
    OUTSIDE_PREFIX_LENGTH,
    initially_allowed,
    remote_vpc,
)

UPLINK = "uplink.sock"
_STARTS_WITH = (sys.executable, "-m", "isthmus", "connector", "join")


@dataclass
class Joined:
    """One connector: its process and what it said."""

    process: subprocess.Popen[bytes]
    log: Path


@dataclass
class Remotes:
    """By name; each keeps its certificate in a directory of its own, so that it comes back without a token."""

    directory: Path
    namespaces: Namespaces
    running: dict[str, Joined] = field(default_factory=dict)
    slow_link: subprocess.Popen[bytes] | None = None

    async def open(self) -> asyncio.Server:
        vpc = remote_vpc()
        replace_file(self.directory / f"{vpc.name}.allow.json", json.dumps(initially_allowed(vpc)))
        # On every address: the slow link has one more.
        return await asyncio.start_server(self._pass_on, "0.0.0.0", HUB_PORT)

    def join(self, name: str, token: str, is_far: bool) -> None:
        """Starts it; one that runs under the name is ended before. Does not wait. A far one dials over the slow link."""
        self.leave(name)
        if is_far and self.slow_link is None:
            self.slow_link = self._start_slow_link()
        vpc = remote_vpc()
        hub = f"{FAR_OUTSIDE if is_far else OUTSIDE}:{HUB_PORT}"
        options = ["--hub", hub, "--name", name, "--state", str(self.directory / f"remote-{name}")]
        options += ["--allow-file", str(self.directory / f"{vpc.name}.allow.json")]
        if token:
            options += ["--token-file", "-"]
        log = self.directory / f"remote-{name}.log"
        with log.open("wb") as said:
            process = subprocess.Popen(
                [*self.namespaces.inside(vpc.name, vpc.entry), *_STARTS_WITH, *options],
                env=ENVIRONMENT,
                stdin=subprocess.PIPE,
                stdout=said,
                stderr=said,
                preexec_fn=die_with_parent,
            )
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(token.encode())
            process.stdin.close()
        self.running[name] = Joined(process, log)

    def leave(self, name: str) -> None:
        """As a crash would: without a chance to tidy up."""
        joined = self.running.pop(name, None)
        if joined is not None:
            joined.process.kill()
            joined.process.wait()

    def signal(self, name: str, number: int) -> None:
        """Raises `LabError`."""
        if name not in self.running:
            raise LabError(f"no remote connector {name!r} runs")
        self.running[name].process.send_signal(number)

    def status(self) -> dict[str, Any]:
        """Of each: its exit code when it has ended, what it said, and what the kernel says about its rights."""
        return {
            name: {
                "ended": one.process.poll(),
                "said": one.log.read_text(encoding="utf-8", errors="replace"),
                "capabilities": _capabilities(one.process.pid),
            }
            for name, one in self.running.items()
        }

    def listeners(self) -> int:
        """How many ports the machine in vpc-c listens on."""
        vpc = remote_vpc()
        command = [*self.namespaces.inside(vpc.name, vpc.entry), "ss", "--no-header", "--tcp", "--udp", "--listening"]
        return len(run(command).splitlines())

    def close(self) -> None:
        for name in list(self.running):
            self.leave(name)
        if self.slow_link is not None:
            self.slow_link.kill()
            self.slow_link.wait()

    def _start_slow_link(self) -> subprocess.Popen[bytes]:
        """Raises `LabError`."""
        vpc = remote_vpc()
        ends = (("/proc/self/ns/net", FAR_OUTSIDE), (self.namespaces.path(vpc.name, vpc.entry), AGENT_FAR_OUTSIDE))
        words = [f"{place},slow0,{address}/{OUTSIDE_PREFIX_LENGTH}" for place, address in ends]
        process = subprocess.Popen(
            [sys.executable, "-m", "isthmus.lab.slow_link", *words],
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            preexec_fn=die_with_parent,
        )
        assert process.stdout is not None
        with process.stdout as words_of_it:
            if not words_of_it.readline():
                process.wait()
                raise LabError("the slow link cannot be made: see keeper.log")
        return process

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_unix_connection(str(self.directory / UPLINK))
            await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))
        writer.close()


def _capabilities(pid: int) -> str:
    """Of a process and all its threads; empty when it is gone."""
    held = 0
    try:
        for status in Path(f"/proc/{pid}/task").glob("*/status"):
            lines = dict(line.split(":", 1) for line in status.read_text(encoding="utf-8").splitlines())
            held |= int(lines["CapEff"], 16) | int(lines["CapPrm"], 16)
    except (OSError, KeyError):
        return ""
    return f"{held:x}"


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """From one to the other until either ends."""
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
