"""Backend objects: one model for each stage, APIs that run on them, and what a changed model does to these."""

from __future__ import annotations

import json
from typing import Any

import pytest
from workbench import Workbench, workbench

__all__ = ["workbench"]

ADDRESS = {"ServiceAddress": "http://10.0.0.1:8080", "HttpTargetHostName": "users.example.com", "ServiceTimeout": 3000}


def backend(workbench: Workbench, kind: str = "HTTP", name: str = "users") -> str:
    return str(workbench.call("CreateBackend", BackendName=name, BackendType=kind)["BackendId"])


def model(workbench: Workbench, backend_id: str, data: dict[str, Any], stage: str = "RELEASE") -> str:
    given = {"BackendId": backend_id, "StageName": stage, "BackendModelData": json.dumps(data)}
    return str(workbench.call("CreateBackendModel", **given)["BackendModelId"])


def using(workbench: Workbench, backend_id: str) -> str:
    service = {"ServiceProtocol": "UN_SPECIFIED", "ServicePath": "/u/[id]", "ServiceHttpMethod": "GET"}
    given = {
        "BackendEnable": "true",
        "BackendId": backend_id,
        "ServiceParameters": [{"ServiceParameterName": "id", "Location": "PATH"}],
        "ServiceParametersMap": [{"ServiceParameterName": "id", "RequestParameterName": "id"}],
    }
    return workbench.api(workbench.group(), ServiceConfig=service, **given)


def test_a_backend_and_its_models_are_made_shown_and_listed(workbench: Workbench) -> None:
    backend_id = backend(workbench)
    model_id = model(workbench, backend_id, ADDRESS)
    info = workbench.call("DescribeBackendInfo", BackendId=backend_id)["BackendInfo"]
    assert (info["BackendName"], info["BackendType"]) == ("users", "HTTP")
    (shown,) = info["BackendModels"]
    assert (shown["BackendModelId"], shown["StageName"]) == (model_id, "RELEASE")
    assert shown["BackendConfig"]["ServiceAddress"] == "http://10.0.0.1:8080"
    listed = workbench.call("DescribeBackendList", BackendName="use")
    assert (listed["TotalCount"], listed["BackendInfoList"][0]["BackendId"]) == (1, backend_id)
    workbench.call("ModifyBackend", BackendId=backend_id, BackendName="people", BackendType="HTTP")
    assert workbench.refused("ModifyBackend", BackendId=backend_id, BackendName="x", BackendType="VPC").code == (
        "InvalidBackendType"
    )
    workbench.call("DeleteBackendModel", BackendId=backend_id, BackendModelId=model_id)
    workbench.call("DeleteBackend", BackendId=backend_id)
    assert workbench.refused("DescribeBackendInfo", BackendId=backend_id).code == "NotFoundBackend"


def test_an_api_runs_on_the_model_of_its_stage(workbench: Workbench) -> None:
    backend_id = backend(workbench)
    model(workbench, backend_id, ADDRESS)
    api_id = using(workbench, backend_id)
    workbench.call("DeployApi", ApiId=api_id, StageName="RELEASE")
    served = workbench.editions()[f"{api_id}/RELEASE"]["backend"]
    target = {"type": "http", "scheme": "http", "host": "10.0.0.1", "port": 8080, "host_header": "users.example.com"}
    assert (served["target"], served["path"], served["timeout_ms"]) == (target, "/u/[id]", 3000)
    error = workbench.refused("DeployApi", ApiId=api_id, StageName="PRE")
    assert error.code == "InvalidBackendId" and "PRE" in error.message
    assert workbench.call("DescribeDeployedApi", ApiId=api_id, StageName="RELEASE")["ServiceConfig"]
    by_stage = workbench.call("DescribeApisByBackend", BackendId=backend_id, StageName="PRE")
    assert (by_stage["TotalCount"], by_stage["ApiInfoList"]["ApiInfo"]) == (0, [])
    users = workbench.call("DescribeApisByBackend", BackendId=backend_id)["ApiInfoList"]["ApiInfo"]
    assert [(one["ApiId"], one["Method"], one["Path"]) for one in users] == [(api_id, "GET", "/users/[id]")]
    assert workbench.refused("DeleteBackend", BackendId=backend_id).code == "DependencyViolationApi"


