"""Drafts: what is written is read back, what is wrong is listed, what is used twice is refused."""

from __future__ import annotations

import json

import pytest
from isthmus.store.apis import find_api
from workbench import MOCK, REQUEST, Workbench, definition, request, workbench

__all__ = ["workbench"]

TERRAFORM_SERVICE = {
    "serviceProtocol": "HTTP",
    "serviceAddress": "http://apigateway-backend.example.com:8080",
    "serviceHttpMethod": "GET",
    "servicePath": "/web/cloudapi",
    "serviceTimeout": 22,
    "contentTypeCatagory": "",
    "contentTypeValue": "",
    "mock": "FALSE",
    "mockResult": "",
    "serviceVpcEnable": "FALSE",
    "functionComputeConfig": {"fcRegionId": "cn-hangzhou", "functionName": "", "onlyBusinessPath": False},
    "vpcConfig": {"name": "", "vpcScheme": ""},
    "aoneAppName": "cloudapi-openapi",
}


def test_a_draft_is_shown_as_it_was_sent(workbench: Workbench) -> None:
    group_id = workbench.group()
    parameters = [
        {"name": "aaa", "apiParameterName": "aaa", "location": "Query", "parameterType": "STRING", "required": "OPTIONAL",
         "defaultValue": "", "minLength": "1", "maxLength": 9},
        None,
    ]  # fmt: skip
    made = workbench.call(
        "CreateApi",
        GroupId=group_id,
        ApiName="get_user",
        Description="d",
        AuthType="APP",
        Visibility="PRIVATE",
        ForceNonceCheck="true",
        RequestConfig={"requestProtocol": "HTTP", "requestHttpMethod": "get", "requestPath": "/a", "bodyFormat": ""},
        ServiceConfig=TERRAFORM_SERVICE,
        RequestParameters=parameters,
        ServiceParameters=[{"serviceParameterName": "bbb", "location": "HEAD", "type": "STRING"}],
        ServiceParametersMap=[{"serviceParameterName": "bbb", "requestParameterName": "aaa"}],
        Tag__1__Key="env",
        Tag__1__Value="x",
    )
    assert list(made) == ["ApiId"]
    shown = workbench.call("DescribeApi", ApiId=made["ApiId"], GroupId=group_id)
    assert shown == {
        "ApiId": made["ApiId"],
        "ApiName": "get_user",
        "DraftRevision": 1,
        "GroupId": group_id,
        "GroupName": "demo_group",
        "RegionId": "cn-hangzhou",
        "Description": "d",
        "AuthType": "APP",
        "Visibility": "PRIVATE",
        "ForceNonceCheck": True,
        "DisableInternet": False,
        "BackendEnable": False,
        "AllowSignatureMethod": "HmacSHA256",
        "AppCodeAuthType": "DEFAULT",
        "WebSocketApiType": "COMMON",
        "ResultType": "JSON",
        "Mock": "CLOSED",
        "MockResult": "",
        "CreatedTime": "2026-11-18T11:06:42Z",
        "ModifiedTime": "2026-11-18T11:06:42Z",
        "RequestConfig": {
            "RequestProtocol": "HTTP",
            "RequestHttpMethod": "get",
            "RequestPath": "/a",
            "BodyFormat": "",
        },
        "ServiceConfig": {
            "ServiceProtocol": "HTTP",
            "ServiceAddress": "http://apigateway-backend.example.com:8080",
            "ServiceHttpMethod": "GET",
            "ServicePath": "/web/cloudapi",
            "ServiceTimeout": 22,
            "ContentTypeCatagory": "",
            "ContentTypeValue": "",
            "Mock": "FALSE",
            "MockResult": "",
            "MockHeaders": {"MockHeader": []},
            "ServiceVpcEnable": "FALSE",
            "FunctionComputeConfig": {"RegionId": "cn-hangzhou", "FunctionName": "", "OnlyBusinessPath": False},
            "VpcConfig": {"Name": "", "VpcScheme": ""},
            "AoneAppName": "cloudapi-openapi",
        },
        "RequestParameters": {
            "RequestParameter": [
                {
                    "ApiParameterName": "aaa",
                    "Location": "Query",
                    "ParameterType": "STRING",
                    "Required": "OPTIONAL",
                    "DefaultValue": "",
                    "MinLength": 1,
                    "MaxLength": 9,
                }
            ]
        },
        "ServiceParameters": {
            "ServiceParameter": [{"ServiceParameterName": "bbb", "Location": "HEAD", "ParameterType": "STRING"}]
        },
        "ServiceParametersMap": {
            "ServiceParameterMap": [{"ServiceParameterName": "bbb", "RequestParameterName": "aaa"}]
        },
        "ConstantParameters": {"ConstantParameter": []},
        "SystemParameters": {"SystemParameter": []},
        "CustomSystemParameters": {"CustomSystemParameter": []},
        "ErrorCodeSamples": {"ErrorCodeSample": []},
        "ResultDescriptions": {"ResultDescription": []},
        "DeployedInfos": {
            "DeployedInfo": [
                {"StageName": stage, "DeployedStatus": "NONDEPLOYED"} for stage in ("RELEASE", "PRE", "TEST")
            ]
        },
        "TagList": {"Tag": [{"TagKey": "env", "TagValue": "x"}]},
    }


