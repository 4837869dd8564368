"""What an editor does, the console or Terraform: a draft that is read and written back is the draft that it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from isthmus.model import Draft, to_document
from isthmus.operations.apis import draft_of
from isthmus.store.apis import find_api
from isthmus.store.backends import models_of_backend
from workbench import REQUEST, Workbench, workbench

__all__ = ["workbench"]

CASES = sorted((Path(__file__).parents[2] / "publish").glob("*.case"))
# Lists have a name of their own in answers.
LISTS = {
    "RequestParameters": "RequestParameter",
    "ServiceParameters": "ServiceParameter",
    "ServiceParametersMap": "ServiceParameterMap",
    "ConstantParameters": "ConstantParameter",
    "SystemParameters": "SystemParameter",
    "ErrorCodeSamples": "ErrorCodeSample",
    "ResultDescriptions": "ResultDescription",
}
OBJECTS = ("RequestConfig", "ServiceConfig", "OpenIdConnectConfig")
SCALARS = (
    "ApiName",
    "Description",
    "Visibility",
    "AuthType",
    "AppCodeAuthType",
    "AllowSignatureMethod",
    "ForceNonceCheck",
    "DisableInternet",
    "ResultType",
    "ResultSample",
    "FailResultSample",
    "ResultBodyModel",
    "WebSocketApiType",
    "BackendEnable",
)
EVERYTHING: dict[str, Any] = {
    "RequestConfig": {**REQUEST, "RequestMode": "MAPPING", "EscapePathParam": True, "BodyModel": "m"},
    "ServiceConfig": {
        "ServiceProtocol": "HTTP",
        "ServiceVpcEnable": "TRUE",
        "ServicePath": "/u/[uid]",
        "ServiceTimeout": 1000,
        "TlsVerify": False,
        "ContentTypeCatagory": "CUSTOM",
        "ContentTypeValue": "text/x",
        "VpcConfig": {"Name": "a", "VpcAccessId": "b", "VpcScheme": "HTTPS", "VpcTargetHostName": "shop.internal"},
        "FunctionComputeConfig": {"TriggerUrl": "https://t.example.com", "FcVersion": "3.0", "TriggerName": "t"},
        "OssConfig": {"OssRegionId": "r", "BucketName": "b", "Key": "k", "Action": "GetObject"},
        "EventBridgeConfig": {"EventBridgeRegionId": "r", "EventBus": "b", "EventSource": "s", "RoleArn": "a"},
        "MockHeaders": [{"HeaderName": "a", "HeaderValue": "b"}],
    },
    "RequestParameters": [{"ApiParameterName": "id", "Location": "PATH", "ParameterType": "Long", "DocOrder": 4}],
    "ServiceParameters": [{"ServiceParameterName": "uid", "Location": "PATH", "ParameterType": "NUMBER"}],
    "ServiceParametersMap": [{"ServiceParameterName": "uid", "RequestParameterName": "id"}],
    "ErrorCodeSamples": [{"Code": "1", "Message": "m", "Description": "d", "Model": "x"}],
    "ResultDescriptions": [{"Id": "1", "Pid": "0", "HasChild": True, "Key": "k", "Name": "n", "Type": "t"}],
    "WebSocketApiType": "NOTIFY",
    "DisableInternet": True,
}


def sent_back(described: dict[str, Any]) -> dict[str, Any]:
    """What the console's `writeDraft` makes of what its `readDraft` read."""
    sent = {name: described[name] for name in (*SCALARS, *OBJECTS) if name in described}
    sent |= {name: described[name][inner] for name, inner in LISTS.items() if name in described}
    service = dict(sent.get("ServiceConfig", {}))
    if "MockHeaders" in service:
        service["MockHeaders"] = service["MockHeaders"]["MockHeader"]
    sent["ServiceConfig"] = service
    if described.get("BackendConfig"):
        sent["BackendId"] = described["BackendConfig"]["BackendId"]
    return sent


def stored(workbench: Workbench, api_id: str) -> Draft:
    with workbench.store.read() as transaction:
        api = find_api(transaction, api_id)
    assert api is not None
    return draft_of(api.definition)


def cases() -> dict[str, dict[str, Any]]:
    # That one is about texts that are no draft.
    drafts = [case for case in CASES if case.stem != "draft_problems"]
    found = {case.stem: json.loads(case.read_text(encoding="utf-8").partition("\n---\n")[0]) for case in drafts}
    return {**found, "everything": EVERYTHING}


@pytest.mark.parametrize("name", cases())
def test_a_draft_that_is_read_and_written_back_is_the_same(workbench: Workbench, name: str) -> None:
    group_id = workbench.group()
    made = workbench.call("CreateApi", GroupId=group_id, **{"ApiName": "demo_api", **cases()[name]})
    before = stored(workbench, made["ApiId"])
    described = workbench.call("DescribeApi", ApiId=made["ApiId"], GroupId=group_id)
    workbench.call("ModifyApi", GroupId=group_id, ApiId=made["ApiId"], **sent_back(described))
    assert to_document(stored(workbench, made["ApiId"])) == to_document(before)


MODELS: dict[str, dict[str, Any]] = {
    "HTTP": {"ServiceAddress": "https://a", "TlsVerify": False, "HttpTargetHostName": "b", "ServiceTimeout": 9},
    "VPC": {"VpcConfig": {"Name": "a", "VpcScheme": "HTTPS", "VpcTargetHostName": "h", "VpcAccessId": "i"}},
    "FC_EVENT": {"FunctionComputeConfig": {"FcRegionId": "r", "FunctionName": "f", "TriggerUrl": "https://t"}},
    "FC_HTTP": {
        "FunctionComputeConfig": {"FcBaseUrl": "https://f", "Path": "/p", "Method": "GET", "OnlyBusinessPath": True}
    },
    "OSS": {"OssConfig": {"OssRegionId": "r", "BucketName": "b", "Key": "k", "Action": "GetObject"}},
    "MOCK": {
        "MockConfig": {
            "MockResult": "m",
            "MockStatusCode": 201,
            "MockHeaders": [{"HeaderName": "a", "HeaderValue": ""}],
        }
    },
    "DISCOVERY": {
        "DiscoveryConfig": {
            "RcType": "NACOS",
            "NacosConfig": {"ServerAddress": "n:1", "ServiceName": "s", "GroupName": "g", "Namespace": "x"},
            "Scheme": "HTTPS",
            "Balance": "HEADER",
            "BalanceHeader": "x",
        }
    },
}


@pytest.mark.parametrize("kind", MODELS)
def test_a_backend_model_that_is_read_and_written_back_is_the_same(workbench: Workbench, kind: str) -> None:
    backend_id = workbench.call("CreateBackend", BackendName="demo_backend", BackendType=kind)["BackendId"]

    def described() -> dict[str, Any]:
        (model,) = workbench.call("DescribeBackendInfo", BackendId=backend_id)["BackendInfo"]["BackendModels"]
        return dict(model)

    def kept() -> Any:
        with workbench.store.read() as transaction:
            (model,) = models_of_backend(transaction, backend_id)
        return model.data

    sent = {"BackendId": backend_id, "BackendType": kind}
    workbench.call("CreateBackendModel", **sent, StageName="TEST", BackendModelData=MODELS[kind])
    before, shown = kept(), described()
    data = {name: value for name, value in shown["BackendConfig"].items() if name != "Type"}
    workbench.call("ModifyBackendModel", **sent, BackendModelId=shown["BackendModelId"], BackendModelData=data)
    assert kept() == before
