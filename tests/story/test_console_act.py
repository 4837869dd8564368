"""What is done from anywhere, in a real browser: the palette, one thing for several APIs, the way to a backend."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from browsing import Console
from running import Nginx, Running
from walk import Walk

MOCK = json.dumps({"ServiceProtocol": "HTTP", "Mock": "TRUE", "MockResult": "m", "ServiceTimeout": 1000})


pytestmark = pytest.mark.usefixtures("walk")


@pytest.fixture(scope="module")
def walk(owned: Running, nginx: Nginx) -> Walk:
    walk = Walk(owned.client())
    walk.authorise_vpc("vpc-here", "127.0.0.1", nginx.port)
    walk.create_group()
    for name in ("first", "second", "third"):
        config = {"RequestProtocol": "HTTP", "RequestHttpMethod": "GET", "RequestPath": f"/{name}"}
        walk.create_api(
            api_name=name, auth_type="APP", request_config=json.dumps(config), service_config=MOCK, result_sample=""
        )
    walk.create_app()
    return walk


def test_the_palette_opens_a_page_and_an_object_by_keyboard(console: Console) -> None:
    page = console.page
    page.keyboard.press("Control+K")
    box = console.dialog().get_by_role("combobox")
    expect(box).to_be_focused()
    page.keyboard.type(console.t("nav.apps"))
    page.keyboard.press("Enter")
    console.heading("app.list").wait_for()
    page.keyboard.press("Control+K")
    expect(box).to_be_focused()
    page.keyboard.type("third")
    expect(console.dialog().get_by_role("option").first).to_contain_text("third")
    console.picture("palette")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="third", level=1).wait_for()
    page.keyboard.press("Control+K")
    expect(box).to_be_focused()
    page.keyboard.type("zzz")
    expect(console.dialog().get_by_text(console.t("palette.nothing"))).to_be_visible()
    page.keyboard.press("Escape")
    expect(console.dialog()).to_be_hidden()


def choose(console: Console, *names: str) -> None:
    console.open("apis")
    for name in names:
        console.page.get_by_role("checkbox", name=console.t("bulk.select", name=name)).check()
    expect(console.page.get_by_text(console.t("bulk.selected", count=str(len(names))))).to_be_visible()


def start(console: Console, key: str, count: int) -> None:
    console.dialog().get_by_role("button", name=console.t(key, count=str(count)), exact=True).click()


def test_several_apis_are_published_authorised_taken_down_and_deleted(console: Console, walk: Walk) -> None:
    choose(console, "first", "second", "third")
    console.button("api.publish").click()
    console.field("publish.remarks", console.dialog()).fill("together")
    start(console, "bulk.publish", 3)
    expect(console.dialog().get_by_text(console.t("bulk.progress", done="3", total="3", failed="0"))).to_be_visible()
    console.picture("bulk-published")
    console.dialog().get_by_role("button", name=console.t("action.close"), exact=True).last.click()
    expect(console.page.get_by_role("row", name="second")).to_contain_text(console.t("stage.RELEASE"))

    choose(console, "first", "second")
    console.button("api.authorize").click()
    console.choose("authorize.app", "caller", console.dialog())
    start(console, "bulk.authorize", 2)
    expect(console.dialog().get_by_text(console.t("bulk.progress", done="2", total="2", failed="0"))).to_be_visible()
    console.dialog().get_by_role("button", name=console.t("action.close"), exact=True).last.click()

    # What runs cannot be deleted: it is told for each.
    choose(console, "second", "third")
    console.button("action.delete").click()
    console.field("bulk.count", console.dialog()).fill("3")
    start(console, "bulk.delete", 2)
    expect(console.dialog().get_by_text(console.t("bulk.countProblem", count="2"))).to_be_visible()
    console.field("bulk.count", console.dialog()).fill("2")
    start(console, "bulk.delete", 2)
    expect(console.dialog().get_by_text(console.t("bulk.progress", done="2", total="2", failed="2"))).to_be_visible()
    expect(console.dialog().get_by_role("button", name=console.t("bulk.retry"))).to_be_visible()
    console.dialog().get_by_role("button", name=console.t("action.close"), exact=True).last.click()
    console.button("api.unpublish").click()
    start(console, "bulk.abolish", 2)
    expect(console.dialog().get_by_text(console.t("bulk.progress", done="2", total="2", failed="0"))).to_be_visible()
    console.dialog().get_by_role("button", name=console.t("action.close"), exact=True).last.click()
    console.button("action.delete").click()
    console.field("bulk.count", console.dialog()).fill("2")
    start(console, "bulk.delete", 2)
    expect(console.dialog().get_by_text(console.t("bulk.progress", done="2", total="2", failed="0"))).to_be_visible()
    console.dialog().get_by_role("button", name=console.t("action.close"), exact=True).last.click()
    expect(console.page.get_by_role("row", name="third")).to_have_count(0)


def test_the_way_to_a_backend_is_tried(console: Console, walk: Walk) -> None:
    console.open("vpcs")
    console.page.get_by_role("button", name=console.t("access.test"), exact=True).click()
    expect(console.dialog().get_by_text(console.t("access.passed"))).to_be_visible()
    expect(console.dialog().get_by_role("row").nth(1)).to_contain_text(console.t("bulk.good"))
    console.picture("access-test")
    console.dialog().get_by_role("button", name=console.t("action.close"), exact=True).last.click()


def test_a_network_is_made_and_changed(console: Console) -> None:
    console.go("nav.networks")
    console.button("network.create").first.click()
    dialog = console.dialog()
    console.field("common.id", dialog).fill("vpc-payments")
    console.field("network.field.socket", dialog).fill("/run/payments.sock")
    dialog.get_by_label("CIDR").fill("10.1.0.0/24")
    console.field("network.instances", dialog).fill("i-web = 10.1.0.11")
    dialog.get_by_role("button", name=console.t("action.confirm")).click()
    row = console.page.get_by_role("row", name="vpc-payments")
    expect(row).to_contain_text("connector /run/payments.sock")
    row.get_by_role("button", name=console.t("action.edit")).click()
    expect(console.field("network.instances", dialog)).to_have_value("i-web = 10.1.0.11")
    dialog.get_by_label("CIDR").fill("10.1.0.0/16")
    dialog.get_by_role("button", name=console.t("action.confirm")).click()
    expect(row).to_contain_text("10.1.0.0/16")
    row.get_by_role("button", name=console.t("action.delete")).click()
    console.dialog().get_by_role("button", name=console.t("action.delete")).click()
    expect(row).to_have_count(0)
