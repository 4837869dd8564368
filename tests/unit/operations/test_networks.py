"""Networks and VPC accesses: what they put into the plan, what identifies them, and what keeps them there."""

from __future__ import annotations

import json
from typing import Any

import pytest
from isthmus.store.records import all_records
from workbench import Workbench, workbench

__all__ = ["workbench"]

CONNECTOR = {"mode": "connector", "socket": "/run/isthmus/vpc-a.sock"}
ACCESS = {"Name": "nginx-demo", "VpcId": "vpc-a", "InstanceId": "i-a-ecs1", "Port": 80}


def records(workbench: Workbench) -> dict[str, Any]:
    with workbench.store.read() as transaction:
        found = list(all_records(transaction.connection, workbench.store.keyring))
    return {f"{record.kind} {record.key}": json.loads(record.body or "") for record in found}


WIREGUARD = {
    "mode": "wireguard",
    "socket": "/run/isthmus/vpc-w.sock",
    "peer_key": "Gy6CDKX+dlm3Ul9T0F4bQNVJzcS+hNn0dQbXYaUxHTg=",
    "endpoint": "198.51.100.7:51820",
    "addresses": ["10.9.0.2/32"],
}


def new_network(workbench: Workbench, network_id: str = "vpc-a", **params: Any) -> None:
    given = {"Attachment": CONNECTOR, "Instances": {"i-a-ecs1": "10.0.0.11"}, "Cidrs": "10.0.0.0/24", **params}
    workbench.call("CreateNetwork", NetworkId=network_id, **given)


def shown_network(workbench: Workbench, network_id: str = "vpc-a") -> dict[str, Any]:
    (network,) = workbench.call("DescribeNetworks", NetworkId=network_id)["Networks"]["Network"]
    return dict(network)


def shown_access(workbench: Workbench, **params: Any) -> list[dict[str, Any]]:
    return list(workbench.call("DescribeVpcAccesses", **params)["VpcAccessAttributes"]["VpcAccessAttribute"])


def test_of_a_tunnel_an_engine_learns_the_socket_alone(workbench: Workbench) -> None:
    new_network(workbench, "vpc-w", Attachment=WIREGUARD)
    record = records(workbench)["network vpc-w"]
    assert record["attachment"] == {"mode": "connector", "socket": WIREGUARD["socket"]}
    network = shown_network(workbench, "vpc-w")
    assert json.loads(network["Attachment"]) == WIREGUARD
    assert network["State"] == "UNKNOWN"


def test_a_network_is_shown_and_in_the_plan(workbench: Workbench) -> None:
    new_network(workbench, Name="payments", EgressAddresses="10.0.0.250,10.0.0.251")
    assert records(workbench) == {
        "network vpc-a": {
            "network_id": "vpc-a",
            "attachment": CONNECTOR,
            "instances": {"i-a-ecs1": "10.0.0.11"},
            "cidrs": ["10.0.0.0/24"],
        }
    }
    network = shown_network(workbench)
    assert json.loads(network.pop("Attachment")) == CONNECTOR
    assert json.loads(network.pop("Instances")) == {"i-a-ecs1": "10.0.0.11"}
    assert network == {
        "NetworkId": "vpc-a",
        "Name": "payments",
        "RegionId": "cn-hangzhou",
        "IsRemote": False,
        "Cidrs": ["10.0.0.0/24"],
        "EgressAddresses": ["10.0.0.250", "10.0.0.251"],
        "SpecialAddresses": [],
        "State": "UNKNOWN",
        "StateReason": "No engine has reported a connector in this network yet.",
        "CreatedTime": "2026-11-18T11:06:41Z",
        "ModifiedTime": "2026-11-18T11:06:41Z",
    }
    (instance,) = workbench.call("DescribeInstances")["Instances"]["InstanceAttribute"]
    assert instance["VpcEgressAddress"] == instance["NewVpcEgressAddress"] == "10.0.0.250,10.0.0.251"
    assert (instance["InstanceId"], instance["Status"]) == ("api-shared-vpc-001", "RUNNING")


def test_refuses_a_network_that_is_there_or_wrong(workbench: Workbench) -> None:
    new_network(workbench)
    refused = workbench.refused("CreateNetwork", NetworkId="vpc-a", Attachment=CONNECTOR)
    assert refused.code == "RepeatedNetworkId"
    wrong = workbench.refused("CreateNetwork", NetworkId="a b", Attachment={"mode": "x"}, Cidrs="y")
    assert [problem.parameter for problem in wrong.problems] == ["NetworkId", "Attachment", "Cidrs"]