def test_a_changed_model_publishes_again_and_reports_what_it_did(workbench: Workbench) -> None:
    backend_id = backend(workbench)
    model_id = model(workbench, backend_id, ADDRESS)
    api_id = using(workbench, backend_id)
    workbench.call("DeployApi", ApiId=api_id, StageName="RELEASE")
    version = workbench.editions()[f"{api_id}/RELEASE"]["version"]
    place = {"BackendId": backend_id, "BackendModelId": model_id}
    data = json.dumps({"ServiceAddress": "https://new.example.com"})
    task = workbench.call("ModifyBackendModel", **place, BackendModelData=data)["OperationId"]
    record = workbench.editions()[f"{api_id}/RELEASE"]
    assert record["backend"]["target"] == {"type": "http", "scheme": "https", "host": "new.example.com", "port": 443}
    assert record["version"] == version
    report = workbench.call("DescribeUpdateBackendTask", OperationUid=task)
    (result,) = report["ApiUpdateBackendResults"]["ApiUpdateBackendResult"]
    assert (result["ApiUid"], result["StageName"], result["UpdateStatus"]) == (api_id, "RELEASE", "OVER")
    assert workbench.refused("DeleteBackendModel", **place).code == "DependencyViolationApi"
    workbench.call("AbolishApi", ApiId=api_id, StageName="RELEASE")
    workbench.call("DeleteBackendModel", **place)


def test_an_api_that_a_model_cannot_serve_keeps_what_runs(workbench: Workbench) -> None:
    workbench.call("SetVpcAccess", Name="users", VpcId="vpc-a", InstanceId="10.0.0.9", Port="80")
    backend_id = backend(workbench, "VPC")
    model_id = model(workbench, backend_id, {"VpcConfig": {"Name": "users", "VpcScheme": "HTTPS"}})
    api_id = using(workbench, backend_id)
    workbench.call("DeployApi", ApiId=api_id, StageName="RELEASE")
    before = workbench.editions()
    assert before[f"{api_id}/RELEASE"]["backend"]["target"] == {"type": "vpc", "access": "users", "scheme": "https"}
    place = {"BackendId": backend_id, "BackendModelId": model_id}
    gone = json.dumps({"VpcConfig": {"Name": "nobody"}})
    task = workbench.call("ModifyBackendModel", **place, BackendModelData=gone)["OperationId"]
    report = workbench.call("DescribeUpdateBackendTask", OperationUid=task)
    (result,) = report["ApiUpdateBackendResults"]["ApiUpdateBackendResult"]
    assert result["UpdateStatus"] == "FAIL" and "nobody" in result["ErrorMsg"]
    assert workbench.editions() == before


def test_a_mock_model_is_served_and_a_function_is_not_implemented(workbench: Workbench) -> None:
    mock = backend(workbench, "MOCK")
    model(workbench, mock, {"MockConfig": {"MockResult": "hi", "MockStatusCode": 201}})
    api_id = using(workbench, mock)
    workbench.call("DeployApi", ApiId=api_id, StageName="RELEASE")
    target = workbench.editions()[f"{api_id}/RELEASE"]["backend"]["target"]
    assert target == {"type": "mock", "status": 201, "headers": [], "body": "hi"}
    function = backend(workbench, "FC_EVENT", "functions")
    model(workbench, function, {"FunctionComputeConfig": {"FcRegionId": "cn-hangzhou", "FunctionName": "f"}})
    info = workbench.call("DescribeBackendInfo", BackendId=function)["BackendInfo"]
    shown = info["BackendModels"][0]["BackendConfig"]["FunctionComputeConfig"]
    assert (shown["FcRegionId"], shown["FunctionName"]) == ("cn-hangzhou", "f")


@pytest.mark.parametrize(
    ("data", "code", "part"),
    [
        ("{", "InvalidBackendModelData", "JSON"),
        ("", "InvalidBackendModelData", "required"),
        ('{"ServiceAddress": "ftp://x"}', "InvalidBackendModelData", "ServiceAddress"),
        ('{"ServiceAddress": "http://x", "ServiceTimeout": -1}', "InvalidBackendModelData", "ServiceTimeout"),
        (
            '{"ServiceAddress": "http://x", "HttpTargetHostName": "a b"}',
            "InvalidBackendModelData",
            "HttpTargetHostName",
        ),
        ('{"EdasConfig": {"EdasAppId": "a"}}', "NotImplemented", "EDAS"),
        ('{"DiscoveryConfig": {"RcType": "zookeeper"}}', "NotImplemented", "ZooKeeper"),
        ('{"discoveryConfig": {"NacosConfig": {"password": "p"}}}', "NotImplemented", "nacos_credentials_file"),
        ('{"ServiceAddress": "http://x", "DiscoveryConfig": {}}', "InvalidBackendModelData", "DISCOVERY"),
    ],
)
def test_model_data_that_could_not_be_served_is_refused(workbench: Workbench, data: str, code: str, part: str) -> None:
    place = {"BackendId": backend(workbench), "StageName": "RELEASE"}
    error = workbench.refused("CreateBackendModel", **place, BackendModelData=data)
    assert error.code == code and part in error.message
    place["StageName"] = "NOPE"
    good = json.dumps(ADDRESS)
    assert workbench.refused("CreateBackendModel", **place, BackendModelData=good).code == "InvalidStageName"


NACOS = {"ServerAddress": "10.0.0.5, https://nacos.internal/registry", "ServiceName": "users", "Clusters": "a,b"}


