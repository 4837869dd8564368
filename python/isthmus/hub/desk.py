"""The hub of this gateway as its management API sees it: where it listens, who may come in, who is there.

Made by `control/process.py` when the setting `hub` names an address; the process itself is started by `isthmus up` or
the control plane. Both work on one folder, whose owner is `register.py`. Invariant: nothing here needs the hub to run.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isthmus.hub.authority import open_authority
from isthmus.hub.register import TOKEN_SECONDS, Register
from isthmus.processes import state

# The hub tells every ten seconds who is there.
_ABSENT_SECONDS = 30


@dataclass(frozen=True)
class Token:
    """Shown once."""

    text: str
    # Unix time in seconds.
    until: float


class Desk:
    def __init__(
        self, folder: Path, ready: Callable[[], Mapping[str, Any]], public: str, clock: Callable[[], float] = time.time
    ) -> None:
        """`ready` is what the hub has said at its start, `public` the setting `hub_address`."""
        self._folder = folder
        self._ready = ready
        self._public = public
        self._clock = clock
        self._register = Register(folder, clock)

    def address(self) -> str:
        """Where a connector finds the hub, HOST:PORT; empty while that is not known."""
        if self._public:
            return self._public
        listens = str(self._ready().get("hub", ""))
        host, _, port = listens.rpartition(":")
        # Of an address that means every one, the machine's name is the likeliest to lead here from elsewhere.
        return f"{socket.gethostname()}:{port}" if host in ("0.0.0.0", "[::]") else listens

    def socket(self, network_id: str) -> str:
        """Where an engine finds the network."""
        return str(self._folder.absolute() / "sockets" / f"{network_id}.sock")

    def new_token(self, network_id: str) -> Token:
        """Raises: RegisterError, OSError, ValueError."""
        state.prepare(self._folder)
        text = self._register.new_token(network_id, open_authority(self._folder).fingerprint)
        return Token(text, self._clock() + TOKEN_SECONDS)

    def connectors(self) -> dict[str, dict[str, Any]]:
        """By id, each with its `state`. Raises: RegisterError."""
        now = self._clock()
        listed = self._register.read()["connectors"]
        return {connector_id: {**one, "state": connector_state(one, now)} for connector_id, one in listed.items()}

    def revoke(self, connector_id: str) -> None:
        """Raises: RegisterError."""
        self._register.revoke(connector_id)

    def forget_network(self, network_id: str) -> None:
        """Its connectors lose their right, its tokens are worth nothing. Raises: RegisterError."""
        if network_id in self._register.read()["networks"]:
            self._register.forget_network(network_id)


def connector_state(one: Mapping[str, Any], now: float) -> str:
    """CONNECTED, AWAY (it was there), NEVER_SEEN or REVOKED."""
    if one["revoked"]:
        return "REVOKED"
    if one["seen_at"] is None:
        return "NEVER_SEEN"
    # A hub that does not run (any more) says nothing about who left.
    is_there = one.get("present", False) and now - one["seen_at"] < _ABSENT_SECONDS
    return "CONNECTED" if is_there else "AWAY"


def shown_connector(connector_id: str, one: Mapping[str, Any]) -> dict[str, Any]:
    """A row of a list."""
    seen = one["seen_at"]
    return {
        "connector_id": connector_id,
        "network_id": one["network_id"],
        "name": one["name"],
        "state": one["state"],
        "address": one.get("address"),
        "version": one.get("version"),
        "egress_addresses": one.get("egress", []),
        "allow_count": one.get("allow_count"),
        "idle": one.get("idle"),
        "busy": one.get("busy"),
        "enrolled_time": _utc_text(one["enrolled_at"]),
        "seen_time": None if seen is None else _utc_text(seen),
    }


def _utc_text(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
