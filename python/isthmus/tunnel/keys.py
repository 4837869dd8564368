"""The private key of this end of a tunnel: a file that root alone reads.

Called by `cli/wireguard.py` (a new one) and `making.py` (to give it to the WireGuard program). Invariant: a file that
others could read is refused.
"""

from __future__ import annotations

import base64
import os
import stat
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from isthmus.tunnel.peer import KEY_BYTES, read_key


def make_key(path: Path) -> str:
    """The public key of a new one, for the other end. Raises: OSError, also when there is a file already."""
    key = X25519PrivateKey.generate()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(key.private_bytes_raw()) + b"\n")
        os.fchmod(file.fileno(), 0o600)
    return _public(key)


def public_key(path: Path) -> str:
    """Of a key that is there. Raises: ValueError, OSError."""
    return _public(X25519PrivateKey.from_private_bytes(private_key(path)))


def private_key(path: Path) -> bytes:
    """Raises: ValueError, OSError."""
    with path.open("rb") as file:
        others = stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077
        if others:
            raise ValueError(f"{path}: others can read or write the private key; chmod 600 {path}")
        key = read_key(file.read(KEY_BYTES * 4).decode(errors="replace").strip())
    if key is None:
        raise ValueError(f"{path}: it holds no private key; `isthmus connector wireguard-key` makes one")
    return key


def _public(key: X25519PrivateKey) -> str:
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()
