"""The request explorer and the way from a request to why it was answered so, in a browser, over real requests."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Locator, Route, expect

from browsing import ROOT, Console, chromium
from running import Nginx, Running, wait_for
from walk import Walk

AXE = ROOT / "console" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@dataclass
class Seen:
    """A gateway whose API was called: well, with a wrong signature, and where nothing is."""

    gateway: Running
    walk: Walk
    well: str
    refused: str

    def call(self, query: str = "") -> str:
        answer = self.gateway.get(f"/nginx?AppCode={self.walk.app_code}{query}", self.walk.domain)
        assert answer.status_code == 200
        return answer.headers["x-ca-request-id"]

    def why(self, request_id: str) -> str:
        command = [sys.executable, "-m", "isthmus", "why", request_id, "--state", str(self.gateway.state)]

        def told() -> str | None:
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
            return done.stdout if done.returncode == 0 else None

        return str(wait_for(told, "the decision"))


@pytest.fixture(scope="module")
def seen(gateway: Running, nginx: Nginx, browser: Browser) -> Seen:
    console = Console(browser, gateway)
    console.set_up("alice")
    console.close()
    walk = Walk.played(gateway.client(), "vpc-seen", nginx.port, "-seen")
    seen = Seen(gateway, walk, "", "")
    seen.well = seen.call("&page=2")
    signed = {"x-ca-key": walk.app_key, "x-ca-signature": "d3Jvbmctc2lnbmF0dXJlLW9mLXRoaXM="}
    seen.refused = gateway.get("/nginx?tone=low", walk.domain, **signed).headers["x-ca-request-id"]
    gateway.get("/nowhere", walk.domain)
    seen.why(seen.refused)
    return seen


@pytest.fixture
def console(browser: Browser, seen: Seen) -> Iterator[Console]:
    console = Console(browser, seen.gateway)
    console.sign_in("alice")
    yield console
    console.close()


def rows(console: Console) -> Locator:
    return console.page.locator("tbody tr")


def row(console: Console, request_id: str) -> Locator:
    return rows(console).filter(has_text=request_id[:8])


def test_filters_are_in_the_address_and_the_drawer_says_what_why_says(console: Console, seen: Seen) -> None:
    console.open("requests")
    expect(row(console, seen.well)).to_contain_text("200")
    # The newest first.
    ids = rows(console).locator("td:last-child").all_inner_texts()
    assert ids.index(f"{seen.refused[:8]}…") < ids.index(f"{seen.well[:8]}…")
    console.choose("requests.column.status", "4xx")
    expect(row(console, seen.well)).to_have_count(0)
    console.field("requests.code").fill("a403is")
    expect(rows(console)).to_have_count(1)
    assert "class=4xx" in console.page.url
    wait_for(lambda: "code=a403is" in console.page.url, "the code in the address")
    console.page.reload()
    expect(rows(console)).to_have_count(1)
    rows(console).first.click()
    drawer = console.dialog()
    expect(drawer).to_contain_text(seen.refused)
    shown = re.sub(r"\s+", " ", drawer.inner_text())
    facts, _, _ = seen.why(seen.refused).partition("\n  steps ")
    for line in facts.splitlines()[1:]:
        # Titles are the console's own; what they say is the same.
        said = re.sub(r"\s+", " ", line[14:] if re.match(r"  \S", line) else line).strip()
        assert said in shown, f"{said!r} is not in {shown!r}"
    console.picture("request-drawer")
    # The address leads to the same request again; Escape closes it.
    console.page.reload()
    expect(console.dialog()).to_contain_text("A403IS")
    console.page.keyboard.press("Escape")
    expect(console.dialog()).to_have_count(0)
    console.button("requests.clear").click()
    expect(row(console, seen.well)).to_have_count(1)


def test_new_requests_come_by_themselves_until_the_tail_is_paused(console: Console, seen: Seen) -> None:
    console.open("requests")
    expect(row(console, seen.well)).to_have_count(1)
    console.button("requests.live").click()
    expect(row(console, seen.call())).to_have_count(1)
    console.button("requests.pause").click()
    late = seen.call()
    seen.why(late)
    expect(console.button("requests.live")).to_be_visible()
    assert row(console, late).count() == 0
    console.button("requests.refresh").click()
    expect(row(console, late)).to_have_count(1)


def test_older_requests_follow_page_by_page_without_a_gap(console: Console, seen: Seen) -> None:
    called = [seen.call(f"&number={number}") for number in range(120)]
    seen.why(called[-1])
    console.open(f"requests?api={seen.walk.api_id}")
    expect(rows(console)).to_have_count(50)
    console.button("requests.older").click()
    expect(rows(console)).to_have_count(100)
    console.button("requests.older").click()
    expect(row(console, called[0])).to_have_count(1)
    ids = rows(console).locator("td:last-child").all_inner_texts()
    assert [one for one in ids if one in {f"{id[:8]}…" for id in called}] == [f"{id[:8]}…" for id in reversed(called)]


def test_a_request_is_replayed_in_debug_and_its_answer_leads_back(console: Console, seen: Seen) -> None:
    console.open(f"requests?id={seen.well}")
    console.dialog().get_by_role("link", name=console.t("requests.replay")).click()
    console.heading("debug.title").wait_for()
    expect(console.field("debug.path")).to_have_value("/nginx?page=2")
    expect(console.page.get_by_role("status")).to_contain_text("AppCode")
    console.picture("replay")
    console.button("debug.send").click()
    expect(console.page.get_by_test_id("status")).to_have_text("200")
    console.page.get_by_role("link", name=console.t("replay.why")).last.click()
    expect(console.dialog()).to_contain_text("page=2")
    expect(console.dialog()).not_to_contain_text(seen.well)


TRACE = {
    "Kept": "refused",
    "Steps": [
        {
            "Step": "domain",
            "Verdict": "passed",
            "Microseconds": 3,
            "Facts": [{"Name": "host", "Value": "shop.example.com"}],
        },
        {
            "Step": "plug-in",
            "Verdict": "refused",
            "Microseconds": 1200,
            "Rule": "office-only",
            "PluginId": "plg-1",
            "PluginName": "office",
            "PluginType": "ipControl",
            "Binding": "API",
            "Facts": [{"Name": "client address", "Value": "10.0.0.7"}],
        },
        {"Step": "of-tomorrow", "Verdict": "pondered", "Microseconds": 0},
    ],
    "RequestHeaders": [{"Name": "x-tenant", "Value": "7"}, {"Name": "authorization", "Value": "***"}],
    "Cut": True,
}


def test_the_steps_of_a_decision_are_shown_and_its_headers_replayed(console: Console, seen: Seen) -> None:
    def traced(route: Route) -> None:
        if "DescribeRequestDecision" not in (route.request.post_data or ""):
            route.continue_()
            return
        answer = route.fetch()
        found = answer.json()
        # A request that is new is not found at first, and asked for again.
        if "Decision" in found:
            found["Decision"]["Trace"] = TRACE
        route.fulfill(response=answer, json=found)

    console.page.route(f"{seen.gateway.ready['management']}/", traced)
    console.open(f"requests?id={seen.well}")
    steps = console.dialog().locator("ol > li")
    expect(steps).to_have_count(3)
    expect(steps.nth(1)).to_contain_text(console.t("trace.step.plug_in"))
    expect(steps.nth(1)).to_contain_text("office-only")
    expect(steps.nth(1)).to_contain_text("1.2 ms")
    expect(steps.nth(1).get_by_role("link")).to_have_attribute("href", re.compile("/plugins/plg-1"))
    # A word of a newer engine is shown as it is.
    expect(steps.nth(2)).to_contain_text("of-tomorrow · pondered")
    expect(console.dialog().get_by_text(console.t("trace.cut"))).to_be_visible()
    console.picture("request-trace")
    console.page.evaluate(AXE.read_text(encoding="utf-8"))
    result = console.page.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']})")
    assert [one["id"] for one in result["violations"]] == []
    console.dialog().get_by_role("link", name=console.t("requests.replay")).click()
    expect(console.field("debug.headers")).to_have_value("x-tenant: 7")
    expect(console.page.get_by_role("status")).to_contain_text("AppCode, authorization")
    console.button("debug.send").click()
    console.page.get_by_role("tab", name=console.t("trace.tab")).click()
    expect(console.page.get_by_role("tabpanel").locator("ol > li")).to_have_count(3)
    console.picture("debug-trace")


def test_the_keyboard_alone_finds_a_request_and_opens_rows(console: Console, seen: Seen) -> None:
    console.open("requests?code=A403IS")
    expect(rows(console)).to_have_count(1)
    console.page.keyboard.press("j")
    console.page.keyboard.press("j")
    console.page.keyboard.press("Enter")
    expect(console.dialog()).to_be_visible()
    console.page.keyboard.press("Escape")
    expect(console.dialog()).to_have_count(0)
    console.write(console.field("requests.id"), "no-id")
    console.page.keyboard.press("Enter")
    expect(console.page.get_by_text(console.t("requests.idWrong"))).to_be_visible()
    console.write(console.field("requests.id"), seen.refused.lower())
    console.page.keyboard.press("Enter")
    expect(console.dialog()).to_contain_text("A403IS")


def test_nothing_found_an_error_and_no_connection_are_told_apart(console: Console, seen: Seen) -> None:
    console.open("requests?client=192.0.2.1")
    expect(console.page.get_by_text(console.t("requests.none"))).to_be_visible()
    console.picture("requests-empty")
    refusal = {"Code": "InternalError", "Message": "It broke.", "RequestId": "R-1"}

    def broken(route: Route) -> None:
        asked = route.request.post_data or ""
        if "DescribeRequestRecords" in asked:
            route.fulfill(status=500, json=refusal)
        else:
            route.continue_()

    address = f"{seen.gateway.ready['management']}/"
    console.page.route(address, broken)
    console.open("requests?code=A403IS")
    expect(console.page.get_by_role("alert")).to_contain_text("It broke.")
    console.picture("requests-error")
    console.page.unroute(address)
    console.button("action.retry").click()
    expect(row(console, seen.refused)).to_have_count(1)
    console.context.set_offline(True)
    console.button("requests.refresh").click()
    expect(console.page.get_by_role("alert")).to_contain_text(console.t("error.offline"))
    # What was there stays.
    expect(row(console, seen.refused)).to_have_count(1)
    console.context.set_offline(False)
    console.button("action.retry").click()
    expect(console.page.get_by_role("alert")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_axe_finds_nothing_in_a_full_list_and_a_drawer(
    browser: Browser, seen: Seen, language: str, scheme: str
) -> None:
    console = Console(browser, seen.gateway, language, scheme)
    console.sign_in("alice")
    found = {}
    for path in ("requests", f"requests?id={seen.refused}", f"debug?api={seen.walk.api_id}&replay={seen.well}"):
        console.open(path)
        console.page.wait_for_load_state("networkidle")
        console.picture(f"{language}-{scheme}-full-{path.partition('?')[0]}{'-open' if 'id=' in path else ''}")
        console.page.evaluate(AXE.read_text(encoding="utf-8"))
        result = console.page.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']})")
        for one in result["violations"]:
            found[f"{path}: {one['id']}"] = [node["html"][-160:] for node in one["nodes"]][:3]
    console.page.set_viewport_size({"width": 360, "height": 740})
    for path in ("requests", f"requests?id={seen.refused}"):
        console.open(path)
        console.page.wait_for_load_state("networkidle")
        console.picture(f"{language}-{scheme}-narrow-{path.partition('?')[0]}{'-open' if 'id=' in path else ''}")
        assert console.page.evaluate("document.documentElement.scrollWidth") <= 360
    console.close()
    assert found == {}
