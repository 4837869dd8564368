"""Whatever an operation lets through, an engine reads: definitions and plug-ins with a part of them spoiled at random.

`Workbench.call` checks each record as an engine does, so what only the engine finds comes back as `RefusedByEngine`. STEPS
makes it longer, SEED another one.
"""

from __future__ import annotations

import copy
import json
import os
import random
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from isthmus.errors import ApiError
from workbench import CATALOG, Workbench, workbench

__all__ = ["workbench"]

STEPS = int(os.environ.get("STEPS", "600"))
SEED = int(os.environ.get("SEED", "1"))
ODD: list[Any] = [
    "", " ", "/", "//", "/[", "/[a]/[a]", "/*/x", "/a/*", "[id]", "*", "\u0000", "\U0001f600" * 40, "\ud83d", "x" * 5000, "#Var#", "a b", "a\r\nb",
    "-1", "0", "1e9", "99999999999999999999", -1, 0, 2**31, 2**63, 1.5, 1e308, True, None, [], {}, [None], {"a": 1},
    "http://", "http://[::1]:0", "https://a:99999/x?y#z", "ftp://h", "10.0.0.0/33", "::/0", "GET,POST", "ANY", "TRACE", "(", "[a-",
    "\\p{L}+", "(?=a)", "$a = 1 and", "${a", "TRUE", "REQUIRED", "HEAD", "BODY", "PATH", "INT", "FILE", "Boolean", "CaClientIp",
]  # fmt: skip
DRAFT: dict[str, Any] = {
    "RequestConfig": {
        "RequestProtocol": "HTTP,HTTPS",
        "RequestHttpMethod": "POST",
        "RequestPath": "/u/[id]",
        "RequestMode": "MAPPING",
        "BodyFormat": "FORM",
    },
    "ServiceConfig": {
        "ServiceProtocol": "HTTP",
        "ServiceAddress": "http://10.0.0.1:8080",
        "ServicePath": "/s/[id]",
        "ServiceHttpMethod": "POST",
        "ServiceTimeout": 1000,
        "ContentTypeCatagory": "CUSTOM",
        "ContentTypeValue": "text/plain",
        "Mock": "FALSE",
        "MockResult": "m",
        "MockStatusCode": 200,
        "MockHeaders": [{"HeaderName": "a", "HeaderValue": "b"}],
        "VpcConfig": {"Name": "access", "VpcScheme": "HTTP"},
        "ServiceVpcEnable": "FALSE",
    },
    "RequestParameters": [
        {"ApiParameterName": "id", "Location": "PATH", "ParameterType": "STRING", "Required": "REQUIRED"},
        {
            "ApiParameterName": "n",
            "Location": "QUERY",
            "ParameterType": "INT",
            "Required": "OPTIONAL",
            "DefaultValue": "1",
            "MinValue": 1,
            "MaxValue": 9,
            "MinLength": 1,
            "MaxLength": 5,
            "RegularExpression": "[0-9]+",
            "EnumValue": "1,2",
        },
    ],
    "ServiceParameters": [
        {"ServiceParameterName": "id", "Location": "PATH", "ParameterType": "STRING", "ParameterCatalog": "REQUEST"},
        {"ServiceParameterName": "m", "Location": "HEAD", "ParameterType": "INT", "ParameterCatalog": "REQUEST"},
    ],
    "ServiceParametersMap": [
        {"ServiceParameterName": "id", "RequestParameterName": "id"},
        {"ServiceParameterName": "m", "RequestParameterName": "n"},
    ],
    "ConstantParameters": [{"ServiceParameterName": "c", "ConstantValue": "v", "Location": "QUERY"}],
    "SystemParameters": [{"ParameterName": "CaClientIp", "ServiceParameterName": "ip", "Location": "HEAD"}],
    "AuthType": "APP",
    "AppCodeAuthType": "HEADER",
    "AllowSignatureMethod": "HmacSHA256",
    "WebSocketApiType": "COMMON",
}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something can be put in another's place."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


def spoiled(chance: random.Random, value: Any) -> Any:
    """A copy with one to three parts replaced, taken away or doubled."""
    changed = copy.deepcopy(value)
    for _ in range(chance.randint(1, 3)):
        *parents, last = chance.choice(list(places(changed)) or [("a",)])
        inside = changed
        for key in parents:
            inside = inside[key]
        if chance.random() < 0.15 and isinstance(inside, dict):
            del inside[last]
        elif chance.random() < 0.1 and isinstance(inside, list):
            inside.append(copy.deepcopy(inside[last]))
        else:
            inside[last] = copy.deepcopy(chance.choice(ODD))
        if not changed:
            return changed
    return changed


def tried(bench: Workbench, name: str, **params: Any) -> dict[str, Any] | None:
    """The answer; None when the caller is told what is wrong."""
    # Halves of characters come in JSON alone: the wire reads texts as UTF-8.
    texts = {key: value.encode(errors="replace").decode() for key, value in params.items() if isinstance(value, str)}
    try:
        return bench.call(name, **{key: value for key, value in {**params, **texts}.items() if value is not None})
    except ApiError as error:
        assert error.code != "RefusedByEngine", (error.message[:600], name, params)
        assert 400 <= error.status < 500, (error.code, name, params)
        return None


