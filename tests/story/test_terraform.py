"""What Terraform's provider does for each resource, replayed: apply, plan, change, plan, destroy, ten at a time."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from terraform_provider import Provider, api, destroy_api, destroy_group, group, unique

from running import DEADLINE, Running


@pytest.fixture(scope="module")
def provider(gateway: Running) -> Provider:
    return Provider(gateway)


def groups_and_apis(provider: Provider) -> None:
    group_id = group(provider)
    changed = {"GroupName": unique("group"), "Description": "changed", "BasePath": "/v2"}
    provider.call("ModifyApiGroup", GroupId=group_id, **changed)
    log = '{"requestBody":true}'
    provider.call("ModifyApiGroup", GroupId=group_id, UserLogConfig=log)
    read = provider.call("DescribeApiGroup", GroupId=group_id)
    assert {name: read[name] for name in changed} == changed and read["UserLogConfig"] == log
    destroy_api(provider, group_id, api(provider, group_id))
    destroy_group(provider, group_id)


def apps_and_attachments(provider: Provider) -> None:
    group_id = group(provider)
    api_id = api(provider, group_id)
    app_id = provider.call("CreateApp", AppName=unique("app")[:26], Description="made")["AppId"]
    assert isinstance(app_id, int)
    provider.call(
        "TagResources", **{"ResourceType": "app", "ResourceId.1": str(app_id), "Tag.1.Key": "k", "Tag.1.Value": ""}
    )
    tags = provider.call("ListTagResources", **{"ResourceType": "app", "ResourceId.1": str(app_id)})
    assert [one["TagKey"] for one in tags["TagResources"]["TagResource"]] == ["k"]
    provider.call("ModifyApp", AppId=str(app_id), Description="changed")
    assert provider.call("DescribeApp", AppId=str(app_id))["Description"] == "changed"
    grant = {"GroupId": group_id, "ApiId": api_id, "AppIds": str(app_id), "StageName": "RELEASE"}
    provider.call("SetAppsAuthorities", **grant)
    listed = {"GroupId": group_id, "ApiId": api_id, "StageName": "RELEASE"}
    found = provider.call("DescribeAuthorizedApps", **listed)["AuthorizedApps"]["AuthorizedApp"]
    assert [one["AppId"] for one in found] == [app_id]
    provider.call("RemoveAppsAuthorities", **grant)
    assert provider.call("DescribeAuthorizedApps", **listed)["AuthorizedApps"] == {"AuthorizedApp": []}
    provider.call("DeleteApp", AppId=str(app_id))
    provider.gone("NotFoundApp", "DescribeApp", AppId=str(app_id))
    # The provider asks for the tags of an app that is gone before it asks for the app.
    gone = provider.call("ListTagResources", **{"ResourceType": "app", "ResourceId.1": str(app_id)})
    assert gone["TagResources"] == {"TagResource": []}
    destroy_api(provider, group_id, api_id)
    destroy_group(provider, group_id)


def plugins_and_attachments(provider: Provider) -> None:
    group_id = group(provider)
    api_id = api(provider, group_id)
    data = '{"type":"ALLOW",  "items":[{"blocks":["10.0.0.0/8"]}]}'
    made = {"PluginName": unique("plugin"), "PluginType": "ipControl", "PluginData": data, "Description": "made"}
    plugin_id = str(provider.call("CreatePlugin", **made, **{"Tag.1.Key": "k", "Tag.1.Value": "v"})["PluginId"])
    (read,) = provider.call("DescribePlugins", PluginId=plugin_id)["Plugins"]["PluginAttribute"]
    assert {name: read[name] for name in made} == made
    assert read["Tags"]["TagInfo"] == [{"Key": "k", "Value": "v"}]
    provider.call("ModifyPlugin", PluginId=plugin_id, Description="changed")
    place = {"GroupId": group_id, "ApiId": api_id, "PluginId": plugin_id, "StageName": "RELEASE"}
    provider.call("AttachPlugin", **place)
    bound = {"GroupId": group_id, "ApiId": api_id, "StageName": "RELEASE"}
    found = provider.call("DescribePluginsByApi", **bound)["Plugins"]["PluginAttribute"]
    assert [one["PluginId"] for one in found] == [plugin_id]
    provider.call("DetachPlugin", **place)
    assert provider.call("DescribePluginsByApi", **bound)["Plugins"] == {"PluginAttribute": []}
    provider.call("DeletePlugin", PluginId=plugin_id)
    assert provider.call("DescribePlugins", PluginId=plugin_id)["Plugins"] == {"PluginAttribute": []}
    destroy_api(provider, group_id, api_id)
    destroy_group(provider, group_id)


def models(provider: Provider) -> None:
    group_id = group(provider)
    schema = '{"type":"object","properties":{"id":{"format":"int64","type":"integer"}}}'
    made = provider.call("CreateModel", GroupId=group_id, ModelName="Model", Schema=schema, Description="made")
    assert (made["GroupId"], made["ModelName"]) == (group_id, "Model")
    provider.call("CreateModel", GroupId=group_id, ModelName="Model2", Schema=schema)
    provider.call("ModifyModel", GroupId=group_id, ModelName="Model", Description="changed")
    read = provider.call("DescribeModels", GroupId=group_id, ModelName="Model")["ModelDetails"]["ModelDetail"][0]
    assert (read["ModelName"], read["Schema"], read["Description"]) == ("Model", schema, "changed")
    for name in ("Model", "Model2"):
        provider.call("DeleteModel", GroupId=group_id, ModelName=name)
    assert provider.call("DescribeModels", GroupId=group_id)["ModelDetails"] == {"ModelDetail": []}
    destroy_group(provider, group_id)


def vpc_accesses(provider: Provider) -> None:
    vpc = f"vpc-{uuid.uuid4().hex[:10]}"
    made = {
        "Name": unique("vpc"),
        "VpcId": vpc,
        "InstanceId": "10.1.2.3",
        "Port": "8080",
        "VpcTargetHostName": "h.example",
    }
    provider.call("SetVpcAccess", **made)
    asked = {name: made[name] for name in ("Name", "VpcId", "InstanceId", "Port")}
    found = provider.call("DescribeVpcAccesses", PageSize="50", **asked)["VpcAccessAttributes"]["VpcAccessAttribute"]
    assert [{name: str(one[name]) for name in made} for one in found] == [made]
    provider.call("RemoveVpcAccess", VpcId=vpc, InstanceId="10.1.2.3", Port="8080")
    assert provider.call("DescribeVpcAccesses", **asked)["VpcAccessAttributes"] == {"VpcAccessAttribute": []}


RESOURCES = {
    "group and api": groups_and_apis,
    "app and app attachment": apps_and_attachments,
    "plugin and plugin attachment": plugins_and_attachments,
    "model": models,
    "vpc access": vpc_accesses,
}


@pytest.mark.parametrize("resource", list(RESOURCES))
def test_apply_plan_change_plan_and_destroy_ten_at_a_time(provider: Provider, resource: str) -> None:
    with ThreadPoolExecutor(10) as pool:
        for done in [pool.submit(RESOURCES[resource], provider) for _ in range(10)]:
            done.result(DEADLINE * 3)


def test_a_log_configuration_is_applied_and_destroyed(provider: Provider) -> None:
    given = {"LogType": "PROVIDER", "SlsProject": "p", "SlsLogStore": "s"}
    provider.call("CreateLogConfig", **given)
    provider.call("ModifyLogConfig", **{**given, "SlsLogStore": "s2"})
    (read,) = provider.call("DescribeLogConfig", LogType="PROVIDER")["LogInfos"]["LogInfo"]
    assert (read["LogType"], read["SlsProject"], read["SlsLogStore"]) == ("PROVIDER", "p", "s2")
    provider.call("DeleteLogConfig", LogType="PROVIDER")
    assert provider.call("DescribeLogConfig", LogType="PROVIDER")["LogInfos"] == {"LogInfo": []}
