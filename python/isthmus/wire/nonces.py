"""The nonces of the window in which a signature is valid: each may be used once per access key.

Called by `signature.py` when a signature held, so nobody without a key can fill it. `Nonces` lives in memory: after a
restart a call could be repeated until its time is up; the control plane passes in one that the store keeps. Invariants: a nonce is refused until the moment at which its own call
would have expired; the memory per nonce does not depend on its length; a call costs the same however many there are.
"""

from __future__ import annotations

import hashlib
import threading
from typing import Protocol

from isthmus import errors

# About 100 bytes each. At the vendor's 50 calls a second a window holds 45,000.
MAX_NONCES = 500_000
# Nonces are forgotten together with all others of the same minute.
_BUCKET_SECONDS = 60


class NonceMemory(Protocol):
    """What remembers nonces."""

    def first_use(self, access_key_id: str, nonce: str, until: float, now: float) -> bool:
        """Remembers the nonce until that moment (Unix seconds); False when it is there already."""


class Nonces:
    def __init__(self, limit: int = MAX_NONCES) -> None:
        self._limit = limit
        self._buckets: dict[int, set[bytes]] = {}
        self._count = 0
        self._lock = threading.Lock()

    def first_use(self, access_key_id: str, nonce: str, until: float, now: float) -> bool:
        """Remembers the nonce until that moment. Raises: ApiError when the window is full of others."""
        digest = hashlib.blake2b(f"{access_key_id}\n{nonce}".encode(), digest_size=16).digest()
        with self._lock:
            self._forget(now)
            if any(digest in bucket for bucket in self._buckets.values()):
                return False
            if self._count >= self._limit:
                text = "Too many requests in the window of the signatures: slow down."
                raise errors.single("Throttling.User", text)
            self._buckets.setdefault(int(until // _BUCKET_SECONDS), set()).add(digest)
            self._count += 1
            return True

    def _forget(self, now: float) -> None:
        ended = [minute for minute in self._buckets if (minute + 1) * _BUCKET_SECONDS <= now]
        for minute in ended:
            self._count -= len(self._buckets.pop(minute))
