"""Publishing, going back, taking out: rows, plan records and what is shown follow each other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from workbench import MOCK, REQUEST, Workbench, definition, request, workbench

__all__ = ["workbench"]

HTTP = {"ServiceProtocol": "HTTP", "ServiceAddress": "http://127.0.0.1:9000", "ServicePath": "/u/[id]"}
MAPPED = {
    "ServiceParameters": [{"ServiceParameterName": "id", "Location": "PATH"}],
    "ServiceParametersMap": [{"ServiceParameterName": "id", "RequestParameterName": "id"}],
}


def deployed(workbench: Workbench, api_id: str, stage: str = "RELEASE") -> dict[str, Any]:
    return workbench.call("DescribeDeployedApi", ApiId=api_id, StageName=stage)


def history(workbench: Workbench, group_id: str, **params: str) -> list[tuple[str, str, str, str]]:
    """Stage, version, status and description, as listed."""
    answer = workbench.call("DescribeApiHistories", GroupId=group_id, **params)
    return [
        (one["StageName"], one["HistoryVersion"], one["Status"], one["Description"])
        for one in answer["ApiHisItems"]["ApiHisItem"]
    ]


def test_a_published_draft_is_in_the_plan_and_shown_as_running(workbench: Workbench) -> None:
    group_id = workbench.group(base_path="/v1")
    api_id = workbench.api(group_id, ServiceConfig=HTTP, **MAPPED)
    assert workbench.call("DeployApi", ApiId=api_id, GroupId=group_id, StageName="release", Description="first") == {}
    (record,) = workbench.editions().values()
    assert list(workbench.editions()) == [f"{api_id}/RELEASE"]
    assert (record["path"], record["stage"], record["version"]) == ("/v1/users/[id]", "RELEASE", "20261118110643000")
    assert record["backend"]["target"] == {"type": "http", "scheme": "http", "host": "127.0.0.1", "port": 9000}
    shown = deployed(workbench, api_id, "Release")
    assert (shown["StageName"], shown["DeployedTime"]) == ("RELEASE", "2026-11-18T11:06:43Z")
    assert shown["ServiceConfig"]["ServicePath"] == "/u/[id]"
    infos = workbench.call("DescribeApi", ApiId=api_id)["DeployedInfos"]["DeployedInfo"]
    assert infos[0] == {
        "StageName": "RELEASE",
        "DeployedStatus": "DEPLOYED",
        "EffectiveVersion": "20261118110643000",
    }


def test_a_changed_draft_changes_nothing_until_it_is_published(workbench: Workbench) -> None:
    api_id = workbench.api(workbench.group())
    workbench.call("DeployApi", ApiId=api_id, StageName="RELEASE")
    before = workbench.editions()
    changed = definition(RequestConfig=request(RequestPath="/people/[id]"))
    workbench.call("ModifyApi", ApiId=api_id, ApiName="get_user", **changed)
    assert workbench.editions() == before
    assert deployed(workbench, api_id)["RequestConfig"]["RequestPath"] == "/users/[id]"
    workbench.call("DeployApi", ApiId=api_id, StageName="RELEASE")
    assert workbench.editions()[f"{api_id}/RELEASE"]["path"] == "/people/[id]"


def test_versions_grow_when_the_clock_stands_still(workbench: Workbench) -> None:
    group_id = workbench.group()
    api_id = workbench.api(group_id)
    for _ in range(3):
        workbench.clock[0] = 1_795_000_009.999 - 1
        workbench.call("DeployApi", ApiId=api_id, StageName="RELEASE")
    assert [version for _, version, _, _ in history(workbench, group_id)] == [
        "20261118110650001",
        "20261118110650000",
        "20261118110649999",
    ]
    assert [status for _, _, status, _ in history(workbench, group_id)] == ["ONLINE", "OFFLINE", "OFFLINE"]


def test_switching_back_runs_the_old_version_under_its_own_number(workbench: Workbench) -> None:
    group_id = workbench.group()
    api_id = workbench.api(group_id)
    workbench.call("DeployApi", ApiId=api_id, StageName="RELEASE", Description="one")
    changed = definition(ServiceConfig={**MOCK, "MockResult": "two"})
    workbench.call("ModifyApi", ApiId=api_id, ApiName="get_user", **changed)
    workbench.call("DeployApi", ApiId=api_id, StageName="RELEASE", Description="two")
    (_, second, _, _), (_, first, _, _) = history(workbench, group_id)
    workbench.call("SwitchApi", ApiId=api_id, StageName="release", HistoryVersion=first, Description="back")
    record = workbench.editions()[f"{api_id}/RELEASE"]
    assert (record["version"], record["backend"]["target"]["body"]) == (first, "hello")
    assert history(workbench, group_id) == [
        ("RELEASE", second, "OFFLINE", "two"),
        ("RELEASE", first, "ONLINE", "one"),
    ]
    shown = workbench.call("DescribeApi", ApiId=api_id)
    assert shown["DeployedInfos"]["DeployedInfo"][0]["EffectiveVersion"] == first
    assert shown["ServiceConfig"]["MockResult"] == "two"
    assert deployed(workbench, api_id)["ServiceConfig"]["MockResult"] == "hello"
    full = workbench.call("DescribeApiHistory", ApiId=api_id, StageName="release", HistoryVersion=second)
    assert (full["Status"], full["HistoryVersion"], full["ServiceConfig"]["MockResult"]) == ("OFFLINE", second, "two")
    # The next publish is newer than everything before it.
    workbench.call("DeployApi", ApiId=api_id, StageName="RELEASE")
    assert history(workbench, group_id)[0][1] > second


def test_switching_needs_a_running_stage_and_a_version_of_it(workbench: Workbench) -> None:
    api_id = workbench.api(workbench.group())
    params = {"ApiId": api_id, "StageName": "PRE", "HistoryVersion": "20260101000000000"}
    assert workbench.refused("SwitchApi", **params).code == "NotFoundStage"
    workbench.call("DeployApi", ApiId=api_id, StageName="PRE")
    assert workbench.refused("SwitchApi", **params).code == "NotFoundHistoryVersion"
    assert workbench.refused("DescribeApiHistory", **params).code == "NotFoundHistoryVersion"


def test_abolishing_takes_the_record_out_and_succeeds_again(workbench: Workbench) -> None:
    group_id = workbench.group()
    api_id = workbench.api(group_id)
    workbench.call("DeployApi", ApiId=api_id, StageName="RELEASE")
    workbench.call("DeployApi", ApiId=api_id, StageName="TEST")
    workbench.call("AbolishApi", ApiId=api_id, StageName="Release")
    assert list(workbench.editions()) == [f"{api_id}/TEST"]
    revision = workbench.store.revision()
    assert workbench.call("AbolishApi", ApiId=api_id, StageName="RELEASE") == {}
    assert workbench.call("AbolishApi", ApiId=api_id, StageName="NEVER") == {}
    assert workbench.store.revision() == revision
    error = workbench.refused("DescribeDeployedApi", ApiId=api_id, StageName="RELEASE")
    assert (error.code, error.status) == ("NotFoundStage", 404)
    assert history(workbench, group_id, StageName="release")[0][2] == "OFFLINE"


def test_a_stage_that_the_group_lacks_is_not_found(workbench: Workbench) -> None:
    api_id = workbench.api(workbench.group())
    error = workbench.refused("DeployApi", ApiId=api_id, StageName="LIVE")
    assert (error.code, error.status) == ("NotFoundStage", 404)
    assert "it has RELEASE, PRE, TEST" in error.message


def test_a_draft_that_cannot_be_served_is_refused_whole(workbench: Workbench) -> None:
    group_id = workbench.group()
    service = {
        "ServiceProtocol": "HTTP",
        "ServiceVpcEnable": "TRUE",
        "VpcConfig": {"Name": "users"},
        "ServicePath": "/[x]",
    }
    api_id = workbench.api(
        group_id,
        ServiceConfig=service,
        ServiceParametersMap=[{"ServiceParameterName": "a", "RequestParameterName": "b"}],
    )
    error = workbench.refused("DeployApi", ApiId=api_id, StageName="RELEASE")
    assert [problem.parameter for problem in error.problems] == [
        "ServiceParametersMap[0].RequestParameterName",
        "ServiceParametersMap[0].ServiceParameterName",
        "ServiceConfig.VpcConfig",
        "ServiceConfig.ServicePath",
    ]
    assert workbench.editions() == {}
    assert history(workbench, group_id) == []


@pytest.mark.parametrize(
    "reference", [{"Name": "users"}, {"VpcId": "vpc-a", "InstanceId": "10.0.0.11", "Port": 8080}, "id"]
)
def test_a_vpc_access_is_found_by_name_by_id_and_by_target(workbench: Workbench, reference: Any) -> None:
    made = workbench.call("SetVpcAccess", Name="users", VpcId="vpc-a", InstanceId="10.0.0.11", Port="8080")
    vpc = {"VpcAccessId": made["VpcAccessId"]} if reference == "id" else reference
    service = {"ServiceProtocol": "HTTP", "ServiceVpcEnable": "TRUE", "VpcConfig": {**vpc, "VpcScheme": "https"}}
    api_id = workbench.api(workbench.group(), ServiceConfig=service)
    workbench.call("DeployApi", ApiId=api_id, StageName="RELEASE")
    target = workbench.editions()[f"{api_id}/RELEASE"]["backend"]["target"]
    assert target == {"type": "vpc", "access": "users", "scheme": "https"}
    users = workbench.call("DescribeApisByVpcAccess", VpcName="users")["ApiVpcAccessInfos"]["ApiVpcAccessInfo"]
    assert [one["ApiId"] for one in users] == [api_id]


def test_two_apis_do_not_serve_the_same_requests_in_a_stage(workbench: Workbench) -> None:
    group_id = workbench.group()
    first = workbench.api(group_id)
    workbench.call("DeployApi", ApiId=first, StageName="RELEASE")
    moved = definition(RequestConfig=request(RequestPath="/people/[id]"))
    workbench.call("ModifyApi", ApiId=first, ApiName="get_user", **moved)
    taken = request(RequestPath="/users/[user]")
    second = workbench.api(group_id, "second", RequestConfig=taken, RequestParameters=[])
    error = workbench.refused("DeployApi", ApiId=second, StageName="RELEASE")
    assert (error.code, error.status) == ("RepeatedRequestPath", 400)
    workbench.call("DeployApi", ApiId=second, StageName="TEST")
    workbench.call("DeployApi", ApiId=first, StageName="RELEASE")
    workbench.call("DeployApi", ApiId=second, StageName="RELEASE")


def test_deployed_apis_are_listed_by_stage(workbench: Workbench) -> None:
    group_id = workbench.group()
    first = workbench.api(group_id)
    second = workbench.api(group_id, "put_user", RequestConfig=request(RequestHttpMethod="PUT"))
    for api_id, stage in ((first, "RELEASE"), (first, "TEST"), (second, "TEST")):
        workbench.call("DeployApi", ApiId=api_id, StageName=stage)

    def listed(**params: str) -> list[tuple[str, str]]:
        answer = workbench.call("DescribeDeployedApis", **params)
        return [(one["ApiId"], one["StageName"]) for one in answer["DeployedApis"]["DeployedApiItem"]]

    assert listed() == [(second, "TEST"), (first, "TEST"), (first, "RELEASE")]
    assert listed(StageName="test") == [(second, "TEST"), (first, "TEST")]
    assert listed(GroupId=group_id, ApiMethod="PUT") == [(second, "TEST")]
    assert listed(ApiName="get") == [(first, "TEST"), (first, "RELEASE")]
    items = workbench.call("DescribeHistoryApis", GroupId=group_id, PageNumber="1", PageSize="2")
    assert (len(items["ApiHisItems"]["ApiHisItem"]), items["TotalCount"]) == (2, 3)


def test_the_documentation_shows_the_request_and_never_the_backend(workbench: Workbench) -> None:
    api_id = workbench.api(
        workbench.group(), ResultSample="{}", ErrorCodeSamples=[{"Code": "1", "Message": "m", "Model": "x"}]
    )
    assert workbench.refused("DescribeApiDoc", ApiId=api_id).code == "NotFoundStage"
    workbench.call("DeployApi", ApiId=api_id, StageName="RELEASE")
    shown = workbench.call("DescribeApiDoc", ApiId=api_id)
    assert shown["RequestConfig"] == REQUEST
    assert shown["ErrorCodeSamples"] == {"ErrorCodeSample": [{"Code": "1", "Message": "m"}]}
    assert (shown["StageName"], shown["ResultSample"], "ServiceConfig" in shown) == ("RELEASE", "{}", False)


def test_every_part_of_a_definition_fits_every_response(workbench: Workbench) -> None:
    """Rendering refuses a member that the response does not have."""
    group_id = workbench.group()
    service = {
        **HTTP,
        "AoneAppName": "a",
        "ContentTypeCatagory": "CUSTOM",
        "ContentTypeValue": "text/plain",
        "MockHeaders": [{"HeaderName": "X-A", "HeaderValue": "1"}],
        "MockStatusCode": 201,
        "VpcConfig": {"Name": "n", "VpcAccessId": "i", "VpcId": "v", "InstanceId": "i", "Port": "80", "VpcScheme": "HTTP",
                      "VpcTargetHostName": "h"},
        "FunctionComputeConfig": dict.fromkeys(("FcVersion", "FcType", "FcBaseUrl", "FcRegionId", "TriggerName", "TriggerUrl", "Path", "Method", "Qualifier", "ServiceName"), "x"),
        "OssConfig": dict.fromkeys(("OssRegionId", "BucketName", "Key", "Action"), "x"),
        "EventBridgeConfig": dict.fromkeys(("EventBridgeRegionId", "EventBus", "EventSource", "RoleArn"), "x"),
    }  # fmt: skip
    api_id = workbench.api(
        group_id,
        ServiceConfig=service,
        RequestConfig=request(EscapePathParam=True, BodyModel="m", PostBodyDescription="p", BodyFormat="FORM"),
        BackendId="b",
        ResultBodyModel="m",
        ErrorCodeSamples=[{"Code": "1", "Message": "m", "Description": "d", "Model": "x"}],
        ResultDescriptions=[{"Id": "1", "Pid": "0", "HasChild": "false", "Key": "k", "Name": "n", "Type": "t"}],
        OpenIdConnectConfig={"OpenIdApiType": "IDTOKEN", "PublicKeyId": "k", "PublicKey": "p", "IdTokenParamName": "t"},
        ConstantParameters=[
            {"ServiceParameterName": "X-C", "ConstantValue": "1", "Location": "HEAD", "Description": "d"}
        ],
        SystemParameters=[
            {"ParameterName": "CaStage", "ServiceParameterName": "X-S", "Location": "HEAD", "DemoValue": "v"}
        ],
        **MAPPED,
    )
    workbench.call("DeployApi", ApiId=api_id, StageName="RELEASE")
    version = workbench.editions()[f"{api_id}/RELEASE"]["version"]
    shown = [
        workbench.call("DescribeApi", ApiId=api_id),
        deployed(workbench, api_id),
        workbench.call("DescribeApiHistory", ApiId=api_id, StageName="RELEASE", HistoryVersion=version),
    ]
    for answer in shown:
        assert answer["ConstantParameters"]["ConstantParameter"][0]["ConstantValue"] == "1"
        assert answer["OpenIdConnectConfig"]["PublicKeyId"] == "k"
    assert workbench.call("DescribeApiDoc", ApiId=api_id)["ApiName"] == "get_user"


def schema_parameter(text: str) -> dict[str, Any]:
    return {"RequestParameters": [{"ApiParameterName": "id", "Location": "PATH", "JsonScheme": text}]}


def test_what_closes_an_api_and_checks_a_parameter_is_in_its_edition(workbench: Workbench) -> None:
    change = {"DisableInternet": "true", **schema_parameter('{"type": "integer"}')}
    api_id = workbench.api(workbench.group(), **change)
    workbench.call("DeployApi", ApiId=api_id, StageName="RELEASE")
    edition = workbench.editions()[f"{api_id}/RELEASE"]
    assert edition["internal_only"] is True
    assert edition["parameters"][0]["constraint"] == {"json_schema": {"type": "integer"}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "JsonScheme: is not JSON"),
        ("[]", "JsonScheme: is no JSON object"),
        ('{"type": "object", "type": "string"}', "JsonScheme: has a key twice"),
        ('{"minimum": NaN}', "JsonScheme: has NaN"),
        ("[" * 100_000, "JsonScheme: is nested too deeply"),
        ('{"type": "nothing"}', "parameters[0].constraint.json_schema: is not a JSON Schema, at /type"),
        ('{"$ref": "#"}', "parameters[0].constraint.json_schema: has a $ref that leads back to itself"),
        ('{"$schema": "http://json-schema.org/draft-04/schema#"}', "neither draft 2020-12 nor draft 7"),
    ],
)
def test_a_schema_that_cannot_be_used_is_not_published(workbench: Workbench, text: str, said: str) -> None:
    api_id = workbench.api(workbench.group(), **schema_parameter(text))
    error = workbench.refused("DeployApi", ApiId=api_id, StageName="RELEASE")
    assert (error.status, said in error.message) == (400, True), error.message
    assert workbench.editions() == {}


def test_passing_through_declares_what_it_maps(workbench: Workbench) -> None:
    api_id = workbench.api(
        workbench.group(),
        RequestConfig=request(RequestMode="PASSTHROUGH"),
        ServiceConfig={"ServiceAddress": "http://127.0.0.1", "ServicePath": "/[x]"},
        ServiceParameters=[{"ServiceParameterName": "x", "Location": "PATH"}],
        ServiceParametersMap=[{"ServiceParameterName": "x", "RequestParameterName": "id"}],
    )
    workbench.call("DeployApi", ApiId=api_id, StageName="RELEASE")
    record = workbench.editions()[f"{api_id}/RELEASE"]
    assert record["mappings"] == [{"source": {"request": "id"}, "location": "path", "name": "x"}]
    assert [parameter["name"] for parameter in record["parameters"]] == ["id"]


def test_an_expression_that_the_engine_lacks_is_told_when_passing_through_too(workbench: Workbench) -> None:
    parameter = {"ApiParameterName": "id", "Location": "PATH", "RegularExpression": "(?=a)"}
    api = workbench.api(
        workbench.group(),
        RequestConfig=request(RequestMode="PASSTHROUGH"),
        ServiceConfig={"ServiceProtocol": "HTTP", "ServiceAddress": "http://127.0.0.1:9", "ServicePath": "/u/[id]"},
        RequestParameters=[parameter],
        ServiceParameters=[{"ServiceParameterName": "id", "Location": "PATH", "ParameterType": "STRING"}],
        ServiceParametersMap=[{"ServiceParameterName": "id", "RequestParameterName": "id"}],
    )
    error = workbench.refused("DeployApi", ApiId=api, StageName="RELEASE", Description="d")
    text = "RequestParameters[0].RegularExpression: uses look-around, which this gateway does not have."
    assert (error.code, error.message) == ("InvalidRequestParameters", text)
    assert workbench.editions() == {}


def test_a_function_needs_an_url_of_its_own_or_the_one_of_the_setting(workbench: Workbench) -> None:
    config = {"FcType": "FCEvent", "FcRegionId": "cn-hangzhou", "FunctionName": "users"}
    service = {"ServiceProtocol": "FunctionCompute", "FunctionComputeConfig": config}
    api_id = workbench.api(workbench.group(), ServiceConfig=service)
    error = workbench.refused("DeployApi", ApiId=api_id, StageName="RELEASE")
    assert error.status == 400 and "function_url" in error.message
    workbench.settings = replace(workbench.settings, function_url="http://functions:9000/{function}")
    workbench.call("DeployApi", ApiId=api_id, StageName="RELEASE")
    target = workbench.editions()[f"{api_id}/RELEASE"]["backend"]["target"]
    assert (target["type"], target["function"], target["region"]) == ("function", "users", "cn-hangzhou")
