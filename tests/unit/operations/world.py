"""One of everything, and for each parameter's name a value that fits it: where tests of all operations start from."""

from __future__ import annotations

import json
from typing import Any

from certificate_maker import Authority
from isthmus.catalog import Operation
from isthmus.parameter import Parameter
from isthmus.shape import ObjectOf
from workbench import MOCK, REQUEST, Workbench

HOST = "world.example.com"
# Of the clocks that tests have, all are in its time.
CERTIFICATE, KEY = Authority(1_795_000_000.0).issue("*.example.com", (-1, 3650))


class World:
    def __init__(self, workbench: Workbench) -> None:
        self.workbench = workbench
        call = workbench.call
        self.group_id = workbench.group()
        self.api_id = workbench.api(self.group_id)
        call("DeployApi", ApiId=self.api_id, StageName="RELEASE")
        versions = call("DescribeApiHistories", GroupId=self.group_id, ApiId=self.api_id)["ApiHisItems"]["ApiHisItem"]
        self.app_id = str(call("CreateApp", AppName="world_app")["AppId"])
        call("SetAppsAuthorities", ApiId=self.api_id, AppIds=self.app_id, StageName="RELEASE")
        security = call("DescribeAppSecurity", AppId=self.app_id)
        call("SetVpcAccess", Name="world_access", VpcId="vpc-world", InstanceId="10.9.0.1", Port="80")
        call("CreateModel", GroupId=self.group_id, ModelName="World", Schema='{"type":"object"}')
        stages = call("DescribeApiGroup", GroupId=self.group_id)["StageItems"]["StageInfo"]
        operation = call("BatchDeployApis", StageName="TEST", **{"Api.1.ApiUid": self.api_id})["OperationId"]
        document = {"swagger": "2.0", "info": {"title": "t", "version": "1"}, "paths": {}}
        plugin = {"PluginName": "world_plugin", "PluginType": "ipControl"}
        rules = json.dumps({"type": "ALLOW", "items": [{"blocks": ["10.0.0.0/8"]}]})
        self.plugin_id = call("CreatePlugin", PluginData=rules, **plugin)["PluginId"]
        dataset = call("CreateDataset", DatasetName="world_set", DatasetType="IP_WHITELIST_CIDR")["DatasetId"]
        limits = {"TrafficControlUnit": "SECOND", "ApiDefault": "10"}
        traffic = call("CreateTrafficControl", TrafficControlName="world_limits", **limits)["TrafficControlId"]
        call("AddTrafficSpecialControl", TrafficControlId=traffic, SpecialType="APP", SpecialKey="7", TrafficValue="2")
        addresses = call("CreateIpControl", IpControlName="world_addresses", IpControlType="ALLOW")["IpControlId"]
        item = call("AddIpControlPolicyItem", IpControlId=addresses, CidrIp="10.0.0.0/8")["PolicyItemId"]
        key = {"SignatureKey": "world_key", "SignatureSecret": "world_secret"}
        signature = call("CreateSignature", SignatureName="world_signature", **key)["SignatureId"]
        stage_model = call("CreateStageModel", StageName="WORLD", StageAlias="world")["StageModelId"]
        backend = call("CreateBackend", BackendName="world_backend", BackendType="HTTP")["BackendId"]
        model = {
            "BackendId": backend,
            "StageName": "RELEASE",
            "BackendModelData": '{"ServiceAddress":"http://10.0.0.1"}',
        }
        backend_model = call("CreateBackendModel", BackendType="HTTP", **model)["BackendModelId"]
        acl = call("CreateAccessControlList", AclName="world_list")["AclId"]
        call("AddAccessControlListEntry", AclId=acl, AclEntrys='[{"Entry":"10.0.0.0/8"}]')
        for name in (HOST, f"*.{HOST}"):
            call("SetDomain", GroupId=self.group_id, DomainName=name)
        item_id = call("CreateDatasetItem", DatasetId=dataset, Value="10.2.0.0/16")["DatasetItemId"]
        order = {"InstanceSpec": "api.s1.small", "ChargeType": "POSTPAY", "PricingCycle": "Month", "ZoneId": "z"}
        instance = call("CreateInstance", InstanceName="world_instance", Token="world", **order)["InstanceId"]
        self.fitting = fitting(instance, acl)
        self.values: dict[str, str] = {
            "StageModelId": stage_model,
            "BackendId": backend,
            "BackendModelId": backend_model,
            "BackendType": "HTTP",
            "BackendModelData": '{"ServiceAddress":"http://10.0.0.2"}',
            "AclId": acl,
            "AclEntrys": '[{"Entry":"10.1.0.0/16","Comment":"c"}]',
            "AclType": "white",
            "DomainName": HOST,
            "DatasetItemId": item_id,
            "CertificateBody": CERTIFICATE,
            "CertificatePrivateKey": KEY,
            **order,
            "BackendName": "world_backend",
            "TrafficControlId": traffic,
            "TrafficControlUnit": "MINUTE",
            "SpecialType": "APP",
            "SpecialKey": "7",
            "IpControlId": addresses,
            "IpControlType": "ALLOW",
            "PolicyItemId": item,
            "PolicyItemIds": item,
            "CidrIp": "10.1.0.0/16",
            "SignatureId": signature,
            "SignatureKey": "other_key",
            "SignatureSecret": "other_secret",
            "GroupId": self.group_id,
            "ApiId": self.api_id,
            "ApiIds": self.api_id,
            "ApiUid": self.api_id,
            "AppId": self.app_id,
            "AppIds": self.app_id,
            "StageName": "RELEASE",
            "StageId": stages[0]["StageId"],
            "HistoryVersion": versions[0]["HistoryVersion"],
            "PluginId": self.plugin_id,
            "PluginType": "ipControl",
            "PluginData": rules,
            "DatasetId": dataset,
            "DatasetType": "IP_WHITELIST_CIDR",
            "AppKey": security["AppKey"],
            "AppCode": security["AppCode"],
            "VpcId": "vpc-world",
            "InstanceId": "10.9.0.1",
            "Port": "80",
            "Name": "world_access",
            "NetworkId": "vpc-world",
            "ModelName": "World",
            "Schema": '{"type":"object"}',
            "RequestConfig": json.dumps(dict(REQUEST)),
            "ServiceConfig": json.dumps(MOCK),
            "AuthType": "APP",
            "ResultType": "JSON",
            "OperationUid": operation,
            "OperationId": operation,
            "Language": "python",
            "Data": json.dumps(document),
            "DataFormat": "json",
            "Attachment": '{"mode":"host"}',
            "ResourceType": "api",
            "StartTime": "2026-11-18T11:00:00Z",
            "EndTime": "2026-11-18T12:00:00Z",
            "Role": "viewer",
            "Value": "10.0.0.0/8",
        }

    def parameters(self, operation: Operation) -> dict[str, str]:
        """What the operation requires, and the ids that make it find something."""
        found: dict[str, str] = {}
        own = self.fitting.get(operation.name, {})
        for parameter in operation.params:
            if (
                parameter.required
                or parameter.name in ("GroupId", "ApiId", "AppId", "StageName")
                or parameter.name in own
            ):
                found.update(self.value(parameter, operation.name))
        return found

    def value(self, parameter: Parameter, operation: str = "") -> dict[str, str]:
        own = self.fitting.get(operation, {})
        if parameter.name in own:
            return {parameter.name: own[parameter.name]}
        if parameter.wire == "flat-repeat":
            item = getattr(parameter.shape, "item", None)
            if isinstance(item, ObjectOf):
                return {f"{parameter.name}.1.{name}": self.values.get(name, "a") for name in item.members}
            return {f"{parameter.name}.1": self.values.get(parameter.name, self.api_id)}
        kind = getattr(parameter.shape, "kind", "any")
        default = {"integer": "1", "boolean": "true"}.get(kind, "[]" if parameter.wire == "json" else "a_name")
        return {parameter.name: self.values.get(parameter.name, default)}


