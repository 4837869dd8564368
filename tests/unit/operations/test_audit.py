"""Every write leaves who, from where, with what, what changed, and how it ended; nobody can take it back."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import anyio
import pytest
from isthmus.catalog import Catalog
from isthmus.errors import ApiError
from isthmus.operations.dispatch import OperationsDispatcher
from isthmus.sealing import Keyring
from isthmus.settings import Settings
from isthmus.store import Store
from isthmus.wire.app import Caller
from test_dispatch import FakePlane

CATALOG = Catalog.load()
OWN = "2026-11-01"
TERRAFORM = "AlibabaCloud (linux; amd64) Go/1.24 Terraform/1.9.0 Provider/1.289.0"
OWNER = Caller("ISTHKEY", "owner", "10.0.0.7", TERRAFORM, "REQUEST-1")
VIEWER = Caller("user:victor", "viewer", "10.0.0.8", "Mozilla/5.0", "REQUEST-2")


class Trail:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.store = Store.open_sqlite(path, Keyring(b"k" * 32))
        self.dispatcher = OperationsDispatcher(self.store, Settings(), FakePlane())

    def call(self, name: str, caller: Caller = OWNER, **raw: str) -> Any:
        operation = CATALOG.find(name, "2016-07-14") or CATALOG.find(name, OWN)
        assert operation is not None
        outcome = anyio.run(self.dispatcher.run, operation, operation.check(raw), caller)
        return operation.render(outcome.result)

    def events(self, **raw: str) -> list[dict[str, Any]]:
        return list(self.call("DescribeAuditEvents", **raw)["AuditEvents"])


@pytest.fixture
def trail(tmp_path: Path) -> Trail:
    return Trail(tmp_path / "store.sqlite")


def test_a_write_tells_who_did_what_and_the_difference(trail: Trail) -> None:
    group = trail.call("CreateApiGroup", GroupName="shop")["GroupId"]
    trail.call("CreateApp", AppName="demo_app")
    (event,) = trail.events(Operation="CreateApiGroup")
    assert (event["Actor"], event["Role"], event["SourceAddress"]) == ("ISTHKEY", "owner", "10.0.0.7")
    assert (event["Client"], event["Outcome"], event["RequestId"]) == ("terraform", "Success", "REQUEST-1")
    assert json.loads(event["Parameters"])["group_name"] == "shop"
    changed = {change["Kind"]: change["Differences"] for change in event["Changes"]}
    assert {"Path": "Name", "After": "shop"} in [
        {key: value for key, value in one.items() if value is not None} for one in changed["group"]
    ]
    assert [one["Operation"] for one in trail.events(Subject=group)] == ["CreateApiGroup"]


def test_a_draft_shows_the_field_that_changed(trail: Trail) -> None:
    group = trail.call("CreateApiGroup", GroupName="shop")["GroupId"]
    given = {
        "GroupId": group,
        "ApiName": "get_user",
        "RequestConfig": json.dumps({"RequestProtocol": "HTTP", "RequestHttpMethod": "GET", "RequestPath": "/a"}),
    }
    service = {"ServiceProtocol": "HTTP", "Mock": "TRUE", "ServiceTimeout": 10000}
    api = trail.call("CreateApi", **given, ServiceConfig=json.dumps(service))["ApiId"]
    trail.call("ModifyApi", ApiId=api, **given, ServiceConfig=json.dumps({**service, "ServiceTimeout": 5000}))
    (event,) = trail.events(Operation="ModifyApi", Subject=api)
    (change,) = event["Changes"]
    assert (change["Kind"], change["Key"]) == ("draft", api)
    assert change["Differences"] == [{"Path": "ServiceConfig.ServiceTimeout", "Before": 10000, "After": 5000}]


def test_refused_writes_are_kept_and_reads_are_not(trail: Trail) -> None:
    with pytest.raises(ApiError):
        trail.call("ModifyApiGroup", GroupId="nowhere")
    with pytest.raises(ApiError):
        trail.call("CreateApiGroup", VIEWER, GroupName="mine")
    trail.call("DescribeApiGroups")
    refused, missing = trail.events()
    assert (refused["Outcome"], refused["Actor"], refused["Client"]) == ("Forbidden.Role", "user:victor", "console")
    assert (missing["Operation"], missing["Outcome"]) == ("ModifyApiGroup", "NotFoundApiGroup")
    assert [one["Outcome"] for one in trail.events(Outcome="Forbidden.Role")] == ["Forbidden.Role"]


def test_no_secret_is_kept(trail: Trail) -> None:
    secret, code, password = "SECRET" * 6, "CODE" * 8, "hush hush hush"
    app = trail.call("CreateApp", AppName="demo_app", AppKey="key12345678", AppSecret=secret, AppCode=code)["AppId"]
    trail.call("ResetAppSecret", AppKey="key12345678", NewAppSecret=secret[::-1])
    trail.call("CreateUser", UserName="walter", Role="viewer", Password=password)
    plugin = "---\npasswords: [hush hush hush]\n"
    with pytest.raises(ApiError):
        trail.call("CreatePlugin", PluginName="p", PluginType="jwtAuth", PluginData=plugin)
    found = json.dumps(trail.events(PageSize="100"))
    for hidden in (secret, secret[::-1], code, password):
        assert hidden not in found
    assert str(app) in found and '"***' in found and "walter" in found


def test_nobody_changes_or_empties_the_trail(trail: Trail) -> None:
    trail.call("CreateApiGroup", GroupName="shop")
    with sqlite3.connect(trail.path) as connection:
        for statement in (
            "DELETE FROM audit_events",
            "UPDATE audit_events SET actor = 'nobody'",
            "DELETE FROM audit_subjects",
            "UPDATE audit_subjects SET subject = ''",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="can only grow"):
                connection.execute(statement)
    connection.close()
    assert len(trail.events()) == 1


def test_times_pages_and_roles(trail: Trail) -> None:
    for number in range(3):
        trail.call("CreateApiGroup", GroupName=f"group_{number}")
    page = trail.call("DescribeAuditEvents", PageSize="2", PageNumber="2")
    assert (page["TotalCount"], len(page["AuditEvents"])) == (3, 1)
    assert trail.events(StartTime="2020-01-01T00:00:00Z", EndTime="2020-01-02T00:00:00Z") == []
    with pytest.raises(ApiError, match="is not a time"):
        trail.events(StartTime="yesterday")
    with pytest.raises(ApiError, match="needs the role publisher"):
        trail.call("DescribeAuditEvents", VIEWER)


def test_a_conflict_names_who_wrote_in_between(trail: Trail) -> None:
    group = trail.call("CreateApiGroup", GroupName="shop")["GroupId"]
    given = {
        "GroupId": group,
        "ApiName": "get_user",
        "RequestConfig": json.dumps({"RequestProtocol": "HTTP", "RequestHttpMethod": "GET", "RequestPath": "/a"}),
        "ServiceConfig": json.dumps({"ServiceProtocol": "HTTP", "Mock": "TRUE"}),
    }
    api = trail.call("CreateApi", **given)["ApiId"]
    trail.call("ModifyApi", Caller("user:ada", "owner", "::1", "Mozilla", "R"), ApiId=api, **given)
    with pytest.raises(ApiError, match=r"user:ada changed it at 20.*\(ModifyApi, console\)"):
        trail.call("ModifyApi", ApiId=api, ExpectedRevision="1", **given)


def test_whoever_reads_a_secret_is_in_the_trail_before_the_answer(trail: Trail) -> None:
    app_id = str(trail.call("CreateApp", AppName="demo_app")["AppId"])
    closed = {"PluginName": "users", "PluginType": "basicAuth", "PluginData": "users: [{username: a, password: b}]"}
    plugin_id = trail.call("CreatePlugin", **closed)["PluginId"]
    secret = trail.call("DescribeAppSecurity", AppId=app_id)["AppSecret"]
    trail.call("DescribePlugins")
    (shown,) = trail.events(Operation="DescribeAppSecurity", Subject=app_id)
    assert (shown["Actor"], shown["Outcome"], shown["Message"]) == ("ISTHKEY", "Success", "Secrets were shown.")
    assert secret not in json.dumps(shown)
    assert len(trail.events(Operation="DescribePlugins", Subject=plugin_id)) == 1
    with pytest.raises(ApiError):
        trail.call("DescribeAppSecurity", VIEWER, AppId=app_id)
    (refused,) = trail.events(Operation="DescribeAppSecurity", Outcome="Forbidden.Role")
    assert refused["Actor"] == "user:victor"


def test_a_read_that_shows_no_secret_leaves_no_event(trail: Trail) -> None:
    data = json.dumps({"unit": "SECOND", "apiDefault": 10})
    trail.call("CreatePlugin", PluginName="limits", PluginType="trafficControl", PluginData=data)
    trail.call("DescribePlugins")
    trail.call("DescribeApiGroups")
    assert {event["Operation"] for event in trail.events()} == {"CreatePlugin"}
