"""What Terraform's provider does for each resource, replayed: apply, plan, change, plan, destroy, ten at a time.

The calls and the fields that it compares are those of provider 1.289.0: RPC signatures over a form body, reads that must
find at once what was written, and codes by which it knows that something is gone.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from running import DEADLINE, Running


class Provider:
    """Calls as the provider makes them."""

    def __init__(self, gateway: Running) -> None:
        self._url = gateway.ready["management"]
        self._key = gateway.ready["access_key_id"]
        self._secret = gateway.ready["access_key_secret"]
        self._client = httpx.Client(timeout=DEADLINE, limits=httpx.Limits(max_connections=16))

    def send(self, action: str, **form: str) -> tuple[int, dict[str, Any]]:
        query = {
            "Action": action,
            "Version": "2016-07-14",
            "Format": "json",
            "AccessKeyId": self._key,
            "SignatureMethod": "HMAC-SHA1",
            "SignatureVersion": "1.0",
            "SignatureNonce": uuid.uuid4().hex,
            "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        signed = sorted({**query, **form}.items())
        joined = "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in signed)
        text = f"POST&%2F&{quote(joined, safe='~')}"
        digest = hmac.new(f"{self._secret}&".encode(), text.encode(), hashlib.sha1).digest()
        query["Signature"] = base64.b64encode(digest).decode()
        answer = self._client.post(f"{self._url}/", params=query, data=form)
        body = answer.json()
        # The provider ends with a panic on anything else.
        assert isinstance(body, dict) and isinstance(body["RequestId"], str)
        return answer.status_code, body

    def call(self, action: str, **form: str) -> dict[str, Any]:
        status, body = self.send(action, **form)
        assert status == 200, (action, body)
        assert not {"Code", "Success", "Message"} & set(body), body
        return body

    def gone(self, code: str, action: str, **form: str) -> None:
        """By this the provider knows that a resource is no more."""
        status, body = self.send(action, **form)
        assert (status, body["Code"]) == (404, code), body
        assert all(isinstance(body[name], str) for name in ("Code", "Message", "RequestId", "HostId", "Recommend"))


@pytest.fixture(scope="module")
def provider(gateway: Running) -> Provider:
    return Provider(gateway)


def unique(kind: str) -> str:
    return f"tf_{kind}_{uuid.uuid4().hex[:12]}"


def group(provider: Provider) -> str:
    name, tags = unique("group"), {"Description": "made", "BasePath": "/"}
    group_id = str(provider.call("CreateApiGroup", GroupName=name, **tags)["GroupId"])
    read = provider.call("DescribeApiGroup", GroupId=group_id)
    assert (read["GroupName"], read["Description"], read["BasePath"]) == (name, "made", "/") and read["SubDomain"]
    return group_id


def api(provider: Provider, group_id: str) -> str:
    """With a constant and a system parameter among the ordinary ones, as the provider sends them."""
    request = {
        "requestProtocol": "HTTP",
        "requestHttpMethod": "GET",
        "requestPath": f"/{uuid.uuid4().hex}",
        "requestMode": "MAPPING",
        "bodyFormat": "",
    }
    service = {
        "serviceProtocol": "HTTP",
        "serviceAddress": "http://127.0.0.1:1",
        "serviceHttpMethod": "GET",
        "servicePath": "/web",
        "serviceTimeout": 12,
        "mock": "FALSE",
        "serviceVpcEnable": "FALSE",
        "contentTypeCatagory": "CLIENT",
        "functionComputeConfig": {},
        "vpcConfig": {"name": "", "vpcScheme": ""},
        "aoneAppName": "",
    }
    names = {"q": "", "const": "CONSTANT", "sys": "SYSTEM"}
    declared = [
        {"parameterType": "STRING", "name": name, "apiParameterName": name, "location": "QUERY", "required": "OPTIONAL", "defaultValue": "v" if name == "const" else ""}
        for name in ("q", "const", "CaClientIp")
    ]  # fmt: skip
    served = [
        {"serviceParameterName": name, "location": "QUERY", "parameterType": "STRING" if not kind else "", "parameterCatalog": kind or "REQUEST"}
        for name, kind in names.items()
    ]  # fmt: skip
    mapped = [
        {"requestParameterName": source, "serviceParameterName": name}
        for source, name in (("q", "q"), ("const", "const"), ("CaClientIp", "sys"))
    ]
    given = {
        "ApiName": unique("api"),
        "GroupId": group_id,
        "AuthType": "APP",
        "ResultType": "JSON",
        "ResultSample": "Result Sample",
        "Visibility": "PRIVATE",
        "AllowSignatureMethod": "HmacSHA256",
        "WebSocketApiType": "COMMON",
        "RequestConfig": json.dumps(request),
        "ServiceConfig": json.dumps(service),
        "RequestParameters": json.dumps(declared),
        "ServiceParameters": json.dumps(served),
        "ServiceParametersMap": json.dumps(mapped),
    }
    api_id = str(provider.call("CreateApi", **given)["ApiId"])
    place = {"GroupId": group_id, "ApiId": api_id}

    def plan() -> None:
        read = provider.call("DescribeApi", **place)
        shown = [one["ApiParameterName"] for one in read["RequestParameters"]["RequestParameter"]]
        maps = [one["RequestParameterName"] for one in read["ServiceParametersMap"]["ServiceParameterMap"]]
        assert (shown, maps) == (["q"], ["q"])
        (constant,) = read["ConstantParameters"]["ConstantParameter"]
        (system,) = read["SystemParameters"]["SystemParameter"]
        assert (constant["ServiceParameterName"], constant["ConstantValue"]) == ("const", "v")
        assert (system["ParameterName"], system["ServiceParameterName"]) == ("CaClientIp", "sys")
        assert read["RequestParameters"]["RequestParameter"][0]["ParameterType"] == "STRING"
        assert read["ServiceConfig"]["ServiceTimeout"] == 12

    plan()
    for stage in ("RELEASE", "TEST"):
        provider.call("DeployApi", StageName=stage, Description="Terraform Deploy", **place)
        provider.call("DescribeDeployedApi", StageName=stage, **place)
    provider.call("ModifyApi", **{**given, "ApiId": api_id, "Description": "changed"})
    provider.call("DeployApi", StageName="RELEASE", Description="Terraform Deploy", **place)
    provider.call("AbolishApi", StageName="TEST", **place)
    provider.gone("NotFoundStage", "DescribeDeployedApi", StageName="TEST", **place)
    plan()
    return api_id


def destroy_api(provider: Provider, group_id: str, api_id: str) -> None:
    place = {"GroupId": group_id, "ApiId": api_id}
    for stage in ("RELEASE", "PRE", "TEST"):
        provider.call("AbolishApi", StageName=stage, **place)
        provider.gone("NotFoundStage", "DescribeDeployedApi", StageName=stage, **place)
    provider.call("DeleteApi", **place)
    provider.gone("NotFoundApi", "DescribeApi", **place)


def destroy_group(provider: Provider, group_id: str) -> None:
    provider.call("DeleteApiGroup", GroupId=group_id)
    provider.gone("NotFoundApiGroup", "DescribeApiGroup", GroupId=group_id)


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
