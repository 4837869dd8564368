"""Apps and their credentials: what a new app gets, what a change puts into the plan, and what stays unique."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from isthmus.store.records import all_records
from workbench import Workbench, workbench

__all__ = ["workbench"]


def app_record(workbench: Workbench, app_id: int) -> dict[str, Any] | None:
    with workbench.store.read() as transaction:
        found = list(all_records(transaction.connection, workbench.store.keyring))
    bodies = [json.loads(record.body or "") for record in found if (record.kind, record.key) == ("app", str(app_id))]
    return bodies[0] if bodies else None


def new_app(workbench: Workbench, name: str = "demo_app", **params: Any) -> int:
    return int(workbench.call("CreateApp", AppName=name, **params)["AppId"])


def test_a_new_app_has_a_random_pair_and_code_that_the_engines_know(workbench: Workbench) -> None:
    made = workbench.call("CreateApp", AppName="demo_app", Description="d", Extend="e")
    app_id = made["AppId"]
    assert made == {"AppId": app_id, "TagStatus": True}
    assert 9 <= len(str(app_id)) <= 14
    security = workbench.call("DescribeAppSecurity", AppId=app_id)
    assert re.fullmatch(r"[0-9]{9}", security["AppKey"])
    assert re.fullmatch(r"[0-9a-f]{32}", security["AppSecret"])
    assert re.fullmatch(r"[0-9a-f]{32}", security["AppCode"])
    assert app_record(workbench, app_id) == {
        "app_id": app_id,
        "name": "demo_app",
        "user_id": "key",
        "extend": "e",
        "disabled": False,
        "keys": [{"key": security["AppKey"], "secret": security["AppSecret"]}],
        "codes": [security["AppCode"]],
    }
    shown = workbench.call("DescribeApp", AppId=app_id)
    assert shown["CreatedTime"] == "2026-11-18T11:06:41Z"
    assert (shown["AppName"], shown["Description"], shown["Extend"], shown["Disabled"]) == ("demo_app", "d", "e", False)


@pytest.mark.skipif(bool(os.environ.get("TEST_STORE")), reason="reads the file of SQLite")
def test_secrets_are_not_readable_in_the_store(workbench: Workbench) -> None:
    secret, code = "chosen-secret-of-the-caller", "chosen-code-of-the-caller"
    new_app(workbench, AppSecret=secret, AppCode=code)
    with workbench.store.read() as transaction:
        file = transaction.connection.exec_driver_sql("PRAGMA database_list").all()[0][2]
    content = b"".join(Path(file + tail).read_bytes() for tail in ("", "-wal"))
    assert secret.encode() not in content
    assert code.encode() not in content


def test_chosen_credentials_are_used_once(workbench: Workbench) -> None:
    new_app(workbench, AppKey="203753385", AppSecret="secret-1", AppCode="code-one")
    other = new_app(workbench, "other_app")
    assert workbench.refused("CreateApp", AppName="third_app", AppKey="203753385").code == "RepeatedAppKey"
    refused = workbench.refused("CreateApp", AppName="third_app", AppCode="code-one")
    assert refused.code == "RepeatedAppCode"
    assert "code-one" not in refused.message
    assert workbench.refused("CreateAppKey", AppId=other, AppKey="203753385").code == "RepeatedAppKey"
    assert workbench.refused("CreateAppCode", AppId=other, AppCode="code-one").code == "RepeatedAppCode"
    own = workbench.call("DescribeAppSecurity", AppId=other)
    assert workbench.refused("ResetAppSecret", AppKey=own["AppKey"], NewAppKey="203753385").code == "RepeatedAppKey"
    assert workbench.refused("ResetAppCode", AppCode=own["AppCode"], NewAppCode="code-one").code == "RepeatedAppCode"
    assert workbench.call("DescribeAppAttributes")["TotalCount"] == 2


@pytest.mark.parametrize("parameter", ["AppKey", "AppSecret", "AppCode"])
def test_refuses_credentials_that_a_header_cannot_carry(workbench: Workbench, parameter: str) -> None:
    for value in ("with space", "中文中文中文", "x" * 200):
        refused = workbench.refused("CreateApp", AppName="demo_app", **{parameter: value})
        assert (refused.code, refused.status) == (f"Invalid{parameter}", 400)
        assert value not in refused.message


def test_credentials_come_and_go_one_by_one(workbench: Workbench) -> None:
    app_id = new_app(workbench, AppKey="first", AppSecret="secret-1", AppCode="code-one")
    workbench.call("CreateAppKey", AppId=str(app_id), AppKey="second", AppSecret="secret-2")
    workbench.call("CreateAppCode", AppId=str(app_id), AppCode="code-two")
    newest = workbench.call("DescribeAppSecurity", AppId=app_id)
    assert (newest["AppKey"], newest["AppSecret"], newest["AppCode"]) == ("second", "secret-2", "code-two")
    rows = workbench.call("DescribeAppSecurities", AppId=app_id)["AppSecuritys"]["AppSecurity"]
    assert [(row["AppKey"], row["AppCode"]) for row in rows] == [("second", "code-two"), ("first", "code-one")]
    workbench.call("ResetAppSecret", AppKey="second", NewAppKey="third", NewAppSecret="secret-3")
    workbench.call("ResetAppCode", AppCode="code-two", NewAppCode="code-three")
    workbench.call("DeleteAppKey", AppId=str(app_id), AppKey="first")
    workbench.call("DeleteAppCode", AppId=str(app_id), AppCode="code-one")
    record = app_record(workbench, app_id)
    assert record is not None
    assert (record["keys"], record["codes"]) == ([{"key": "third", "secret": "secret-3"}], ["code-three"])
    workbench.call("DeleteAppCode", AppId=str(app_id), AppCode="code-three")
    assert "AppCode" not in workbench.call("DescribeAppSecurity", AppId=app_id)
    workbench.call("DeleteAppKey", AppId=str(app_id), AppKey="third")
    assert workbench.call("DescribeAppSecurity", AppId=app_id) == {}


def test_a_reset_without_new_values_makes_random_ones(workbench: Workbench) -> None:
    app_id = new_app(workbench)
    old = workbench.call("DescribeAppSecurity", AppId=app_id)
    workbench.call("ResetAppSecret", AppKey=old["AppKey"])
    workbench.call("ResetAppCode", AppCode=old["AppCode"])
    new = workbench.call("DescribeAppSecurity", AppId=app_id)
    assert new["AppKey"] == old["AppKey"]
    assert new["AppSecret"] != old["AppSecret"]
    assert new["AppCode"] != old["AppCode"]
    assert new["ModifiedTime"] > old["ModifiedTime"]


def test_another_apps_credentials_are_not_found(workbench: Workbench) -> None:
    new_app(workbench, AppKey="first", AppCode="code-one")
    other = str(new_app(workbench, "other_app"))
    for refused, code in (
        (workbench.refused("DeleteAppKey", AppId=other, AppKey="first"), "NotFoundAppKey"),
        (workbench.refused("DeleteAppCode", AppId=other, AppCode="code-one"), "NotFoundAppCode"),
        (workbench.refused("ResetAppSecret", AppKey="nobody"), "NotFoundAppKey"),
        (workbench.refused("ResetAppCode", AppCode="nobodys-code"), "NotFoundAppCode"),
        (workbench.refused("CreateAppKey", AppId="not-a-number"), "InvalidAppId"),
        (workbench.refused("CreateAppKey", AppId="1"), "NotFoundApp"),
    ):
        assert refused.code == code
        assert refused.status == (400 if code.startswith("Invalid") else 404)


def test_modifying_keeps_what_is_absent_and_disabling_reaches_the_plan(workbench: Workbench) -> None:
    app_id = new_app(workbench, Description="d", Extend="e")
    workbench.call("ModifyApp", AppId=app_id)
    workbench.call("ModifyApp", AppId=app_id, Disabled=True)
    workbench.call("ModifyApp", AppId=app_id, AppName="new_name")
    shown = workbench.call("DescribeApp", AppId=app_id)
    assert (shown["AppName"], shown["Description"], shown["Extend"], shown["Disabled"]) == ("new_name", "d", "e", True)
    record = app_record(workbench, app_id)
    assert record is not None
    assert (record["name"], record["disabled"]) == ("new_name", True)


def test_a_deleted_app_is_gone_with_its_credentials_and_tags(workbench: Workbench) -> None:
    app_id = new_app(workbench, AppKey="first", AppCode="code-one", Tag__1__Key="env", Tag__1__Value="x")
    workbench.call("DeleteApp", AppId=app_id)
    assert app_record(workbench, app_id) is None
    for name in ("DescribeApp", "DeleteApp", "ModifyApp", "DescribeAppSecurity", "DescribeAppSecurities"):
        refused = workbench.refused(name, AppId=app_id)
        assert (refused.code, refused.status) == ("NotFoundApp", 404)
    again = workbench.call("ListTagResources", ResourceType="app", ResourceId__1=str(app_id))
    assert again["TagResources"]["TagResource"] == []
    new_app(workbench, AppKey="first", AppCode="code-one")


def test_finds_apps_by_each_filter(workbench: Workbench) -> None:
    first = new_app(
        workbench, "Shop_app", AppKey="key-1", AppCode="code-one", Extend="e1", Tag__1__Key="env", Tag__1__Value="x"
    )
    second = new_app(workbench, "other_app")

    def found(**params: Any) -> list[int]:
        answer = workbench.call("DescribeAppAttributes", **params)
        assert answer["TotalCount"] == len(answer["Apps"]["AppAttribute"])
        return [app["AppId"] for app in answer["Apps"]["AppAttribute"]]

    assert found() == [second, first]
    assert found(Sort="asc") == [first, second]
    assert found(AppName="SHOP") == [first]
    assert found(AppName="_") == [second, first]
    assert found(AppKey="key-1") == found(AppCode="code-one") == found(Extend="e1") == found(AppId=first) == [first]
    assert found(Tag__1__Key="env") == found(Tag__1__Key="env", Tag__1__Value="x") == [first]
    assert found(Tag__1__Key="env", Tag__1__Value="y") == found(AppKey="key-2") == []
    workbench.call("ModifyApp", AppId=first, Description="touched")
    assert found() == [first, second]


def test_a_provider_asks_by_app_or_owner(workbench: Workbench) -> None:
    app_id = new_app(workbench)
    assert workbench.refused("DescribeApps").code == "MissingAppIdOrAppOwner"
    assert workbench.refused("DescribeApp").code == "MissingAppId"
    item = {"AppId": app_id, "AppName": "demo_app", "Description": ""}
    for params in ({"AppId": app_id}, {"AppOwner": 1}):
        assert workbench.call("DescribeApps", **params)["Apps"]["AppItem"] == [item]


def test_there_are_only_so_many_apps(workbench: Workbench) -> None:
    workbench.settings = replace(workbench.settings, apps_limit=1)
    new_app(workbench)
    assert workbench.refused("CreateApp", AppName="second_app").code == "ExceedLimitApp"
