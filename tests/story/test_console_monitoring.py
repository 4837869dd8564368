"""The charts of the console over what engines really counted: numbers, places, tables, and the way to the requests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from isthmus.client import Endpoint, call
from playwright.sync_api import Browser, Route, expect

from browsing import ROOT, Console, chromium
from running import Nginx, Running, wait_for
from walk import Walk

AXE = ROOT / "console" / "node_modules" / "axe-core" / "axe.min.js"
WELL, WRONG = 40, 7


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@dataclass
class Counted:
    gateway: Running
    walk: Walk


@pytest.fixture(scope="module")
def counted(gateway: Running, nginx: Nginx, browser: Browser) -> Counted:
    """An API that was called well and wrongly, and whose calls are counted."""
    console = Console(browser, gateway)
    console.set_up("alice")
    console.close()
    walk = Walk.played(gateway.client(), "vpc-counted", nginx.port, "-counted")
    for _ in range(WELL):
        assert gateway.get(f"/nginx?AppCode={walk.app_code}", walk.domain).status_code == 200
    for _ in range(WRONG):
        assert gateway.get("/nginx", walk.domain).status_code == 400
    ready = gateway.ready
    endpoint = Endpoint(ready["management"], ready["access_key_id"], ready["access_key_secret"])

    def total() -> bool:
        points = call(endpoint, "DescribeTraffic", "2026-11-01", {"ApiId": walk.api_id})["Points"]
        return sum(point["Calls"] for point in points) >= WELL + WRONG

    wait_for(total, "the counts")
    return Counted(gateway, walk)


@pytest.fixture
def console(browser: Browser, counted: Counted) -> Iterator[Console]:
    console = Console(browser, counted.gateway)
    console.sign_in("alice")
    yield console
    console.close()


def test_charts_show_what_was_counted_also_as_a_table(console: Console) -> None:
    console.open("metrics")
    chart = console.page.get_by_role("region", name=console.t("metrics.calls"))
    expect(chart.locator("canvas")).to_have_count(1)
    chart.get_by_role("button", name=console.t("metrics.table")).click()
    expect(chart.get_by_role("table")).to_contain_text("2xx")
    assert chart.locator("tbody tr").count() >= 1
    chart.get_by_role("button", name=console.t("metrics.chart")).click()
    expect(chart.locator("canvas")).to_have_count(1)
    total = console.page.locator("dl").first
    expect(total).to_contain_text(str(WELL + WRONG))
    expect(total).to_contain_text("14.89 %")


def test_one_api_is_chosen_from_who_called_and_leads_to_its_requests(console: Console, counted: Counted) -> None:
    console.open("metrics?range=6h")
    shares = console.page.get_by_role("table", name=console.t("metrics.shares"))
    shares.get_by_role("button", name="nginx-test").click()
    wait_for(lambda: counted.walk.api_id in console.page.url, "the API in the address")
    assert "range=6h" in console.page.url
    expect(console.field("metrics.scope.api")).to_have_value("nginx-test (nginx-demo-counted)")
    console.page.reload()
    expect(console.field("metrics.scope.api")).to_have_value("nginx-test (nginx-demo-counted)")
    shares.get_by_role("link", name=console.t("metrics.see")).click()
    console.heading("nav.requests").wait_for()
    expect(console.page.locator("tbody tr")).to_have_count(WELL + WRONG)
    console.open("metrics")
    by = console.page.get_by_role("radiogroup", name=console.t("metrics.shares"))
    by.get_by_text(console.t("metrics.by.APP"), exact=True).click()
    expect(shares).to_contain_text("caller-counted")
    # Those that were refused had no app.
    expect(shares.locator("tbody tr").first).to_contain_text(str(WELL))


def test_the_last_hour_is_on_the_overview_and_on_the_page_of_an_api(console: Console, counted: Counted) -> None:
    for path in ("", f"apis/{counted.walk.group_id}/{counted.walk.api_id}"):
        console.open(path)
        hour = console.page.get_by_role("region", name=console.t("metrics.hour"))
        expect(hour).to_contain_text(str(WELL + WRONG))
    console.picture("api-last-hour")
    hour.get_by_role("link", name=console.t("metrics.more")).click()
    expect(console.field("metrics.scope.api")).to_have_value("nginx-test (nginx-demo-counted)")


def test_a_time_without_calls_and_a_failure_are_told_apart(console: Console, counted: Counted) -> None:
    console.open("metrics?stage=TEST")
    expect(console.page.get_by_text(console.t("metrics.nothing")).first).to_be_visible()
    console.picture("metrics-empty")

    def broken(route: Route) -> None:
        if "DescribeTraffic" in (route.request.post_data or ""):
            route.fulfill(status=500, body=json.dumps({"Code": "InternalError", "Message": "It broke."}))
        else:
            route.continue_()

    address = f"{counted.gateway.ready['management']}/"
    console.page.route(address, broken)
    console.open("metrics")
    expect(console.page.get_by_role("alert").first).to_contain_text("It broke.")
    console.page.unroute(address)
    console.button("action.retry").first.click()
    expect(console.page.locator("canvas").first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_axe_finds_nothing_in_full_charts(browser: Browser, counted: Counted, language: str, scheme: str) -> None:
    console = Console(browser, counted.gateway, language, scheme)
    console.sign_in("alice")
    found = {}
    for tabular in (False, True):
        console.open("metrics")
        console.page.locator("canvas").first.wait_for()
        if tabular:
            console.button("metrics.table").first.click()
        console.page.wait_for_load_state("networkidle")
        console.picture(f"{language}-{scheme}-full-metrics{'-table' if tabular else ''}")
        console.page.evaluate(AXE.read_text(encoding="utf-8"))
        result = console.page.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']})")
        for one in result["violations"]:
            found[f"{tabular}: {one['id']}"] = [node["html"][-160:] for node in one["nodes"]][:3]
    console.page.set_viewport_size({"width": 360, "height": 740})
    console.open("metrics")
    console.page.locator("canvas").first.wait_for()
    console.picture(f"{language}-{scheme}-narrow-metrics")
    assert console.page.evaluate("document.documentElement.scrollWidth") <= 360
    console.close()
    assert found == {}
