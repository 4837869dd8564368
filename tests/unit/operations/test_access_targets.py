"""VPC accesses with several targets: what they put into the plan, and which targets are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from isthmus.store.records import all_records
from workbench import Workbench, workbench

__all__ = ["workbench"]

PLACE = {"Name": "users", "VpcId": "vpc-a", "InstanceId": "10.0.0.11", "Port": 80}
FURTHER = [{"InstanceId": "i-2", "Port": 8080, "Weight": 3}, {"InstanceId": "10.0.0.13"}]
CHECK = {"Type": "HTTP", "Path": "/health", "Status": "200-299", "Interval": 1000}


@pytest.fixture
def network(workbench: Workbench) -> Workbench:
    attachment = {"mode": "connector", "socket": "/run/isthmus/vpc-a.sock"}
    instances = {"i-2": "10.0.0.12"}
    workbench.call("CreateNetwork", NetworkId="vpc-a", Attachment=attachment, Cidrs="10.0.0.0/24", Instances=instances)
    return workbench


def record(workbench: Workbench, key: str = "vpc_access users") -> Any:
    with workbench.store.read() as transaction:
        found = all_records(transaction.connection, workbench.store.keyring)
        return {f"{one.kind} {one.key}": json.loads(one.body or "") for one in found}[key]


def shown(workbench: Workbench) -> Any:
    (access,) = workbench.call("DescribeVpcAccesses")["VpcAccessAttributes"]["VpcAccessAttribute"]
    return access


def test_several_targets_are_in_the_plan_and_shown(network: Workbench) -> None:
    given = {"Balance": "header", "BalanceHeader": "X-User", "WhenAllDown": "REFUSE", "TlsVerify": "false"}
    given["Http2"] = "true"
    network.call("SetVpcAccess", **PLACE, Targets=FURTHER, HealthCheck=CHECK, Weight=2, **given)
    body = record(network)
    assert body["set"] == {
        "targets": [
            {"target": "10.0.0.11", "port": 80, "weight": 2},
            {"target": "i-2", "port": 8080, "weight": 3},
            {"target": "10.0.0.13", "port": 80, "weight": 1},
        ],
        "balance": {"by": "header", "name": "X-User"},
        "check": {
            "kind": "http",
            "path": "/health",
            "statuses": [200, 299],
            "interval_ms": 1000,
            "timeout_ms": 2000,
            "unhealthy_after": 3,
            "healthy_after": 2,
        },
        "when_all_down": "refuse",
    }
    assert (body["verify_tls"], body["http2"]) == (False, True)
    access = shown(network)
    assert (access["Targets"], access["HealthCheck"], access["Weight"]) == (FURTHER, CHECK, 2)
    assert (access["Balance"], access["BalanceHeader"], access["TlsVerify"]) == ("header", "X-User", False)
    assert access["Http2"] is True


def test_a_change_keeps_what_it_does_not_name_and_empty_takes_away(network: Workbench) -> None:
    network.call("SetVpcAccess", **PLACE)
    assert "set" not in record(network) and shown(network)["Targets"] == []
    modify = "ModifyVpcAccessAndUpdateApis"
    network.call(modify, Name="users", Targets=FURTHER)
    network.call(modify, Name="users", HealthCheck=CHECK, InstanceId="10.0.0.20", VpcId="vpc-a", Port=80)
    body = record(network)["set"]
    assert [one["target"] for one in body["targets"]] == ["10.0.0.20", "i-2", "10.0.0.13"] and "check" in body
    network.call(modify, Name="users", Targets="[]", VpcId="vpc-a", InstanceId="10.0.0.20", Port=80)
    assert len(record(network)["set"]["targets"]) == 1, "a check needs no second target"
    network.call(
        modify, Name="users", HealthCheck="{}", TlsVerify="true", VpcId="vpc-a", InstanceId="10.0.0.20", Port=80
    )
    assert "set" not in record(network) and "verify_tls" not in record(network)
    network.call(modify, Name="users", Http2="true", VpcId="vpc-a", InstanceId="10.0.0.20", Port=80)
    assert record(network)["http2"] is True
    network.call(modify, Name="users", Http2="false", VpcId="vpc-a", InstanceId="10.0.0.20", Port=80)
    assert "http2" not in record(network)


@pytest.mark.parametrize(
    ("params", "parameter"),
    [
        ({"Targets": "{"}, "Targets"),
        ({"Targets": [{}]}, "Targets[0].InstanceId"),
        ({"Targets": [{"InstanceId": "169.254.169.254"}]}, "Targets[0].InstanceId"),
        ({"Targets": [{"InstanceId": "10.9.0.1"}]}, "Targets[0].InstanceId"),
        ({"Targets": [{"InstanceId": "10.0.0.11"}]}, "Targets[0].InstanceId"),
        ({"Targets": [{"InstanceId": "10.0.0.12", "Port": 0}]}, "Targets[0].Port"),
        ({"Targets": [{"InstanceId": "10.0.0.12", "Weight": 101}]}, "Targets[0].Weight"),
        ({"Targets": [{"InstanceId": f"10.0.0.{one % 250 + 1}", "Port": one + 1} for one in range(300)]}, "Targets"),
        ({"Weight": "-1"}, "Weight"),
        ({"Weight": "0"}, "Weight"),
        ({"Balance": "LUCK"}, "Balance"),
        ({"Balance": "HEADER"}, "BalanceHeader"),
        ({"WhenAllDown": "HOPE"}, "WhenAllDown"),
        ({"HealthCheck": {"Type": "ICMP"}}, "HealthCheck.Type"),
        ({"HealthCheck": {"Type": "HTTP", "Path": "a b"}}, "HealthCheck.Path"),
        ({"HealthCheck": {"Type": "HTTP", "Status": "ok"}}, "HealthCheck.Status"),
        ({"HealthCheck": {"Type": "TCP", "Interval": 1}}, "HealthCheck.Interval"),
        ({"HealthCheck": {"Type": "TCP", "HealthyThreshold": 0}}, "HealthCheck.HealthyThreshold"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_name(network: Workbench, params: Any, parameter: str) -> None:
    error = network.refused("SetVpcAccess", **PLACE, **params)
    assert error.status == 400 and parameter in error.message, error.message


def test_a_network_keeps_the_instances_that_further_targets_name(network: Workbench) -> None:
    network.call("SetVpcAccess", **PLACE, Targets=FURTHER)
    error = network.refused("ModifyNetwork", NetworkId="vpc-a", Instances={"i-other": "10.0.0.30"})
    assert "would be left without its target" in error.message


def test_an_app_belongs_to_the_account_that_made_it(workbench: Workbench) -> None:
    app_id = workbench.call("CreateApp", AppName="caller")["AppId"]
    assert record(workbench, f"app {app_id}")["user_id"] == "key"
    workbench.call("ModifyApp", AppId=app_id, AppName="renamed")
    assert record(workbench, f"app {app_id}")["user_id"] == "key", "whoever changes it"
    workbench.call("DeleteApp", AppId=app_id)
