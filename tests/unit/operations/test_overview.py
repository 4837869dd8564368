"""The first page: what there is, which steps of the walk-through are done, what is not live, what ends soon."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from isthmus.control.certificate import ensure_default_certificate
from workbench import Workbench, definition, workbench

__all__ = ["workbench"]


def overview(workbench: Workbench) -> dict[str, Any]:
    return workbench.call("DescribeOverview")


def done(workbench: Workbench) -> list[str]:
    return [one["Step"] for one in overview(workbench)["Steps"] if one["Done"]]


def test_steps_are_done_when_what_they_make_is_there(workbench: Workbench) -> None:
    assert (done(workbench), overview(workbench)["Counts"]["Apis"]) == ([], 0)
    group = workbench.group()
    api = workbench.api(group)
    assert done(workbench) == ["GROUP", "API"]
    workbench.call("DeployApi", ApiId=api, StageName="TEST", Description="d")
    assert done(workbench) == ["GROUP", "API"]
    workbench.call("DeployApi", ApiId=api, StageName="RELEASE", Description="d")
    app = workbench.call("CreateApp", AppName="demo_app")["AppId"]
    soon = (datetime.fromtimestamp(workbench.clock[0], UTC) + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    workbench.call(
        "SetAppsAuthorities", ApiId=api, GroupId=group, StageName="RELEASE", AppIds=str(app), AuthValidTime=soon
    )
    assert done(workbench) == ["GROUP", "API", "PUBLISH", "APP", "AUTHORIZE"]
    shown = overview(workbench)
    assert shown["Counts"]["Running"] == 2 and shown["Drift"] == []
    (ending,) = shown["Expiring"]
    assert (ending["Kind"], ending["Expires"]) == ("grant", soon)
    assert ending["Name"] == "demo_app → get_user (RELEASE)"


def test_drift_is_what_describe_drift_says(workbench: Workbench) -> None:
    group = workbench.group()
    api = workbench.api(group)
    workbench.call("DeployApi", ApiId=api, StageName="RELEASE", Description="d")
    workbench.call("ModifyApi", ApiId=api, GroupId=group, ApiName="get_user", **definition(ResultSample="{}"))
    shown = overview(workbench)
    assert shown["Counts"]["Drifted"] == 1
    assert shown["Drift"][0]["ApiId"] == api
    assert shown["Drift"][0]["Stages"] == [{"StageName": "RELEASE", "State": "DOCUMENTATION", "Differences": 1}]


def test_a_certificate_that_ends_is_listed(workbench: Workbench) -> None:
    with workbench.store.write() as transaction:
        ensure_default_certificate(transaction, "isthmus.localhost")
    assert overview(workbench)["Expiring"] == []
    workbench.clock[0] += 800 * 24 * 3600
    (ending,) = overview(workbench)["Expiring"]
    assert (ending["Kind"], ending["Name"]) == ("certificate", "*.isthmus.localhost")
