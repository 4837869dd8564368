"""Every page of the console: no violation that axe finds, in both languages and themes; failures never an empty form."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from isthmus.client import Endpoint, call
from playwright.sync_api import Browser, expect

from browsing import ROOT, Console, chromium
from running import Running

AXE = ROOT / "console" / "node_modules" / "axe-core" / "axe.min.js"
PAGES = ["", "groups", "apis", "apis/new", "plugins", "vpcs", "apps", "debug", "instances", "users", "about"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def filled(gateway: Running, browser: Browser) -> Running:
    """A gateway with one of everything, and an owner."""
    console = Console(browser, gateway)
    console.set_up("alice")
    console.close()
    return gateway


@pytest.fixture(scope="module")
def things(filled: Running) -> dict[str, Any]:
    client = management(filled)
    client("SetVpcAccess", Name="a", VpcId="vpc-x", InstanceId="127.0.0.1", Port=80)
    group = client("CreateApiGroup", GroupName="nginx-demo")["GroupId"]
    request = {"RequestProtocol": "HTTP", "RequestHttpMethod": "GET", "RequestPath": "/x", "RequestMode": "PASSTHROUGH"}
    service = {"ServiceProtocol": "HTTP", "Mock": "TRUE", "MockResult": "m", "ServiceTimeout": 1000}
    api = client(
        "CreateApi",
        GroupId=group,
        ApiName="mocked",
        Visibility="PRIVATE",
        AuthType="ANONYMOUS",
        RequestConfig=json.dumps(request),
        ServiceConfig=json.dumps(service),
    )["ApiId"]
    client("DeployApi", GroupId=group, ApiId=api, StageName="RELEASE", Description="d")
    app = client("CreateApp", AppName="caller")["AppId"]
    client(
        "CreatePlugin",
        PluginName="p",
        PluginType="accessControl",
        PluginData="rules: [{condition: 1 = 1, ifTrue: ALLOW}]",
    )
    return {"group": group, "api": api, "app": app}


def management(gateway: Running) -> Any:
    ready = gateway.ready
    endpoint = Endpoint(ready["management"], ready["access_key_id"], ready["access_key_secret"])

    def send(name: str, **params: Any) -> dict[str, Any]:
        version = "2026-11-01" if name.endswith("User") else "2016-07-14"
        return call(endpoint, name, version, {key: str(value) for key, value in params.items()})

    return send


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_axe_finds_nothing(
    browser: Browser, filled: Running, things: dict[str, Any], language: str, scheme: str
) -> None:
    console = Console(browser, filled, language, scheme)
    console.sign_in("alice")
    details = [f"groups/{things['group']}", f"apis/{things['group']}/{things['api']}", f"apps/{things['app']}"]
    found = {}
    for path in [*PAGES, *details]:
        console.open(path)
        console.page.wait_for_load_state("networkidle")
        console.picture(f"{language}-{scheme}-{(path or 'overview').split('/')[0]}{'-one' if path in details else ''}")
        console.page.evaluate(AXE.read_text(encoding="utf-8"))
        result = console.page.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']})")
        for one in result["violations"]:
            found[f"{path}: {one['id']}"] = [node["html"][:160] for node in one["nodes"]][:3]
    console.close()
    assert found == {}


def test_a_gateway_that_is_gone_shows_an_error_and_keeps_what_was_typed(
    browser: Browser, filled: Running, things: dict[str, Any]
) -> None:
    console = Console(browser, filled)
    console.sign_in("alice")
    console.open("groups")
    console.button("group.create").first.click()
    console.field("group.name", console.dialog()).fill("typed")
    console.context.set_offline(True)
    console.dialog().get_by_role("button", name=console.t("action.confirm")).click()
    expect(console.dialog().get_by_role("alert")).to_contain_text(console.t("error.offline"))
    expect(console.field("group.name", console.dialog())).to_have_value("typed")
    console.context.set_offline(False)
    console.dialog().get_by_role("button", name=console.t("action.confirm")).click()
    expect(console.page.get_by_role("link", name="typed")).to_be_visible()
    console.close()


def test_a_page_whose_api_is_gone_shows_the_reason_and_no_form(
    browser: Browser, filled: Running, things: dict[str, Any]
) -> None:
    console = Console(browser, filled)
    console.sign_in("alice")
    console.open(f"apis/{things['group']}/{'0' * 32}/edit")
    expect(console.page.get_by_role("alert")).to_contain_text("NotFoundApi")
    expect(console.page.locator("form")).to_have_count(0)
    console.close()


def test_a_group_is_made_with_the_keyboard_alone(browser: Browser, filled: Running) -> None:
    console = Console(browser, filled)
    console.sign_in("alice")
    page = console.page
    console.open("groups")
    # The first stop leads past the navigation.
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name=console.t("nav.skip"))).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement?.textContent") == console.t("group.create"):
            break
    page.keyboard.press("Enter")
    console.dialog().wait_for()
    page.keyboard.type("by-keyboard")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="by-keyboard")).to_be_visible()
    console.close()


def test_a_viewer_is_told_which_role_is_needed(browser: Browser, filled: Running) -> None:
    owner = management(filled)
    owner("CreateUser", UserName="victor", Role="viewer", Password="correct horse battery")
    console = Console(browser, filled)
    console.sign_in("victor")
    console.open("groups")
    console.button("group.create").first.click()
    console.field("group.name", console.dialog()).fill("not-mine")
    console.dialog().get_by_role("button", name=console.t("action.confirm")).click()
    expect(console.dialog().get_by_role("alert")).to_contain_text("needs the role developer")
    console.close()
