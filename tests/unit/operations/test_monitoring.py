"""Monitoring operations over what engines counted, and request logs over what they recorded."""

from __future__ import annotations

from typing import Any

import pytest
from both_stores import workbench
from isthmus.operations.times import utc_text
from isthmus.store.traffic import MINUTE, ApiCounts, AppCounts, Counts, Minute, keep_minute
from workbench import NoEngines, Workbench

__all__ = ["workbench"]

AT = 1_795_000_020_000 // MINUTE * MINUTE
TIMES = {"StartTime": utc_text(AT - MINUTE), "EndTime": utc_text(AT + 10 * MINUTE)}
REQUEST_ID = "7AD052CB-EE8B-4DFD-BBAF-EFB340E0A5AF"


@pytest.fixture
def api(workbench: Workbench) -> tuple[str, str]:
    """A group and an API with two minutes of calls."""
    group_id = workbench.group()
    api_id = workbench.api(group_id)
    first = Counts(0, 50, 10, 4, 2, bytes_in=600, bytes_out=6000, total_us=132_000, backend_calls=60, backend_us=60_500)
    second = Counts(0, 1, bytes_in=1, bytes_out=2, total_us=500)
    for at, counts in ((AT, first), (AT + MINUTE, second)):
        row = ApiCounts(group_id, "api-shared-vpc-001", api_id, "RELEASE", counts)
        with workbench.store.write() as transaction:
            keep_minute(transaction, Minute("n1", at, [row], [AppCounts(7, counts)]))
    return group_id, api_id


def values(answer: dict[str, Any], name: str) -> list[str]:
    items = answer[name]["MonitorItem"]
    assert [item["ItemTime"] for item in items] == [utc_text(AT), utc_text(AT + MINUTE)]
    return [item["ItemValue"] for item in items]


def series(answer: dict[str, Any], name: str) -> list[tuple[str, str]]:
    return [(item["Item"], item["ItemValue"]) for item in answer[name]["MonitorItem"]]


def test_the_calls_of_an_api_are_shown_by_the_minute(workbench: Workbench, api: tuple[str, str]) -> None:
    where = {"GroupId": api[0], "ApiId": api[1], **TIMES}
    calls = workbench.call("DescribeApiQpsData", **where)
    assert (values(calls, "CallSuccesses"), values(calls, "CallFails")) == (["60", "1"], ["6", "0"])
    traffic = workbench.call("DescribeApiTrafficData", **where)
    assert (values(traffic, "CallUploads"), values(traffic, "CallDownloads")) == (["600", "1"], ["6000", "2"])
    assert values(workbench.call("DescribeApiLatencyData", **where), "CallLatencys") == ["2", "0.5"]
    wrong = workbench.call("DescribeApiErrorData", **where)
    assert (values(wrong, "ClientErrors"), values(wrong, "ServerErrors")) == (["4", "0"], ["2", "0"])
    other = workbench.call("DescribeApiQpsData", **where, StageName="TEST")
    assert other["CallSuccesses"]["MonitorItem"] == []


def test_what_is_not_there_has_no_data(workbench: Workbench, api: tuple[str, str]) -> None:
    other = workbench.group("other_group")
    assert workbench.refused("DescribeApiQpsData", GroupId=other, ApiId=api[1], **TIMES).code == "NotFoundApi"
    assert workbench.refused("DescribeApiQpsData", GroupId="x", ApiId=api[1], **TIMES).code == "NotFoundApiGroup"
    gone = {"InstanceId": "apigateway-x-1", "StageName": "RELEASE", **TIMES}
    for name in (
        "DescribeInstanceQps",
        "DescribeInstanceTraffic",
        "DescribeInstanceLatency",
        "DescribeInstanceHttpCode",
    ):
        assert workbench.refused(name, **gone).code == "NotFoundInstance"