def fitting(instance: str, acl: str) -> dict[str, dict[str, str]]:
    """What some operations need where the same name means something else to others."""
    of_instance = {"InstanceId": instance}
    found: dict[str, dict[str, str]] = dict.fromkeys(
        (
            "DeleteInstance",
            "DescribeInstances",
            "DescribeInstanceQps",
            "DescribeInstanceTraffic",
            "DescribeInstanceLatency",
            "DescribeInstanceHttpCode",
            "DisableInstanceAccessControl",
            "ModifyInstanceSpec",
            "ModifyInstanceVpcAttributeForConsole",
        ),
        of_instance,
    )
    found["EnableInstanceAccessControl"] = {**of_instance, "AclId": acl}
    found["ModifyInstanceAttribute"] = {**of_instance, "HttpsPolicy": "HTTPS2_TLS1_2", "MaintainStartTime": "18:00Z"}
    found["ModifyApiGroupInstance"] = {"TargetInstanceId": instance}
    found["SetVpcAccess"] = {"Name": "another_access", "Port": "81"}
    found["CreateNetwork"] = {"NetworkId": "vpc-another", "Instances": "{}"}
    found["SetNetworkInstances"] = {"Instances": "{}"}
    found["ModifyNetwork"] = {"Instances": "{}"}
    found["SetWildcardDomainPatterns"] = {"DomainName": f"*.{HOST}", "WildcardDomainPatterns": "[]"}
    found["SetDomainWebSocketStatus"] = {"ActionValue": "OPEN"}
    found["CreateBackend"] = {"BackendName": "another_backend"}
    found["CreateBackendModel"] = {"StageName": "TEST"}
    return found


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


def hostile_values() -> list[Any]:
    """Texts as they might come for any parameter."""
    return [
        " ",
        "\0",
        "a\0b",
        "x" * 70_000,
        "\U0001d54f" * 300,
        "-1",
        "0",
        "99999999999999999999",
        "9223372036854775807",
        "1e999",
        "NaN",
        "maybe",
        "１２",
        "٣",
        "[]",
        "{}",
        "null",
        "[null]",
        "[[1],{}]",
        '{"a":{"b":[1,2.5e400,null]}}',
        '{"requestPath":{"a":1},"serviceProtocol":[],"requestHttpMethod":"GET\\u0000"}',
        '{"a":',
        nested(20_000),
        "'; DROP TABLE apis; --",
        "%00%0a",
        "../../etc/passwd",
        "a\r\nX-Injected: 1",
        "\ufeff\u202e\u2028",
        ",,,,",
        "1,2,a",
        "*" * 50,
        "(" * 500,
        "https://[::1/",
        "2026-13-45T99:99:99Z",
    ]
