"""Egress addresses as rules: each form admits what it must and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from isthmus.cli import instance, isthmus
from isthmus.cli.egress_rules import FORMATS, Admission

ADMISSIONS = [
    Admission("vpc-a", ["10.0.0.250", "10.0.0.251", "fd00::250"], [80, 8080]),
    Admission("vpc-b", [], [80]),
    Admission("vpc-c", ["10.1.0.9"], []),
]


def test_plain_is_a_line_for_each_address() -> None:
    expected = "vpc-a 10.0.0.250\nvpc-a 10.0.0.251\nvpc-a fd00::250\nvpc-c 10.1.0.9"
    assert FORMATS["plain"](ADMISSIONS) == expected


def test_nftables_has_a_rule_for_each_version_of_ip() -> None:
    assert FORMATS["nftables"](ADMISSIONS).splitlines() == [
        "add rule inet filter input ip saddr { 10.0.0.250, 10.0.0.251 } tcp dport { 80, 8080 } accept "
        'comment "isthmus vpc-a"',
        'add rule inet filter input ip6 saddr { fd00::250 } tcp dport { 80, 8080 } accept comment "isthmus vpc-a"',
    ]


def test_aws_and_aliyun_have_their_forms() -> None:
    described = {"Description": "isthmus vpc-a"}
    first, second = json.loads(FORMATS["aws-sg"](ADMISSIONS))
    assert first == {
        "IpProtocol": "tcp",
        "FromPort": 80,
        "ToPort": 80,
        "IpRanges": [{"CidrIp": "10.0.0.250/32", **described}, {"CidrIp": "10.0.0.251/32", **described}],
        "Ipv6Ranges": [{"CidrIpv6": "fd00::250/128", **described}],
    }
    assert second["FromPort"] == 8080
    rules = json.loads(FORMATS["aliyun-sg"](ADMISSIONS))
    rule = {"IpProtocol": "TCP", "PortRange": "80/80", "Policy": "accept", "SourceCidrIp": "10.0.0.250/32"}
    assert rules[0] == {**rule, **described} and len(rules) == 6
    assert rules[5]["Ipv6SourceCidrIp"] == "fd00::250/128"


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    networks = [
        {"NetworkId": "vpc-a", "EgressAddresses": ["10.0.0.250"]},
        {"NetworkId": "vpc-b", "EgressAddresses": []},
    ]
    accesses = [
        {"Name": "web", "VpcId": "vpc-a", "InstanceId": "i-1", "Port": 80},
        {
            "Name": "other",
            "VpcId": "vpc-a",
            "InstanceId": "i-1",
            "Port": 81,
            "Targets": [{"InstanceId": "i-2", "Port": 82}],
        },
    ]

    def pages(
        _state: Path | None, action: str, _path: tuple[str, str], given: dict[str, str], _version: str = ""
    ) -> Iterator[dict[str, Any]]:
        if action == "DescribeNetworks":
            return iter([one for one in networks if given.get("NetworkId") in (None, one["NetworkId"])])
        return iter([one for one in accesses if given.get("Name") in (None, one["Name"])])

    monkeypatch.setattr(instance, "pages", pages)


@pytest.mark.parametrize(
    ("words", "output", "code"),
    [
        ("", "vpc-a 10.0.0.250\n", 0),
        ("--network vpc-a", "vpc-a 10.0.0.250\n", 0),
        ("--network vpc-b", "", 1),
        ("--network vpc-x", "", 1),
        ("--access nobody", "", 1),
    ],
)
def test_what_is_not_known_is_said_beside_the_output(gateway: None, words: str, output: str, code: int) -> None:
    done = CliRunner().invoke(isthmus, ["instance", "egress", *words.split()])
    assert (done.stdout, done.exit_code) == (output, code)
    assert ("isthmus: " in done.stderr) == (words != "--network vpc-a")


def test_an_access_narrows_the_rule_to_its_port(gateway: None) -> None:
    done = CliRunner().invoke(isthmus, ["instance", "egress", "--access", "web", "--format", "nftables"])
    assert "tcp dport { 80 } accept" in done.stdout
    done = CliRunner().invoke(isthmus, ["instance", "egress", "--access", "other", "--format", "nftables"])
    assert "tcp dport { 81, 82 } accept" in done.stdout