def test_what_can_be_published_can_be_served(workbench: Workbench) -> None:
    chance, group_id = random.Random(SEED), workbench.group()
    workbench.call("SetVpcAccess", Name="access", VpcId="vpc-1", InstanceId="10.0.0.9", Port="80")
    published = 0
    for _ in range(STEPS):
        draft = spoiled(chance, DRAFT)
        made = tried(workbench, "CreateApi", GroupId=group_id, ApiName="api_name", **draft)
        if made is None:
            continue
        place = {"ApiId": made["ApiId"], "StageName": "RELEASE"}
        published += tried(workbench, "DeployApi", **place) is not None
        workbench.call("AbolishApi", **place)
        workbench.call("DeleteApi", ApiId=made["ApiId"])
    assert published > STEPS // 20


def test_a_plugin_that_can_be_saved_can_act(workbench: Workbench) -> None:
    chance = random.Random(SEED)
    samples = workbench.call("DescribePluginTemplates")["Templates"]["Template"]
    plugin_id, saved = {}, 0
    for number, one in enumerate(samples):
        kind = one["Title"].split()[0]
        given = {"PluginName": f"plugin_{number}", "PluginType": kind, "PluginData": one["Sample"]}
        plugin_id[number] = workbench.call("CreatePlugin", **given)["PluginId"]
    for _ in range(STEPS):
        number = chance.randrange(len(samples))
        data = spoiled(chance, yaml.safe_load(samples[number]["Sample"]))
        text = json.dumps(data, default=str)
        saved += tried(workbench, "ModifyPlugin", PluginId=plugin_id[number], PluginData=text) is not None
    assert saved > STEPS // 50


OTHERS: dict[str, dict[str, Any]] = {
    "SetVpcAccess": {
        "Name": "another",
        "VpcId": "vpc-2",
        "InstanceId": "10.0.0.7",
        "Port": "80",
        "VpcTargetHostName": "h.example.com",
        "Targets": [{"InstanceId": "10.0.0.8", "Port": 81, "Weight": 2}],
        "HealthCheck": {"Type": "HTTP", "Path": "/", "IntervalMs": 1000},
        "Balance": "ROUND_ROBIN",
        "WhenAllDown": "SERVE",
    },
    "SetDomain": {"DomainName": "api.example.com", "BindStageName": "TEST", "IsHttpRedirectToHttps": "true"},
    "ModifyApiGroup": {
        "GroupName": "another",
        "BasePath": "/v1",
        "PassthroughHeaders": "host,x-a",
        "UserLogConfig": {"requestBody": True, "requestHeaders": "a,b"},
        "CustomAppCodeConfig": {"location": "HEADER", "name": "x-code"},
        "RpsLimitForServerless": "9",
    },
    "CreateApp": {
        "AppName": "an_app",
        "AppKey": "203753385",
        "AppSecret": "secret-of-it",
        "AppCode": "code-of-it",
        "Extend": "e",
    },
    "CreateNetwork": {
        "NetworkId": "vpc-3",
        "Attachment": {"mode": "socks5", "host": "b", "port": 1080, "user": "u", "password": "p"},
        "Cidrs": "10.1.0.0/16",
        "Instances": {"i-1": "10.1.0.1"},
    },
    "CreateTrafficControl": {
        "TrafficControlName": "limits",
        "TrafficControlUnit": "DAY",
        "ApiDefault": "7",
        "UserDefault": "5",
        "AppDefault": "3",
    },
    "CreateDatasetItem": {"Value": "10.0.0.0/8", "ExpiredTime": "2030-01-01T00:00:00Z", "Description": "d"},
    "CreateApiStageVariable": {
        "VariableName": "Name",
        "VariableValue": "v",
        "SupportRoute": "true",
        "StageRouteModel": {
            "Location": "QUERY",
            "ServiceParameterName": "q",
            "RouteMatchSymbol": "IN",
            "RouteRules": [{"ConditionValue": "1,2", "ResultValue": "r"}],
        },
    },
}


@pytest.mark.parametrize("operation", list(OTHERS))
def test_what_else_can_be_set_can_be_served(workbench: Workbench, operation: str) -> None:
    chance, group_id = random.Random(SEED), workbench.group()
    stage_id = workbench.call("DescribeApiGroup", GroupId=group_id)["StageItems"]["StageInfo"][0]["StageId"]
    dataset = workbench.call("CreateDataset", DatasetName="a_set", DatasetType="IP_WHITELIST_CIDR")["DatasetId"]
    ids = {"GroupId": group_id, "StageId": stage_id, "DatasetId": dataset}
    names = {parameter.name for parameter in next(one for one in CATALOG.operations if one.name == operation).params}
    needed = {name: value for name, value in ids.items() if name in names}
    assert tried(workbench, operation, **needed, **OTHERS[operation]) is not None
    for _ in range(STEPS // 4):
        tried(workbench, operation, **needed, **spoiled(chance, OTHERS[operation]))
