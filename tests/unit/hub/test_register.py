"""Who may come in through a hub: tokens, connectors, and what a broken file must not undo."""

from __future__ import annotations

from pathlib import Path

import pytest
from isthmus.hub.register import TOKEN_SECONDS, Register, RegisterError


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def register(tmp_path: Path, clock: Clock) -> Register:
    return Register(tmp_path, clock)


def test_a_token_lets_one_connector_in(register: Register) -> None:
    token = register.new_token("vpc-a", "f" * 64)
    connector_id, network_id = register.enrol(token, "c1")
    assert network_id == "vpc-a" and register.read()["connectors"][connector_id]["name"] == "c1"
    with pytest.raises(RegisterError, match="used already"):
        register.enrol(token, "c2")


def test_a_token_is_good_for_ten_minutes_and_kept_as_a_hash(register: Register, clock: Clock, tmp_path: Path) -> None:
    token = register.new_token("vpc-a", "f" * 64)
    assert token not in (tmp_path / "register.json").read_text()
    clock.now += TOKEN_SECONDS
    with pytest.raises(RegisterError, match="too old"):
        register.enrol(token, "c1")


@pytest.mark.parametrize("network_id", ["", "../x", "a.b", "a/b", "-a", "a" * 65, "a\nb"])
def test_a_network_id_that_could_leave_the_folder_is_refused(register: Register, network_id: str) -> None:
    with pytest.raises(RegisterError, match="network id"):
        register.new_token(network_id, "f" * 64)


def test_a_revoked_connector_gets_no_new_certificate_and_its_serials_are_told(register: Register) -> None:
    connector_id, _ = register.enrol(register.new_token("vpc-a", "f" * 64), "c1")
    register.wrote(connector_id, "01ab")
    assert register.known() == {"networks": ["vpc-a"], "revoked": []}
    register.revoke(connector_id)
    assert register.known()["revoked"] == ["01ab"]
    with pytest.raises(RegisterError, match="removed"):
        register.wrote(connector_id, "02cd")


def test_a_file_that_cannot_be_read_lets_nobody_in_again(register: Register, tmp_path: Path) -> None:
    connector_id, _ = register.enrol(register.new_token("vpc-a", "f" * 64), "c1")
    register.revoke(connector_id)
    path = tmp_path / "register.json"
    path.write_text(path.read_text()[:-20])
    for use in (register.read, register.known, lambda: register.new_token("vpc-a", "f" * 64)):
        with pytest.raises(RegisterError, match="cannot be read"):
            use()
