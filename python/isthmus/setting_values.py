"""The kinds of value that a setting can have: how each is written, read and shown.

Called by `settings.py` and `inventory/sources_file.py`. A reader takes the text of a flag or a variable, or the value of a TOML key, and raises
`ValueError` when it is not of its kind; an error's text, when there is one, says what exactly is wrong with the value.
Invariant: `show` writes what the reader of the same kind reads back.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

_Limits = Mapping[str, Any]

_DURATION_PART = re.compile(r"([0-9]{1,9})(ms|s|m|h|d)")
_DURATION_UNITS = {
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}
_SIZE = re.compile(r"([0-9]{1,12}) ?(B|KiB|MiB|GiB)?")
_SIZE_UNITS = {None: 1, "B": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
_HOST_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


class Address(NamedTuple):
    """An IP address and a port; port 0 means any free port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Kind:
    """How values of one kind are read, described and exemplified."""

    read: Callable[[Any, _Limits], Any]
    form: Callable[[_Limits], str]
    example: str


def show(value: Any) -> str:
    """The value as one would write it in the environment."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, timedelta):
        return _show_duration(value)
    return str(value)


def _show_duration(value: timedelta) -> str:
    milliseconds = value // timedelta(milliseconds=1)
    parts = []
    for unit, length in _DURATION_UNITS.items():
        count, milliseconds = divmod(milliseconds, length // timedelta(milliseconds=1))
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("not a text")
    return value.strip()


def _read_path(value: Any, _limits: _Limits) -> Path:
    text = str(value) if isinstance(value, Path) else _text(value)
    if not text or "\0" in text:
        raise ValueError("empty" if not text else "it has a zero byte")
    return Path(text)


def _read_address(value: Any, _limits: _Limits) -> Address:
    if isinstance(value, Address):
        return value
    host, colon, port = _text(value).rpartition(":")
    if not colon or not re.fullmatch(r"[0-9]{1,5}", port):
        raise ValueError("it has no port")
    if int(port) > 65535:
        raise ValueError("the port is above 65535")
    if host == "localhost":
        return Address("127.0.0.1", int(port))
    if host.startswith("[") and host.endswith("]"):
        return Address(str(ipaddress.IPv6Address(host[1:-1])), int(port))
    return Address(str(ipaddress.IPv4Address(host)), int(port))


def _read_addresses(value: Any, _limits: _Limits) -> str:
    """As one text, which may be empty."""
    parts = [part.strip() for part in _text(value).split(",") if part.strip()]
    return ",".join(str(_read_address(part, {})) for part in parts)


def _read_networks(value: Any, _limits: _Limits) -> str:
    """As one text, which may be empty; an address is the block of itself."""
    parts = [part.strip() for part in _text(value).split(",") if part.strip()]
    return ",".join(str(ipaddress.ip_network(part, strict=False)) for part in parts)


def _read_duration(value: Any, limits: _Limits) -> timedelta:
    if isinstance(value, timedelta):
        duration = value
    else:
        text = _text(value)
        parts = _DURATION_PART.findall(text)
        if not parts or "".join(count + unit for count, unit in parts) != text:
            raise ValueError("a duration needs a unit" if re.fullmatch(r"[0-9.]+", text) else "")
        try:
            duration = sum(
                (int(count) * _DURATION_UNITS[unit] for count, unit in parts),
                timedelta(),
            )
        except OverflowError as error:
            raise ValueError("too long") from error
    if duration < limits.get("smallest", timedelta()) or duration > timedelta(days=36525):
        raise ValueError("too short" if duration < timedelta(days=1) else "longer than 100 years")
    return duration


def _read_size(value: Any, limits: _Limits) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        size = value
    else:
        match = _SIZE.fullmatch(_text(value))
        if match is None:
            raise ValueError
        size = int(match[1]) * _SIZE_UNITS[match[2]]
    if size < limits.get("smallest", 0) or size > 2**50:
        raise ValueError("out of range")
    return size


def _read_count(value: Any, limits: _Limits) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        count = value
    elif re.fullmatch(r"[0-9]{1,19}", _text(value)):
        count = int(_text(value))
    else:
        raise ValueError
    if not limits.get("smallest", 0) <= count <= limits.get("largest", 10**9):
        raise ValueError
    return count


def _count_form(limits: _Limits) -> str:
    return f"a whole number from {limits.get('smallest', 0)} to {limits.get('largest', 10**9)}"


def _read_boolean(value: Any, _limits: _Limits) -> bool:
    if isinstance(value, bool):
        return value
    known = {
        "true": True,
        "1": True,
        "yes": True,
        "on": True,
        "false": False,
        "0": False,
        "no": False,
        "off": False,
    }
    text = _text(value).lower()
    if text not in known:
        raise ValueError
    return known[text]


def _read_choice(value: Any, limits: _Limits) -> str:
    text = _text(value)
    if text not in limits["choices"]:
        raise ValueError
    return text


def _read_text(value: Any, limits: _Limits) -> str:
    text = _text(value)
    if len(text) > limits.get("longest", 1024):
        raise ValueError("too long")
    if not text.isprintable():
        raise ValueError("it has a control character")
    return text


def _read_database(value: Any, _limits: _Limits) -> str:
    text = _text(value)
    if text and not re.fullmatch(r"postgres(ql)?://[^\s/]+/[^\s/?]+(\?\S*)?", text):
        raise ValueError
    return text


def _read_host_name(value: Any, _limits: _Limits) -> str:
    text = _text(value).strip(".").lower()
    if not text or len(text) > 200 or not all(_HOST_LABEL.fullmatch(label) for label in text.split(".")):
        raise ValueError
    return text


def _read_label(value: Any, _limits: _Limits) -> str:
    text = _text(value)
    # A region shares a label of 63 bytes with the 32 digits of a group id and a hyphen.
    if len(text) > 30 or not _HOST_LABEL.fullmatch(text):
        raise ValueError
    return text


def _constant(text: str) -> Callable[[_Limits], str]:
    return lambda limits: text + (" (or empty)" if limits.get("optional") else "")


KINDS = {
    "path": Kind(_read_path, _constant("a path"), "/var/lib/isthmus"),
    "address": Kind(_read_address, _constant("an IP address and a port"), "127.0.0.1:7080"),
    "addresses": Kind(
        _read_addresses, _constant("IP addresses with ports, separated by commas"), "10.0.0.53:53,10.0.1.53:53"
    ),
    "networks": Kind(
        _read_networks, _constant("IP addresses and CIDR blocks, separated by commas"), "10.0.0.0/8,fd00::/8"
    ),
    "duration": Kind(_read_duration, _constant("a duration with units (ms, s, m, h, d)"), "1h30m"),
    "size": Kind(_read_size, _constant("a size in B, KiB, MiB or GiB"), "8MiB"),
    "count": Kind(_read_count, _count_form, "100"),
    "boolean": Kind(_read_boolean, _constant("true or false"), "true"),
    "choice": Kind(_read_choice, lambda limits: "one of " + ", ".join(limits["choices"]), ""),
    "text": Kind(_read_text, _constant("a text"), "gateway-1"),
    "database": Kind(
        _read_database, _constant("an address of a PostgreSQL database"), "postgresql://isthmus@127.0.0.1:5432/isthmus"
    ),
    "host_name": Kind(_read_host_name, _constant("a host name"), "gateway.example.com"),
    "label": Kind(
        _read_label,
        _constant("a label of lower-case letters, digits and hyphens"),
        "cn-hangzhou",
    ),
}
