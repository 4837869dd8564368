"""Instances and access control lists: what is ordered, shown and put into the plan."""

from __future__ import annotations

from typing import Any

from certificate_maker import records
from workbench import Workbench, workbench

__all__ = ["workbench"]

SHARED = "api-shared-vpc-001"
ORDER = {"InstanceName": "gold", "InstanceSpec": "api.s1.small", "ChargeType": "PREPAY", "ZoneId": "z", "Token": "t1"}


def attribute(bench: Workbench, instance_id: str) -> dict[str, Any]:
    (found,) = bench.call("DescribeInstances", InstanceId=instance_id)["Instances"]["InstanceAttribute"]
    return dict(found)


def test_a_dedicated_instance_is_ordered_changed_and_deleted(workbench: Workbench) -> None:
    made = workbench.call("CreateInstance", **ORDER)["InstanceId"]
    assert workbench.call("CreateInstance", **ORDER)["InstanceId"] == made, "the same token is the same instance"
    other = {name: value for name, value in ORDER.items() if name != "Token"}
    without = [workbench.call("CreateInstance", **other)["InstanceId"] for _ in range(2)]
    assert len({made, SHARED, *without}) == 4, "without a token each call is an order"
    for instance_id in without:
        workbench.call("DeleteInstance", InstanceId=instance_id)
    shown = attribute(workbench, made)
    assert (shown["Status"], shown["InstanceChargeType"], shown["InstanceRpsLimit"]) == ("RUNNING", "PrePaid", 2500)
    workbench.call("ModifyInstanceAttribute", InstanceId=made, HttpsPolicy="HTTPS2_TLS1_3", InstanceName="silver")
    workbench.call("ModifyInstanceSpec", InstanceId=made, InstanceSpec="api.s1.medium", Token="t2")
    shown = attribute(workbench, made)
    assert (shown["HttpsPolicies"], shown["InstanceName"], shown["InstanceSpec"]) == (
        "HTTPS2_TLS1_3",
        "silver",
        "api.s1.medium",
    )
    record = {"instance_id": made, "oldest_tls": "1.3", "requests_per_second": 5000, "access": []}
    assert records(workbench, "instance") == {made: record}
    group_id = workbench.group()
    workbench.call("ModifyApiGroupInstance", GroupId=group_id, TargetInstanceId=made)
    moved = records(workbench, "group")[group_id]
    leaving = {"instance_id": SHARED, "until": int(workbench.clock[0] * 1000) + 600_000}
    assert (moved["instance_id"], moved["leaving"]) == (made, leaving)
    group = workbench.call("DescribeApiGroup", GroupId=group_id)
    assert (group["InstanceType"], group["HttpsPolicy"]) == ("VPC_DEDICATED", "HTTPS2_TLS1_3")
    assert workbench.refused("DeleteInstance", InstanceId=made).code == "DependencyViolationApiGroup"
    workbench.call("ModifyApiGroupInstance", GroupId=group_id, TargetInstanceId=SHARED)
    workbench.call("DeleteInstance", InstanceId=made)
    assert workbench.call("DescribeInstances", InstanceId=made)["Instances"]["InstanceAttribute"] == []
    assert workbench.refused("DeleteInstance", InstanceId=SHARED).code == "InvalidInstanceId"


def test_a_list_of_one_kind_counts_this_kind_alone(workbench: Workbench) -> None:
    other = {name: value for name, value in ORDER.items() if name != "Token"}
    made = [workbench.call("CreateInstance", **other)["InstanceId"] for _ in range(3)]

    def listed(**given: Any) -> tuple[int, list[str]]:
        answer = workbench.call("DescribeInstances", **given)
        return answer["TotalCount"], [one["InstanceId"] for one in answer["Instances"]["InstanceAttribute"]]

    assert listed(InstanceType="vpc_shared") == (1, [SHARED])
    assert listed(InstanceType="VPC_DEDICATED") == (3, made)
    assert listed(InstanceType="VPC_DEDICATED", PageSize=1, PageNumber=2) == (3, made[1:2])
    assert listed(InstanceType="VPC_DEDICATED", InstanceId=SHARED) == (0, [])
    assert listed(InstanceType="VPC_SHARED", InstanceId=made[0]) == (0, [])
    assert listed(InstanceType="CLASSIC_SHARED") == (0, [])
    assert listed()[0] == 4


def test_the_owners_network_of_an_instance_is_shown_until_it_is_taken_away(workbench: Workbench) -> None:
    made = workbench.call("CreateInstance", **ORDER)["InstanceId"]
    given = {"InstanceId": made, "VpcId": "vpc-own", "VswitchId": "vsw-1", "Token": "t"}
    assert workbench.refused("ModifyInstanceVpcAttributeForConsole", **given).code == "NotFoundVpc"
    workbench.call("CreateNetwork", NetworkId="vpc-own", Attachment='{"mode":"host"}')
    workbench.call("ModifyInstanceVpcAttributeForConsole", **given)
    shown = attribute(workbench, made)
    assert (shown["UserVpcId"], shown["UserVswitchId"]) == ("vpc-own", "vsw-1")
    workbench.call("ModifyInstanceVpcAttributeForConsole", **given, DeleteVpcAccess="true")
    assert "UserVpcId" not in attribute(workbench, made)


