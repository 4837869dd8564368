"""Running programs, in a namespace or not; what is missing is said by package name."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

_PACKAGES = {
    "ip": "iproute2",
    "nft": "nftables",
    "nginx": "nginx-light",
    "nsenter": "util-linux",
    "unshare": "util-linux",
}
_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/local/sbin"
_PR_SET_PDEATHSIG = 1


class CommandError(Exception):
    """A program is missing or failed; the text says which and why."""


def program(name: str) -> str:
    """Its path. Raises: CommandError naming the Debian package."""
    found = shutil.which(name, path=_PATH)
    if found is None:
        raise CommandError(f"the program {name} is missing: install the package {_PACKAGES.get(name, name)}")
    return found


def run(*command: str, given: str | None = None, namespace: str | None = None) -> str:
    """What it printed. Raises: CommandError."""
    done = subprocess.run(_in(namespace, command), input=given, text=True, capture_output=True)
    if done.returncode:
        raise CommandError(f"{' '.join(command)}: {done.stderr.strip() or done.returncode}")
    return done.stdout


def start(command: Sequence[str], log: Path, namespace: str | None = None) -> subprocess.Popen[bytes]:
    """A process that dies with this one."""
    with open(log, "ab") as output:
        return subprocess.Popen(
            _in(namespace, command), stdin=subprocess.DEVNULL, stdout=output, stderr=output, preexec_fn=_die_with_parent
        )


def _in(namespace: str | None, command: Sequence[str]) -> list[str]:
    full = [program(command[0]) if "/" not in command[0] else command[0], *command[1:]]
    return full if namespace is None else [program("nsenter"), f"--net=/run/netns/{namespace}", *full]


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
