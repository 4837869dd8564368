"""Grants: giving, renewing and taking them, their order in lists, and their records in the plan."""

from __future__ import annotations

import json
from typing import Any

import pytest
from isthmus.store.records import all_records
from workbench import REQUEST, Workbench, workbench

__all__ = ["workbench"]


@pytest.fixture
def world(workbench: Workbench) -> dict[str, Any]:
    group_id = workbench.group()
    return {
        "group": group_id,
        "api": workbench.api(group_id),
        "app": workbench.call("CreateApp", AppName="demo_app")["AppId"],
    }


def grant_records(workbench: Workbench) -> dict[str, Any]:
    with workbench.store.read() as transaction:
        found = list(all_records(transaction.connection, workbench.store.keyring))
    return {record.key: json.loads(record.body or "") for record in found if record.kind == "grant"}


def give(workbench: Workbench, world: dict[str, Any], **params: Any) -> None:
    given = {"ApiId": world["api"], "AppIds": str(world["app"]), "StageName": "RELEASE", **params}
    workbench.call("SetAppsAuthorities", **given)


def test_a_grant_is_listed_from_both_sides_and_in_the_plan(workbench: Workbench, world: dict[str, Any]) -> None:
    api_id, app_id = world["api"], world["app"]
    give(workbench, world, GroupId=world["group"], StageName="release", Description="why")
    assert grant_records(workbench) == {
        f"{api_id}/RELEASE/{app_id}": {"api_id": api_id, "stage": "RELEASE", "app_id": app_id, "expires_at": None}
    }
    shared = {
        "StageName": "RELEASE",
        "Operator": "PROVIDER",
        "AuthorizationSource": "API",
        "Description": "why",
        "AuthorizedTime": "2026-11-18T11:06:44Z",
    }
    apps = workbench.call("DescribeAuthorizedApps", ApiId=api_id)["AuthorizedApps"]["AuthorizedApp"]
    assert apps == [
        {
            **shared,
            "AppId": app_id,
            "AppName": "demo_app",
            "AppDescription": "",
            "StageAlias": "RELEASE",
            "Tag": {"TagInfo": []},
        }
    ]
    names = {
        "ApiId": api_id,
        "ApiName": "get_user",
        "GroupId": world["group"],
        "GroupName": "demo_group",
        "RegionId": "cn-hangzhou",
    }
    apis = workbench.call("DescribeAuthorizedApis", AppId=app_id)["AuthorizedApis"]["AuthorizedApi"]
    assert apis == [{**shared, **names}]
    (relation,) = workbench.call("DescribeApisByApp", AppId=app_id)["AppApiRelationInfos"]["AppApiRelationInfo"]
    assert {name: relation[name] for name in names} == names
    assert (relation["Method"], relation["Path"]) == ("GET", "/users/[id]")


@pytest.mark.parametrize(
    "text",
    ["2030-01-31T00:00:00Z", "Thu, 31 Jan 2030 00:00:00 GMT", "2030-01-31T08:00:00+08:00", "2030-01-31 00:00:00"],
)
@pytest.mark.parametrize("parameter", ["AuthValidTime", "AuthVaildTime"])
def test_a_grant_can_end(workbench: Workbench, world: dict[str, Any], parameter: str, text: str) -> None:
    give(workbench, world, **{parameter: text})
    (record,) = grant_records(workbench).values()
    assert record["expires_at"] == 1_896_048_000_000
    (shown,) = workbench.call("DescribeAuthorizedApps", ApiId=world["api"])["AuthorizedApps"]["AuthorizedApp"]
    assert shown["AuthVaildTime"] == "2030-01-31T00:00:00Z"
    give(workbench, world)
    (record,) = grant_records(workbench).values()
    assert record["expires_at"] is None


@pytest.mark.parametrize(
    "text", ["tomorrow", "0001-01-01T00:00:00+14:00", "Thu, 99 Jan 2030", "9999-12-31T23:59:59-10:00"]
)
def test_refuses_what_is_no_time(workbench: Workbench, world: dict[str, Any], text: str) -> None:
    params = {"ApiId": world["api"], "AppIds": str(world["app"]), "StageName": "RELEASE", "AuthValidTime": text}
    assert workbench.refused("SetAppsAuthorities", **params).code == "InvalidAuthValidTime"


def test_newest_grant_is_first_and_pages_lose_none(workbench: Workbench, world: dict[str, Any]) -> None:
    ids = [workbench.call("CreateApp", AppName=f"app_{number:02}")["AppId"] for number in range(12)]
    give(workbench, world, AppIds=", ".join(map(str, ids)))
    give(workbench, world)
    first = workbench.call("DescribeAuthorizedApps", ApiId=world["api"])
    rows = first["AuthorizedApps"]["AuthorizedApp"]
    assert (rows[0]["AppId"], len(rows), first["TotalCount"], first["PageSize"]) == (world["app"], 10, 13, 10)
    second = workbench.call("DescribeAuthorizedApps", ApiId=world["api"], PageNumber=2)
    walked = [row["AppId"] for row in rows + second["AuthorizedApps"]["AuthorizedApp"]]
    assert sorted(walked) == sorted([*ids, world["app"]])
    # Given again, a grant is the newest.
    give(workbench, world, AppIds=str(ids[3]))
    again = workbench.call("DescribeAuthorizedApps", ApiId=world["api"])
    assert again["AuthorizedApps"]["AuthorizedApp"][0]["AppId"] == ids[3]
    assert again["TotalCount"] == 13


