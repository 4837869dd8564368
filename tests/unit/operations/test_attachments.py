"""How networks may be attached, what stays secret in it, and which two networks one machine can have."""

from __future__ import annotations

import json
from typing import Any

import pytest
from isthmus.difference import differences
from isthmus.masking import MASK, masked_differences, masked_parameters
from isthmus.operations.attachments import attachment_problems
from isthmus.store.records import records_of_kind
from sqlalchemy import text
from workbench import Workbench, workbench

__all__ = ["workbench"]

BASTION = {"mode": "socks5", "host": "bastion", "port": 1080, "user": "gateway", "password": "hunter2"}


@pytest.mark.parametrize(
    "attachment",
    [
        {"mode": "host"},
        {"mode": "host", "source": "10.0.0.240"},
        {"mode": "host", "source": "10.0.0.240", "device": "eth1"},
        {"mode": "socks5", "host": "bastion", "port": 1080},
        {"mode": "http_connect", "host": "fd00::1", "port": 3128, "user": "u", "password": "p"},
        BASTION,
    ],
)
def test_accepts(attachment: dict[str, Any]) -> None:
    assert attachment_problems(attachment) == []


@pytest.mark.parametrize(
    ("attachment", "parameter"),
    [
        ({"mode": "host", "mark": 101}, "Attachment.mark"),
        ({"mode": "host", "source": "eth1"}, "Attachment.source"),
        ({"mode": "host", "source": 7}, "Attachment.source"),
        ({"mode": "host", "device": "a-name-that-is-long"}, "Attachment.device"),
        ({"mode": "host", "device": "eth/1"}, "Attachment.device"),
        ({"mode": "socks5", "host": "bastion"}, "Attachment"),
        ({"mode": "socks5", "host": "http://bastion", "port": 1}, "Attachment.host"),
        ({"mode": "socks5", "host": "", "port": 1}, "Attachment.host"),
        ({"mode": "socks5", "host": "b", "port": "1"}, "Attachment.port"),
        ({"mode": "socks5", "host": "b", "port": 65536}, "Attachment.port"),
        ({"mode": "socks5", "host": "b", "port": 1, "password": "p"}, "Attachment.user"),
        ({"mode": "socks5", "host": "b", "port": 1, "user": "u" * 256}, "Attachment.user"),
        ({"mode": "socks5", "host": "b", "port": 1, "user": "u", "password": "***"}, "Attachment.password"),
        ({"mode": "http_connect", "host": "b", "port": 1, "user": "a:b"}, "Attachment.user"),
        ({"mode": "wireguard"}, "Attachment"),
    ],
)
def test_names_what_is_wrong(attachment: dict[str, Any], parameter: str) -> None:
    assert [problem.parameter for problem in attachment_problems(attachment)] == [parameter]


def test_a_mark_is_refused_with_what_to_do_instead() -> None:
    (problem,) = attachment_problems({"mode": "host", "mark": 101})
    assert "another network with the same addresses" in problem.text and "device" in problem.text


def shown(workbench: Workbench) -> dict[str, Any]:
    (network,) = workbench.call("DescribeNetworks", NetworkId="vpc-p")["Networks"]["Network"]
    return dict(json.loads(network["Attachment"]))


def record(workbench: Workbench) -> dict[str, Any]:
    with workbench.store.read() as transaction:
        (found,) = records_of_kind(transaction.connection, workbench.store.keyring, "network")
    return dict(json.loads(found.body or ""))


def recorded(workbench: Workbench) -> dict[str, Any]:
    return dict(record(workbench)["attachment"])


def test_a_password_is_sealed_and_never_shown(workbench: Workbench) -> None:
    workbench.call("CreateNetwork", NetworkId="vpc-p", Attachment=BASTION)
    assert shown(workbench) == {**BASTION, "password": "***"}
    assert recorded(workbench) == BASTION
    with workbench.store.read() as transaction:
        stored = transaction.connection.execute(text("select attachment from networks")).scalar()
    assert "hunter2" not in stored and "sealed_password" in stored


def test_what_was_shown_can_be_given_back(workbench: Workbench) -> None:
    workbench.call("CreateNetwork", NetworkId="vpc-p", Attachment=BASTION)
    workbench.call("ModifyNetwork", NetworkId="vpc-p", Attachment=shown(workbench), Name="edge")
    assert recorded(workbench) == BASTION
    moved = {**shown(workbench), "host": "elsewhere"}
    refused = workbench.refused("ModifyNetwork", NetworkId="vpc-p", Attachment=moved)
    assert [problem.parameter for problem in refused.problems] == ["Attachment.password"]


