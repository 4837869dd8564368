"""What needs root: a network namespace of its own whose only way out is a tunnel, and the process that steps into it.

The tunnel's packets go out where the process was started; its inner end is moved into the new namespace, in which the
caller becomes a connector and gives every right up. Called by `cli/wireguard.py`. Invariant: nothing of it outlives the
process and the WireGuard program, and no port is opened in the namespace.
"""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import os
import shutil
import socket
import struct
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from isthmus.tunnel import program
from isthmus.tunnel.keys import private_key
from isthmus.tunnel.peer import Peer

_CLONE_NEWNS, _CLONE_NEWNET = 0x00020000, 0x40000000
_TUNSETIFF = 0x400454CA
# A network interface without a header of its own that takes several packets at a time.
_TUN_FLAGS = 0x0001 | 0x1000 | 0x4000
# Room for WireGuard's own header in a packet of 1500 bytes, by IPv6, too.
_MTU = 1420
_COMMANDS = ("ip", "mount", "setpriv")
_SEARCH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"])


@dataclass(frozen=True)
class Tunnel:
    """What is to be made."""

    # Two tunnels of one name exclude each other.
    name: str
    peer: Peer
    key_file: Path
    program: str
    # Whom the WireGuard program and the connector become.
    user: tuple[int, int]

    @property
    def interface(self) -> str:
        return "wg-" + hashlib.sha256(self.name.encode()).hexdigest()[:8]


def enter(tunnel: Tunnel) -> subprocess.Popen[bytes]:
    """Returns the WireGuard program; this process is in the new namespace then. Raises: OSError, ValueError."""
    _check(tunnel)
    os.environ["PATH"] = _SEARCH
    endpoint = _resolve(tunnel.peer)
    home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    device = _make_interface(tunnel.interface)
    _step_out(_CLONE_NEWNS)
    listener = _listen(tunnel.interface)
    process = program.start(tunnel.program, tunnel.interface, (device, listener.fileno()), tunnel.user)
    os.close(device)
    listener.close()
    try:
        # The key never comes into the memory of the process that will be the connector.
        _apart(lambda: program.tell(tunnel.interface, private_key(tunnel.key_file), tunnel.peer, endpoint))
        _step_out(_CLONE_NEWNET)
        _run(["ip", "link", "set", tunnel.interface, "netns", str(os.getpid())], home)
        _run(["ip", "-batch", "-"], None, _inside(tunnel))
        _apart(lambda: program.wait_open(tunnel.interface))
    except BaseException:
        process.kill()
        process.wait()
        raise
    finally:
        os.close(home)
    return process


def _check(tunnel: Tunnel) -> None:
    """Everything that can be known before something is made."""
    if os.geteuid() != 0:
        raise OSError("a tunnel is made by root, who is left as soon as it stands; run this as root")
    missing = [name for name in (*_COMMANDS, tunnel.program) if shutil.which(name, path=_SEARCH) is None]
    if missing:
        more = " (install the package wireguard-go, or name another --program)" if tunnel.program in missing else ""
        raise OSError(f"missing commands: {', '.join(missing)}{more}")
    _apart(lambda: private_key(tunnel.key_file))


def _resolve(peer: Peer) -> str:
    """Where the other end listens, by a look-up in the network in which this process was started."""
    try:
        found = socket.getaddrinfo(peer.host, peer.port, type=socket.SOCK_DGRAM)
    except OSError as error:
        raise OSError(f"the other end {peer.host} is not found: {error.strerror}") from error
    address = str(found[0][4][0])
    return f"[{address}]:{peer.port}" if ":" in address else f"{address}:{peer.port}"


def _make_interface(name: str) -> int:
    try:
        device = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        text = f"/dev/net/tun cannot be opened ({error.strerror}): load the module tun, or let the container have it"
        raise OSError(text) from error
    try:
        fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _TUN_FLAGS))
    except OSError as error:
        os.close(device)
        raise OSError(
            f"the interface {name} cannot be made ({error.strerror}): does this tunnel stand already?"
        ) from error
    return device


def _listen(interface: str) -> socket.socket:
    """The socket through which root alone tells the WireGuard program what to do; it reads of it that it is there."""
    program.SOCKETS.mkdir(parents=True, exist_ok=True)
    _run(["mount", "--make-rslave", "/"])
    # Seen by this process and its children alone.
    _run(["mount", "-t", "tmpfs", "-o", "mode=0711,size=64k", "tmpfs", str(program.SOCKETS.resolve())])
    path = program.SOCKETS / f"{interface}.sock"
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    path.chmod(0o444)
    listener.listen()
    return listener


def _inside(tunnel: Tunnel) -> str:
    name = tunnel.interface
    lines = [f"addr add {one} dev {name}" for one in tunnel.peer.addresses]
    lines += [f"link set {name} mtu {_MTU} up"]
    # One that the address brings along is there already.
    lines += [f"route replace {one} dev {name}" for one in tunnel.peer.allowed]
    return "\n".join(lines) + "\n"


def _apart(action: Callable[[], object]) -> None:
    """In a process of its own, which ends with it. Raises: OSError, with its words."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        words = b""
        try:
            action()
        except (OSError, ValueError) as error:
            words = str(error).encode()
        except BaseException as error:
            words = repr(error).encode()
        finally:
            os.write(writer, words[:4000])
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as said:
        problem = said.read().decode(errors="replace")
    os.waitpid(child, 0)
    if problem:
        raise OSError(problem)


def _step_out(flag: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flag) != 0:
        number = ctypes.get_errno()
        raise OSError(f"this machine lets the process have no namespace of its own: {os.strerror(number)}")


def _run(command: list[str], network: int | None = None, text: str = "") -> None:
    """`network`: of the namespace that the command runs in. Raises: OSError, with what the command said."""
    libc = ctypes.CDLL(None, use_errno=True)

    def go_there() -> None:
        if network is not None and libc.setns(network, _CLONE_NEWNET) != 0:
            os._exit(1)

    done = subprocess.run(command, input=text, text=True, capture_output=True, preexec_fn=go_there, check=False)
    if done.returncode != 0:
        raise OSError(f"{' '.join(command)}: {done.stderr.strip() or f'exit code {done.returncode}'}")
