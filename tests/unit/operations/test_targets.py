"""The address policy, and what may be the target of a VPC access in which network."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies
from isthmus.operations.addresses import address_refusal, read_address
from isthmus.operations.targets import network_problems, target_problems
from isthmus.store.networks import Network

HOST = {"mode": "host"}
CONNECTOR = {"mode": "connector", "socket": "/run/isthmus/vpc-a.sock"}


def network(**fields: Any) -> Network:
    plain: dict[str, Any] = {
        "network_id": "vpc-a",
        "name": "",
        "attachment": CONNECTOR,
        "cidrs": [],
        "instances": {},
        "egress_addresses": [],
        "created_at": 0,
        "modified_at": 0,
    }
    return Network(**{**plain, **fields})


@pytest.mark.parametrize(
    "text",
    [
        "169.254.169.254",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "169.254.1.1",
        "fe80::1",
        "0.0.0.0",
        "0.1.2.3",
        "::",
        "224.0.0.1",
        "ff02::1",
        "240.0.0.1",
        "255.255.255.255",
        "127.0.0.1",
        "127.8.8.8",
        "::1",
        "::ffff:127.0.0.1",
    ],
)
@pytest.mark.parametrize("attachment", [HOST, CONNECTOR])
def test_refuses_address(text: str, attachment: dict[str, str]) -> None:
    assert target_problems(network(attachment=attachment), text, loopback_is_allowed=False)


@pytest.mark.parametrize("text", ["10.0.0.11", "100.64.0.1", "192.168.1.1", "8.8.8.8", "fd00::11", "64:ff9b::a00:b"])
def test_accepts_address(text: str) -> None:
    assert target_problems(network(), text, loopback_is_allowed=False) == []


@pytest.mark.parametrize("text", ["127.0.0.1", "::1", "localhost", "a.localhost"])
def test_loopback_needs_the_setting(text: str) -> None:
    assert target_problems(network(attachment=HOST), text, loopback_is_allowed=False)
    assert target_problems(network(attachment=HOST), text, loopback_is_allowed=True) == []


@pytest.mark.parametrize(
    "text",
    [
        "127.1",
        "0x7f.0.0.1",
        "0x7f000001",
        "2130706433",
        "017700000001",
        "10.0.0.011",
        "10.0.0.11.",
        "0:0:0:0:0:0:0:1",
        "fe80::1%eth0",
        "[::1]",
        "10.0.0.11:80",
        "10.0.0.11/32",
        "http://a",
        "a b",
        "a..b",
        "-a",
        "",
        "a" * 254,
    ],
)
def test_refuses_other_spellings_in_every_network(text: str) -> None:
    for attachment in (HOST, CONNECTOR):
        assert target_problems(network(attachment=attachment), text, loopback_is_allowed=True)


def test_a_host_name_needs_the_engines_own_network() -> None:
    assert target_problems(network(attachment=HOST), "backend.internal", loopback_is_allowed=False) == []
    (problem,) = target_problems(network(instances={"i-1": "10.0.0.1"}), "backend.internal", loopback_is_allowed=False)
    assert problem.parameter == "InstanceId"
    assert "known instances are i-1" in problem.text


def test_an_instance_must_be_known_behind_a_connector() -> None:
    known = network(instances={"i-a-ecs1": "10.0.0.11"})
    assert target_problems(known, "i-a-ecs1", loopback_is_allowed=False) == []
    (problem,) = target_problems(known, "i-b-ecs1", loopback_is_allowed=False)
    assert "ModifyNetwork" in problem.text


def test_an_address_must_be_inside_the_ranges_and_no_edge_of_them() -> None:
    ranged = network(cidrs=["10.0.0.0/24", "10.9.0.0/31"])
    for inside in ("10.0.0.1", "10.0.0.254", "10.9.0.0", "10.9.0.1"):
        assert target_problems(ranged, inside, loopback_is_allowed=False) == []
    for outside in ("10.0.1.1", "10.0.0.0", "10.0.0.255", "fd00::1"):
        assert target_problems(ranged, outside, loopback_is_allowed=False)


def test_lists_everything_wrong_with_a_network() -> None:
    wrong = network(
        attachment={"mode": "connector", "socket": "relative.sock"},
        cidrs=["10.0.0.1/24", "x", "10.0.0.0/24"],
        instances={"i-1": "10.0.0.256", "i-2": "10.1.0.1", "": "10.0.0.2", "i-3": 5},
        egress_addresses=["here"],
    )
    assert [problem.parameter for problem in network_problems(wrong, loopback_is_allowed=False)] == [
        "Attachment.socket",
        "Cidrs",
        "Cidrs",
        "Instances.i-1",
        "Instances.i-2",
        "Instances",
        "Instances.i-3",
        "EgressAddresses",
    ]


@pytest.mark.parametrize(
    "attachment",
    [
        {},
        {"mode": "netns"},
        {"mode": "host", "socket": "/x"},
        {"mode": "connector"},
        {"mode": "connector", "socket": 5},
        {"mode": "connector", "socket": "/" + "x" * 107},
        {"mode": "connector", "socket": "/a\x00b"},
        {"mode": "connector", "socket": "/\ud800"},
        {"mode": ["host"]},
        [],
    ],
)
def test_refuses_attachment(attachment: Any) -> None:
    (problem,) = network_problems(network(attachment=attachment), loopback_is_allowed=False)
    assert problem.parameter.startswith("Attachment")


@given(strategies.text(max_size=80))
def test_any_text_is_judged_without_a_crash(text: str) -> None:
    for attachment in (HOST, CONNECTOR):
        target_problems(network(attachment=attachment), text, loopback_is_allowed=False)


@given(strategies.ip_addresses())
def test_an_address_has_one_spelling(address: Any) -> None:
    assert read_address(str(address)) == address
    if address.version == 6 and address.exploded != str(address):
        assert read_address(address.exploded) is None
    assert address_refusal(address, loopback_is_allowed=True) is None or not address.is_loopback
