"""Which kind of lab this machine can hold, tried for real and not guessed.

`root`: namespaces made by root. `userns`: the same namespaces inside an unprivileged user namespace. `loopback`: no
namespaces; every network is a part of 127.0.0.0/8 and the web server plays the security group.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass

MODES = ("auto", "root", "userns", "loopback")
# In namespaces of its own, with the process ids that belong to them; all of it ends when the first process ends.
UNSHARE = ("unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child")
PACKAGES = {
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "ip": "iproute2",
    "nft": "nftables",
    "nginx": "nginx-light",
}
SEARCH_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"])


class LabError(Exception):
    """The lab cannot do what was asked; the text says why and what to do."""


@dataclass(frozen=True)
class Mode:
    """The kind that was chosen, the words before the keeper's command, and why it is not a better one."""

    name: str
    prefix: tuple[str, ...] = ()
    note: str = ""

    @property
    def has_namespaces(self) -> bool:
        """Whether networks are namespaces with real security groups."""
        return self.name != "loopback"


def choose(wanted: str) -> Mode:
    """Raises `LabError` when this machine cannot hold what was wanted."""
    if wanted not in MODES:
        raise LabError(f"there is no mode {wanted!r}; the modes are {', '.join(MODES)}")
    if wanted == "loopback":
        return Mode("loopback")
    name = wanted if wanted != "auto" else ("root" if os.getuid() == 0 else "userns")
    problem = _obstacle(name)
    if problem and wanted != "auto":
        raise LabError(f"{problem}. Without namespaces there is --mode loopback.")
    if problem:
        return Mode("loopback", note=f"no namespaces: {problem}")
    return Mode(name, _prefix(name))


def wireguard_program(mode: Mode, wanted: str | None) -> str:
    """The path of the WireGuard program; nothing where a tunnel cannot be made. Raises `LabError` when it is missing."""
    found = shutil.which(wanted or "wireguard-go", path=SEARCH_PATH)
    if wanted and found is None:
        raise LabError(f"there is no WireGuard program {wanted!r}")
    # A tunnel needs a user to become, and a device that an ordinary one may not open.
    return os.path.abspath(found) if found and mode.name == "root" and can_make_tunnels() else ""


def can_make_tunnels() -> bool:
    """The file may be there without the kernel's part of it."""
    try:
        os.close(os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC))
    except OSError:
        return False
    return True


def _prefix(name: str) -> tuple[str, ...]:
    return (*UNSHARE, "--user", "--map-root-user") if name == "userns" else UNSHARE


def _obstacle(name: str) -> str:
    """Why namespaces cannot be used, or nothing."""
    if name == "root" and os.getuid() != 0:
        return "mode root needs root; --mode userns needs no rights"
    missing = [command for command in PACKAGES if shutil.which(command, path=SEARCH_PATH) is None]
    if missing:
        packages = sorted({PACKAGES[command] for command in missing})
        return f"missing commands: {', '.join(missing)} (install the packages {' '.join(packages)})"
    attempt = subprocess.run(
        [*_prefix(name), "true"], capture_output=True, text=True, env={**os.environ, "PATH": SEARCH_PATH}, check=False
    )
    if attempt.returncode != 0:
        return f"this machine does not let {name} make namespaces ({attempt.stderr.strip() or 'no reason given'})"
    return ""