def test_an_api_runs_on_what_a_registry_tells(workbench: Workbench) -> None:
    backend_id = backend(workbench, "DISCOVERY")
    config = {"RcType": "nacos", "NacosConfig": NACOS, "Balance": "least_requests"}
    model_id = model(workbench, backend_id, {"DiscoveryConfig": config, "HttpTargetHostName": "users.internal"})
    api_id = using(workbench, backend_id)
    workbench.call("DeployApi", ApiId=api_id, StageName="RELEASE")

    def target() -> Any:
        return workbench.editions()[f"{api_id}/RELEASE"]["backend"]["target"]

    assert target() == {
        "type": "discovered",
        "scheme": "http",
        "registry": {
            "type": "nacos",
            "servers": ["http://10.0.0.5:8848", "https://nacos.internal/registry"],
            "namespace": "",
            "group": "DEFAULT_GROUP",
            "clusters": ["a", "b"],
            "service": "users",
        },
        "balance": {"by": "least_requests"},
        "host_header": "users.internal",
    }
    shown = workbench.call("DescribeBackendInfo", BackendId=backend_id)["BackendInfo"]["BackendModels"][0]
    assert shown["BackendConfig"]["DiscoveryConfig"] == config
    dns = {
        "DiscoveryConfig": {"RcType": "DNS", "DnsConfig": {"Name": "users.internal", "Port": 8080}, "Scheme": "https"}
    }
    changed = {"BackendId": backend_id, "BackendModelId": model_id, "BackendModelData": json.dumps(dns)}
    workbench.call("ModifyBackendModel", **changed)
    assert target() == {
        "type": "discovered",
        "scheme": "https",
        "registry": {"type": "dns", "name": "users.internal", "port": 8080},
    }
    records = {"DiscoveryConfig": {"RcType": "DNS", "DnsConfig": {"Name": "_http._tcp.users.internal"}}, "Http2": True}
    workbench.call("ModifyBackendModel", **changed | {"BackendModelData": json.dumps(records)})
    assert target()["registry"] == {"type": "dns", "name": "_http._tcp.users.internal"}
    shown = workbench.call("DescribeBackendInfo", BackendId=backend_id)["BackendInfo"]["BackendModels"][0]
    assert shown["BackendConfig"]["Http2"] is True
    assert "DiscoveryConfig" not in str(workbench.call("DescribeDeployedApi", ApiId=api_id, StageName="RELEASE"))


@pytest.mark.parametrize(
    ("config", "part"),
    [
        (None, "DiscoveryConfig: is required"),
        ({}, "DiscoveryConfig.RcType"),
        ({"RcType": "NACOS"}, "NacosConfig.ServerAddress"),
        ({"RcType": "NACOS", "NacosConfig": {**NACOS, "ServerAddress": "ftp://x"}}, "NacosConfig.ServerAddress"),
        ({"RcType": "NACOS", "NacosConfig": {**NACOS, "ServerAddress": "a:99999"}}, "NacosConfig.ServerAddress"),
        ({"RcType": "NACOS", "NacosConfig": {**NACOS, "ServiceName": ""}}, "NacosConfig.ServiceName"),
        ({"RcType": "NACOS", "NacosConfig": {**NACOS, "GroupName": "a b"}}, "NacosConfig.GroupName"),
        ({"RcType": "DNS", "DnsConfig": {"Name": "a/b", "Port": 80}}, "DnsConfig.Name"),
        ({"RcType": "DNS", "DnsConfig": {"Name": "a", "Port": 0}}, "DnsConfig.Port"),
        ({"RcType": "NACOS", "NacosConfig": NACOS, "Scheme": "ftp"}, "DiscoveryConfig.Scheme"),
        ({"RcType": "NACOS", "NacosConfig": NACOS, "Balance": "LUCK"}, "DiscoveryConfig.Balance"),
        ({"RcType": "NACOS", "NacosConfig": NACOS, "Balance": "HEADER"}, "DiscoveryConfig.BalanceHeader"),
    ],
)
def test_a_registry_that_could_not_be_asked_is_refused(workbench: Workbench, config: Any, part: str) -> None:
    data = json.dumps({} if config is None else {"DiscoveryConfig": config})
    place = {"BackendId": backend(workbench, "DISCOVERY"), "StageName": "RELEASE"}
    error = workbench.refused("CreateBackendModel", **place, BackendModelData=data)
    assert error.code == "InvalidBackendModelData" and part in error.message, error.message


def test_a_model_stays_with_its_stage(workbench: Workbench) -> None:
    backend_id = backend(workbench)
    place = {"BackendId": backend_id, "BackendModelId": model(workbench, backend_id, ADDRESS)}
    for name in ("ModifyBackendModel", "DeleteBackendModel"):
        refusal = workbench.refused(name, **place, StageName="TEST")
        assert refusal.code == "InvalidStageName" and "RELEASE" in refusal.message
    workbench.call("DeleteBackendModel", **place, StageName="release")
