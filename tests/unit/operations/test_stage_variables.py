"""Stage variables: stored by stage, shown, put into the plan at once, and refused when they could not be served."""

from __future__ import annotations

import json
from typing import Any

from isthmus.store.records import all_records
from workbench import Workbench, workbench

__all__ = ["workbench"]

ROUTE = {
    "parameterCatalog": "CUSTOM",
    "serviceParameterName": "region",
    "location": "query",
    "parameterType": "string",
    "routeMatchSymbol": "IN",
    "routeRules": [{"conditionValue": "cn, hk", "resultValue": "http://east"}],
}


def stage_of(workbench: Workbench, group_id: str, name: str = "RELEASE") -> str:
    items = workbench.call("DescribeApiGroup", GroupId=group_id)["StageItems"]["StageInfo"]
    return next(str(item["StageId"]) for item in items if item["StageName"] == name)


def records(workbench: Workbench) -> dict[str, Any]:
    with workbench.store.read() as transaction:
        found = all_records(transaction.connection, workbench.store.keyring)
        return {one.key: json.loads(one.body or "") for one in found if one.kind == "stage_variables"}


def shown(workbench: Workbench, group_id: str, stage_id: str) -> list[dict[str, Any]]:
    stage = workbench.call("DescribeApiStage", GroupId=group_id, StageId=stage_id)
    return list(stage["Variables"]["VariableItem"])


def test_a_variable_is_made_replaced_shown_and_deleted(workbench: Workbench) -> None:
    group_id = workbench.group()
    stage_id = stage_of(workbench, group_id, "PRE")
    place = {"GroupId": group_id, "StageId": stage_id}
    for value in ("a.example.com", "b.example.com"):
        workbench.call("CreateApiStageVariable", **place, VariableName="Host", VariableValue=value)
    workbench.call("CreateApiStageVariable", **place, VariableName="host", VariableValue="other")
    assert [(one["VariableName"], one["VariableValue"]) for one in shown(workbench, **_ids(place))] == [
        ("Host", "b.example.com"),
        ("host", "other"),
    ]
    assert records(workbench) == {
        f"{group_id}/PRE": {
            "group_id": group_id,
            "stage": "PRE",
            "variables": [{"name": "Host", "value": "b.example.com"}, {"name": "host", "value": "other"}],
        }
    }
    workbench.call("DeleteApiStageVariable", **place, VariableName="Host")
    assert workbench.refused("DeleteApiStageVariable", **place, VariableName="HOST").code == "NotFoundStageVariable"
    assert [one["name"] for one in records(workbench)[f"{group_id}/PRE"]["variables"]] == ["host"]
    workbench.call("DeleteApiGroup", GroupId=group_id)
    assert records(workbench) == {}


def test_a_routed_variable_keeps_its_rules(workbench: Workbench) -> None:
    group_id = workbench.group()
    stage_id = stage_of(workbench, group_id)
    place = {"GroupId": group_id, "StageId": stage_id}
    routed = {"VariableName": "Addr", "SupportRoute": "true", "StageRouteModel": json.dumps(ROUTE)}
    workbench.call("CreateApiStageVariable", **place, **routed)
    (item,) = shown(workbench, **_ids(place))
    rules = item["StageRouteModel"]["RouteRules"]["RouteRuleItem"]
    assert rules == [{"ConditionValue": "cn, hk", "ResultValue": "http://east"}]
    assert records(workbench)[f"{group_id}/RELEASE"]["variables"] == [
        {
            "name": "Addr",
            "route": {
                "parameter": "region",
                "location": "query",
                "rules": [{"values": ["cn", "hk"], "result": "http://east"}],
            },
        }
    ]


def test_what_could_not_be_served_is_refused_with_its_place(workbench: Workbench) -> None:
    group_id = workbench.group()
    place = {"GroupId": group_id, "StageId": stage_of(workbench, group_id)}
    for given, code, part in (
        ({"VariableName": "a-b", "VariableValue": "x"}, "InvalidVariableName", "a-b"),
        ({"VariableName": "a"}, "MissingVariableValue", "VariableValue"),
        ({"VariableName": "a", "SupportRoute": "true"}, "InvalidStageRouteModel", "SupportRoute"),
        ({"VariableName": "a", "SupportRoute": "true", "StageRouteModel": "[]"}, "InvalidStageRouteModel", "object"),
        (
            {"VariableName": "a", "SupportRoute": "true", "StageRouteModel": json.dumps({**ROUTE, "location": "BODY"})},
            "InvalidStageRouteModel",
            "Location",
        ),
        (
            {"VariableName": "a", "SupportRoute": "true", "StageRouteModel": json.dumps({**ROUTE, "routeRules": []})},
            "InvalidStageRouteModel",
            "RouteRules",
        ),
    ):
        error = workbench.refused("CreateApiStageVariable", **place, **given)
        assert error.code == code and part in error.message
    other = {"GroupId": group_id, "StageId": "nope", "VariableName": "a", "VariableValue": "x"}
    assert workbench.refused("CreateApiStageVariable", **other).code == "NotFoundStage"
    assert records(workbench) == {}


def test_an_api_with_variables_is_published_and_one_without_is_not_marked(workbench: Workbench) -> None:
    group_id = workbench.group()
    service = {"ServiceProtocol": "HTTP", "ServiceAddress": "#Addr#", "ServicePath": "/v/#Version#"}
    api_id = workbench.api(group_id, ServiceConfig=service)
    workbench.call("DeployApi", ApiId=api_id, GroupId=group_id, StageName="RELEASE")
    backend = workbench.editions()[f"{api_id}/RELEASE"]["backend"]
    assert backend["target"] == {"type": "address", "address": "#Addr#"}
    assert (backend["path"], backend["uses_variables"]) == ("/v/#Version#", True)


def _ids(place: dict[str, str]) -> dict[str, str]:
    return {"group_id": place["GroupId"], "stage_id": place["StageId"]}
