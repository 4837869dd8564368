"""The rest of what Terraform's provider does, replayed: plug-ins of groups, backends, stages, access lists, instances.

Each read is compared with the fields that the provider puts into its state, so that a plan after an apply shows nothing.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from terraform_provider import Provider, destroy_group, group, unique

from running import DEADLINE, Running

LIMIT = '{"unit":"SECOND","apiDefault":10}'


@pytest.fixture(scope="module")
def provider(gateway: Running) -> Provider:
    return Provider(gateway)


def same(read: dict[str, Any], made: dict[str, Any]) -> None:
    """No difference between state and configuration."""
    assert {name: read.get(name) for name in made} == made


def group_plugin_attachments(provider: Provider) -> None:
    group_id = group(provider)
    made = {"PluginName": unique("plugin"), "PluginType": "trafficControl", "PluginData": LIMIT}
    plugin_id = str(provider.call("CreatePlugin", **made)["PluginId"])
    place = {"GroupId": group_id, "StageName": "RELEASE"}
    provider.call("AttachGroupPlugin", PluginId=plugin_id, **place)
    found = provider.call("DescribePluginsByGroup", PageSize="100", PageNumber="1", **place)
    assert [one["PluginId"] for one in found["Plugins"]["PluginAttribute"]] == [plugin_id]
    provider.call("DetachGroupPlugin", PluginId=plugin_id, **place)
    found = provider.call("DescribePluginsByGroup", PageSize="100", PageNumber="1", **place)
    assert found["Plugins"] == {"PluginAttribute": []}
    provider.call("DeletePlugin", PluginId=plugin_id)
    destroy_group(provider, group_id)


def intranet_domains_of_groups(provider: Provider) -> None:
    group_id = group(provider)
    for wanted in ("true", "false"):
        provider.call("ModifyIntranetDomainPolicy", GroupId=group_id, VpcIntranetEnable=wanted)
        read = provider.call("DescribeApiGroup", GroupId=group_id)
        assert bool(read.get("VpcDomain")) == (wanted == "true")
    destroy_group(provider, group_id)


def backends(provider: Provider) -> None:
    """With a model for a stage, which the provider reads back out of the backend's answer."""
    made = {"BackendName": unique("backend"), "BackendType": "HTTP", "Description": "made"}
    backend_id = str(provider.call("CreateBackend", CreateSlr="false", **made)["BackendId"])
    same(provider.call("DescribeBackendInfo", BackendId=backend_id)["BackendInfo"], made)
    changed = {**made, "BackendName": unique("backend"), "Description": "changed"}
    provider.call("ModifyBackend", BackendId=backend_id, **changed)
    read = provider.call("DescribeBackendInfo", BackendId=backend_id)["BackendInfo"]
    same(read, changed)
    assert read["BackendModels"] == []
    data = {"ServiceAddress": "http://192.0.2.1:80", "HttpTargetHostName": "shop.example", "ServiceTimeout": 12000}
    model = {"BackendId": backend_id, "BackendType": "HTTP", "StageName": "TEST"}
    model_id = str(provider.call("CreateBackendModel", BackendModelData=json.dumps(data), **model)["BackendModelId"])
    for address in ("http://192.0.2.1:80", "http://192.0.2.2:80"):
        data["ServiceAddress"] = address
        if address.endswith("2:80"):
            text = json.dumps(data)
            provider.call("ModifyBackendModel", BackendModelId=model_id, BackendModelData=text, **model)
        read = provider.call("DescribeBackendInfo", BackendId=backend_id)["BackendInfo"]
        (row,) = [one for one in read["BackendModels"] if one["StageName"] == "TEST"]
        same(row, {"BackendModelId": model_id})
        same(row["BackendConfig"], data)
    provider.call("DeleteBackendModel", BackendId=backend_id, BackendModelId=model_id, StageName="TEST")
    assert provider.call("DescribeBackendInfo", BackendId=backend_id)["BackendInfo"]["BackendModels"] == []
    provider.call("DeleteBackend", BackendId=backend_id)
    provider.gone("NotFoundBackend", "DescribeBackendInfo", BackendId=backend_id)


def stage_models(provider: Provider) -> None:
    name = f"T{uuid.uuid4().hex[:8]}".upper()
    made = {"StageName": name, "StageAlias": "Acceptance", "Description": "made"}
    model_id = str(provider.call("CreateStageModel", **made)["StageModelId"])

    def read() -> list[dict[str, Any]]:
        listed = provider.call("DescribeStageModels", PageSize="100", PageNumber="1")["StageModelInfoList"]
        return [one for one in listed if one["StageModelId"] == model_id]

    (row,) = read()
    same(row, made)
    assert all(isinstance(row[key], str) for key in ("Type", "CreatedTime", "ModifiedTime"))
    provider.call("ModifyStageModel", StageModelId=model_id, StageAlias="Last look", Description="changed")
    (row,) = read()
    same(row, {**made, "StageAlias": "Last look", "Description": "changed"})
    provider.call("DeleteStageModel", StageModelId=model_id)
    assert read() == []
    provider.gone("NotFoundStageModel", "DeleteStageModel", StageModelId=model_id)


