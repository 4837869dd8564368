"""Every panel of the dashboard and every alert rule, asked of Prometheus's own engine over what was really exported."""

from __future__ import annotations

import json
import math
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from alibabacloud_cloudapi20160714 import models

from running import Nginx, Running, wait_for
from walk import Walk

ROOT = Path(__file__).resolve().parents[2]
PROMQL = ROOT / ".cache" / "clients" / "promql"
VARIABLES = {"$api_id": ".*", "$stage": ".*", "$__rate_interval": "5m"}
STEP_MS = 30_000

Ask = Callable[[list[str]], list[dict[str, Any]]]


def world(gateway: Running, nginx: Nginx) -> tuple[Walk, Walk, Walk]:
    """One API that is called well, one whose VPC access leads nowhere, and one that is limited to a call a minute."""
    walks = Walk(gateway.client(), "-well"), Walk(gateway.client(), "-dead"), Walk(gateway.client(), "-limited")
    for walk, port in zip(walks, (nginx.port, 1, nginx.port), strict=True):
        walk.authorise_vpc(f"vpc{walk.suffix}", "127.0.0.1", port)
        walk.create_group()
        walk.create_api()
        walk.publish()
        walk.create_app()
        walk.authorise_app()
    limited = walks[2]
    content = "unit: MINUTE\napiDefault: 1\n"
    limit = models.CreatePluginRequest(plugin_name="limit", plugin_type="trafficControl", plugin_data=content)
    plugin_id = limited.client.create_plugin(limit).body.plugin_id
    limited.client.attach_plugin(
        models.AttachPluginRequest(
            plugin_id=plugin_id, group_id=limited.group_id, api_id=limited.api_id, stage_name="RELEASE"
        )
    )
    return walks


@pytest.fixture(scope="module")
def ask(gateway: Running, nginx: Nginx, tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """Answers of the engine over two scrapes, with traffic between them."""
    if not PROMQL.exists():
        pytest.skip("Prometheus's engine is built by `make clients` where there is Go")
    walks = world(gateway, nginx)
    well, dead, limited = walks
    folder = tmp_path_factory.mktemp("scrapes")
    urls = {"engine": f"http://{gateway.ready['health']}/metrics", "control": gateway.ready["management"] + "/metrics"}
    begin = int(time.time() * 1000)
    taken: list[Path] = []

    def send(walk: Walk) -> int:
        return gateway.get(f"/nginx?AppCode={walk.app_code}", walk.domain).status_code

    def traffic() -> None:
        for _ in range(20):
            assert send(well) == 200
        assert gateway.get("/nginx", well.domain).status_code == 400
        assert send(dead) in (502, 503, 504)
        wait_for(lambda: send(limited) == 429, "the limit")

    def scrape(at: int, least: int) -> None:
        """Once so many failures of the dead backend are counted."""
        failures = re.compile(rf'isthmus_refusals_total{{api_id="{dead.api_id}",[^}}]*}} (\d+)')

        def texts() -> dict[str, str] | None:
            found = {job: httpx.get(url, timeout=60).text for job, url in urls.items()}
            count = failures.search(found["engine"])
            return found if count and int(count[1]) >= least and 'code="T429PA"' in found["engine"] else None

        for job, text in wait_for(texts, "the counts").items():
            taken.append(folder / f"{at}-{job}")
            taken[-1].write_text(text)

    for number in (1, 2):
        traffic()
        scrape(begin + number * STEP_MS, number)

    def answers(expressions: list[str]) -> list[dict[str, Any]]:
        command = [str(PROMQL), *map(str, taken)]
        asked = "\n".join(expressions)
        done = subprocess.run(command, input=asked, capture_output=True, text=True, check=True, timeout=60)
        return [json.loads(line) for line in done.stdout.splitlines()]

    return answers


def filled(expression: str) -> str:
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    return " ".join(expression.split())


def test_every_panel_shows_data_after_traffic(ask: Ask) -> None:
    dashboard = json.loads((ROOT / "deploy/observability/dashboard.json").read_text())
    asked = [(panel["title"], filled(target["expr"])) for panel in dashboard["panels"] for target in panel["targets"]]
    assert len(asked) >= 16
    empty = []
    for (title, expression), answer in zip(asked, ask([one for _, one in asked]), strict=True):
        assert "error" not in answer, (title, answer)
        values = [float(one["value"]) for one in answer["series"]]
        if not any(math.isfinite(value) for value in values):
            empty.append((title, expression, values))
    assert empty == []


def test_backends_are_told_apart_by_their_vpc_access(ask: Ask) -> None:
    dashboard = json.loads((ROOT / "deploy/observability/dashboard.json").read_text())
    panels = {panel["title"]: filled(panel["targets"][0]["expr"]) for panel in dashboard["panels"]}
    sent, failures, limits = ask(
        [
            panels["Requests to backends, by kind and VPC access"],
            panels["Failures of backends, by VPC access and code"],
            panels["Over a limit, by code"],
        ]
    )
    assert {one["labels"]["access"] for one in sent["series"]} >= {"nginx-access-well"}
    assert [one["labels"]["access"] for one in failures["series"]] == ["nginx-access-dead"]
    assert [one["labels"]["code"] for one in limits["series"] if float(one["value"]) > 0] == ["T429PA"]


def test_every_alert_rule_can_be_asked_and_only_those_of_the_traffic_fire(ask: Ask) -> None:
    alerts = yaml.safe_load((ROOT / "deploy/observability/alerts.yaml").read_text())
    rules = {rule["alert"]: filled(rule["expr"]) for group in alerts["groups"] for rule in group["rules"]}
    fired = set()
    for name, answer in zip(rules, ask(list(rules.values())), strict=True):
        assert "error" not in answer, (name, answer)
        if answer["series"]:
            fired.add(name)
    assert fired <= {"IsthmusManyErrors", "IsthmusBackendUnreachable", "IsthmusThrottled"}