def test_two_networks_of_one_machine_cannot_overlap(workbench: Workbench) -> None:
    host = {"mode": "host"}
    new_network(workbench, "vpc-a")
    new_network(workbench, "vpc-b", Attachment=host)
    refused = workbench.refused("CreateNetwork", NetworkId="vpc-c", Attachment=host, Cidrs="10.0.0.128/25")
    assert refused.code == "InvalidCidrs"
    assert "vpc-b" in refused.message
    new_network(workbench, "vpc-c", Attachment=host, Cidrs="10.0.1.0/24", Instances={})


def test_modifying_a_network_keeps_what_is_absent_and_its_accesses(workbench: Workbench) -> None:
    new_network(workbench, Name="payments")
    workbench.call("SetVpcAccess", **ACCESS)
    instances = {"i-a-ecs1": "10.0.0.12"}
    workbench.call("ModifyNetwork", NetworkId="vpc-a", Instances=instances)
    assert shown_network(workbench)["Name"] == "payments"
    assert records(workbench)["network vpc-a"] == {
        "network_id": "vpc-a",
        "attachment": CONNECTOR,
        "instances": instances,
        "cidrs": ["10.0.0.0/24"],
    }
    refused = workbench.refused("ModifyNetwork", NetworkId="vpc-a", Instances={"i-b": "10.0.0.13"})
    assert refused.code == "DependencyViolationVpcAccess"
    assert "nginx-demo" in refused.message
    assert records(workbench)["network vpc-a"]["instances"] == instances


def test_a_further_target_of_an_access_is_kept_too(workbench: Workbench) -> None:
    new_network(workbench, Instances={"i-a-ecs1": "10.0.0.11", "i-b": "10.0.0.12"})
    workbench.call("SetVpcAccess", **ACCESS, Targets=[{"InstanceId": "i-b"}])
    refused = workbench.refused("ModifyNetwork", NetworkId="vpc-a", Instances={"i-a-ecs1": "10.0.0.11"})
    assert refused.code == "DependencyViolationVpcAccess"


def test_a_network_goes_when_no_access_needs_it(workbench: Workbench) -> None:
    new_network(workbench)
    workbench.call("SetVpcAccess", **ACCESS)
    assert workbench.refused("DeleteNetwork", NetworkId="vpc-a").code == "DependencyViolationVpcAccess"
    workbench.call("RemoveVpcAccess", VpcId="vpc-a", InstanceId="i-a-ecs1", Port=80)
    workbench.call("DeleteNetwork", NetworkId="vpc-a")
    assert records(workbench) == {}
    for name in ("DeleteNetwork", "ModifyNetwork"):
        refused = workbench.refused(name, NetworkId="vpc-a")
        assert (refused.code, refused.status) == ("NotFoundNetwork", 404)


def test_an_access_is_shown_and_in_the_plan(workbench: Workbench) -> None:
    new_network(workbench)
    params = {"VpcTargetHostName": "shop.internal", "Description": "d", "Tag__1__Key": "env", "Tag__1__Value": "x"}
    made = workbench.call("SetVpcAccess", **ACCESS, **params)
    assert records(workbench)["vpc_access nginx-demo"] == {
        "access_id": made["VpcAccessId"],
        "name": "nginx-demo",
        "network_id": "vpc-a",
        "target": "i-a-ecs1",
        "port": 80,
        "host": "shop.internal",
    }
    assert shown_access(workbench) == [
        {
            "VpcAccessId": made["VpcAccessId"],
            **ACCESS,
            "VpcTargetHostName": "shop.internal",
            "Targets": [],
            "Description": "d",
            "RegionId": "cn-hangzhou",
            "CreatedTime": "2026-11-18T11:06:42Z",
            "Tags": {"TagInfo": [{"Key": "env", "Value": "x"}]},
        }
    ]