def test_constants_and_system_parameters_move_into_their_own_lists(workbench: Workbench) -> None:
    api_id = workbench.api(
        workbench.group(),
        RequestParameters=[
            {"ApiParameterName": "id", "Location": "PATH", "ParameterType": "STRING"},
            {"ApiParameterName": "fixed", "Location": "HEAD", "DefaultValue": "v1", "Description": "why"},
            {"ApiParameterName": "CaClientIp", "Location": "HEAD", "ParameterType": "STRING"},
        ],
        ServiceParameters=[
            {"ServiceParameterName": "userId", "Location": "QUERY", "ParameterCatalog": "REQUEST"},
            {"ServiceParameterName": "X-Version", "Location": "HEAD", "ParameterCatalog": "constant"},
            {"ServiceParameterName": "X-Client", "Location": "HEAD", "ParameterCatalog": "SYSTEM"},
        ],
        ServiceParametersMap=[
            {"ServiceParameterName": "userId", "RequestParameterName": "id"},
            {"ServiceParameterName": "X-Version", "RequestParameterName": "fixed"},
            {"ServiceParameterName": "X-Client", "RequestParameterName": "CaClientIp"},
        ],
    )
    shown = workbench.call("DescribeApi", ApiId=api_id)
    assert [one["ApiParameterName"] for one in shown["RequestParameters"]["RequestParameter"]] == ["id"]
    assert shown["ServiceParameters"]["ServiceParameter"] == [{"ServiceParameterName": "userId", "Location": "QUERY"}]
    assert shown["ServiceParametersMap"]["ServiceParameterMap"] == [
        {"ServiceParameterName": "userId", "RequestParameterName": "id"}
    ]
    assert shown["ConstantParameters"]["ConstantParameter"] == [
        {"ServiceParameterName": "X-Version", "ConstantValue": "v1", "Location": "HEAD", "Description": "why"}
    ]
    assert shown["SystemParameters"]["SystemParameter"] == [
        {"ParameterName": "CaClientIp", "ServiceParameterName": "X-Client", "Location": "HEAD"}
    ]


