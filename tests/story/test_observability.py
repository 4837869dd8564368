"""From one request to its record, its counts and its charts, with real processes, the vendor's SDK and real parsers."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from alibabacloud_cloudapi20160714 import models
from isthmus.call_signature import CallKey, sign
from isthmus.operations.times import utc_text
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from running import Nginx, Running, wait_for
from walk import Walk

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def walk(gateway: Running, nginx: Nginx) -> Walk:
    """One API that was called, and called wrongly."""
    return Walk.played(gateway.client(), "vpc-observed", nginx.port, "-observed")


def called(gateway: Running, walk: Walk) -> httpx.Response:
    return gateway.get(f"/nginx?page=2&AppCode={walk.app_code}", walk.domain)


def refused(gateway: Running, walk: Walk) -> httpx.Response:
    signed = {"x-ca-key": walk.app_key, "x-ca-signature": "d3Jvbmctc2lnbmF0dXJlLW9mLXRoaXM="}
    return gateway.get("/nginx?access_token=tok-en-tok-en", walk.domain, **signed)


def why(gateway: Running, request_id: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "isthmus", "why", request_id, "--state", str(gateway.state), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def families(url: str) -> dict[str, Any]:
    answer = httpx.get(url, timeout=60)
    assert answer.status_code == 200, answer.text
    return {family.name: family for family in text_string_to_metric_families(answer.text)}


def test_the_sdk_reads_the_log_of_a_request_by_its_id(gateway: Running, walk: Walk) -> None:
    answer = called(gateway, walk)
    assert answer.status_code == 200
    request = models.QueryRequestLogsRequest(request_log_id=answer.headers["x-ca-request-id"])

    def log() -> Any:
        found = walk.client.query_request_logs(request).body.request_logs.request_log
        return found[0] if found else None

    found = wait_for(log, "the record of a request")
    assert (found.status_code, found.api_id, found.group_id) == ("200", walk.api_id, walk.group_id)
    assert (found.http_path, found.request_query_string) == ("/nginx", "page=2&AppCode=***")
    assert (found.consumer_app_id, found.stage_name) == (str(walk.app_id), "RELEASE")
    assert int(found.backend_response_start) >= int(found.backend_request_start) >= int(found.front_request_start)


def test_why_names_what_decided_and_what_to_do(gateway: Running, walk: Walk) -> None:
    request_id = refused(gateway, walk).headers["x-ca-request-id"]
    told = wait_for(lambda: (said := why(gateway, request_id)).returncode == 0 and said.stdout, "the decision")
    assert told.startswith("403 A403IS  GET ") and walk.api_id in told
    assert re.search(r"\n  do +\S", told) and re.search(r"\n  means +\S", told), told
    decision = json.loads(why(gateway, request_id, "--json").stdout)
    assert (decision["ErrorCode"], decision["AppKey"]) == ("A403IS", walk.app_key)
    assert decision["Explanation"]["Layer"] == "identify" and decision["Traced"] is True
    steps = decision["Trace"]["Steps"]
    assert [step["Step"] for step in steps][-2:] == ["identity", "answer"], steps
    facts = {fact["Name"]: fact["Value"] for fact in steps[-2]["Facts"]}
    assert (steps[-2]["Verdict"], facts["code"], facts["AppKey"]) == ("refused", "A403IS", walk.app_key)
    assert {"Name": "x-ca-signature", "Value": "***"} in decision["Trace"]["RequestHeaders"]
    assert re.search(r"\n    identity +refused +[0-9,]+ µs +by HmacSHA256\n      AppKey +" + walk.app_key, told), told
    absent = why(gateway, "00000000-0000-4000-8000-000000000000")
    assert absent.returncode == 1 and "No engine has a record" in absent.stderr


def imagined(gateway: Running, walk: Walk, *options: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "isthmus", "why", "--dry-run", "GET", f"http://{walk.domain}/nginx?page=2"]
    command += ["--json", "--state", str(gateway.state), *options]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    decision: dict[str, Any] = json.loads(run.stdout)
    return decision


def test_a_dry_run_decides_like_a_request_and_leaves_nothing(gateway: Running, walk: Walk) -> None:
    before = families(f"http://{gateway.ready['health']}/metrics")["isthmus_requests"].samples
    passed = imagined(gateway, walk, "--app", str(walk.app_id))
    assert (passed["Status"], passed["ApiId"], passed["AppId"]) == (0, walk.api_id, walk.app_id)
    steps = {step["Step"]: step for step in passed["Trace"]["Steps"]}
    assert passed["Trace"]["Kept"] == "dry-run" and steps["attempt"]["Verdict"] == "skipped"
    assert {"Name": "network", "Value": "vpc-observed"} in steps["attempt"]["Facts"]
    nobody = imagined(gateway, walk)
    assert (nobody["ErrorCode"], nobody["Explanation"]["Layer"]) == ("A400MA", "identify")
    unknown = imagined(gateway, walk, "--app-code", walk.app_code, "--stage", "test")
    assert unknown["ErrorCode"] == "I404NF" and unknown["Stage"] == "TEST"
    key = CallKey(walk.app_key, walk.app_secret)
    headers = {"accept": "*/*"}
    sign("GET", "/nginx?page=2", headers, b"", key)
    options = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    assert [imagined(gateway, walk, *options)["Status"] for _ in range(2)] == [0, 0]
    # Neither dry run has used the nonce up; the request does.
    assert gateway.get("/nginx?page=2", walk.domain, **headers).status_code == 200
    assert imagined(gateway, walk, *options)["ErrorCode"] == "S403NU"
    shown = json.dumps(passed)
    assert walk.app_secret not in shown and walk.app_code not in json.dumps(unknown)
    after = families(f"http://{gateway.ready['health']}/metrics")["isthmus_requests"].samples
    assert sum(one.value for one in after) == sum(one.value for one in before) + 1


def test_the_sdk_reads_calls_by_the_minute(gateway: Running, walk: Walk) -> None:
    begin = time.time()
    called(gateway, walk)
    times = {"start_time": utc_text(int(begin - 120) * 1000), "end_time": utc_text(int(begin + 600) * 1000)}
    qps = models.DescribeApiQpsDataRequest(group_id=walk.group_id, api_id=walk.api_id, stage_name="RELEASE", **times)

    def total() -> int:
        items = walk.client.describe_api_qps_data(qps).body.call_successes.monitor_item
        return sum(int(item.item_value) for item in items)

    assert wait_for(total, "counts of an API") >= 1
    group = models.DescribeGroupQpsRequest(group_id=walk.group_id, stage_name="RELEASE", **times)
    items = walk.client.describe_group_qps(group).body.group_qps.monitor_item
    assert sum(float(item.item_value) for item in items) > 0


def test_what_is_exported_is_read_by_the_parser_and_named_in_dashboard_and_alerts(gateway: Running, walk: Walk) -> None:
    called(gateway, walk)
    refused(gateway, walk)
    exported = families(f"http://{gateway.ready['health']}/metrics")
    managed = families(gateway.ready["management"] + "/metrics")
    series = {sample.name: sample for family in exported.values() for sample in family.samples}
    assert series["isthmus_requests_total"].labels.keys() == {"api_id", "stage", "class"}
    calls = {sample.labels.get("operation") for sample in managed["isthmus_management_calls"].samples}
    assert "DeployApi" in calls
    names = set(series) | {sample.name for family in managed.values() for sample in family.samples}
    dashboard = json.loads((ROOT / "deploy/observability/dashboard.json").read_text())
    alerts = yaml.safe_load((ROOT / "deploy/observability/alerts.yaml").read_text())
    used = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    used += [rule["expr"] for group in alerts["groups"] for rule in group["rules"]]
    used += [one["query"] for one in dashboard["templating"]["list"]]
    for expression in used:
        unknown = set(re.findall(r"isthmus_\w+", expression)) - names
        assert not unknown, f"{expression} names {unknown}, which nothing exports"


def test_no_secret_is_in_a_record_a_metric_or_a_log(gateway: Running, walk: Walk) -> None:
    called(gateway, walk)
    last = refused(gateway, walk).headers["x-ca-request-id"]
    wait_for(lambda: why(gateway, last).returncode == 0, "the last record")
    secrets = [walk.app_code, walk.app_secret, "tok-en-tok-en", "d3Jvbmctc2lnbmF0dXJlLW9mLXRoaXM="]
    texts = {path.name: path.read_bytes() for path in (gateway.state / "engine/records").iterdir()}
    texts["up.log"] = (gateway.state.parent / "up.log").read_bytes()
    for url in (f"http://{gateway.ready['health']}/metrics", gateway.ready["management"] + "/metrics"):
        texts[url] = httpx.get(url, timeout=60).content
    texts["why"] = why(gateway, last, "--json").stdout.encode()
    assert sum(name.endswith(".rec") and len(text) > 0 for name, text in texts.items()) >= 1
    for name, text in texts.items():
        for secret in secrets:
            assert secret.encode() not in text, f"a secret is in {name}"
