"""Publishing and abolishing many APIs in one call: each is decided alone, and the report says what became of it."""

from __future__ import annotations

from typing import Any

from workbench import Workbench, workbench

__all__ = ["workbench"]

UNKNOWN = "0" * 32


def entries(*rows: dict[str, str]) -> dict[str, str]:
    return {f"Api.{number}.{name}": value for number, row in enumerate(rows, 1) for name, value in row.items()}


def three(workbench: Workbench) -> tuple[str, list[str]]:
    group_id = workbench.group()
    paths = [{"RequestProtocol": "HTTP", "RequestHttpMethod": "GET", "RequestPath": f"/{name}"} for name in "abc"]
    no_parameters: list[Any] = []
    apis = [
        workbench.api(group_id, f"api_{index}", RequestConfig=path, RequestParameters=no_parameters)
        for index, path in enumerate(paths)
    ]
    return group_id, apis


def test_every_api_of_a_batch_is_published_and_reported(workbench: Workbench) -> None:
    group_id, apis = three(workbench)
    rows = [{"ApiUid": api_id, "GroupId": group_id} for api_id in apis]
    operation = workbench.call("BatchDeployApis", StageName="RELEASE", Description="all", **entries(*rows))
    report = workbench.call("DescribeDeployApiTask", OperationUid=operation["OperationId"])
    results = report["DeployedResults"]["DeployedResult"]
    assert [(one["ApiUid"], one["DeployedStatus"], one["StageName"]) for one in results] == [
        (api_id, "OVER", "RELEASE") for api_id in apis
    ]
    assert set(workbench.editions()) == {f"{api_id}/RELEASE" for api_id in apis}


def test_one_that_cannot_be_published_does_not_keep_the_others_from_it(workbench: Workbench) -> None:
    group_id, apis = three(workbench)
    vpc = {"ServiceProtocol": "HTTP", "ServiceVpcEnable": "TRUE", "VpcConfig": {"Name": "nowhere"}}
    request = {"RequestProtocol": "HTTP", "RequestHttpMethod": "GET", "RequestPath": "/vpc"}
    broken = workbench.api(group_id, "broken", RequestConfig=request, RequestParameters=[], ServiceConfig=vpc)
    given = entries({"ApiUid": apis[0]}, {"ApiUid": broken}, {"ApiUid": UNKNOWN}, {"ApiUid": apis[1]})
    operation = workbench.call("BatchDeployApis", StageName="RELEASE", **given)
    report = workbench.call("DescribeDeployApiTask", OperationUid=operation["OperationId"])
    results = {one["ApiUid"]: one for one in report["DeployedResults"]["DeployedResult"]}
    assert {api_id: one["DeployedStatus"] for api_id, one in results.items()} == {
        apis[0]: "OVER",
        broken: "FAIL",
        UNKNOWN: "FAIL",
        apis[1]: "OVER",
    }
    assert "nowhere" in results[broken]["ErrorMsg"] and "NotFoundApi" in results[UNKNOWN]["ErrorMsg"]
    assert set(workbench.editions()) == {f"{apis[0]}/RELEASE", f"{apis[1]}/RELEASE"}


def test_a_batch_abolishes_by_the_name_and_by_the_id_of_a_stage(workbench: Workbench) -> None:
    group_id, apis = three(workbench)
    workbench.call("BatchDeployApis", StageName="TEST", **entries(*({"ApiUid": api_id} for api_id in apis)))
    stages = workbench.call("DescribeApiGroup", GroupId=group_id)["StageItems"]["StageInfo"]
    test_id = next(stage["StageId"] for stage in stages if stage["StageName"] == "TEST")
    given = entries(
        {"ApiUid": apis[0], "StageName": "test"}, {"ApiUid": apis[1], "StageId": test_id}, {"ApiUid": apis[2]}
    )
    operation = workbench.call("BatchAbolishApis", **given)
    report = workbench.call("DescribeAbolishApiTask", OperationUid=operation["OperationId"])
    results = report["ApiAbolishResults"]["ApiAbolishResult"]
    assert [(one["AbolishStatus"], one["ApiName"], one["StageName"]) for one in results] == [
        ("OVER", "api_0", "TEST"),
        ("OVER", "api_1", "TEST"),
        ("FAIL", "api_2", ""),
    ]
    assert list(workbench.editions()) == [f"{apis[2]}/TEST"]


def test_a_batch_without_apis_and_an_unknown_report_are_refused(workbench: Workbench) -> None:
    assert workbench.refused("BatchDeployApis", StageName="RELEASE").code == "MissingApi"
    assert workbench.refused("BatchDeployApis", StageName="RELEASE", **{"Api.1.GroupId": "g"}).code == "MissingApiUid"
    many = entries(*({"ApiUid": f"{number:032x}"} for number in range(101)))
    assert workbench.refused("BatchDeployApis", StageName="RELEASE", **many).code == "InvalidApi"
    for name in ("DescribeDeployApiTask", "DescribeAbolishApiTask"):
        assert workbench.refused(name, OperationUid=UNKNOWN).code == "NotFoundOperation"


def test_a_report_is_asked_for_with_the_operation_of_its_kind(workbench: Workbench) -> None:
    _, apis = three(workbench)
    operation = workbench.call("BatchDeployApis", StageName="RELEASE", **entries({"ApiUid": apis[0]}))
    assert workbench.refused("DescribeAbolishApiTask", OperationUid=operation["OperationId"]).status == 404


def test_reports_are_kept_for_a_week(workbench: Workbench) -> None:
    _, apis = three(workbench)
    given = entries({"ApiUid": apis[0]})
    first = workbench.call("BatchDeployApis", StageName="RELEASE", **given)["OperationId"]
    workbench.clock[0] += 7 * 24 * 3600 + 1
    workbench.call("BatchDeployApis", StageName="RELEASE", **given)
    assert workbench.refused("DescribeDeployApiTask", OperationUid=first).code == "NotFoundOperation"