def test_two_networks_that_overlap_need_an_interface_each(workbench: Workbench) -> None:
    first = {"NetworkId": "vpc-a", "Cidrs": "10.0.0.0/24", "Attachment": {"mode": "host", "device": "eth1"}}
    workbench.call("CreateNetwork", **first)
    for attachment in ({"mode": "host"}, {"mode": "host", "source": "10.0.0.9"}, {"mode": "host", "device": "eth1"}):
        other = {"NetworkId": "vpc-b", "Cidrs": "10.0.0.0/16", "Attachment": attachment}
        assert workbench.refused("CreateNetwork", **other).code == "InvalidCidrs"
    workbench.call("CreateNetwork", **{**first, "NetworkId": "vpc-b", "Attachment": {"mode": "host", "device": "eth2"}})
    workbench.call("CreateNetwork", **{**first, "NetworkId": "vpc-c", "Attachment": BASTION})


def test_a_special_address_is_an_access_only_where_it_is_named(workbench: Workbench) -> None:
    workbench.call("CreateNetwork", NetworkId="vpc-p", Attachment=BASTION, Cidrs="10.0.0.0/24")
    access = {"Name": "a", "VpcId": "vpc-p", "InstanceId": "169.254.7.7", "Port": 80}
    assert workbench.refused("SetVpcAccess", **access).code == "InvalidInstanceId"
    workbench.call("ModifyNetwork", NetworkId="vpc-p", SpecialAddresses="169.254.7.7")
    workbench.call("SetVpcAccess", **access)
    connector = {"mode": "connector", "socket": "/run/a.sock"}
    refused = workbench.refused("ModifyNetwork", NetworkId="vpc-p", Attachment=connector)
    assert [problem.parameter for problem in refused.problems] == ["SpecialAddresses"]


def instances(workbench: Workbench) -> list[tuple[str, str, str, bool]]:
    found = workbench.call("DescribeNetworkInstances", NetworkId="vpc-p")["Instances"]
    return [(one["InstanceId"], one["Address"], one["Source"], one["Stale"]) for one in found]


def test_instances_of_a_source_stay_in_use_when_they_are_stale(workbench: Workbench) -> None:
    workbench.call("CreateNetwork", NetworkId="vpc-p", Attachment=BASTION, Instances={"i-1": "10.0.0.1"})
    given = {"NetworkId": "vpc-p", "Source": "ecs", "FreshSeconds": 60}
    workbench.call("SetNetworkInstances", Instances={"i-2": "10.0.0.2", "i-1": "10.0.0.9"}, **given)
    assert instances(workbench) == [("i-1", "10.0.0.1", "static", False), ("i-2", "10.0.0.2", "ecs", False)]
    workbench.call("SetVpcAccess", Name="a", VpcId="vpc-p", InstanceId="i-2", Port=80)
    workbench.clock[0] += 61
    assert instances(workbench)[1] == ("i-2", "10.0.0.2", "ecs", True)
    assert record(workbench)["instances"] == {"i-1": "10.0.0.1", "i-2": "10.0.0.2"}
    workbench.call("SetNetworkInstances", Instances={"i-3": "10.0.0.3"}, **given)
    assert instances(workbench)[1] == ("i-3", "10.0.0.3", "ecs", False)


@pytest.mark.parametrize(
    ("change", "parameter"),
    [
        ({"Instances": {"i-2": "10.0.0.2", "i-3": "10.0.0.2"}}, "Instances.i-3"),
        ({"Instances": {"i-2": "10.1.0.2"}}, "Instances.i-2"),
        ({"Instances": {"i-2": "169.254.169.254"}}, "Instances.i-2"),
        ({"Instances": {"i-2": "shop"}}, "Instances.i-2"),
        ({"Instances": {"i-9": "10.0.0.9"}, "Source": "other"}, "Instances"),
        ({"Instances": {}, "FreshSeconds": 0}, "FreshSeconds"),
        ({"Instances": {}, "Source": "a\nb"}, "Source"),
    ],
)
def test_refuses_instances_that_cannot_be(workbench: Workbench, change: dict[str, Any], parameter: str) -> None:
    workbench.call("CreateNetwork", NetworkId="vpc-p", Attachment=BASTION, Cidrs="10.0.0.0/24")
    given = {"NetworkId": "vpc-p", "Source": "ecs"}
    workbench.call("SetNetworkInstances", Instances={"i-9": "10.0.0.9"}, **given)
    refused = workbench.refused("SetNetworkInstances", **{**given, **change})
    assert [problem.parameter for problem in refused.problems] == [parameter]
    assert instances(workbench) == [("i-9", "10.0.0.9", "ecs", False)]


def test_the_audit_trail_does_not_show_a_password() -> None:
    masked = masked_parameters({"network_id": "vpc-p", "attachment": BASTION})
    assert masked["attachment"] == {**BASTION, "password": MASK}
    found = masked_differences(
        "network", "", differences({"attachment": BASTION}, {"attachment": {**BASTION, "password": "other"}})
    )
    assert [(one.path, one.before, one.after) for one in found] == [("Attachment.Password", MASK, MASK)]
