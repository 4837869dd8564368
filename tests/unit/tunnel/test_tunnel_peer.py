"""How the other end of a WireGuard tunnel is described, and what is refused before anything is made."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given, strategies
from isthmus.operations.targets import network_problems
from isthmus.store.networks import Network
from isthmus.tunnel import peer

KEY = "Gy6CDKX+dlm3Ul9T0F4bQNVJzcS+hNn0dQbXYaUxHTg="
GOOD = {"peer_key": KEY, "endpoint": "198.51.100.7:51820", "addresses": ["10.9.0.2/24"], "allowed_ips": ["10.0.0.0/24"]}


def network(cidrs: list[str], **attached: Any) -> Network:
    attachment = {"mode": "wireguard", "socket": "/run/w.sock", **attached}
    return Network("vpc-w", "", attachment, cidrs, {}, [], created_at=0, modified_at=0)


def test_reads_a_description() -> None:
    read = peer.read(GOOD)
    assert (read.host, read.port, read.keepalive) == ("198.51.100.7", 51820, peer.KEEPALIVE_SECONDS)
    assert read.addresses == [ipaddress.ip_interface("10.9.0.2/24")]
    assert peer.read({**GOOD, "endpoint": "[2001:db8::1]:1"}).host == "2001:db8::1"
    assert peer.read({**GOOD, "endpoint": "vpn.example.com:1", "keepalive": 0}).keepalive == 0


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("peer_key", [None, "", "x", KEY[:-4], KEY + "AAAA", 5, "é" * 44]),
        (
            "endpoint",
            [None, "", "host", "host:", "host:0", "host:65536", ":1", "2001:db8::1:1", "[host]:1", "h:²", "a b:1"],
        ),
        ("addresses", [None, [], "10.9.0.2", [5], ["10.9.0.256"], ["fe80::1%eth0"], ["10.9.0.2"] * 65]),
        ("allowed_ips", [None, [], ["10.0.0.1/24"], [167772160], ["x"]]),
        ("keepalive", [-1, 65536, True, "25", None]),
    ],
)
def test_names_the_field_that_is_wrong(field: str, values: list[Any]) -> None:
    for value in values:
        assert [name for name, _ in peer.problems({**GOOD, field: value})] == [field], value
        with pytest.raises(ValueError, match=f"wireguard.{field}"):
            peer.read({**GOOD, field: value})


def test_a_field_that_is_not_known_is_refused() -> None:
    with pytest.raises(ValueError, match="private_key"):
        peer.read({**GOOD, "private_key": KEY})
    (problem,) = network_problems(network(["10.0.0.0/24"], **GOOD, private_key=KEY), loopback_is_allowed=False)
    assert problem.parameter == "Attachment"


def test_an_operation_names_the_same_fields() -> None:
    wrong = {**GOOD, "peer_key": "x", "endpoint": "x"}
    found = network_problems(network(["10.0.0.0/24"], **wrong), loopback_is_allowed=False)
    assert [problem.parameter for problem in found] == ["Attachment.peer_key", "Attachment.endpoint"]


def test_the_ranges_are_those_of_the_network_or_its_own() -> None:
    without = {name: value for name, value in GOOD.items() if name != "allowed_ips"}
    assert network_problems(network(["10.0.0.0/24"], **without), loopback_is_allowed=False) == []
    assert network_problems(network([], **GOOD), loopback_is_allowed=False) == []
    (problem,) = network_problems(network([], **without), loopback_is_allowed=False)
    assert problem.parameter == "Cidrs"


@given(strategies.text(max_size=60))
def test_any_text_is_judged_without_a_crash(text: str) -> None:
    for field in ("peer_key", "endpoint"):
        peer.problems({**GOOD, field: text})
    for field in ("addresses", "allowed_ips"):
        peer.problems({**GOOD, field: [text]})
