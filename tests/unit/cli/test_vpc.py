"""The short forms of `isthmus vpc`, and the calls that they become."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from isthmus.cli import isthmus, vpc
from isthmus.cli.vpc_attachment import attachment, instances, tunnel_part


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("host", {"mode": "host"}),
        ("connector", {"mode": "connector"}),
        ("connector:/run/a.sock", {"mode": "connector", "socket": "/run/a.sock"}),
        ("socks5://bastion", {"mode": "socks5", "host": "bastion", "port": 1080}),
        (
            "http-connect://u%40x@[fd00::1]:8080",
            {"mode": "http_connect", "host": "fd00::1", "port": 8080, "user": "u@x"},
        ),
    ],
)
def test_reads_a_form(text: str, expected: dict[str, Any]) -> None:
    assert attachment(text, {}, None) == expected


@pytest.mark.parametrize(
    "text", ["", "hosts", "connector:", "socks5:bastion", "socks5://b:99999", "socks5://u:secret@b", "ftp://b"]
)
def test_refuses_a_form(text: str) -> None:
    with pytest.raises(click.UsageError) as refused:
        attachment(text, {}, None)
    assert "secret" not in str(refused.value)


def test_source_and_password_belong_to_their_forms() -> None:
    given = {"source": "10.0.0.1", "device": "eth1", "endpoint": None, "addresses": None}
    assert attachment("host", given, None) == {"mode": "host", "source": "10.0.0.1", "device": "eth1"}
    for arguments in (
        ("socks5://b", {"source": "10.0.0.1"}, None),
        ("host", {}, "p"),
        ("host", {"endpoint": "e:1"}, None),
    ):
        with pytest.raises(click.UsageError):
            attachment(*arguments)
    with pytest.raises(click.UsageError):
        instances(["i-1"])


def test_a_tunnel_needs_its_other_end() -> None:
    parts = {"peer_key": "k", "endpoint": "e:1", "addresses": ("10.9.0.2/32",)}
    attached = {"mode": "wireguard", "socket": "/run/w.sock", **parts, "addresses": ["10.9.0.2/32"]}
    assert attachment("wireguard:/run/w.sock", parts, None) == attached
    with pytest.raises(click.UsageError, match="--endpoint, --address"):
        attachment("wireguard:/run/w.sock", {"peer_key": "k"}, None)
    part = tunnel_part(attached, ["10.0.0.0/24"])
    assert part == {"allowed_ips": ["10.0.0.0/24"], "peer_key": "k", "endpoint": "e:1", "addresses": ["10.9.0.2/32"]}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, str]]]:
    made: list[tuple[str, dict[str, str]]] = []

    def ask(_state_dir: Path | None, action: str, _version: str = "", **parameters: str) -> dict[str, Any]:
        made.append((action, parameters))
        return {}

    monkeypatch.setattr(vpc, "ask", ask)
    return made


def test_a_network_is_made_with_a_password_from_standard_input(calls: list[tuple[str, dict[str, str]]]) -> None:
    words = "vpc create vpc-p --attach socks5://gateway@bastion:1081 --password-file - --cidr 10.0.0.0/24 --cidr 10.1.0.0/24"
    done = CliRunner().invoke(isthmus, [*words.split(), "--instance", "i-1=10.0.0.11"], input="hunter2\n")
    assert done.exit_code == 0 and "hunter2" not in done.output
    ((action, given),) = calls
    assert (action, given["NetworkId"], given["Cidrs"]) == ("CreateNetwork", "vpc-p", "10.0.0.0/24,10.1.0.0/24")
    assert json.loads(given["Attachment"]) == {
        "mode": "socks5",
        "host": "bastion",
        "port": 1081,
        "user": "gateway",
        "password": "hunter2",
    }
    assert json.loads(given["Instances"]) == {"i-1": "10.0.0.11"}


@pytest.mark.parametrize("words", ["create vpc-a", "update vpc-a", "update vpc-a --source 10.0.0.1"])
def test_what_is_missing_is_said(calls: list[tuple[str, dict[str, str]]], words: str) -> None:
    done = CliRunner().invoke(isthmus, ["vpc", *words.split()])
    assert done.exit_code == 2 and calls == []
