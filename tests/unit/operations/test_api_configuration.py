"""Changing a part of a draft: what is absent keeps its value, and what results follows the rules of a whole one."""

from __future__ import annotations

import json

import pytest
from workbench import Workbench, workbench

__all__ = ["workbench"]


def test_what_is_absent_keeps_its_value(workbench: Workbench) -> None:
    api_id = workbench.api(workbench.group(), Description="first", ForceNonceCheck="true", ResultSample="sample")
    before = workbench.call("DescribeApi", ApiId=api_id)
    workbench.call("ModifyApiConfiguration", ApiId=api_id, RequestPath="/people/[id]", AuthType="ANONYMOUS")
    after = workbench.call("DescribeApi", ApiId=api_id)
    assert after["RequestConfig"] == {**before["RequestConfig"], "RequestPath": "/people/[id]"}
    changed = {key for key in after if after[key] != before[key]}
    assert changed == {"RequestConfig", "AuthType", "ModifiedTime", "DraftRevision"}


def test_another_backend_replaces_the_whole_backend(workbench: Workbench) -> None:
    api_id = workbench.api(workbench.group())
    config = {"serviceAddress": "http://10.0.0.1:80", "servicePath": "/u", "serviceHttpMethod": "GET"}
    workbench.call(
        "ModifyApiConfiguration", ApiId=api_id, ServiceProtocol="Http", HttpConfig=config, ServiceTimeout="700"
    )
    service = workbench.call("DescribeApi", ApiId=api_id)["ServiceConfig"]
    assert (service["ServiceAddress"], service["ServiceTimeout"], service["Mock"]) == (
        "http://10.0.0.1:80",
        700,
        "FALSE",
    )
    assert "MockResult" not in service
    vpc = {"name": "web", "vpcScheme": "HTTP", "servicePath": "/v", "serviceHttpMethod": "POST"}
    workbench.call("ModifyApiConfiguration", ApiId=api_id, VpcConfig=vpc)
    service = workbench.call("DescribeApi", ApiId=api_id)["ServiceConfig"]
    assert (service["ServiceVpcEnable"], service["VpcConfig"]["Name"], service["ServicePath"]) == ("TRUE", "web", "/v")
    assert (service["ServiceTimeout"], service.get("ServiceAddress")) == (700, None)
    workbench.call("ModifyApiConfiguration", ApiId=api_id, ServiceProtocol="Mock", MockConfig={"mockResult": "hi"})
    shown = workbench.call("DescribeApi", ApiId=api_id)
    assert (shown["Mock"], shown["MockResult"]) == ("OPEN", "hi")


def test_content_type_and_lists_are_changed_alone(workbench: Workbench) -> None:
    api_id = workbench.api(workbench.group())
    parameters = [{"ApiParameterName": "id", "Location": "PATH"}, {"ApiParameterName": "q", "Location": "QUERY"}]
    workbench.call(
        "ModifyApiConfiguration",
        ApiId=api_id,
        ContentTypeCategory="CUSTOM",
        ContentTypeValue="text/plain",
        RequestParameters=parameters,
        ModelName="Pet",
    )
    shown = workbench.call("DescribeApi", ApiId=api_id)
    names = [one["ApiParameterName"] for one in shown["RequestParameters"]["RequestParameter"]]
    assert names == ["id", "q"] and shown["ServiceConfig"]["MockResult"] == "hello"
    assert shown["ServiceConfig"]["ContentTypeValue"] == "text/plain"
    assert shown["RequestConfig"]["BodyModel"] == "Pet"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"RequestPath": "nowhere"}, "InvalidRequestConfig"),
        ({"ServiceProtocol": "Http"}, "MissingHttpConfig"),
        ({"ServiceProtocol": "Telex"}, "InvalidServiceProtocol"),
        ({"HttpConfig": "{}", "VpcConfig": "{}"}, "MissingServiceProtocol"),
        ({"HttpConfig": "{"}, "InvalidHttpConfig"),
        ({"ServiceProtocol": "EventBridge"}, "NotImplemented"),
        ({"UseBackendService": "true", "BackendName": "b"}, "NotFoundBackend"),
        ({"ApiName": "taken"}, "RepeatedApiName"),
    ],
)
def test_what_a_whole_definition_may_not_have_is_refused(
    workbench: Workbench, params: dict[str, str], code: str
) -> None:
    group_id = workbench.group()
    api_id = workbench.api(group_id)
    other = {"RequestProtocol": "HTTP", "RequestHttpMethod": "GET", "RequestPath": "/taken"}
    workbench.api(group_id, "taken", RequestConfig=other, RequestParameters=json.dumps([]))
    before = workbench.call("DescribeApi", ApiId=api_id)
    assert workbench.refused("ModifyApiConfiguration", ApiId=api_id, **params).code == code
    assert workbench.call("DescribeApi", ApiId=api_id) == before


def test_an_unknown_api_is_told(workbench: Workbench) -> None:
    assert workbench.refused("ModifyApiConfiguration", ApiId="0" * 32, ApiName="x").code == "NotFoundApi"


def test_a_backend_object_takes_the_place_of_the_own_backend_and_gives_it_back(workbench: Workbench) -> None:
    backend_id = workbench.call("CreateBackend", BackendName="users", BackendType="HTTP")["BackendId"]
    for stage, address in (("RELEASE", "http://10.0.0.1:80"), ("TEST", "http://10.0.0.2:80")):
        data = json.dumps({"ServiceAddress": address})
        workbench.call("CreateBackendModel", BackendId=backend_id, StageName=stage, BackendModelData=data)
    api_id = workbench.api(workbench.group())
    workbench.call("ModifyApiConfiguration", ApiId=api_id, UseBackendService="true", BackendName="users")
    shown = workbench.call("DescribeApi", ApiId=api_id)
    assert (shown["BackendEnable"], shown["BackendConfig"]["BackendId"]) == (True, backend_id)
    for stage in ("RELEASE", "TEST"):
        workbench.call("DeployApi", ApiId=api_id, StageName=stage)
    hosts = {key.split("/")[1]: body["backend"]["target"]["host"] for key, body in workbench.editions().items()}
    assert hosts == {"RELEASE": "10.0.0.1", "TEST": "10.0.0.2"}
    # Something else keeps the backend object.
    workbench.call("ModifyApiConfiguration", ApiId=api_id, Description="changed")
    assert workbench.call("DescribeApi", ApiId=api_id)["BackendEnable"] is True
    workbench.call("ModifyApiConfiguration", ApiId=api_id, UseBackendService="false")
    assert workbench.call("DescribeApi", ApiId=api_id)["BackendEnable"] is False
    lacking = workbench.refused("ModifyApiConfiguration", ApiId=api_id, UseBackendService="true")
    assert lacking.code == "MissingBackendName"
    unknown = workbench.refused("ModifyApiConfiguration", ApiId=api_id, BackendName="nobody")
    assert unknown.code == "NotFoundBackend"
