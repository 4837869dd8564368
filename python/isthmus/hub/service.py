"""A hub's process: opens its folder, answers the Rust side's questions, ends with a signal.

The Rust side asks on a thread of its own whenever a connector enrols or renews, and once a second with who is there.
"""

from __future__ import annotations

import datetime
import json
import time
from pathlib import Path
from typing import Any

from isthmus import native
from isthmus.hub.authority import Authority, RequestError, open_authority
from isthmus.hub.register import PULSE, Register, RegisterError
from isthmus.processes import state

_NOTE_SECONDS = 10
LIFETIME = datetime.timedelta(hours=24)


class Service:
    def __init__(self, folder: Path, lifetime: datetime.timedelta = LIFETIME) -> None:
        """Raises: OSError, ValueError, StateError."""
        state.prepare(folder)
        self._folder = folder
        self._lifetime = lifetime
        self.authority: Authority = open_authority(folder)
        self.register = Register(folder)
        self._ids: set[str] = set()
        self._noted = 0.0
        self._told: dict[str, list[str]] | None = None
        self._write_known()

    def run(self, listen: str, ready_file: Path | None) -> None:
        """Serves until SIGTERM or SIGINT. Raises: ValueError, OSError."""
        sockets = self._folder / "sockets"
        sockets.mkdir(mode=0o755, exist_ok=True)
        certificate, key = self.authority.for_hub()
        configuration = {
            "listen": listen,
            "certificate": certificate,
            "key": key,
            "authority": self.authority.pem,
            "sockets": str(sockets),
            "networks": str(self._known_path),
        }

        def listening(address: str) -> None:
            print(f"hub: connectors come in at {address}; sockets for engines are in {sockets}", flush=True)
            if ready_file is not None:
                state.write_json(ready_file, {"hub": address, "sockets": str(sockets)})

        native.run_hub(configuration, self.answer, listening)

    def answer(self, text: str) -> str:
        """For the Rust side. Raises: ValueError with the reason that the connector is told."""
        asked = json.loads(text)
        if asked["op"] == "seen":
            (self._folder / PULSE).touch()
            self._seen(asked["connectors"])
            self._write_known()
            return ""
        if asked["op"] == "enrol":
            connector_id, network_id = self.register.enrol(asked["token"], asked["name"])
        else:
            connector_id, network_id = asked["connector_id"], asked["network_id"]
        issued = self.authority.issue(asked["request"], connector_id, network_id, self._lifetime)
        self.register.wrote(connector_id, issued.serial)
        answer: dict[str, Any] = {
            "op": "certificate",
            "certificate": issued.certificate,
            "authority": self.authority.pem,
            "renew_after_s": int(self._lifetime.total_seconds() / 2),
        }
        return json.dumps(answer)

    def _seen(self, connectors: list[dict[str, Any]]) -> None:
        """Who came or went at once, the rest every ten seconds."""
        ids, now = {one["connector_id"] for one in connectors}, time.monotonic()
        if ids != self._ids or (connectors and now - self._noted >= _NOTE_SECONDS):
            self.register.seen(connectors)
            self._ids, self._noted = ids, now

    @property
    def _known_path(self) -> Path:
        return self._folder / "known.json"

    def _write_known(self) -> None:
        known = self.register.known()
        if known != self._told:
            state.write_json(self._known_path, known)
            self._told = known


__all__ = ["LIFETIME", "RegisterError", "RequestError", "Service"]