def test_an_unknown_network_is_the_engines_own(workbench: Workbench) -> None:
    workbench.call("SetVpcAccess", Name="elsewhere", VpcId="vpc-new", InstanceId="backend.internal", Port=8080)
    assert json.loads(shown_network(workbench, "vpc-new")["Attachment"]) == {"mode": "host"}
    assert shown_network(workbench, "vpc-new")["State"] == "ATTACHED"
    assert records(workbench)["network vpc-new"]["attachment"] == {"mode": "host"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"InstanceId": "i-b"}, "InvalidInstanceId"),
        ({"InstanceId": "10.0.1.1"}, "InvalidInstanceId"),
        ({"InstanceId": "169.254.169.254", "VpcId": "vpc-new"}, "InvalidInstanceId"),
        ({"InstanceId": "127.0.0.1", "VpcId": "vpc-new"}, "InvalidInstanceId"),
        ({"VpcId": "../x"}, "InvalidVpcId"),
        ({"Port": 0}, "InvalidPort"),
        ({"Port": 65536}, "InvalidPort"),
        ({"Port": -1}, "InvalidPort"),
        ({"Name": "a\nb"}, "InvalidName"),
        ({"VpcTargetHostName": "a b"}, "InvalidVpcTargetHostName"),
        ({"VpcTargetHostName": "a/b"}, "InvalidVpcTargetHostName"),
    ],
)
def test_refuses_access_and_registers_nothing(workbench: Workbench, change: dict[str, Any], code: str) -> None:
    new_network(workbench)
    before = records(workbench)
    refused = workbench.refused("SetVpcAccess", **{**ACCESS, **change})
    assert (refused.code, refused.status) == (code, 400)
    assert records(workbench) == before
    assert workbench.call("DescribeNetworks")["TotalCount"] == 1


def test_a_name_and_a_target_are_used_once(workbench: Workbench) -> None:
    new_network(workbench)
    workbench.call("SetVpcAccess", **ACCESS)
    assert workbench.refused("SetVpcAccess", **{**ACCESS, "Port": 81}).code == "RepeatedVpcAccessName"
    refused = workbench.refused("SetVpcAccess", **{**ACCESS, "Name": "other"})
    assert refused.code == "RepeatedVpcAccess"
    assert "nginx-demo" in refused.message
    workbench.call("SetVpcAccess", **{**ACCESS, "Name": "other", "Port": 81})
    refused = workbench.refused("ModifyVpcAccessAndUpdateApis", Name="other", Port=80)
    assert refused.code == "RepeatedVpcAccess"


def test_finds_accesses_by_each_field(workbench: Workbench) -> None:
    new_network(workbench)
    made = workbench.call("SetVpcAccess", **ACCESS)
    workbench.call("SetVpcAccess", **{**ACCESS, "Name": "nginx-test", "Port": 8080})

    def names(**params: Any) -> list[str]:
        return [access["Name"] for access in shown_access(workbench, **params)]

    assert names() == ["nginx-test", "nginx-demo"]
    assert names(Name="nginx") == []
    assert names(Name="NGINX", AccurateQuery=False) == ["nginx-test", "nginx-demo"]
    assert names(**ACCESS, PageSize=50) == ["nginx-demo"]
    assert names(VpcAccessId=made["VpcAccessId"]) == ["nginx-demo"]
    assert names(Port="8080") == ["nginx-test"]
    assert workbench.refused("DescribeVpcAccesses", Port="http").code == "InvalidPort"


def test_modifying_changes_the_target_under_the_same_name(workbench: Workbench) -> None:
    new_network(workbench)
    made = workbench.call("SetVpcAccess", **ACCESS, VpcTargetHostName="shop.internal")
    answer = workbench.call(
        "ModifyVpcAccessAndUpdateApis", Name="nginx-demo", InstanceId="10.0.0.12", NeedBatchWork=True
    )
    assert set(answer) == {"OperationId"}
    assert records(workbench)["vpc_access nginx-demo"] == {
        "access_id": made["VpcAccessId"],
        "name": "nginx-demo",
        "network_id": "vpc-a",
        "target": "10.0.0.12",
        "port": 80,
        "host": "shop.internal",
    }
    refused = workbench.refused("ModifyVpcAccessAndUpdateApis", Name="nobody", Port=1)
    assert (refused.code, refused.status) == ("NotFoundVpcAccess", 404)


