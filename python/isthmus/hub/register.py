"""What a hub remembers: one-time tokens (their hashes) and connectors, in one file that is replaced as a whole.

Written by the hub and by the command line at the same time, so each change happens under a lock. Invariant: a token is
taken by one connector at most, and never after its time.
"""

from __future__ import annotations

import fcntl
import hashlib
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from isthmus.processes import state

TOKEN_SECONDS = 600
# Touched by a hub that works, every second.
PULSE = "pulse"
NETWORK_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
# Serial numbers kept for a connector: those that may still be valid.
_SERIALS = 8


class RegisterError(ValueError):
    """A request that the register does not allow; the text says why and what to do."""


class Register:
    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._path = folder / "register.json"
        self._lock = folder / "register.lock"
        self._clock = clock

    def read(self) -> dict[str, Any]:
        """`networks` (ids), `tokens` by hash, `connectors` by id.

        Raises: RegisterError for a file that cannot be read: to begin anew would let revoked connectors in again.
        """
        if not self._path.exists():
            return {"networks": [], "tokens": {}, "connectors": {}}
        kept = state.read_json(self._path)
        if kept is None:
            raise RegisterError(f"{self._path} cannot be read: restore it, or remove it and enrol connectors anew.")
        return kept

    def new_token(self, network_id: str, fingerprint: str) -> str:
        """Good for one connector, for ten minutes. Raises: RegisterError."""
        if not NETWORK_ID.fullmatch(network_id):
            text = "letters, digits, '-' and '_', at most 64, the first a letter or digit"
            raise RegisterError(f"The network id {network_id[:80]!r} is not usable: {text}.")
        token = f"{network_id}.{secrets.token_urlsafe(16)}.{fingerprint}"
        with self._changed() as kept:
            now = self._clock()
            kept["tokens"] = {key: one for key, one in kept["tokens"].items() if one["until"] > now}
            kept["tokens"][_hash(token)] = {"network_id": network_id, "until": now + TOKEN_SECONDS}
            kept["networks"] = sorted({*kept["networks"], network_id})
        return token

    def enrol(self, token: str, name: str) -> tuple[str, str]:
        """Uses the token up: connector id and network id. Raises: RegisterError."""
        with self._changed() as kept:
            found = kept["tokens"].pop(_hash(token), None)
            if found is None or found["until"] <= self._clock():
                raise RegisterError("The token is unknown, used already or too old: ask for a new one.")
            connector_id = f"c-{secrets.token_hex(8)}"
            kept["connectors"][connector_id] = {
                "name": name[:64],
                "network_id": found["network_id"],
                "serials": [],
                "revoked": False,
                "enrolled_at": self._clock(),
                "seen_at": None,
            }
        return connector_id, str(found["network_id"])

    def wrote(self, connector_id: str, serial: str) -> None:
        """A certificate was written for it. Raises: RegisterError when it was removed or never there."""
        with self._changed() as kept:
            connector = kept["connectors"].get(connector_id)
            if connector is None or connector["revoked"]:
                raise RegisterError("This connector was removed from the gateway: enrol it with a new token.")
            connector["serials"] = [*connector["serials"], serial][-_SERIALS:]

    def seen(self, connectors: list[dict[str, Any]]) -> None:
        """Those who are there now, and no others."""
        with self._changed() as kept:
            now = self._clock()
            present = {one["connector_id"] for one in connectors}
            for connector_id, connector in kept["connectors"].items():
                connector["present"] = connector_id in present
            for one in connectors:
                connector = kept["connectors"].get(one["connector_id"])
                if connector is not None:
                    told = {name: one[name] for name in ("address", "version", "egress", "allow_count", "idle", "busy")}
                    connector.update(told, seen_at=now)

    def revoke(self, connector_id: str) -> None:
        """Raises: RegisterError."""
        with self._changed() as kept:
            if connector_id not in kept["connectors"]:
                raise RegisterError(f"There is no connector {connector_id[:64]}: see `isthmus connector list`.")
            kept["connectors"][connector_id]["revoked"] = True

    def forget_network(self, network_id: str) -> None:
        """Nobody comes in for it any more."""
        with self._changed() as kept:
            kept["networks"] = [one for one in kept["networks"] if one != network_id]
            kept["tokens"] = {key: one for key, one in kept["tokens"].items() if one["network_id"] != network_id}
            for connector in kept["connectors"].values():
                if connector["network_id"] == network_id:
                    connector["revoked"] = True

    def known(self) -> dict[str, list[str]]:
        """What the hub must know: networks, and serial numbers that are worth nothing any more."""
        kept = self.read()
        revoked = [serial for one in kept["connectors"].values() if one["revoked"] for serial in one["serials"]]
        return {"networks": kept["networks"], "revoked": sorted(revoked)}

    @contextmanager
    def _changed(self) -> Iterator[dict[str, Any]]:
        """Nothing is written when the block raises."""
        with self._lock.open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            kept = self.read()
            yield kept
            state.write_json(self._path, kept)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
