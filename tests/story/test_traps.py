"""Where clients of the vendor's management API stumble over a server: one test for each trap, on a running gateway.

The order is that of the list of traps; those of a client's own making (its defaults, its documentation) are left out.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from alibabacloud_cloudapi20160714 import models
from aliyunsdkcloudapi.request.v20160714.ImportSwaggerRequest import ImportSwaggerRequest
from aliyunsdkcore.client import AcsClient
from terraform_provider import Provider, group, unique

from running import Running

SERVICE = {"ServiceProtocol": "HTTP", "Mock": "TRUE", "MockResult": ""}
MOCK = json.dumps(SERVICE)


@pytest.fixture(scope="module")
def provider(gateway: Running) -> Provider:
    return Provider(gateway)


def request(path: str = "/trap", **changes: Any) -> str:
    config = {"RequestProtocol": "HTTP", "RequestHttpMethod": "GET", "RequestPath": path, "RequestMode": "MAPPING"}
    return json.dumps({**config, **changes})


def api(provider: Provider, group_id: str, **changes: str) -> str:
    given = {"GroupId": group_id, "ApiName": unique("api"), "AuthType": "ANONYMOUS", "Visibility": "PRIVATE"}
    texts = {"RequestConfig": request(), "ServiceConfig": MOCK, "ResultType": "JSON", "ResultSample": "{}"}
    return str(provider.call("CreateApi", **{**given, **texts, **changes})["ApiId"])


@pytest.mark.parametrize("text", ["True", "true", "TRUE"])
def test_1_booleans_come_in_any_case(provider: Provider, text: str) -> None:
    group_id = group(provider)
    api_id = api(provider, group_id, ForceNonceCheck=text)
    assert provider.call("DescribeApi", ApiId=api_id)["ForceNonceCheck"] is True


def test_2_blank_parameters_are_part_of_what_is_signed(provider: Provider) -> None:
    name = unique("group")
    made = provider.call("CreateApiGroup", GroupName=name, Description="", **{"Tag.1.Key": "k", "Tag.1.Value": ""})
    (found,) = provider.call("DescribeApiGroups", GroupName=name)["ApiGroupAttributes"]["ApiGroupAttribute"]
    assert (found["GroupId"], found["Tags"]["TagInfo"]) == (made["GroupId"], [{"Key": "k", "Value": ""}])


def test_3_the_operation_is_in_a_header_or_in_a_parameter(gateway: Running, provider: Provider) -> None:
    assert gateway.client().describe_regions(models.DescribeRegionsRequest()).body.regions.region
    assert provider.call("DescribeRegions")["Regions"]["Region"]


def test_4_a_get_may_have_a_form(gateway: Running, provider: Provider) -> None:
    host, port = gateway.ready["management"].removeprefix("http://").split(":")
    client = AcsClient(gateway.ready["access_key_id"], gateway.ready["access_key_secret"], "local", port=int(port))
    sent = ImportSwaggerRequest()
    assert sent.get_method() == "GET"
    sent.set_endpoint(host)
    sent.set_protocol_type("http")
    operation = {"responses": {"200": {"description": "ok"}}, "x-aliyun-apigateway-backend": {"type": "MOCK"}}
    document = {"swagger": "2.0", "info": {"title": "t", "version": "1"}, "paths": {"/a": {"get": operation}}}
    sent.set_GroupId(group(provider))
    sent.set_DataFormat("json")
    sent.set_Overwrite(True)
    sent.set_Data(json.dumps(document))
    answer = json.loads(client.do_action_with_exception(sent))
    assert [one["Path"] for one in answer["Success"]["ApiImportSwaggerSuccess"]] == ["/a"]


@pytest.mark.parametrize("action", ["DescribeApi", "DescribeApp", "NoSuchOperation", "AttachApiProduct"])
def test_5_an_error_is_an_object_of_texts_and_has_a_code(provider: Provider, action: str) -> None:
    status, body = provider.send(action)
    assert 400 <= status < 500 and body["Code"]
    assert all(isinstance(body[name], str) for name in ("Code", "Message", "RequestId", "HostId", "Recommend"))


def test_6_only_what_is_not_there_is_404(provider: Provider) -> None:
    group_id = group(provider)
    api_id = api(provider, group_id)
    provider.gone("NotFoundStage", "DescribeDeployedApi", GroupId=group_id, ApiId=api_id, StageName="RELEASE")
    provider.call("AbolishApi", GroupId=group_id, ApiId=api_id, StageName="RELEASE")
    assert provider.send("AttachApiProduct", ApiProductId="x")[0] == 400
    stranger = Provider.__new__(Provider)
    stranger.__dict__.update(provider.__dict__, _key="ISTHNOBODY")
    status, body = stranger.send("DescribeApi", ApiId=api_id)
    assert status == 400 and "NotFound" not in body["Message"]


def test_7_a_success_has_neither_code_nor_success_nor_message(provider: Provider) -> None:
    group_id = group(provider)
    api_id = api(provider, group_id)
    # `call` looks at each answer.
    for action in ("DescribeApiGroups", "DescribeApis", "DescribeInstances", "DescribeRegions", "DescribePlugins"):
        provider.call(action)
    provider.call("DeployApi", GroupId=group_id, ApiId=api_id, StageName="RELEASE", Description="d")


def smuggled() -> dict[str, str]:
    """A constant and a system parameter among the ordinary ones."""
    names = {"q": "REQUEST", "const": "CONSTANT", "sys": "SYSTEM"}
    sources = {"q": "q", "const": "const", "sys": "CaClientIp"}
    declared = [
        {"apiParameterName": source, "location": "QUERY", "parameterType": "STRING", "required": "OPTIONAL", "defaultValue": "v"}
        for source in sources.values()
    ]  # fmt: skip
    served = [
        {"serviceParameterName": name, "location": "HEAD", "parameterType": "STRING", "parameterCatalog": kind}
        for name, kind in names.items()
    ]
    mapped = [{"requestParameterName": source, "serviceParameterName": name} for name, source in sources.items()]
    lists = {"RequestParameters": declared, "ServiceParameters": served, "ServiceParametersMap": mapped}
    return {name: json.dumps(value) for name, value in lists.items()}


def test_8_constants_and_system_parameters_leave_the_ordinary_lists(provider: Provider) -> None:
    shown = provider.call("DescribeApi", ApiId=api(provider, group(provider), **smuggled()))
    (constant,) = shown["ConstantParameters"]["ConstantParameter"]
    (system,) = shown["SystemParameters"]["SystemParameter"]
    assert (constant["ServiceParameterName"], constant["ConstantValue"]) == ("const", "v")
    assert (system["ParameterName"], system["ServiceParameterName"]) == ("CaClientIp", "sys")
    assert len(shown["ServiceParametersMap"]["ServiceParameterMap"]) == 1
    assert len(shown["RequestParameters"]["RequestParameter"]) == 1


def test_9_values_come_back_in_their_case_and_keys_in_the_vendors(provider: Provider) -> None:
    shown = provider.call("DescribeApi", ApiId=api(provider, group(provider), **smuggled()))
    (parameter,) = shown["RequestParameters"]["RequestParameter"]
    assert (parameter["ParameterType"], parameter["Location"], parameter["Required"]) == ("STRING", "QUERY", "OPTIONAL")
    (served,) = shown["ServiceParameters"]["ServiceParameter"]
    assert (served["ServiceParameterName"], served["Location"]) == ("q", "HEAD")


def test_10_the_region_of_a_function_is_given_under_one_name_and_shown_under_another(provider: Provider) -> None:
    function = {"fcRegionId": "cn-hangzhou", "serviceName": "s", "functionName": "f", "roleArn": "acs:ram::1:role/r"}
    service = json.dumps({"serviceProtocol": "FunctionCompute", "functionComputeConfig": function})
    shown = provider.call("DescribeApi", ApiId=api(provider, group(provider), ServiceConfig=service))
    config = shown["ServiceConfig"]["FunctionComputeConfig"]
    assert config["RegionId"] == "cn-hangzhou" and "FcRegionId" not in config


def test_11_a_group_is_changed_in_part_and_an_api_as_a_whole(provider: Provider) -> None:
    group_id = group(provider)
    provider.call("ModifyApiGroup", GroupId=group_id, UserLogConfig='{"requestBody":true}')
    assert provider.call("DescribeApiGroup", GroupId=group_id)["Description"] == "made"
    name = unique("api")
    api_id = api(provider, group_id, ApiName=name, Description="first", **smuggled())
    whole = {"GroupId": group_id, "ApiId": api_id, "ApiName": name, "RequestConfig": request(), "ServiceConfig": MOCK}
    provider.call("ModifyApi", **whole, AuthType="ANONYMOUS", Visibility="PRIVATE")
    shown = provider.call("DescribeApi", ApiId=api_id)
    assert shown.get("Description", "") == "" and shown["RequestParameters"]["RequestParameter"] == []


def test_12_some_deletions_of_nothing_succeed_and_some_must_not(provider: Provider) -> None:
    nobody = "f" * 32
    group_id = group(provider)
    provider.call("DeleteApiGroup", GroupId=nobody)
    provider.call("DeleteDomain", GroupId=group_id, DomainName="nobody.example.com")
    provider.call("DeleteIpControl", IpControlId=nobody)
    provider.gone("NotFoundApi", "DeleteApi", GroupId=group_id, ApiId=nobody)
    provider.gone("NotFoundApp", "DeleteApp", AppId="1")


def test_13_the_newest_authorisation_is_on_the_first_page_without_a_size(provider: Provider) -> None:
    group_id = group(provider)
    api_id = api(provider, group_id, AuthType="APP")
    place = {"GroupId": group_id, "ApiId": api_id, "StageName": "RELEASE"}
    for _ in range(12):
        app_id = provider.call("CreateApp", AppName=unique("app")[:26])["AppId"]
        provider.call("SetAppsAuthorities", AppIds=str(app_id), **place)
        shown = provider.call("DescribeAuthorizedApps", **place)["AuthorizedApps"]["AuthorizedApp"]
        assert app_id in [one["AppId"] for one in shown] and len(shown) < 50


def test_14_what_always_fails_is_no_5xx(provider: Provider) -> None:
    wrong = {"RequestConfig": "{", "ServiceConfig": '{"ServiceAddress":1}', "AuthType": "?", "Visibility": "?"}
    status, body = provider.send("CreateApi", GroupId=group(provider), ApiName="x_y_z", **wrong)
    assert (status, body["Code"]) == (400, "InvalidRequestConfig")
    assert provider.send("DescribeMarketRemainsQuota", DomainName="a.example.com")[0] < 500


def test_15_entries_of_access_lists_have_keys_in_two_cases_and_models_their_exact_name_first(
    provider: Provider,
) -> None:
    acl_id = provider.call("CreateAccessControlList", AclName=unique("acl")[:30])["AclId"]
    entries = '[{"entry":"10.0.0.0/8","comment":"a"},{"Entry":"10.1.0.0/16","Comment":"b"}]'
    provider.call("AddAccessControlListEntry", AclId=acl_id, AclEntrys=entries)
    shown = provider.call("DescribeAccessControlListAttribute", AclId=acl_id)["AclEntrys"]["AclEntry"]
    assert {one["AclEntryIp"] for one in shown} == {"10.0.0.0/8", "10.1.0.0/16"}
    group_id = group(provider)
    for name in ("Pet", "PetShop", "MyPet"):
        provider.call("CreateModel", GroupId=group_id, ModelName=name, Schema='{"type":"object"}')
    found = provider.call("DescribeModels", GroupId=group_id, ModelName="Pet")["ModelDetails"]["ModelDetail"]
    assert found[0]["ModelName"] == "Pet" and len(found) == 3


def test_16_a_wrong_signature_is_told_with_the_servers_string_to_sign(provider: Provider) -> None:
    liar = Provider.__new__(Provider)
    liar.__dict__.update(provider.__dict__, _secret="wrong")
    status, body = liar.send("DescribeRegions")
    assert (status, body["Code"]) == (400, "SignatureDoesNotMatch")
    assert "string to sign is:POST&%2F&" in body["Message"].replace("is: ", "is:")


def test_18_the_host_is_signed_with_its_port(gateway: Running) -> None:
    assert ":" in gateway.ready["management"].removeprefix("http://")
    assert gateway.client().describe_regions(models.DescribeRegionsRequest()).status_code == 200


def test_20_an_app_id_is_a_number_an_app_key_a_text_and_lists_may_have_blanks(provider: Provider) -> None:
    apps = [provider.call("CreateApp", AppName=unique("app")[:26])["AppId"] for _ in range(2)]
    assert all(isinstance(app_id, int) for app_id in apps)
    assert isinstance(provider.call("DescribeAppSecurity", AppId=str(apps[0]))["AppKey"], str)
    group_id = group(provider)
    place = {"GroupId": group_id, "ApiId": api(provider, group_id, AuthType="APP"), "StageName": "RELEASE"}
    provider.call("SetAppsAuthorities", AppIds=f" {apps[0]} , {apps[1]} ", **place)
    shown = provider.call("DescribeAuthorizedApps", **place)["AuthorizedApps"]["AuthorizedApp"]
    assert {one["AppId"] for one in shown} == set(apps)


@pytest.mark.parametrize("name", ["AuthValidTime", "AuthVaildTime"])
def test_21_misspelt_names_are_names(provider: Provider, name: str) -> None:
    group_id = group(provider)
    app_id = str(provider.call("CreateApp", AppName=unique("app")[:26])["AppId"])
    place = {"GroupId": group_id, "ApiId": api(provider, group_id, AuthType="APP"), "StageName": "RELEASE"}
    provider.call("SetAppsAuthorities", AppIds=app_id, **place, **{name: "2030-01-01T00:00:00Z"})
    (shown,) = provider.call("DescribeAuthorizedApps", **place)["AuthorizedApps"]["AuthorizedApp"]
    assert shown["AuthVaildTime"] == "2030-01-01T00:00:00Z"
    assert "ApiSummarys" in provider.call("DescribeApis", GroupId=group_id)


def test_22_pages_of_histories_are_asked_for_by_texts_and_counted_in_numbers(
    gateway: Running, provider: Provider
) -> None:
    group_id = group(provider)
    api_id = api(provider, group_id)
    for _ in range(3):
        provider.call("DeployApi", GroupId=group_id, ApiId=api_id, StageName="RELEASE", Description="d")
    asked = models.DescribeApiHistoriesRequest(
        group_id=group_id, api_id=api_id, stage_name="RELEASE", page_number="2", page_size="2"
    )
    body = gateway.client().describe_api_histories(asked).body
    assert (body.page_number, body.page_size, body.total_count) == (2, 2, 3)
    assert len(body.api_his_items.api_his_item) == 1


def test_23_a_request_line_may_be_long(gateway: Running, provider: Provider) -> None:
    group_id = group(provider)
    # The current client sends this parameter in the query.
    config = request(PostBodyDescription="x" * 60_000)
    given = {"api_name": unique("api"), "visibility": "PRIVATE", "auth_type": "ANONYMOUS", "service_config": MOCK}
    more = {"result_type": "JSON", "result_sample": "{}"}
    made = gateway.client().create_api(
        models.CreateApiRequest(group_id=group_id, request_config=config, **given, **more)
    )
    shown = provider.call("DescribeApi", ApiId=made.body.api_id)
    assert len(shown["RequestConfig"]["PostBodyDescription"]) == 60_000
