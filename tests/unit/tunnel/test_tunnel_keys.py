"""The private key of a tunnel: made once, read by its owner alone."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest
from isthmus.tunnel.keys import make_key, private_key, public_key


def test_a_new_key_is_for_its_owner_alone_and_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "wg.key"
    public = make_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert public_key(path) == public != path.read_text().strip()
    with pytest.raises(FileExistsError):
        make_key(path)


def test_the_public_key_is_the_one_that_other_programs_find(tmp_path: Path) -> None:
    # RFC 7748, section 6.1: Alice's keys.
    path = tmp_path / "wg.key"
    secret = bytes.fromhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a")
    path.write_text(base64.b64encode(secret).decode())
    path.chmod(0o600)
    known = bytes.fromhex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")
    assert base64.b64decode(public_key(path)) == known
    assert private_key(path) == secret


def test_a_file_that_others_read_or_that_holds_no_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "wg.key"
    make_key(path)
    path.chmod(0o640)
    with pytest.raises(ValueError, match="chmod 600"):
        private_key(path)
    for content in (b"", b"x" * 44, b"\xff" * 44, b"A" * 4000):
        path.write_bytes(content)
        path.chmod(0o600)
        with pytest.raises(ValueError, match="no private key"):
            private_key(path)
