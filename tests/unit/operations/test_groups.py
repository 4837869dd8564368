"""Groups: names, partial changes, the records they put, and what deleting one needs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from isthmus.errors import ApiError
from isthmus.operations.groups import align_groups

from tests.unit.operations.conftest import Gateway


def test_creating_a_group_gives_it_a_domain_stages_and_records(gateway: Gateway) -> None:
    made = gateway.call(
        "CreateApiGroup", group_name="demo_group", description="d", base_path="/v1", tag=[{"key": "env", "value": "x"}]
    )
    group_id = made["group_id"]
    host = f"{group_id}-cn-hangzhou.isthmus.localhost"
    assert made == {
        "group_id": group_id,
        "group_name": "demo_group",
        "description": "d",
        "base_path": "/v1",
        "sub_domain": host,
        "instance_id": "api-shared-vpc-001",
        "instance_type": "VPC_SHARED",
        "tag_status": True,
    }
    assert gateway.records() == {
        f"group {group_id}": {
            "group_id": group_id,
            "name": "demo_group",
            "instance_id": "api-shared-vpc-001",
            "region": "cn-hangzhou",
            "stages": ["RELEASE", "PRE", "TEST"],
            "passthrough_headers": [],
        },
        f"domain {host}": {"host": host, "group_id": group_id, "stage": None, "automatic": True},
    }
    shown = gateway.call("DescribeApiGroup", group_id=group_id)
    assert [stage["stage_name"] for stage in shown["stage_items"]] == ["RELEASE", "PRE", "TEST"]
    stage_id = shown["stage_items"][1]["stage_id"]
    assert gateway.call("DescribeApiStage", group_id=group_id, stage_id=stage_id)["stage_name"] == "PRE"
    assert shown["created_time"] == "2026-11-18T11:06:41Z"


def test_a_group_name_is_used_once(gateway: Gateway) -> None:
    gateway.group("first_group")
    second = gateway.group("second_group")
    for operation, params in (("CreateApiGroup", {}), ("ModifyApiGroup", {"group_id": second})):
        with pytest.raises(ApiError) as caught:
            gateway.call(operation, group_name="first_group", **params)
        assert (caught.value.code, caught.value.status) == ("RepeatedGroupName", 400)


def test_modifying_keeps_what_is_absent_and_updates_the_record(gateway: Gateway) -> None:
    made = gateway.call("CreateApiGroup", group_name="demo_group", description="d", base_path="/v1")
    group_id = made["group_id"]
    log = '{"requestBody":true}'
    gateway.call("ModifyApiGroup", group_id=group_id, user_log_config=log)
    gateway.call("ModifyApiGroup", group_id=group_id, passthrough_headers="Host, X-Trace")
    shown = gateway.call("DescribeApiGroup", group_id=group_id)
    assert (shown["group_name"], shown["description"], shown["base_path"]) == ("demo_group", "d", "/v1")
    assert (shown["user_log_config"], shown["passthrough_headers"]) == (log, "Host, X-Trace")
    record = gateway.records()[f"group {group_id}"]
    assert (record["passthrough_headers"], record["recorded"]) == (["host", "x-trace"], {"request_body": True})


def test_deleting_is_repeatable_and_removes_the_records(gateway: Gateway) -> None:
    group_id = gateway.group()
    gateway.call("DeleteApiGroup", group_id=group_id)
    gateway.call("DeleteApiGroup", group_id=group_id)
    assert gateway.records() == {}
    with pytest.raises(ApiError) as caught:
        gateway.call("DescribeApiGroup", group_id=group_id)
    assert (caught.value.code, caught.value.status) == ("NotFoundApiGroup", 404)


def test_a_group_with_apis_stays(gateway: Gateway) -> None:
    group_id = gateway.group()
    gateway.api(group_id)
    with pytest.raises(ApiError) as caught:
        gateway.call("DeleteApiGroup", group_id=group_id)
    assert caught.value.code == "DependencyViolationApi"
    assert f"group {group_id}" in gateway.records()


def test_pages_walk_every_group_once_newest_first(gateway: Gateway, clock: list[float]) -> None:
    ids = []
    for number in range(7):
        # The same time for all: the order must still be total.
        clock[0] -= 1
        ids.append(gateway.group(f"group_{number}"))
    walked = []
    for page in (1, 2, 3, 4):
        answer = gateway.call("DescribeApiGroups", page_number=page, page_size=3)
        assert (answer["total_count"], answer["page_number"], answer["page_size"]) == (7, page, 3)
        walked += [group["group_id"] for group in answer["api_group_attributes"]]
    assert walked == sorted(ids)
    newest = gateway.group("another_group")
    assert gateway.call("DescribeApiGroups")["api_group_attributes"][0]["group_id"] == newest
    assert gateway.call("DescribeApiGroups", sort="asc")["api_group_attributes"][-1]["group_id"] == newest
    assert gateway.call("DescribeApiGroups", page_size=10**9, page_number=2**59)["api_group_attributes"] == []
    assert gateway.call("DescribeApiGroups", page_size=10**9)["page_size"] == 50


def test_filters_by_part_of_the_name_and_by_all_tags(gateway: Gateway) -> None:
    both = gateway.call(
        "CreateApiGroup", group_name="Shop_group", tag=[{"key": "env", "value": "x"}, {"key": "team", "value": "a"}]
    )
    gateway.call("CreateApiGroup", group_name="other_group", tag=[{"key": "env", "value": "x"}])

    def names(**params: Any) -> list[str]:
        return [group["group_name"] for group in gateway.call("DescribeApiGroups", **params)["api_group_attributes"]]

    assert names(group_name="shop") == ["Shop_group"]
    assert names(group_name="%") == []
    assert names(group_id=both["group_id"]) == ["Shop_group"]
    assert names(tag=[{"key": "env", "value": "x"}]) == ["other_group", "Shop_group"]
    assert names(tag=[{"key": "env", "value": "x"}, {"key": "team", "value": "a"}]) == ["Shop_group"]


def test_reports_every_problem_of_a_group_at_once(gateway: Gateway) -> None:
    with pytest.raises(ApiError) as caught:
        gateway.call("CreateApiGroup", group_name="g" * 51, description="\x00", base_path="v1", tag=[{"key": ""}])
    assert caught.value.code == "InvalidGroupName"
    assert [problem.parameter for problem in caught.value.problems] == [
        "GroupName",
        "Description",
        "BasePath",
        "Tag.1.Key",
    ]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"base_path": "/a//b"}, "InvalidBasePath"),
        ({"base_path": "/../b"}, "InvalidBasePath"),
        ({"base_path": "/a?b"}, "InvalidBasePath"),
        ({"user_log_config": "[" * 4000}, "InvalidUserLogConfig"),
        ({"user_log_config": "[]"}, "InvalidUserLogConfig"),
        ({"user_log_config": '{"requestBody":7}'}, "InvalidUserLogConfig"),
        ({"passthrough_headers": "a b"}, "InvalidPassthroughHeaders"),
        ({"group_name": " "}, "InvalidGroupName"),
        ({"support_sse": "true"}, "NotImplemented"),
    ],
)
def test_refuses_change(gateway: Gateway, params: dict[str, str], code: str) -> None:
    with pytest.raises(ApiError) as caught:
        gateway.call("ModifyApiGroup", group_id=gateway.group(), **params)
    assert (caught.value.code, caught.value.status) == (code, 400)


def test_groups_follow_the_settings_of_the_next_start(gateway: Gateway) -> None:
    group_id = gateway.group()
    before = gateway.store.revision()
    with gateway.store.write() as transaction:
        align_groups(transaction, gateway.settings)
    assert gateway.store.revision() == before
    gateway.settings = replace(gateway.settings, region="eu-central-1", automatic_domain_suffix="api.example.com")
    with gateway.store.write() as transaction:
        align_groups(transaction, gateway.settings)
    host = f"{group_id}-eu-central-1.api.example.com"
    assert set(gateway.records()) == {f"group {group_id}", f"domain {host}"}
    assert gateway.records()[f"group {group_id}"]["region"] == "eu-central-1"
    assert gateway.call("DescribeApiGroup", group_id=group_id)["sub_domain"] == host


def test_refuses_unknown_instance_and_too_many_groups(gateway: Gateway) -> None:
    with pytest.raises(ApiError) as caught:
        gateway.call("CreateApiGroup", group_name="demo_group", instance_id="apigateway-x")
    assert caught.value.code == "NotFoundInstance"
    gateway.settings = replace(gateway.settings, groups_limit=1)
    gateway.group()
    with pytest.raises(ApiError) as caught:
        gateway.group("second_group")
    assert caught.value.code == "ExceedLimitApiGroup"


def test_a_groups_own_app_code_is_sealed_never_shown_and_told_to_the_engines(gateway: Gateway) -> None:
    group_id = gateway.call("CreateApiGroup", group_name="demo_group")["group_id"]
    gateway.call("SetGroupAuthAppCode", group_id=group_id, auth_app_code="groupCode01")
    place = '{"location":"HEADER","name":"myAppCode"}'
    gateway.call("ModifyApiGroup", group_id=group_id, custom_app_code_config=place, filter_app_code_for_backend="true")
    told = {"code": "groupCode01", "place": {"header": "myAppCode"}, "hidden": True}
    assert gateway.records()[f"group {group_id}"]["app_code"] == told
    shown = gateway.call("DescribeApiGroup", group_id=group_id)
    assert shown["custom_app_code_config"] == place and "groupCode01" not in str(shown)
    gateway.call("SetGroupAuthAppCode", group_id=group_id, auth_app_code="")
    gateway.call("ModifyApiGroup", group_id=group_id, custom_app_code_config="", filter_app_code_for_backend="false")
    assert "app_code" not in gateway.records()[f"group {group_id}"]


@pytest.mark.parametrize(
    "config", ["x", "[]", '{"location":"PATH","name":"a"}', '{"location":"HEADER","name":"a b"}', '{"name":"a"}']
)
def test_a_place_for_app_codes_that_is_none_is_refused(gateway: Gateway, config: str) -> None:
    group_id = gateway.call("CreateApiGroup", group_name="demo_group")["group_id"]
    with pytest.raises(ApiError) as refused:
        gateway.call("ModifyApiGroup", group_id=group_id, custom_app_code_config=config)
    assert refused.value.code == "InvalidCustomAppCodeConfig"


def test_a_groups_code_is_no_apps_code(gateway: Gateway) -> None:
    group_id = gateway.call("CreateApiGroup", group_name="demo_group")["group_id"]
    gateway.call("CreateApp", app_name="caller", app_code="takenCode01")
    with pytest.raises(ApiError) as refused:
        gateway.call("SetGroupAuthAppCode", group_id=group_id, auth_app_code="takenCode01")
    assert refused.value.code == "RepeatedAppCode"
    with pytest.raises(ApiError) as refused:
        gateway.call("SetGroupAuthAppCode", group_id=group_id, auth_app_code="a b")
    assert refused.value.code == "InvalidAuthAppCode"


def test_the_limit_that_is_shown_is_the_one_that_acts_or_the_vendors(gateway: Gateway) -> None:
    group_id = gateway.group()
    assert gateway.call("DescribeApiGroup", group_id=group_id)["traffic_limit"] == 500
    gateway.call("ModifyApiGroup", group_id=group_id, rps_limit_for_serverless="7")
    assert gateway.call("DescribeApiGroup", group_id=group_id)["traffic_limit"] == 7
    assert gateway.records()[f"group {group_id}"]["requests_per_second"] == 7
