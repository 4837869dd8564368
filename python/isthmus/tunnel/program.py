"""The WireGuard program: how it is started, and what it is told through its socket.

Any program does that takes an interface and a socket as open descriptors, as wireguard-go does, the project's own for
systems without the kernel module. Called by `making.py`. Invariant: it becomes another user before it starts, and keeps
CAP_NET_ADMIN alone, because it sets the size of packets (MTU) of its interface; it ends with the connector.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from pathlib import Path

from isthmus.tunnel.peer import Peer

# Where every WireGuard program has its sockets.
SOCKETS = Path("/var/run/wireguard")
_ANSWER_SECONDS = 10.0
_PAUSE_SECONDS = 0.02


def start(program: str, interface: str, descriptors: tuple[int, int], user: tuple[int, int]) -> subprocess.Popen[bytes]:
    """`descriptors`: of the interface and of the listening socket. Raises: OSError."""
    device, listener = descriptors
    rights = ["--inh-caps=-all,+net_admin", "--ambient-caps=-all,+net_admin", "--bounding-set=-all,+net_admin"]
    become = ["setpriv", f"--reuid={user[0]}", f"--regid={user[1]}", "--clear-groups", *rights, "--no-new-privs"]
    environment = {"PATH": os.environ.get("PATH", ""), "WG_TUN_FD": str(device), "WG_UAPI_FD": str(listener)}
    # It need not say that the kernel's own would do as well.
    environment["WG_PROCESS_FOREGROUND"] = "1"
    return subprocess.Popen(
        [*become, "--pdeathsig=KILL", program, "-f", interface],
        env={**environment, "LOG_LEVEL": "error"},
        stdin=subprocess.DEVNULL,
        pass_fds=descriptors,
    )


def tell(interface: str, private_key: bytes, peer: Peer, endpoint: str) -> None:
    """This end's key and the other end. Raises: OSError."""
    lines = ["set=1", f"private_key={private_key.hex()}", "replace_peers=true", f"public_key={peer.key.hex()}"]
    lines += [f"endpoint={endpoint}", f"persistent_keepalive_interval={peer.keepalive}", "replace_allowed_ips=true"]
    lines += [f"allowed_ip={one}" for one in peer.allowed]
    _converse(interface, lines)


def listen(interface: str, private_key: bytes, other_key: bytes, place: tuple[int, str]) -> None:
    """Makes a program the end that is dialled: its port, and the range that the other end may come from."""
    deadline = time.monotonic() + _ANSWER_SECONDS
    lines = ["set=1", f"private_key={private_key.hex()}", f"listen_port={place[0]}", "replace_peers=true"]
    lines += [f"public_key={other_key.hex()}", f"allowed_ip={place[1]}"]
    while not (SOCKETS / f"{interface}.sock").exists() and time.monotonic() < deadline:
        time.sleep(_PAUSE_SECONDS)
    _converse(interface, lines)


def wait_open(interface: str) -> None:
    """Until it has noticed that its interface is up, and sends and receives. Raises: OSError."""
    deadline = time.monotonic() + _ANSWER_SECONDS
    while _converse(interface, ["get=1"]).get("listen_port", "0") == "0":
        if time.monotonic() > deadline:
            raise OSError("the WireGuard program does not take up its interface")
        time.sleep(_PAUSE_SECONDS)


def _converse(interface: str, lines: list[str]) -> dict[str, str]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stream:
        stream.settimeout(_ANSWER_SECONDS)
        stream.connect(str(SOCKETS / f"{interface}.sock"))
        stream.sendall(("\n".join(lines) + "\n\n").encode())
        answer = b""
        while not answer.endswith(b"\n\n"):
            more = stream.recv(65536)
            if not more:
                raise OSError("the WireGuard program ended the conversation; its own words say why")
            answer += more
    found = dict(line.split("=", 1) for line in answer.decode().splitlines() if "=" in line)
    if found.get("errno") != "0":
        raise OSError(f"the WireGuard program refuses the configuration (errno {found.get('errno')})")
    return found