def test_every_problem_is_listed_with_its_path(workbench: Workbench) -> None:
    error = workbench.refused(
        "CreateApi",
        GroupId=workbench.group(),
        ApiName="get_user",
        AuthType="NOBODY",
        RequestConfig={"RequestProtocol": "HTTP", "RequestHttpMethod": "FETCH", "RequestPath": "users"},
        ServiceConfig={"ServiceProtocol": "HTTP", "ServiceAddress": "ftp://a", "ServiceTimeout": "700000"},
        RequestParameters=[
            {"ApiParameterName": "a", "Location": "QUERY"},
            {"ApiParameterName": "a", "Location": "BODI"},
        ],
    )
    assert (error.code, error.status) == ("InvalidAuthType", 400)
    assert [problem.parameter for problem in error.problems] == [
        "AuthType",
        "RequestConfig.RequestHttpMethod",
        "RequestConfig.RequestPath",
        "RequestParameters[1].Location",
        "RequestParameters[1].ApiParameterName",
        "ServiceConfig.ServiceTimeout",
        "ServiceConfig.ServiceAddress",
    ]
    assert "RequestConfig.RequestPath: must start with '/'." in error.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON: Expecting property name enclosed in double quotes at line 1, column 2."),
        ('{"a": NaN}', "is not JSON: NaN is not a number of JSON."),
        ("[" * 33 + "]" * 33, "is nested deeper than 32 levels."),
        ("[" * 100_000, "is nested deeper than 32 levels."),
        ('"' + "x" * 600_000 + '"', "is longer than 524288 bytes."),
        ('"text"', "must be a JSON object, not a single value."),
        ('{"RequestPath": ["/a"]}', "must be a single value, not an array."),
        ('{"RequestPath": "/\\ud800"}', "has a control character; remove it."),
        ('{"RequestPath": "/\\u0000"}', "has a control character; remove it."),
        ('{"EscapePathParam": "maybe"}', "'maybe' is neither true nor false."),
    ],
)
def test_json_that_cannot_be_read_says_why(workbench: Workbench, text: str, said: str) -> None:
    error = workbench.refused(
        "CreateApi", GroupId=workbench.group(), ApiName="a", RequestConfig=text, ServiceConfig=MOCK
    )
    assert error.code == "InvalidRequestConfig"
    assert [problem.text for problem in error.problems] == [said]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/a/*/b", "may have '*' only as its last segment."),
        ("/a//b", "must have neither empty segments nor '.' or '..'."),
        ("/a/../b", "must have neither empty segments nor '.' or '..'."),
        ("/[a]/[a]", "has a placeholder twice."),
        ("/" + "a" * 1024, "is longer than 1024 characters."),
    ],
)
def test_paths_that_no_request_can_have_are_refused(workbench: Workbench, path: str, said: str) -> None:
    error = workbench.refused(
        "CreateApi", GroupId=workbench.group(), ApiName="a", **definition(RequestConfig=request(RequestPath=path))
    )
    assert (error.code, error.message) == ("InvalidRequestConfig", f"RequestConfig.RequestPath: {said}")


def test_name_and_path_are_used_once_in_a_group(workbench: Workbench) -> None:
    group_id = workbench.group()
    first = workbench.api(group_id)
    other = {"RequestConfig": request(RequestPath="/other")}
    assert (
        workbench.refused("CreateApi", GroupId=group_id, ApiName="get_user", **definition(**other)).code
        == "RepeatedApiName"
    )
    assert workbench.refused("CreateApi", GroupId=group_id, ApiName="b", **definition()).code == "RepeatedRequestPath"
    second = workbench.api(group_id, "put_user", RequestConfig=request(RequestHttpMethod="PUT"))
    assert (
        workbench.refused("ModifyApi", ApiId=second, ApiName="put_user", **definition()).code == "RepeatedRequestPath"
    )
    workbench.call("ModifyApi", ApiId=first, ApiName="get_user", **definition())
    workbench.api(workbench.group("another_group"))


def test_modifying_replaces_all_but_the_flags(workbench: Workbench) -> None:
    api_id = workbench.api(
        workbench.group(), Description="d", ResultSample="s", ForceNonceCheck="true", DisableInternet="true"
    )
    workbench.call("ModifyApi", ApiId=api_id, ApiName="renamed", RequestConfig=REQUEST, ServiceConfig=MOCK)
    shown = workbench.call("DescribeApi", ApiId=api_id)
    assert (shown["ApiName"], shown["Description"], shown.get("ResultSample")) == ("renamed", "", None)
    assert (shown["ForceNonceCheck"], shown["DisableInternet"]) == (True, True)
    assert shown["RequestParameters"] == {"RequestParameter": []}
    with workbench.store.read() as transaction:
        api = find_api(transaction, api_id)
    assert api is not None
    assert (api.draft_revision, api.name, json.loads(api.definition)["api_name"]) == (2, "renamed", "renamed")


def test_a_group_has_a_limit_of_apis(workbench: Workbench) -> None:
    group_id = workbench.group()
    for number in range(20):
        workbench.api(group_id, f"api_{number}", RequestConfig=request(RequestPath=f"/{number}"))
    error = workbench.refused("CreateApi", GroupId=group_id, ApiName="more", **definition())
    assert error.code == "ExceedLimitApi"


def test_what_does_not_exist_is_not_found(workbench: Workbench) -> None:
    group_id = workbench.group()
    api_id, other = workbench.api(group_id), workbench.group("another_group")
    for operation, params in (
        ("DescribeApi", {}),
        ("DeleteApi", {}),
        ("ModifyApi", {"ApiName": "a", **definition()}),
        ("DeployApi", {"StageName": "RELEASE"}),
        ("AbolishApi", {"StageName": "RELEASE"}),
    ):
        for wrong, code in (
            ({"ApiId": "0" * 32}, "NotFoundApi"),
            ({"ApiId": api_id, "GroupId": other}, "NotFoundApi"),
            ({"ApiId": api_id, "GroupId": "0" * 32}, "NotFoundApiGroup"),
        ):
            error = workbench.refused(operation, **params, **wrong)
            assert (error.code, error.status) == (code, 404), operation
    assert workbench.refused("CreateApi", GroupId="0" * 32, ApiName="a", **definition()).code == "NotFoundApiGroup"


def test_an_api_that_runs_cannot_be_deleted(workbench: Workbench) -> None:
    api_id = workbench.api(workbench.group())
    workbench.call("DeployApi", ApiId=api_id, StageName="TEST")
    error = workbench.refused("DeleteApi", ApiId=api_id)
    assert (error.code, error.status) == ("DependencyViolationApiDeployed", 400)
    workbench.call("AbolishApi", ApiId=api_id, StageName="TEST")
    workbench.call("DeleteApi", ApiId=api_id)
    assert workbench.refused("DescribeApi", ApiId=api_id).code == "NotFoundApi"
    assert workbench.refused("DeleteApi", ApiId=api_id).code == "NotFoundApi"


def test_deleting_an_api_takes_its_grants_out_of_the_plan(workbench: Workbench) -> None:
    api_id = workbench.api(workbench.group())
    app_id = workbench.call("CreateApp", AppName="demo_app")["AppId"]
    workbench.call("SetAppsAuthorities", ApiId=api_id, AppIds=str(app_id), StageName="RELEASE")
    revision = workbench.store.revision()
    workbench.call("DeleteApi", ApiId=api_id)
    assert workbench.store.revision() == revision + 1


def test_lists_filter_and_page(workbench: Workbench) -> None:
    group_id = workbench.group()
    first = workbench.api(group_id, "get_user", Tag__1__Key="env", Tag__1__Value="x")
    second = workbench.api(group_id, "put_user", RequestConfig=request(RequestHttpMethod="PUT"), Visibility="PUBLIC")
    third = workbench.api(group_id, "files", RequestConfig=request(RequestPath="/files/*"))
    workbench.call("DeployApi", ApiId=second, StageName="pre")

    def ids(**params: str) -> list[str]:
        answer = workbench.call("DescribeApis", **params)
        found = [one["ApiId"] for one in answer["ApiSummarys"]["ApiSummary"]]
        assert answer["TotalCount"] == len(found)
        return found

    assert ids() == [third, second, first]
    assert ids(GroupId=group_id, ApiName="USER") == [second, first]
    assert ids(ApiPath="/files") == [third]
    assert ids(ApiMethod="put") == [second]
    assert ids(Visibility="public") == [second]
    assert ids(StageName="Pre") == [second]
    assert ids(StageName="TEST") == []
    assert ids(StageName="PRE", UnDeployed="true") == [third, first]
    assert ids(UnDeployed="true") == [third, first]
    assert ids(Tag__1__Key="env") == [first]
    assert ids(ApiId=third) == [third]
    assert ids(CatalogId="1") == []
    page = workbench.call("DescribeApis", PageNumber="2", PageSize="2")
    assert [one["ApiId"] for one in page["ApiSummarys"]["ApiSummary"]] == [first]
    assert (page["PageNumber"], page["PageSize"], page["TotalCount"]) == (2, 2, 3)
    infos = workbench.call("DescribeApis", ApiId=second)["ApiSummarys"]["ApiSummary"][0]["DeployedInfos"][
        "DeployedInfo"
    ]
    assert [one["DeployedStatus"] for one in infos] == ["NONDEPLOYED", "DEPLOYED", "NONDEPLOYED"]


def test_what_cannot_be_published_can_still_be_stored(workbench: Workbench) -> None:
    service = {
        "ServiceProtocol": "OSS",
        "FunctionComputeConfig": {
            "FcVersion": "3.0",
            "FcRegionId": "cn-hangzhou",
            "FunctionName": "f",
            "TriggerUrl": "x",
        },
        "OssConfig": {"OssRegionId": "r", "BucketName": "b"},
        "EventBridgeConfig": {"EventBus": "e"},
    }
    api_id = workbench.api(workbench.group(), ServiceConfig=service, ErrorCodeSamples=[{"Code": "1", "Model": "m"}],
                           ResultDescriptions=[{"Id": "1", "HasChild": False}])  # fmt: skip
    shown = workbench.call("DescribeApi", ApiId=api_id)
    (described,) = shown["ResultDescriptions"]["ResultDescription"]
    assert (described["Id"], described["HasChild"]) == ("1", False)
    assert shown["ServiceConfig"]["FunctionComputeConfig"] == {
        "FcVersion": "3.0",
        "RegionId": "cn-hangzhou",
        "FunctionName": "f",
        "TriggerUrl": "x",
    }
    error = workbench.refused("DeployApi", ApiId=api_id, StageName="RELEASE")
    assert (error.code, error.status) == ("NotImplemented", 400)
    assert "backends of the type OSS" in error.message


def test_an_editor_that_writes_back_what_it_read_loses_nothing(workbench: Workbench) -> None:
    described = [{"Id": "1", "Pid": "0", "HasChild": False, "Key": "k", "Name": "n", "Mandatory": True, "Type": "t"}]
    service = {"ServiceProtocol": "HTTPS", "ServiceAddress": "https://shop.example.com", "TlsVerify": False}
    service["Http2"] = True
    api_id = workbench.api(workbench.group(), ServiceConfig=service, ResultDescriptions=described)
    shown = workbench.call("DescribeApi", ApiId=api_id)
    assert shown["ResultDescriptions"]["ResultDescription"] == described
    assert (shown["ServiceConfig"]["TlsVerify"], shown["ServiceConfig"]["Http2"]) == (False, True)
    fields = ("RequestConfig", "ServiceConfig", "ResultDescriptions")
    written = {**definition(), **{name: shown[name] for name in fields}}
    workbench.call("ModifyApi", ApiId=api_id, ApiName=shown["ApiName"], Visibility="PRIVATE", **written)
    again = workbench.call("DescribeApi", ApiId=api_id)
    assert [again[name] for name in fields] == [shown[name] for name in fields]


def test_zeros_and_empty_texts_of_unused_fields_are_no_mistake(workbench: Workbench) -> None:
    """Terraform sends every key, whatever the kind of backend."""
    service = {**TERRAFORM_SERVICE, "serviceTimeout": 0, "mockStatusCode": 0, "vpcConfig": {"name": "", "port": 0}}
    api_id = workbench.api(workbench.group(), ServiceConfig=service)
    assert workbench.call("DescribeApi", ApiId=api_id)["ServiceConfig"]["ServiceTimeout"] == 0


@pytest.mark.parametrize(
    ("change", "parameter"),
    [
        ({"MockStatusCode": 100}, "ServiceConfig.MockStatusCode"),
        ({"MockHeaders": [{"HeaderName": "a b"}]}, "ServiceConfig.MockHeaders[0].HeaderName"),
        ({"MockHeaders": [{"HeaderName": "a", "HeaderValue": "x\ny"}]}, "ServiceConfig.MockHeaders[0].HeaderValue"),
    ],
)
def test_a_mock_answers_only_what_http_allows(workbench: Workbench, change: dict[str, object], parameter: str) -> None:
    service = {**MOCK, **change}
    error = workbench.refused("CreateApi", GroupId=workbench.group(), ApiName="a", **definition(ServiceConfig=service))
    assert [problem.parameter for problem in error.problems] == [parameter]
