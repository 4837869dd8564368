"""Secrets at rest: AES-256-GCM under one key from a file or the environment.

Called by the store for every `sealed_*` column; engines derive the key of their disk copy from it. A sealed value is `version ‖ key number ‖ nonce ‖
ciphertext`; the column's purpose is authenticated with it, so a value moved to another column does not open.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

_VERSION = b"\x01"
_NONCE_BYTES = 12


class SealError(Exception):
    """A sealed value could not be opened: wrong key, or the value was changed."""


class Keyring:
    """Seals and opens secrets; derives the sub-keys other parts need."""

    def __init__(self, key: bytes) -> None:
        if len(key) != 32:
            raise ValueError("the sealing key must be 32 bytes (64 hexadecimal digits)")
        self._key = key
        self._cipher = AESGCM(self.derive("seal"))

    def __repr__(self) -> str:
        return "Keyring(***)"

    @classmethod
    def from_file(cls, path: Path) -> Keyring:
        """Reads the key, making one (mode 0600, synced to disk) when there is none.

        Raises: ValueError when the file holds something else than 64 hexadecimal digits.
        """
        if not path.exists():
            _write_new_key(path)
        text = path.read_text(encoding="ascii").strip()
        try:
            return cls(bytes.fromhex(text))
        except ValueError as error:
            raise ValueError(f"{path} does not hold a sealing key: expected 64 hexadecimal digits") from error

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key for one purpose, for example an engine's disk copy (RFC 5869, expand only)."""
        return HKDFExpand(algorithm=hashes.SHA256(), length=32, info=f"isthmus/{purpose}".encode()).derive(self._key)

    def seal(self, purpose: str, text: str) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, text.encode(), purpose.encode())

    def open(self, purpose: str, sealed: bytes) -> str:
        """Raises: SealError."""
        if sealed[:1] != _VERSION or len(sealed) < 1 + _NONCE_BYTES + 16:
            raise SealError(f"a sealed value ({purpose}) has an unknown form")
        nonce, ciphertext = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, ciphertext, purpose.encode()).decode()
        except InvalidTag as error:
            raise SealError(f"a sealed value ({purpose}) does not open with this key") from error

    def digest(self, purpose: str, text: str) -> str:
        """A keyed hash (hexadecimal) under which a secret can be looked up without being readable."""
        return hmac.new(self.derive(f"digest/{purpose}"), text.encode(), hashlib.sha256).hexdigest()


def _write_new_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # One file per process: a shared one could be truncated by another starter between write and link.
    temporary = path.with_suffix(f".new-{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(os.urandom(32).hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    # Linking refuses to replace: of two processes that start at once, both end up with the same key.
    with contextlib.suppress(FileExistsError):
        os.link(temporary, path)
    temporary.unlink(missing_ok=True)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
