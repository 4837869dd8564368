"""How a network may be attached: the forms of `Attachment`, what is secret in them, and which two exclude each other.

Called by `networks.py` and `targets.py`. Pure. Invariant: what is accepted here the engine accepts, too
(crates/plan/src/network.rs).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isthmus.errors import Problem
from isthmus.masking import MASK
from isthmus.operations.addresses import read_address, read_cidr
from isthmus.store.networks import Network
from isthmus.tunnel import peer

BASTIONS = ("socks5", "http_connect")
# A connector of this machine hands over sockets.
CONNECTORS = ("connector", "wireguard")
_FORMS = (
    'write {"mode":"host"}, {"mode":"host","source":"10.0.0.240","device":"eth1"}, '
    '{"mode":"connector","socket":"/run/isthmus/vpc-a.sock"}, {"mode":"socks5","host":"bastion","port":1080,'
    '"user":"u","password":"p"} or the same with "http_connect", or {"mode":"wireguard","socket":'
    '"/run/isthmus/vpc-w.sock","peer_key":"…","endpoint":"198.51.100.7:51820","addresses":["10.9.0.2/32"]}.'
)
# The length of a Unix socket's path, without the final zero.
_SOCKET_PATH = 107
_DEVICE_LENGTH = 15
_CREDENTIAL_BYTES = 255
_FIELDS = {
    "host": ({"mode"}, {"source", "device"}),
    "connector": ({"mode", "socket"}, set()),
    "wireguard": ({"mode", "socket", *peer.NEEDED}, set(peer.MORE)),
    "socks5": ({"mode", "host", "port"}, {"user", "password"}),
    "http_connect": ({"mode", "host", "port"}, {"user", "password"}),
}


def is_host(attachment: Mapping[str, Any]) -> bool:
    """Whether connections start on the engine's own machine."""
    return bool(attachment["mode"] == "host")


def attachment_problems(attachment: Any) -> list[Problem]:
    if not isinstance(attachment, dict):
        return [Problem("Attachment", f"must be a JSON object: {_FORMS}")]
    mode = attachment.get("mode")
    needed, more = _FIELDS.get(mode, (set(), set())) if isinstance(mode, str) else (set(), set())
    if not needed:
        return [Problem("Attachment", f"is of no known form: {_FORMS}")]
    if "mark" in attachment:
        text = (
            "cannot be used: a mark chooses the way out, but lets another network with the same addresses answer. "
            "Give `device`, or `source` with a rule of the kernel for it (`ip rule add from … lookup …`)."
        )
        return [Problem("Attachment.mark", text)]
    if not needed <= set(attachment) <= needed | more:
        return [Problem("Attachment", f"does not have the parts of the mode {mode}: {_FORMS}")]
    if mode == "host":
        return _host_problems(attachment)
    if mode == "connector":
        return _socket_problems(attachment["socket"])
    if mode == "wireguard":
        found = [Problem(f"Attachment.{name}", text) for name, text in peer.problems(attachment)]
        return _socket_problems(attachment["socket"]) + found
    return _bastion_problems(attachment)


def shown(attachment: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is secret."""
    return {**attachment, **({"password": MASK} if "password" in attachment else {})}


def with_known_password(new: Any, old: Mapping[str, Any]) -> Any:
    """What is given back as it was shown keeps its password, as long as it goes to the same bastion."""
    if not isinstance(new, dict) or new.get("password") != MASK or "password" not in old:
        return new
    same = all(new.get(name) == old.get(name) for name in ("mode", "host", "port", "user"))
    return {**new, "password": old["password"]} if same else new


def lacks_ranges(attachment: Mapping[str, Any]) -> bool:
    """Whether it needs those of the network to say what is behind it."""
    return attachment["mode"] == "wireguard" and "allowed_ips" not in attachment


def excludes(first: Network, second: Network) -> str | None:
    """An address range of the first network that the second has too, when one machine cannot have both.

    Two interfaces keep them apart; addresses and marks do not.
    """
    if not (is_host(first.attachment) and is_host(second.attachment)):
        return None
    devices = first.attachment.get("device"), second.attachment.get("device")
    if None not in devices and devices[0] != devices[1]:
        return None
    return overlapping_cidr(first, second)


def overlapping_cidr(first: Network, second: Network) -> str | None:
    """An address range of the first network that the second has too."""
    others = [read_cidr(text) for text in second.cidrs]
    for text in first.cidrs:
        cidr = read_cidr(text)
        for other in others:
            if cidr is not None and other is not None and cidr.version == other.version and cidr.overlaps(other):
                return text
    return None


def _host_problems(attachment: Mapping[str, Any]) -> list[Problem]:
    problems = []
    source, device = attachment.get("source"), attachment.get("device")
    if source is not None and (not isinstance(source, str) or read_address(source) is None):
        problems.append(Problem("Attachment.source", f"{str(source)[:60]!r} is not an IP address of this machine."))
    if device is not None:
        is_name = isinstance(device, str) and 1 <= len(device.encode(errors="replace")) <= _DEVICE_LENGTH
        if not is_name or not device.isprintable() or any(mark in device for mark in "/ "):
            problems.append(Problem("Attachment.device", "must be the name of an interface, such as eth1."))
    return problems


def _socket_problems(socket: Any) -> list[Problem]:
    if not isinstance(socket, str) or not socket.startswith("/") or not socket.isprintable():
        return [Problem("Attachment.socket", "must be the absolute path of the connector's socket.")]
    if len(socket.encode()) > _SOCKET_PATH:
        return [Problem("Attachment.socket", f"is longer than {_SOCKET_PATH} bytes, the limit of socket paths.")]
    return []


def _bastion_problems(attachment: Mapping[str, Any]) -> list[Problem]:
    problems = []
    host, port = attachment["host"], attachment["port"]
    if not isinstance(host, str) or not 1 <= len(host) <= 253 or not host.isascii() or not host.isprintable():
        problems.append(Problem("Attachment.host", "must be the bastion's host name or address."))
    elif any(mark in host for mark in " /@[]"):
        problems.append(Problem("Attachment.host", "must be the bastion's host name or address alone."))
    if isinstance(port, bool) or not isinstance(port, int) or not 1 <= port <= 65535:
        problems.append(Problem("Attachment.port", "must be a number from 1 to 65535."))
    for name in ("user", "password"):
        text = attachment.get(name)
        if name in attachment and not (isinstance(text, str) and _is_credential(text)):
            problems.append(Problem(f"Attachment.{name}", f"must be a text of 1 to {_CREDENTIAL_BYTES} bytes."))
    if "password" in attachment and "user" not in attachment:
        problems.append(Problem("Attachment.user", "is needed together with the password."))
    if attachment.get("password") == MASK:
        text = "is the mask that is shown in its place; give the password itself, because the bastion or user changed."
        problems.append(Problem("Attachment.password", text))
    if attachment["mode"] == "http_connect" and ":" in str(attachment.get("user", "")):
        problems.append(Problem("Attachment.user", "must have no colon: HTTP ends the user's name there."))
    return problems


def _is_credential(text: str) -> bool:
    try:
        return 1 <= len(text.encode()) <= _CREDENTIAL_BYTES and text.isprintable()
    except UnicodeEncodeError:
        return False
