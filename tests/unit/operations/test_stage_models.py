"""Stages of one's own: every group has them, and they cannot go while something is about them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from isthmus.store.records import all_records
from workbench import Workbench, workbench

__all__ = ["workbench"]


def make(workbench: Workbench, name: str = "uat", **given: str) -> str:
    return str(workbench.call("CreateStageModel", StageName=name, StageAlias="Acceptance", **given)["StageModelId"])


def stages(workbench: Workbench, group_id: str) -> list[str]:
    shown = workbench.call("DescribeApiGroup", GroupId=group_id)["StageItems"]["StageInfo"]
    return [one["StageName"] for one in shown]


def planned(workbench: Workbench, group_id: str) -> list[str]:
    """The stages that an engine knows of."""
    with workbench.store.read() as transaction:
        found = all_records(transaction.connection, workbench.store.keyring)
        (body,) = (json.loads(one.body or "") for one in found if (one.kind, one.key) == ("group", group_id))
    return list(body["stages"])


def test_every_group_has_the_stage_from_then_on(workbench: Workbench) -> None:
    before = workbench.group("before_it")
    model_id = make(workbench, Description="for the customer")
    after = workbench.group("after_it")
    for group_id in (before, after):
        assert stages(workbench, group_id) == planned(workbench, group_id) == ["RELEASE", "PRE", "TEST", "UAT"]
    workbench.call("DeleteStageModel", StageModelId=model_id)
    for group_id in (before, after):
        assert stages(workbench, group_id) == planned(workbench, group_id) == ["RELEASE", "PRE", "TEST"]
    assert workbench.refused("DeleteStageModel", StageModelId=model_id).code == "NotFoundStageModel"


def test_models_are_listed_with_those_of_the_system(workbench: Workbench) -> None:
    model_id = make(workbench)
    workbench.call("ModifyStageModel", StageModelId=model_id, StageAlias="Last look", Description="changed")
    listed = workbench.call("DescribeStageModels", PageSize="100")
    rows = {one["StageName"]: one for one in listed["StageModelInfoList"]}
    assert (listed["TotalCount"], list(rows)) == (4, ["RELEASE", "PRE", "TEST", "UAT"])
    assert (rows["PRE"]["Type"], rows["UAT"]["Type"]) == ("SYSTEM", "CUSTOM")
    assert (rows["UAT"]["StageAlias"], rows["UAT"]["Description"]) == ("Last look", "changed")
    (found,) = workbench.call("DescribeStageModels", StageAlias="last")["StageModelInfoList"]
    assert found["StageModelId"] == model_id
    system = rows["PRE"]["StageModelId"]
    assert workbench.refused("DeleteStageModel", StageModelId=system).code == "InvalidStageModelId"


@pytest.mark.parametrize(
    ("name", "code"),
    [("release", "RepeatedStageName"), ("UAT", "RepeatedStageName"), ("1ST", "InvalidStageName"), ("a b", "InvalidStageName")],
)  # fmt: skip
def test_a_name_is_one_word_and_unique(workbench: Workbench, name: str, code: str) -> None:
    make(workbench)
    assert workbench.refused("CreateStageModel", StageName=name, StageAlias="x").code == code


def published(workbench: Workbench, group_id: str) -> None:
    workbench.call("DeployApi", ApiId=workbench.api(group_id), StageName="uat")


def granted(workbench: Workbench, group_id: str) -> None:
    app = str(workbench.call("CreateApp", AppName="caller_app")["AppId"])
    workbench.call("SetAppsAuthorities", ApiId=workbench.api(group_id), AppIds=app, StageName="UAT")


def bound(workbench: Workbench, group_id: str) -> None:
    data = json.dumps({"unit": "SECOND", "apiDefault": 10})
    plugin = workbench.call("CreatePlugin", PluginName="limits", PluginType="trafficControl", PluginData=data)
    workbench.call("AttachGroupPlugin", PluginId=plugin["PluginId"], GroupId=group_id, StageName="UAT")


def limited(workbench: Workbench, group_id: str) -> None:
    given = {"TrafficControlName": "limits", "TrafficControlUnit": "DAY", "ApiDefault": "1"}
    control = workbench.call("CreateTrafficControl", **given)["TrafficControlId"]
    place = {"GroupId": group_id, "StageName": "UAT", "ApiIds": workbench.api(group_id)}
    workbench.call("SetTrafficControlApis", TrafficControlId=control, **place)


def modelled(workbench: Workbench, group_id: str) -> None:
    backend = workbench.call("CreateBackend", BackendName="users", BackendType="HTTP")["BackendId"]
    data = json.dumps({"ServiceAddress": "http://10.0.0.1"})
    workbench.call("CreateBackendModel", BackendId=backend, StageName="uat", BackendModelData=data)


def led_to(workbench: Workbench, group_id: str) -> None:
    workbench.call("SetDomain", GroupId=group_id, DomainName="uat.example.com", BindStageName="UAT")


@pytest.mark.parametrize("use", [published, granted, bound, limited, modelled, led_to])
def test_a_stage_in_use_stays(workbench: Workbench, use: Any) -> None:
    model_id = make(workbench)
    use(workbench, workbench.group())
    error = workbench.refused("DeleteStageModel", StageModelId=model_id)
    assert error.code == "DependencyViolationStageModel" and "1 " in error.message


def test_a_published_api_shows_its_own_stage(workbench: Workbench) -> None:
    make(workbench)
    group_id = workbench.group()
    published(workbench, group_id)
    (listed,) = workbench.call("DescribeApis", GroupId=group_id)["ApiSummarys"]["ApiSummary"]
    shown = {one["StageName"]: one["DeployedStatus"] for one in listed["DeployedInfos"]["DeployedInfo"]}
    assert shown == {"RELEASE": "NONDEPLOYED", "PRE": "NONDEPLOYED", "TEST": "NONDEPLOYED", "UAT": "DEPLOYED"}