def test_what_cannot_be_carried_out_is_refused(workbench: Workbench) -> None:
    refusal = workbench.refused("CreateInstance", **{**ORDER, "HttpsPolicy": "HTTPS2_TLS1_0"})
    assert refusal.code == "InvalidHttpsPolicy" and "TLS 1.0" in refusal.message
    assert workbench.refused("CreateInstance", **{**ORDER, "InstanceSpec": "huge"}).code == "InvalidInstanceSpec"
    refusal = workbench.refused("ModifyInstanceAttribute", InstanceId=SHARED, IntranetSegments="10.0.0.0/8")
    assert refusal.code == "NotImplemented"
    for parameter, value in (("UserVpcId", "vpc-1"), ("InstanceCidr", "10.0.0.0/16")):
        refusal = workbench.refused("CreateInstance", **ORDER, **{parameter: value})
        assert refusal.code == "NotImplemented" and parameter in refusal.message
    assert workbench.refused("ModifyInstanceSpec", InstanceId="x", InstanceSpec="y", Token="z").code == (
        "NotFoundInstance"
    )


def test_an_access_list_acts_where_it_is_enabled(workbench: Workbench) -> None:
    acl_id = workbench.call("CreateAccessControlList", AclName="office")["AclId"]
    workbench.call("AddAccessControlListEntry", AclId=acl_id, AclEntrys=[{"Entry": "192.0.2.0/24", "Comment": "x"}])
    workbench.call("EnableInstanceAccessControl", InstanceId=SHARED, AclId=acl_id, AclType="white")
    workbench.call("AddAccessControlListEntry", AclId=acl_id, AclEntrys=[{"entry": "10.0.0.1,10.0.0.2"}])
    access = [{"version": "ipv4", "mode": "white", "blocks": ["10.0.0.1", "10.0.0.2", "192.0.2.0/24"]}]
    assert records(workbench, "instance")[SHARED]["access"] == access
    shown = workbench.call("DescribeAccessControlListAttribute", AclId=acl_id)["AclEntrys"]["AclEntry"]
    assert {"AclEntryIp": "192.0.2.0/24", "AclEntryComment": "x"} in shown
    assert (attribute(workbench, SHARED)["AclId"], attribute(workbench, SHARED)["AclType"]) == (acl_id, "white")
    assert workbench.refused("DeleteAccessControlList", AclId=acl_id).code == "DependencyViolationAccessControlList"
    workbench.call("RemoveAccessControlListEntry", AclId=acl_id, AclEntrys=[{"entry": "192.0.2.0/24"}])
    assert records(workbench, "instance")[SHARED]["access"][0]["blocks"] == ["10.0.0.1", "10.0.0.2"]
    workbench.call("DisableInstanceAccessControl", InstanceId=SHARED, AclId=acl_id)
    assert records(workbench, "instance")[SHARED]["access"] == []
    assert "AclId" not in attribute(workbench, SHARED)
    workbench.call("DeleteAccessControlList", AclId=acl_id)
    gone = workbench.refused("DescribeAccessControlListAttribute", AclId=acl_id)
    assert (gone.code, gone.status) == ("InvokeSlbApiFail", 400)


def test_entries_are_checked_for_their_version_of_ip(workbench: Workbench) -> None:
    acl_id = workbench.call("CreateAccessControlList", AclName="six", AddressIPVersion="ipv6")["AclId"]
    workbench.call("AddAccessControlListEntry", AclId=acl_id, AclEntrys=[{"entry": "2001:db8::/32"}])
    for wrong in ([{"entry": "10.0.0.1"}], [{"entry": "x"}], [], {}, "[", [{}], [{"entry": "::1"}] * 2):
        refusal = workbench.refused("AddAccessControlListEntry", AclId=acl_id, AclEntrys=wrong)
        assert refusal.code == "InvalidAclEntrys", wrong
    many = [{"entry": f"2001:db8::{number:x}"} for number in range(51)]
    assert "at most 50" in workbench.refused("AddAccessControlListEntry", AclId=acl_id, AclEntrys=many).message


def test_a_list_is_enabled_and_disabled_for_its_own_version_of_ip(workbench: Workbench) -> None:
    acl_id = workbench.call("CreateAccessControlList", AclName="four")["AclId"]
    place = {"InstanceId": SHARED, "AclId": acl_id}
    other = {**place, "AddressIPVersion": "ipv6"}
    assert workbench.refused("EnableInstanceAccessControl", **other, AclType="white").code == "InvalidAddressIPVersion"
    workbench.call("EnableInstanceAccessControl", **place, AddressIPVersion="IPv4", AclType="white")
    assert workbench.refused("DisableInstanceAccessControl", **other).code == "InvalidAddressIPVersion"
    assert attribute(workbench, SHARED)["AclId"] == acl_id
