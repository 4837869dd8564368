"""The certificate with which the control plane answers HTTPS, and its renewal while it runs.

Called by `process`. A certificate whose file changes is used from the next connection on; one that cannot be read is
said once and leaves the former in place, so that a half-written file never ends the service.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from pathlib import Path

_log = logging.getLogger(__name__)
_LOOK_SECONDS = 5.0


class Certificate:
    """`context` is what connections are accepted with. Raises: ValueError naming the file that cannot be used."""

    def __init__(self, chain: Path, key: Path) -> None:
        self._files = (chain, key)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._seen = self._changed_at()
        self._load(self.context)

    def refresh(self) -> None:
        """Reads the files again when they changed."""
        changed_at = self._changed_at()
        if changed_at == self._seen:
            return
        self._seen = changed_at
        try:
            # Elsewhere first: a chain without its key must not get into what serves.
            self._load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
            self._load(self.context)
        except ValueError as error:
            _log.error("%s; the former certificate stays in use", error)
        else:
            _log.info("the certificate %s was read again", self._files[0])

    async def watch(self) -> None:
        """Until it is cancelled."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            await asyncio.to_thread(self.refresh)

    def _load(self, context: ssl.SSLContext) -> None:
        chain, key = self._files
        for name, path in (("admin_certificate_file", chain), ("admin_key_file", key)):
            try:
                path.read_bytes()
            except OSError as error:
                raise ValueError(f"{name}: cannot read {path}: {error.strerror}") from error
        try:
            # Without a password there is nothing to ask a terminal for.
            context.load_cert_chain(chain, key, password=lambda: "")
        except (ssl.SSLError, OSError, ValueError) as error:
            text = f"admin_certificate_file {chain} and admin_key_file {key} are no certificate and its key"
            raise ValueError(f"{text}: {error}") from error

    def _changed_at(self) -> tuple[int, ...]:
        return tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in self._files)