@pytest.mark.parametrize("name", ["nginx-demo", "演示_%", 'quo"te'])
def test_published_apis_of_an_access_are_found_and_stay(workbench: Workbench, name: str) -> None:
    new_network(workbench)
    workbench.call("SetVpcAccess", **{**ACCESS, "Name": name})
    workbench.call("SetVpcAccess", **{**ACCESS, "Name": f"{name}-2", "Port": 81})
    group_id = workbench.group()
    for number, used in enumerate((name, f"{name}-2")):
        service = {
            "ServiceProtocol": "HTTP",
            "ServiceVpcEnable": "TRUE",
            "ServicePath": "/",
            "ServiceHttpMethod": "GET",
            "VpcConfig": {"Name": used},
        }
        request = {"RequestProtocol": "HTTP", "RequestHttpMethod": "GET", "RequestPath": f"/{number}"}
        params = {"RequestConfig": request, "ServiceConfig": service, "RequestParameters": []}
        api_id = workbench.api(group_id, f"api_{number}", **params)
        workbench.call("DeployApi", GroupId=group_id, ApiId=api_id, StageName="RELEASE", Description="d")
    answer = workbench.call("DescribeApisByVpcAccess", VpcName=name)
    (user,) = answer["ApiVpcAccessInfos"]["ApiVpcAccessInfo"]
    assert (user["ApiName"], user["StageName"], user["InstanceId"], user["Port"]) == (
        "api_0",
        "RELEASE",
        "i-a-ecs1",
        80,
    )
    assert answer["TotalCount"] == 1
    target = {"VpcId": "vpc-a", "InstanceId": "i-a-ecs1", "Port": 80}
    removed = workbench.call("RemoveVpcAccess", **target)
    assert removed["Apis"]["Api"] == [{"ApiId": user["ApiId"], "GroupId": group_id, "StageId": user["StageId"]}]
    assert len(workbench.editions()) == 2
    assert f"vpc_access {name}" not in records(workbench)
    assert workbench.refused("RemoveVpcAccess", **target).code == "NotFoundVpcAccess"
    assert workbench.refused("DescribeApisByVpcAccess", VpcName=name).code == "NotFoundVpcAccess"


def published_on(workbench: Workbench, access: str, *stages: str) -> tuple[str, str]:
    """A group and its API, which reaches its backend through the access."""
    group_id = workbench.group()
    service = {"ServiceProtocol": "HTTP", "ServiceVpcEnable": "TRUE", "ServicePath": "/", "ServiceHttpMethod": "GET"}
    given = {"ServiceConfig": {**service, "VpcConfig": {"Name": access}}, "RequestParameters": []}
    request = {"RequestProtocol": "HTTP", "RequestHttpMethod": "GET", "RequestPath": "/"}
    api_id = workbench.api(group_id, RequestConfig=request, **given)
    for stage in stages:
        workbench.call("DeployApi", ApiId=api_id, StageName=stage)
    return group_id, api_id


@pytest.mark.parametrize("operation", ["RemoveVpcAccessAndAbolishApis", "RemoveVpcAccess"])
def test_an_access_goes_with_the_published_apis_that_use_it(workbench: Workbench, operation: str) -> None:
    new_network(workbench)
    workbench.call("SetVpcAccess", **ACCESS)
    group_id, api_id = published_on(workbench, str(ACCESS["Name"]), "RELEASE", "TEST")
    target = {name: ACCESS[name] for name in ("VpcId", "InstanceId", "Port")}
    answer = workbench.call(operation, **target, NeedBatchWork=True)
    assert workbench.editions() == {}
    assert workbench.call("DescribeVpcAccesses")["TotalCount"] == 0
    if operation == "RemoveVpcAccess":
        assert [one["ApiId"] for one in answer["Apis"]["Api"]] == [api_id, api_id]
        return
    task = workbench.call("DescribeAbolishApiTask", OperationUid=answer["OperationId"])
    found = {(one["ApiUid"], one["StageName"], one["AbolishStatus"]) for one in rows(task)}
    assert found == {(api_id, "RELEASE", "OVER"), (api_id, "TEST", "OVER")}
    assert {one["GroupId"] for one in rows(task)} == {group_id}


def rows(task: dict[str, Any]) -> list[dict[str, Any]]:
    return list(next(iter(next(iter(task.values())).values())))


def test_a_changed_access_tells_whom_it_concerns(workbench: Workbench) -> None:
    new_network(workbench)
    workbench.call("SetVpcAccess", **ACCESS)
    _, api_id = published_on(workbench, str(ACCESS["Name"]), "RELEASE")
    changed = {"Name": ACCESS["Name"], "Port": 8081}
    assert "OperationId" not in workbench.call("ModifyVpcAccessAndUpdateApis", **changed)
    task = workbench.call("ModifyVpcAccessAndUpdateApis", **changed, NeedBatchWork=True)["OperationId"]
    (found,) = rows(workbench.call("DescribeUpdateVpcInfoTask", OperationUid=task))
    assert (found["ApiUid"], found["StageName"], found["UpdateStatus"]) == (api_id, "RELEASE", "OVER")
    assert workbench.refused("DescribeUpdateVpcInfoTask", OperationUid="f" * 32).code == "NotFoundOperation"
