"""What a gateway has when the console's pages are looked at: one of everything; and its operations by name."""

from __future__ import annotations

import json
from typing import Any

from isthmus.client import Endpoint, call

from running import Running

# Operations of the gateway's own.
OWN = {"CreateUser", "CreateNetwork", "ModifyNetwork", "DescribeNetworks", "DescribeBoundDomains", "DescribeTraffic"}
ORDERED = {"ChargeType": "POSTPAY", "PricingCycle": "Hour", "ZoneId": "z", "Token": "t"}


def fill(owned: Running) -> dict[str, Any]:
    """One of everything."""
    client = management(owned)
    client("SetVpcAccess", Name="a", VpcId="vpc-x", InstanceId="127.0.0.1", Port=80)
    group = client("CreateApiGroup", GroupName="nginx-demo")["GroupId"]
    client("SetDomain", GroupId=group, DomainName="shop.example.com")
    stage = client("DescribeApiGroup", GroupId=group)["StageItems"]["StageInfo"][0]["StageId"]
    client("CreateApiStageVariable", GroupId=group, StageId=stage, VariableName="Server", VariableValue="10.0.0.5:80")
    request = {"RequestProtocol": "HTTP", "RequestHttpMethod": "GET", "RequestPath": "/x", "RequestMode": "PASSTHROUGH"}
    service = {"ServiceProtocol": "HTTP", "Mock": "TRUE", "MockResult": "m", "ServiceTimeout": 1000}
    api = client(
        "CreateApi",
        GroupId=group,
        ApiName="mocked",
        Visibility="PRIVATE",
        AuthType="ANONYMOUS",
        RequestConfig=json.dumps(request),
        ServiceConfig=json.dumps(service),
    )["ApiId"]
    client("DeployApi", GroupId=group, ApiId=api, StageName="RELEASE", Description="d")
    app = client("CreateApp", AppName="caller")["AppId"]
    plugin = client(
        "CreatePlugin",
        PluginName="p",
        PluginType="accessControl",
        PluginData="rules: [{condition: 1 = 1, ifTrue: ALLOW}]",
    )["PluginId"]
    client("AttachPlugin", PluginId=plugin, GroupId=group, ApiId=api, StageName="RELEASE")
    client("CreateInstance", InstanceName="mine", InstanceSpec="api.s1.small", **ORDERED)
    acl = client("CreateAccessControlList", AclName="office")["AclId"]
    client("AddAccessControlListEntry", AclId=acl, AclEntrys=json.dumps([{"entry": "192.0.2.0/24", "comment": "x"}]))
    backend = client("CreateBackend", BackendName="orders", BackendType="HTTP")["BackendId"]
    leads = json.dumps({"ServiceAddress": "http://10.0.0.1"})
    client("CreateBackendModel", BackendId=backend, BackendType="HTTP", StageName="TEST", BackendModelData=leads)
    dataset = client("CreateDataset", DatasetName="blocked", DatasetType="JWT_BLOCKING")["DatasetId"]
    client("CreateDatasetItem", DatasetId=dataset, Value="v")
    client("CreateStageModel", StageName="UAT", StageAlias="Acceptance")
    client("CreateModel", GroupId=group, ModelName="Order", Schema='{"type": "object"}')
    made = {"group": group, "api": api, "app": app}
    details = (
        f"plugins/{plugin}",
        f"plugins/{plugin}?tab=bound",
        f"access-lists/{acl}",
        f"backends/{backend}",
        f"datasets/{dataset}",
    )
    return {**made, "details": details}


def management(gateway: Running) -> Any:
    ready = gateway.ready
    endpoint = Endpoint(ready["management"], ready["access_key_id"], ready["access_key_secret"])

    def send(name: str, **params: Any) -> dict[str, Any]:
        version = "2026-11-01" if name in OWN else "2016-07-14"
        return call(endpoint, name, version, {key: str(value) for key, value in params.items()})

    return send