def test_a_group_and_an_instance_are_shown_by_the_second(workbench: Workbench, api: tuple[str, str]) -> None:
    group = {"GroupId": api[0], "StageName": "RELEASE", **TIMES}
    instance = {"InstanceId": "api-shared-vpc-001", "StageName": "RELEASE", **TIMES}
    traffic = [("InTraffic", "10"), ("InTraffic", "0.017"), ("OutTraffic", "100"), ("OutTraffic", "0.033")]
    latency = [("latency", "1.008"), ("latency", "0"), ("gatewayLatency", "2"), ("gatewayLatency", "0.5")]
    assert values(workbench.call("DescribeGroupQps", **group), "GroupQps") == ["1.1", "0.017"]
    assert series(workbench.call("DescribeGroupTraffic", **group), "TrafficPerSecond") == traffic
    assert series(workbench.call("DescribeGroupLatency", **group), "LatencyPacket") == latency
    assert values(workbench.call("DescribeInstanceQps", **instance), "InstanceQps") == ["1.1", "0.017"]
    assert series(workbench.call("DescribeInstanceTraffic", **instance), "InstanceTraffic") == traffic
    assert series(workbench.call("DescribeInstanceLatency", **instance), "InstanceLatency") == latency
    codes = workbench.call("DescribeInstanceHttpCode", **instance)
    assert values(codes, "InstanceHttpCode") == ['{"2XX":50,"3XX":10,"4XX":4,"5XX":2}', '{"2XX":1}']


def test_an_app_is_shown_with_its_calls(workbench: Workbench, api: tuple[str, str]) -> None:
    shown = workbench.call("DescribeAppTrafficData", AppId=7, **TIMES)
    assert (values(shown, "CallSuccesses"), values(shown, "CallLatencys")) == (["60", "1"], ["2", "0.5"])


@pytest.mark.parametrize(
    ("times", "code"),
    [
        ({"StartTime": "yesterday", "EndTime": utc_text(AT)}, "Invalid"),
        ({"StartTime": utc_text(AT), "EndTime": utc_text(AT)}, "Invalid"),
    ],
)
def test_times_that_are_none_are_named(workbench: Workbench, api: tuple[str, str], times: Any, code: str) -> None:
    assert code in workbench.refused("DescribeApiQpsData", ApiId=api[1], **times).code
    assert "NotFound" in workbench.refused("DescribeApiQpsData", ApiId="0" * 32, **TIMES).code
    assert "NotFound" in workbench.refused("DescribeGroupQps", GroupId="0" * 32, StageName="RELEASE", **TIMES).code


def record(**changes: Any) -> dict[str, Any]:
    texts = dict.fromkeys(
        ("client_ip", "domain", "query", "group_id", "group_name", "api_name", "version", "instance_id", "region")
        + ("app_name", "app_key", "detail", "backend", "plugin"),
        "",
    )
    return {
        **texts,
        "request_id": REQUEST_ID,
        "time": AT,
        "status": 200,
        "completed": True,
        "scheme": "HTTP",
        "app_id": 7,
        "request_bytes": 1,
        "response_bytes": 2,
        "total_us": 9000,
        "before_backend_us": 2000,
        "connect_us": 1000,
        "backend_us": 4000,
        "method": "GET",
        "path": "/a",
        "api_id": "a" * 32,
        "stage": "RELEASE",
        "error_code": "",
        "error_message": "",
        **changes,
    }


