"""The catalogue: what a request becomes, what a result becomes, and that the specification holds together."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from isthmus.catalog import Catalog, Operation, Params, snake_case
from isthmus.errors import ApiError
from isthmus.shape import ListOf, MapOf, ObjectOf, Scalar, Shape, ShapeMismatch

VENDOR = "2016-07-14"
OWN = "2026-11-01"
SPEC = Path(__file__).resolve().parents[2] / "spec"
CATALOG = Catalog.load()


def operation(name: str, version: str = VENDOR) -> Operation:
    found = CATALOG.find(name, version)
    assert found is not None
    return found


def refusal(name: str, raw: dict[str, str], version: str = VENDOR) -> ApiError:
    with pytest.raises(ApiError) as caught:
        operation(name, version).check(raw)
    return caught.value


@pytest.mark.parametrize(
    ("vendor", "inside"),
    [
        ("ApiGroupAttributes", "api_group_attributes"),
        ("IPV6AclId", "ipv6_acl_id"),
        ("IsHttpRedirectToHttps", "is_http_redirect_to_https"),
        ("DescribeApis", "describe_apis"),
        ("ImportOAS", "import_oas"),
        ("DomainCNAMEStatus", "domain_cname_status"),
        ("plugin", "plugin"),
    ],
)
def test_names_become_snake_case(vendor: str, inside: str) -> None:
    assert snake_case(vendor) == inside


def test_has_every_operation_of_the_specification_and_our_own() -> None:
    given_names = json.loads((SPEC / "operations.json").read_text())["operations"].keys()
    own_names = json.loads((SPEC / "extensions.json").read_text())["operations"].keys()
    loaded = {(operation.name, operation.version) for operation in CATALOG.operations}
    assert loaded == {(name, VENDOR) for name in given_names} | {(name, OWN) for name in own_names}
    assert len(given_names) == 224


def test_finds_nothing_under_another_version() -> None:
    assert CATALOG.find("CreateNetwork", VENDOR) is None
    assert CATALOG.find("CreateApi", OWN) is None
    assert CATALOG.find_versions("CreateApi") == (VENDOR,)


def test_function_names_are_unique() -> None:
    names = [operation.function_name for operation in CATALOG.operations]
    assert len(names) == len(set(names))


def test_no_two_members_of_an_object_share_an_inside_name() -> None:
    def walk(shape: Shape) -> None:
        if isinstance(shape, ObjectOf):
            assert len(shape.inside_names) == len(shape.members)
            for member in shape.members.values():
                walk(member)
        elif isinstance(shape, ListOf | MapOf):
            walk(shape.item)

    for entry in CATALOG.operations:
        walk(entry.response)
        assert len(entry.declared) == len(entry.params)
        # Attribute access must not hit a method of Mapping.
        assert not entry.declared & {"get", "keys", "values", "items"}


def test_every_patch_names_its_source() -> None:
    patches = json.loads((SPEC / "patches.json").read_text())
    for entry in (*patches["parameters"], *patches["parameter_additions"], *patches["response_additions"]):
        assert re.search(r"\w{4}", entry["source"])
    assert patches["aliases_source"]


def test_reads_scalars_by_their_declared_type() -> None:
    params = operation("DescribeApis").check(
        {"PageNumber": "2", "PageSize": "10.0", "UnDeployed": "TRUE", "ApiId": "a"}
    )
    assert dict(params) == {"page_number": 2, "page_size": 10, "un_deployed": True, "api_id": "a"}


@pytest.mark.parametrize("text", ["True", "true", "TRUE"])
def test_reads_booleans_in_any_case(text: str) -> None:
    assert operation("DescribeApis").check({"EnableTagAuth": text}).enable_tag_auth is True


def test_absent_parameter_is_none_as_attribute_and_missing_as_key() -> None:
    params = operation("DescribeApis").check({})
    assert params.group_id is None
    assert params.get("group_id", "x") == "x"
    with pytest.raises(KeyError):
        params["group_id"]


def test_undeclared_attribute_is_a_defect() -> None:
    with pytest.raises(AttributeError, match="no parameter grop_id"):
        _ = operation("DescribeApis").check({}).grop_id


def test_params_do_not_print_their_values() -> None:
    assert "hunter2" not in repr(Params({"app_secret": "hunter2"}))


def test_empty_value_is_absent() -> None:
    assert dict(operation("DescribeApis").check({"PageNumber": "", "ApiId": ""})) == {}


def test_unknown_parameters_are_ignored() -> None:
    raw = {"ResourceOwnerToken": "x", "Source": "y", "RegionId": "z", "Other.1.Key": "k"}
    assert dict(operation("DescribeApis").check(raw)) == {}


def test_reads_repeated_objects_in_the_order_of_their_index() -> None:
    raw = {"Tag.10.Key": "c", "Tag.2.Key": "b", "Tag.2.Value": "", "Tag.1.Key": "a", "Tag.1.Value": "1"}
    assert operation("DescribeApis").check(raw).tag == [
        {"key": "a", "value": "1"},
        {"key": "b", "value": ""},
        {"key": "c", "value": ""},
    ]


def test_reads_repeated_scalars() -> None:
    raw = {"ResourceType": "app", "ResourceId.2": "b", "ResourceId.1": "a", "ResourceId.3": ""}
    assert operation("ListTagResources").check(raw).resource_id == ["a", "b"]


def test_repeated_object_has_every_member() -> None:
    raw = {"StageName": "RELEASE", "Api.1.ApiUid": "a"}
    assert operation("BatchDeployApis").check(raw).api == [{"api_uid": "a", "group_id": None}]


def test_tag_value_without_key_is_refused_by_the_code_the_vendor_fixes() -> None:
    error = refusal("DescribeApis", {"Tag.1.Value": "v"})
    assert (error.code, error.status) == ("InvalidParameter.TagKey", 400)


def test_reads_json_lists_objects_and_maps() -> None:
    raw = {"IntranetDomain": "a.b", "Type": "A", "Records": '[{"record": "1.2.3.4", "Weight": "5"}]'}
    assert operation("UpdatePrivateDNS").check(raw).records == [{"record": "1.2.3.4", "weight": 5}]
    raw = {
        "NetworkId": "n",
        "Attachment": '{"mode": "host"}',
        "Instances": '{"I-1": "10.0.0.1"}',
        "Cidrs": "10.0.0.0/8, a",
    }
    assert dict(operation("CreateNetwork", OWN).check(raw)) == {
        "network_id": "n",
        "attachment": {"mode": "host"},
        "instances": {"I-1": "10.0.0.1"},
        "cidrs": ["10.0.0.0/8", "a"],
    }


def test_definition_texts_stay_text() -> None:
    raw = {"GroupId": "g", "ApiName": "name", "RequestConfig": '{"a": 1}', "Visibility": "PUBLIC"}
    assert operation("CreateApi").check(raw).request_config == '{"a": 1}'


def test_misspelt_parameter_of_older_clients_is_accepted() -> None:
    raw = {"ApiId": "a", "AppIds": "1", "StageName": "RELEASE", "AuthVaildTime": "2030-01-01T00:00:00Z"}
    assert operation("SetAppsAuthorities").check(raw).auth_valid_time == "2030-01-01T00:00:00Z"


def test_one_missing_parameter_names_itself() -> None:
    error = refusal("DeleteApi", {})
    assert (error.code, error.status, error.message) == ("MissingApiId", 400, "ApiId: is required.")


def test_reports_all_problems_at_once_and_the_first_decides_the_code() -> None:
    error = refusal("SetVpcAccess", {"Port": "http", "Name": "n"})
    assert error.code == "MissingInstanceId"
    assert error.message == (
        "InstanceId: is required. Port: is 'http', but must be a whole number in decimal digits. VpcId: is required."
    )
    assert [problem.parameter for problem in error.problems] == ["InstanceId", "Port", "VpcId"]


@pytest.mark.parametrize("name", ["DeployApi", "SwitchApi", "BatchDeployApis", "ModifyApp"])
def test_descriptions_are_not_required(name: str) -> None:
    with pytest.raises(ApiError) as caught:
        operation(name).check({})
    assert "Description" not in caught.value.message


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ({"Tag.999999999.Key": "a"}, "InvalidTag"),
        ({"Tag.99999999999999999999999.Key": "a"}, "InvalidTag"),
        ({"Tag.0.Key": "a"}, "InvalidTag"),
        ({"Tag.x.Key": "a"}, "InvalidTag"),
        ({"Tag.1": "a"}, "InvalidTag"),
        ({"Tag.1.Key.Key": "a"}, "InvalidTag"),
        ({"Tag.١.Key": "a"}, "InvalidTag"),
        ({"Tag": "a"}, "InvalidTag"),
        ({"PageSize": "1" * 10_000}, "InvalidPageSize"),
        ({"PageSize": "1e3"}, "InvalidPageSize"),
        ({"PageSize": "99999999999999999999"}, "InvalidPageSize"),
        ({"PageSize": "9223372036854775808"}, "InvalidPageSize"),
        ({"EnableTagAuth": "yes"}, "InvalidEnableTagAuth"),
    ],
)
def test_malformed_values_are_refused(raw: dict[str, str], code: str) -> None:
    error = refusal("DescribeApis", raw)
    assert (error.code, error.status) == (code, 400)
    assert len(error.message) < 400


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[" * 100_000,
        "3",
        '{"a": NaN}',
        '{"a": "\\ud800"}',
        "[" + "1," * 200_000 + "1]",
        '{"a":' * 5000 + "1" + "}" * 5000,
    ],
)
def test_malformed_json_is_refused(text: str) -> None:
    error = refusal("CreateNetwork", {"NetworkId": "n", "Attachment": text}, OWN)
    assert error.code == "InvalidAttachment"
    assert len(error.message) < 400


def test_error_for_many_bad_values_stays_short() -> None:
    raw = {f"Tag.{index}.Value": "v" for index in range(1, 1001)}
    error = refusal("DescribeApis", raw)
    assert len(error.message) < 10_000
    assert error.message.endswith("And 950 more.")


@given(st.dictionaries(st.text(max_size=30), st.text(max_size=30), max_size=5), st.sampled_from(CATALOG.operations))
def test_any_request_is_read_or_refused(raw: dict[str, str], entry: Operation) -> None:
    try:
        entry.check(raw)
    except ApiError as error:
        assert error.status == 400


@given(st.data())
def test_any_value_of_a_declared_name_is_read_or_refused(data: st.DataObject) -> None:
    entry = data.draw(st.sampled_from(CATALOG.operations))
    names = [name for p in entry.params for name in (p.name, f"{p.name}.1", f"{p.name}.1.Key", f"{p.name}.01.Key")]
    if names:
        values = st.one_of(st.text(max_size=20), st.from_regex(r'[\[{0-9",:}\]tf]{0,12}', fullmatch=True))
        try:
            entry.check(data.draw(st.dictionaries(st.sampled_from(names), values, max_size=6)))
        except ApiError as error:
            assert error.status == 400


def test_renders_lists_into_their_wrappers_and_fills_empty_ones() -> None:
    result = {
        "api_summarys": [{"api_id": "a", "deployed_infos": None, "tag_list": [{"tag_key": "k"}]}],
        "total_count": "1",
    }
    assert operation("DescribeApis").render(result) == {
        "ApiSummarys": {
            "ApiSummary": [
                {"ApiId": "a", "DeployedInfos": {"DeployedInfo": []}, "TagList": {"Tag": [{"TagKey": "k"}]}},
            ]
        },
        "TotalCount": 1,
    }


def test_renders_empty_containers_for_an_empty_result() -> None:
    assert operation("DescribePlugins").render({}) == {"Plugins": {"PluginAttribute": []}}


def test_absent_object_with_other_members_is_omitted() -> None:
    assert operation("DescribeBackendInfo").render({}) == {}


def test_renders_an_explicit_wrapper_too() -> None:
    rendered = operation("DescribeApis").render({"api_summarys": {"api_summary": [{"api_id": "a"}]}})
    assert rendered["ApiSummarys"]["ApiSummary"][0]["ApiId"] == "a"


@pytest.mark.parametrize(
    ("kind", "value", "rendered"),
    [
        ("string", 5, "5"),
        ("string", True, "true"),
        ("integer", "5", 5),
        ("integer", True, 1),
        ("boolean", "TRUE", True),
        ("any", [1], [1]),
    ],
)
def test_coerces_to_the_declared_type(kind: str, value: Any, rendered: Any) -> None:
    entry = Operation("X", VENDOR, "x", (), ObjectOf({"Member": Scalar(kind)}), 1)
    result = entry.render({"member": value})
    assert result == {"Member": rendered}
    assert type(result["Member"]) is type(rendered)


@pytest.mark.parametrize(
    ("result", "message"),
    [
        ({"total": 1}, "DescribeApis has no member total"),
        ({"total_count": "many"}, "DescribeApis.TotalCount is integer, not str"),
        ({"api_summarys": [{"id": 1}]}, r"DescribeApis.ApiSummarys.ApiSummary\[0\] has no member id"),
        ({"api_summarys": "x"}, "DescribeApis.ApiSummarys is an object, not str"),
        ({"api_summarys": [{"api_id": b"x"}]}, r"ApiSummary\[0\].ApiId is string, not bytes"),
    ],
)
def test_result_that_does_not_fit_is_a_defect(result: dict[str, Any], message: str) -> None:
    with pytest.raises(ShapeMismatch, match=message):
        operation("DescribeApis").render(result)


def test_added_response_members_pass() -> None:
    rendered = operation("DescribeInstances").render({"instances": [{"instance_id": "i", "vip_type_list": ["x"]}]})
    assert rendered["Instances"]["InstanceAttribute"][0]["VipTypeList"] == ["x"]


def test_no_success_body_has_members_that_clients_take_for_a_failure() -> None:
    for entry in CATALOG.operations:
        assert not {"Code", "Message"} & entry.response.members.keys()
        # An import lists what succeeded under this name; a scalar would be read as a verdict.
        assert not isinstance(entry.response.members.get("Success"), Scalar)


def test_an_import_tells_what_succeeded() -> None:
    result = {"success": [{"path": "/a"}]}
    assert operation("ImportSwagger").render(result)["Success"] == {"ApiImportSwaggerSuccess": [{"Path": "/a"}]}