def test_lists_take_their_filters(workbench: Workbench, world: dict[str, Any]) -> None:
    give(workbench, world)
    give(workbench, world, StageName="TEST")

    def count(name: str, **params: Any) -> int:
        return int(workbench.call(name, **params)["TotalCount"])

    assert count("DescribeAuthorizedApps", ApiId=world["api"]) == 2
    assert count("DescribeAuthorizedApps", ApiId=world["api"], StageName="test") == 1
    assert count("DescribeAuthorizedApps", ApiId=world["api"], AppName="DEMO", AppId=world["app"]) == 2
    assert count("DescribeAuthorizedApps", ApiId=world["api"], AppName="nobody") == 0
    assert count("DescribeApisByApp", AppId=world["app"], Method="get", Path="users", ApiName="user") == 2
    assert count("DescribeApisByApp", AppId=world["app"], Method="POST") == 0


def test_apis_of_an_app_are_listed_once_with_all_their_stages(workbench: Workbench, world: dict[str, Any]) -> None:
    give(workbench, world, AuthValidTime="2030-01-01T00:00:00Z")
    give(workbench, world, StageName="TEST")
    other = workbench.api(world["group"], "other_api", RequestConfig={**REQUEST, "RequestPath": "/o/[id]"})
    give(workbench, world, ApiId=other, StageName="PRE")

    def listed(**params: Any) -> tuple[int, list[tuple[str, dict[str, str]]]]:
        answer = workbench.call("DescribeApisWithStageNameIntegratedByApp", AppId=world["app"], **params)
        rows = answer["AppApiRelationInfos"]["AppApiRelationInfo"]
        assert all(one["Operator"] == "PROVIDER" and one["CreatedTime"] for one in rows)
        return answer["TotalCount"], [(one["ApiName"], one["StageNameAndAuth"]) for one in rows]

    first, second = ("other_api", {"PRE": ""}), ("get_user", {"TEST": "", "RELEASE": "2030-01-01T00:00:00Z"})
    assert listed() == (2, [first, second])
    assert listed(PageSize="1", PageNumber="2") == (2, [second])
    assert listed(ApiName="OTHER") == (1, [first]) and listed(Path="users", Method="get") == (1, [second])
    nobody = workbench.refused("DescribeApisWithStageNameIntegratedByApp", AppId="1")
    assert nobody.code == "NotFoundApp"


def test_taking_a_grant_is_repeatable(workbench: Workbench, world: dict[str, Any]) -> None:
    give(workbench, world)
    for _ in range(2):
        workbench.call("RemoveAppsAuthorities", ApiId=world["api"], AppIds=str(world["app"]), StageName="release")
        assert grant_records(workbench) == {}
    workbench.call("SetApisAuthorities", AppId=world["app"], ApiIds=f" {world['api']} ,", StageName="PRE")
    assert list(grant_records(workbench)) == [f"{world['api']}/PRE/{world['app']}"]
    for _ in range(2):
        workbench.call("RemoveApisAuthorities", AppId=world["app"], ApiIds=world["api"], StageName="PRE")
        assert grant_records(workbench) == {}


def test_grants_of_another_groups_api_are_not_taken(workbench: Workbench, world: dict[str, Any]) -> None:
    give(workbench, world)
    place = {"AppId": str(world["app"]), "ApiIds": f"{'f' * 32},{world['api']}", "StageName": "RELEASE"}
    other = workbench.group("other_group")
    assert workbench.refused("RemoveApisAuthorities", GroupId=other, **place).code == "NotFoundApi"
    assert len(grant_records(workbench)) == 1
    workbench.call("RemoveApisAuthorities", GroupId=world["group"], **place)
    assert grant_records(workbench) == {}


def test_grants_go_with_their_app_and_with_their_api(workbench: Workbench, world: dict[str, Any]) -> None:
    give(workbench, world)
    workbench.call("DeleteApp", AppId=world["app"])
    assert grant_records(workbench) == {}
    world["app"] = workbench.call("CreateApp", AppName="next_app")["AppId"]
    give(workbench, world)
    workbench.call("DeleteApi", ApiId=world["api"])
    assert grant_records(workbench) == {}
    assert workbench.call("DescribeAuthorizedApis", AppId=world["app"])["TotalCount"] == 0


def test_nothing_is_given_when_one_of_several_is_unknown(workbench: Workbench, world: dict[str, Any]) -> None:
    good = {"ApiId": world["api"], "AppIds": str(world["app"]), "StageName": "RELEASE"}
    for change, code, status in (
        ({"AppIds": f"{world['app']},1"}, "NotFoundApp", 404),
        ({"AppIds": "x"}, "InvalidAppIds", 400),
        ({"AppIds": " , "}, "MissingAppIds", 400),
        ({"AppIds": ",".join(str(number) for number in range(1, 102))}, "InvalidAppIds", 400),
        ({"ApiId": "0" * 32}, "NotFoundApi", 404),
        ({"GroupId": "0" * 32}, "NotFoundApi", 404),
        ({"StageName": "NIGHTLY"}, "NotFoundStage", 404),
    ):
        refused = workbench.refused("SetAppsAuthorities", **{**good, **change})
        assert (refused.code, refused.status) == (code, status)
    assert workbench.refused("SetApisAuthorities", AppId=world["app"], StageName="PRE").code == "MissingApiIds"
    assert grant_records(workbench) == {}