@pytest.fixture
def records(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the engines have; a test fills it."""
    kept: list[dict[str, Any]] = []

    def ask(_self: NoEngines, node: str, wanted: dict[str, Any], _seconds: float) -> tuple[str, Any]:
        return node, {"records": kept if "recent" in wanted or wanted["find"]["request_id"] == REQUEST_ID else []}

    monkeypatch.setattr(NoEngines, "engines", lambda _self: [{"node": "n1", "state": "serving"}])
    monkeypatch.setattr(NoEngines, "ask", ask)
    return kept


def test_a_request_log_has_the_times_of_its_exchange(workbench: Workbench, records: list[Any]) -> None:
    assert workbench.call("QueryRequestLogs", RequestLogId=REQUEST_ID)["RequestLogs"]["RequestLog"] == []
    records.append(record())
    (log,) = workbench.call("QueryRequestLogs", RequestLogId=REQUEST_ID)["RequestLogs"]["RequestLog"]
    assert (log["RequestId"], log["StatusCode"], log["ConsumerAppId"], log["HttpPath"]) == (
        REQUEST_ID,
        "200",
        "7",
        "/a",
    )
    assert (log["ServiceLatency"], log["TotalLatency"]) == ("4", "9")
    assert (log["BackendRequestStart"], log["BackendResponseStart"]) == (AT + 2, AT + 6)
    assert (log["FrontRequestStart"], log["FrontResponseEnd"]) == (AT, AT + 9)
    assert "Invalid" in workbench.refused("QueryRequestLogs", RequestLogId="x").code


def test_a_decision_says_what_the_refusal_means_and_what_to_do(workbench: Workbench, records: list[Any]) -> None:
    assert "NotFound" in workbench.refused("DescribeRequestDecision", RequestLogId=REQUEST_ID).code
    records.append(record(status=403, error_code="I403AA", error_message="Unauthorized"))
    decision = workbench.call("DescribeRequestDecision", RequestLogId=REQUEST_ID)["Decision"]
    assert (decision["ErrorCode"], decision["Node"]) == ("I403AA", "n1")
    assert decision["Explanation"]["Layer"] == "permit" and decision["Explanation"]["Fix"]


def test_an_engine_that_does_not_answer_is_named(workbench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NoEngines, "engines", lambda _self: [{"node": "n1", "state": "lagging"}])
    refused = workbench.refused("QueryRequestLogs", RequestLogId=REQUEST_ID)
    assert (refused.status, "n1: no answer in time" in str(refused)) == (503, True)
    assert workbench.call("DescribeRequestRecords")["SilentNodes"] == ["n1"]


def test_the_newest_records_come_first(workbench: Workbench, records: list[Any]) -> None:
    records += [record(time=AT), record(time=AT + 2000), record(time=AT + 1000)]
    shown = workbench.call("DescribeRequestRecords", PageSize=2)["Records"]
    assert [one["Time"] for one in shown] == [utc_text(AT + 2000), utc_text(AT + 1000)]
    assert "Invalid" in workbench.refused("DescribeRequestRecords", PageSize=1000).code
    assert "Invalid" in workbench.refused("DescribeRequestRecords", StartTime="soon").code


def test_pages_of_records_follow_each_other_by_tokens(workbench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []
    ids = [f"{number:08X}-0000-4000-8000-000000000000" for number in range(6)]
    kept = {
        "n1": [record(request_id=ids[0], time=AT), record(request_id=ids[2], time=AT + 5)],
        "n2": [record(request_id=ids[1], time=AT + 5), record(request_id=ids[3], time=AT - 9)],
    }

    def ask(_self: NoEngines, node: str, wanted: dict[str, Any], _seconds: float) -> tuple[str, Any]:
        asked.append(wanted["recent"])
        return node, {"records": kept[node], "looked_back_to": AT - 5 if node == "n1" else None}

    nodes = [{"node": node, "state": "serving"} for node in kept]
    monkeypatch.setattr(NoEngines, "engines", lambda _self: nodes)
    monkeypatch.setattr(NoEngines, "ask", ask)
    first = workbench.call("DescribeRequestRecords", PageSize=2, MostStatus=499, LeastMilliseconds=3, ClientIp="::1")
    assert [one["RequestId"] for one in first["Records"]] == [ids[2], ids[1]]
    assert first["NextToken"] == f"{AT + 5}-{ids[1]}" and "LookedBackTo" not in first
    assert asked[0] == {"most_status": 499, "least_us": 3000, "client_ip": "::1", "limit": 2}
    # Below what one engine has reached there may be gaps, so it is for the next page.
    last = workbench.call("DescribeRequestRecords", PageSize=9, NextToken=first["NextToken"])
    assert asked[-1] == {"until": AT + 5, "before": ids[1], "limit": 9}
    assert ids[3] not in [one["RequestId"] for one in last["Records"]]
    assert (last["NextToken"], last["LookedBackTo"]) == (str(AT - 5), utc_text(AT - 5))
    workbench.call("DescribeRequestRecords", NextToken=last["NextToken"])
    assert asked[-1] == {"until": AT - 5, "limit": 20}
    wrong = workbench.refused("DescribeRequestRecords", NextToken="older", MostStatus=1000, LeastMilliseconds=-1)
    assert all(name in str(wrong) for name in ("NextToken", "MostStatus", "LeastMilliseconds"))
