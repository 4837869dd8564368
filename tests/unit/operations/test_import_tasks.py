"""Long imports: answered at once, done in steps, and told about while they run."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from isthmus.operations.call import Call
from workbench import NoEngines, Workbench, workbench

__all__ = ["workbench"]

PATHS = 120
BACKEND = {"type": "HTTP", "address": "http://10.0.0.1:8080", "path": "/", "method": "get"}


def document(paths: int = PATHS) -> str:
    """Swagger 2 with a model that every operation answers with."""
    answer = {"200": {"description": "ok", "schema": {"$ref": "#/definitions/Thing"}}}
    served = {
        f"/things/{number}": {
            "get": {"operationId": f"thing_{number}", "responses": answer, "x-aliyun-apigateway-backend": BACKEND}
        }
        for number in range(paths)
    }
    things = {"Thing": {"type": "object", "properties": {"id": {"type": "string"}}}}
    info = {"title": "things", "version": "1"}
    return json.dumps({"swagger": "2.0", "info": info, "paths": served, "definitions": things})


@pytest.fixture
def group_id(workbench: Workbench) -> str:
    object.__setattr__(workbench.settings, "apis_per_group_limit", 1000)
    return workbench.group()


def start(workbench: Workbench, group_id: str, **changes: str) -> dict[str, Any]:
    given = {"Overwrite": "false", "SkipDryRun": "true", "Data": document(), **changes}
    return workbench.call("ImportOAS", GroupId=group_id, **given)


def statuses(workbench: Workbench, answer: dict[str, Any]) -> tuple[str, dict[str, int]]:
    task = workbench.call("DescribeImportOASTask", OperationId=answer["OperationId"])
    return task["TaskStatus"], dict(Counter(row["UpdateStatus"] for row in results(task)))


def results(task: dict[str, Any], kind: str = "Api") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = task[f"{kind}Results"][f"{kind}Result"]
    return found


def stored(workbench: Workbench, group_id: str) -> int:
    return int(workbench.call("DescribeApis", GroupId=group_id)["TotalCount"])


def test_a_long_import_is_told_of_while_it_runs(workbench: Workbench, group_id: str) -> None:
    answer = start(workbench, group_id)
    expected = answer["SuccessApis"]["SuccessApi"]
    assert len(expected) == PATHS and not any("ApiId" in row for row in expected)
    assert statuses(workbench, answer) == ("Running", {"WAIT": PATHS}) and stored(workbench, group_id) == 0
    workbench.go_on(1)
    assert statuses(workbench, answer) == ("Running", {"OVER": 50, "WAIT": 70}) and stored(workbench, group_id) == 50
    workbench.go_on(1)
    assert statuses(workbench, answer) == ("Running", {"OVER": 100, "WAIT": 20})
    workbench.go_on()
    assert statuses(workbench, answer) == ("Finished", {"OVER": PATHS})
    task = workbench.call("DescribeImportOASTask", OperationId=answer["OperationId"])
    made = {row["ApiId"]: row["ApiName"] for row in results(task)}
    assert len(made) == PATHS == stored(workbench, group_id)
    assert [(row["ModelName"], row["UpdateStatus"]) for row in results(task, "Model")] == [("Thing", "OVER")]
    # The last part knows the models that the first has made.
    shown = workbench.call("DescribeApi", ApiId=next(one for one, name in made.items() if name == "thing_119"))
    model = results(task, "Model")[0]["ModelId"]
    assert (shown["ApiName"], shown["ResultBodyModel"].rpartition("/")[2]) == ("thing_119", model)


def test_a_short_import_is_over_when_its_call_is_answered(workbench: Workbench, group_id: str) -> None:
    answer = start(workbench, group_id, Data=document(100))
    assert statuses(workbench, answer) == ("Finished", {"OVER": 100})
    assert all(row["ApiId"] for row in answer["SuccessApis"]["SuccessApi"])
    assert stored(workbench, group_id) == 100 and not workbench.jobs


def test_a_long_import_that_fails_its_check_begins_nothing(workbench: Workbench, group_id: str) -> None:
    workbench.api(group_id, "thing_7")
    answer = start(workbench, group_id, SkipDryRun="false")
    assert len(answer["FailedApis"]["FailedApi"]) == 1 and "OperationId" not in answer
    assert not workbench.jobs and stored(workbench, group_id) == 1


def test_what_others_do_between_two_steps_counts(workbench: Workbench, group_id: str) -> None:
    answer = start(workbench, group_id)
    workbench.go_on(1)
    workbench.api(group_id, "thing_110")
    workbench.go_on()
    assert statuses(workbench, answer) == ("Finished", {"OVER": PATHS - 1, "FAIL": 1})
    task = workbench.call("DescribeImportOASTask", OperationId=answer["OperationId"])
    (failed,) = [row for row in results(task) if row["UpdateStatus"] == "FAIL"]
    assert failed["Path"] == "/things/110" and "thing_110" in failed["ErrorMessage"]


def test_an_import_that_cannot_go_on_keeps_what_it_did_and_says_what_it_did_not(
    workbench: Workbench, group_id: str
) -> None:
    answer = start(workbench, group_id)
    workbench.go_on(1)
    with workbench.store.write() as transaction:
        workbench.jobs.pop().finish(Call(transaction, workbench.settings, "key", NoEngines()), "Stopped.")
    assert statuses(workbench, answer) == ("Finished", {"OVER": 50, "CANCEL": 70})
    task = workbench.call("DescribeImportOASTask", OperationId=answer["OperationId"])
    assert {row.get("ErrorMessage") for row in results(task)} == {None, "Stopped."}
    again = start(workbench, group_id, Overwrite="true")
    workbench.go_on()
    assert statuses(workbench, again) == ("Finished", {"OVER": PATHS})


def test_an_import_whose_process_is_gone_does_not_run_for_ever(workbench: Workbench, group_id: str) -> None:
    answer = start(workbench, group_id)
    workbench.go_on(2)
    workbench.clock[0] += 200
    assert statuses(workbench, answer)[0] == "Running"
    workbench.clock[0] += 101
    assert statuses(workbench, answer) == ("Finished", {"OVER": 100, "CANCEL": 20})