def access_lists(provider: Provider) -> None:
    """The list's own entries are sent in capitals, those of an entry attachment in small letters."""
    name = f"tf-{uuid.uuid4().hex[:10]}"
    list_id = str(provider.call("CreateAccessControlList", AclName=name, AddressIPVersion="ipv4")["AclId"])
    own = json.dumps([{"Entry": "192.0.2.0/24", "Comment": "own"}])
    provider.call("AddAccessControlListEntry", AclId=list_id, AclEntrys=own)
    attached = json.dumps([{"entry": "198.51.100.7/32", "comment": "attached"}])
    provider.call("AddAccessControlListEntry", AclId=list_id, AclEntrys=attached)

    def entries() -> set[tuple[str, str]]:
        read = provider.call("DescribeAccessControlListAttribute", AclId=list_id)
        same(read, {"AclId": list_id, "AclName": name, "AddressIPVersion": "ipv4"})
        return {(one["AclEntryIp"], one["AclEntryComment"]) for one in read["AclEntrys"]["AclEntry"]}

    assert entries() == {("192.0.2.0/24", "own"), ("198.51.100.7/32", "attached")}
    provider.call("RemoveAccessControlListEntry", AclId=list_id, AclEntrys=own)
    changed = json.dumps([{"Entry": "192.0.2.128/25", "Comment": "changed"}])
    provider.call("AddAccessControlListEntry", AclId=list_id, AclEntrys=changed)
    provider.call("RemoveAccessControlListEntry", AclId=list_id, AclEntrys=attached)
    assert entries() == {("192.0.2.128/25", "changed")}
    provider.call("DeleteAccessControlList", AclId=list_id)
    assert provider.send("DescribeAccessControlListAttribute", AclId=list_id)[1]["Code"] == "InvokeSlbApiFail"
    provider.gone("NotFoundAccessControlList", "DeleteAccessControlList", AclId=list_id)


def instances(provider: Provider) -> None:
    """With an access list of its own: an attachment that the provider reads out of the instance."""
    made = {
        "InstanceName": unique("instance"),
        "InstanceSpec": "api.s1.small",
        "ChargeType": "PayAsYouGo",
        "HttpsPolicy": "HTTPS2_TLS1_2",
        "ZoneId": "cn-hangzhou-MAZ6",
        "Token": uuid.uuid4().hex,
        "AutoPay": "true",
        "PricingCycle": "month",
        "InstanceType": "normal",
    }
    instance_id = str(provider.call("CreateInstance", **made)["InstanceId"])
    assert provider.call("CreateInstance", **made)["InstanceId"] == instance_id

    def read() -> dict[str, Any]:
        (row,) = provider.call("DescribeInstances", InstanceId=instance_id)["Instances"]["InstanceAttribute"]
        assert isinstance(row, dict) and row["Status"] == "RUNNING"
        return row

    stated = {"InstanceName": made["InstanceName"], "InstanceSpec": "api.s1.small", "ZoneId": "cn-hangzhou-MAZ6"}
    stated |= {"InstanceChargeType": "PayAsYouGo", "HttpsPolicies": "HTTPS2_TLS1_2", "DedicatedInstanceType": "normal"}
    same(read(), stated)
    changed = {"InstanceName": unique("instance"), "HttpsPolicy": "HTTPS2_TLS1_3"}
    # What it read before, it sends again.
    known = {"EgressIpv6Enable": "false", "IPV6Enabled": "false", "VpcSlbIntranetEnable": "false"}
    provider.call("ModifyInstanceAttribute", InstanceId=instance_id, Token=uuid.uuid4().hex, **changed, **known)
    bigger = {"InstanceSpec": "api.s1.medium", "ModifyAction": "UPGRADE", "AutoPay": "true"}
    provider.call("ModifyInstanceSpec", InstanceId=instance_id, Token=uuid.uuid4().hex, **bigger)
    stated |= {
        "InstanceName": changed["InstanceName"],
        "InstanceSpec": "api.s1.medium",
        "HttpsPolicies": "HTTPS2_TLS1_3",
    }
    same(read(), stated)
    list_id = str(provider.call("CreateAccessControlList", AclName=f"tf-{uuid.uuid4().hex[:10]}")["AclId"])
    for kind in ("black", "white"):
        provider.call("EnableInstanceAccessControl", InstanceId=instance_id, AclId=list_id, AclType=kind)
        same(read(), {"AclId": list_id, "AclType": kind, "InstanceId": instance_id})
        provider.call("DisableInstanceAccessControl", InstanceId=instance_id, AclId=list_id)
        assert not read().get("AclId")
    provider.call("DeleteAccessControlList", AclId=list_id)
    provider.call("DeleteInstance", InstanceId=instance_id)
    gone = provider.call("DescribeInstances", InstanceId=instance_id)
    assert gone["Instances"] == {"InstanceAttribute": []}


RESOURCES: dict[str, Callable[[Provider], None]] = {
    "group plug-in attachment": group_plugin_attachments,
    "group in an intranet": intranet_domains_of_groups,
    "backend and backend model": backends,
    "stage model": stage_models,
    "access list and entry attachment": access_lists,
    "instance and access list attachment": instances,
}


@pytest.mark.parametrize("resource", list(RESOURCES))
def test_the_other_resources_apply_plan_change_plan_and_destroy_ten_at_a_time(
    provider: Provider, resource: str
) -> None:
    with ThreadPoolExecutor(10) as pool:
        for done in [pool.submit(RESOURCES[resource], provider) for _ in range(10)]:
            done.result(DEADLINE * 3)
