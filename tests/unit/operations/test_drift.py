"""Saved is not live: what a publish would change, between any two versions, and writers that do not overwrite each other."""

from __future__ import annotations

from typing import Any

from workbench import MOCK, Workbench, definition, request, workbench

__all__ = ["workbench"]


def publish(workbench: Workbench, api: str, stage: str = "RELEASE") -> str:
    workbench.call("DeployApi", ApiId=api, StageName=stage, Description="d")
    (row,) = [one for one in drift(workbench, api)["Stages"] if one["StageName"] == stage]
    return str(row["HistoryVersion"])


def drift(workbench: Workbench, api: str) -> dict[str, Any]:
    (row,) = workbench.call("DescribeDrift", ApiIds=api)["Drift"]
    return dict(row)


def change(workbench: Workbench, api: str, group: str, **changes: Any) -> None:
    workbench.call("ModifyApi", ApiId=api, GroupId=group, ApiName="get_user", **definition(**changes))


def test_an_api_that_runs_nowhere_has_no_drift(workbench: Workbench) -> None:
    group = workbench.group()
    api = workbench.api(group)
    assert drift(workbench, api)["Stages"] == []
    assert workbench.call("DescribeDrift", DriftedOnly="true")["TotalCount"] == 0


def test_an_edit_is_a_drift_until_it_is_published(workbench: Workbench) -> None:
    group = workbench.group()
    api = workbench.api(group)
    publish(workbench, api)
    (same,) = drift(workbench, api)["Stages"]
    assert (same["State"], same["Drifted"], same["Differences"]) == ("SAME", False, [])
    change(workbench, api, group, RequestConfig=request(RequestPath="/people/[id]"))
    (edited,) = drift(workbench, api)["Stages"]
    assert (edited["State"], edited["Drifted"], edited["CallersNotice"]) == ("BEHAVIOUR", True, True)
    assert edited["Differences"] == [
        {
            "Path": "RequestConfig.RequestPath",
            "Before": "/users/[id]",
            "After": "/people/[id]",
            "CallersNotice": True,
        }
    ]
    listed = workbench.call("DescribeDrift", GroupId=group, DriftedOnly="true")
    assert ([one["ApiId"] for one in listed["Drift"]], listed["TotalCount"]) == ([api], 1)
    publish(workbench, api)
    assert workbench.call("DescribeDrift", DriftedOnly="true")["Drift"] == []


def test_saving_again_without_a_change_is_no_drift(workbench: Workbench) -> None:
    group = workbench.group()
    api = workbench.api(group)
    publish(workbench, api)
    change(workbench, api, group)
    assert drift(workbench, api)["DraftRevision"] == 2
    assert [one["State"] for one in drift(workbench, api)["Stages"]] == ["SAME"]


def test_what_only_documentation_shows_is_told_apart(workbench: Workbench) -> None:
    group = workbench.group()
    api = workbench.api(group)
    publish(workbench, api)
    change(workbench, api, group, ResultSample="{}")
    (row,) = drift(workbench, api)["Stages"]
    assert (row["State"], row["CallersNotice"]) == ("DOCUMENTATION", False)


def test_a_draft_that_cannot_be_published_says_why(workbench: Workbench) -> None:
    group = workbench.group()
    api = workbench.api(group)
    publish(workbench, api)
    service = {"ServiceProtocol": "HTTP", "ServiceVpcEnable": "TRUE", "VpcConfig": {"Name": "nowhere"}}
    change(workbench, api, group, ServiceConfig=service)
    (row,) = drift(workbench, api)["Stages"]
    assert row["State"] == "UNPUBLISHABLE" and row["Reason"]
    assert "ServiceConfig.ServiceVpcEnable" in [one["Path"] for one in row["Differences"]]


def test_going_back_to_an_earlier_version_drifts(workbench: Workbench) -> None:
    group = workbench.group()
    api = workbench.api(group)
    first = publish(workbench, api)
    change(workbench, api, group, ServiceConfig={**MOCK, "MockResult": "hi"})
    second = publish(workbench, api)
    workbench.call("SwitchApi", ApiId=api, StageName="RELEASE", HistoryVersion=first, Description="d")
    (row,) = workbench.call("DescribeDrift", DriftedOnly="true")["Drift"]
    assert row["Stages"][0]["HistoryVersion"] == first
    compared = workbench.call(
        "CompareApiVersions", ApiId=api, StageName="RELEASE", HistoryVersion=first, OtherHistoryVersion=second
    )
    expected = {"Path": "ServiceConfig.MockResult", "Before": "hello", "After": "hi", "CallersNotice": True}
    assert compared["Differences"] == [expected]
    live_and_draft = workbench.call("CompareApiVersions", ApiId=api, StageName="release")
    assert live_and_draft["Differences"] == [expected]
    assert live_and_draft["HistoryVersion"] == first
    missing = workbench.refused("CompareApiVersions", ApiId=api, StageName="RELEASE", HistoryVersion="1")
    assert (missing.code, missing.status) == ("NotFoundHistoryVersion", 404)
    assert workbench.refused("CompareApiVersions", ApiId=api, StageName="TEST").code == "NotFoundStage"


def test_a_save_over_another_change_is_refused(workbench: Workbench) -> None:
    group = workbench.group()
    api = workbench.api(group)
    revision = workbench.call("DescribeApi", ApiId=api)["DraftRevision"]
    change(workbench, api, group, ExpectedRevision=revision, Description="mine")
    refused = workbench.refused(
        "ModifyApi", ApiId=api, GroupId=group, ApiName="get_user", ExpectedRevision=revision, **definition()
    )
    assert (refused.code, refused.status) == ("RevisionConflict", 409)
    assert "at revision 2, not 1" in refused.message
    again = workbench.refused("ModifyApiConfiguration", ApiId=api, ExpectedRevision=revision, Description="x")
    assert again.code == "RevisionConflict"
    assert workbench.call("DescribeApi", ApiId=api)["Description"] == "mine"
    change(workbench, api, group, Description="as the vendor does it")
