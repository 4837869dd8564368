"""What keys do anywhere in the console, and the name that is typed before what was called lately is taken away."""

from __future__ import annotations

from typing import Any

from filling import management
from playwright.sync_api import expect
from test_console_pages import rows

from browsing import Console
from running import Running, wait_for


def test_keys_lead_to_pages_and_use_what_is_on_them(console: Console, things: dict[str, Any]) -> None:
    page = console.page
    page.keyboard.press("g")
    page.keyboard.press("v")
    console.heading("vpc.title").wait_for()
    page.keyboard.press("g")
    page.keyboard.press("g")
    console.heading("group.title").wait_for()
    page.keyboard.press("c")
    name = console.field("group.name", console.dialog())
    expect(name).to_be_focused()
    # In an input a letter is a letter.
    page.keyboard.type("group by keys")
    expect(name).to_have_value("group by keys")
    name.fill("by-keys")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("link", name="by-keys")).to_be_visible()
    console.open(f"apis/{things['group']}/{things['api']}")
    page.keyboard.press("p")
    expect(console.field("publish.remarks", console.dialog())).to_be_visible()
    # Over a dialog nothing else opens.
    page.get_by_role("dialog").get_by_role("heading").first.click()
    page.keyboard.press("e")
    page.keyboard.press("Escape")
    expect(console.dialog()).to_be_hidden()
    page.keyboard.press("e")
    expect(console.field("api.name")).to_have_value("mocked")


def test_keys_go_through_a_list(console: Console) -> None:
    page = console.page
    rows(console, 30)
    console.open("apis")
    expect(page.get_by_role("link", name="api-24", exact=True)).to_be_visible()
    for key, name in (("j", "api-0"), ("j", "api-1"), ("k", "api-0"), ("k", "api-0")):
        page.keyboard.press(key)
        expect(page.get_by_role("link", name=name, exact=True)).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_role("textbox", name=console.t("action.search"))).to_be_focused()
    page.keyboard.type("j2")
    expect(page.get_by_role("textbox", name=console.t("action.search"))).to_have_value("j2")


def test_the_keys_are_listed_and_single_ones_turned_off(console: Console) -> None:
    page = console.page
    page.keyboard.press("?")
    expect(console.dialog()).to_contain_text(console.t("keys.submit"))
    console.picture("keys")
    console.dialog().get_by_role("switch").uncheck()
    page.keyboard.press("Escape")
    expect(console.dialog()).to_be_hidden()
    page.reload()
    console.heading("overview.title").wait_for()
    page.keyboard.press("?")
    page.keyboard.press("Control+K")
    expect(console.dialog()).to_have_count(1)
    expect(console.dialog().get_by_role("combobox")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name=console.t("top.account")).click()
    page.get_by_role("menuitem", name=console.t("keys.title")).click()
    console.dialog().get_by_role("switch").check()
    page.keyboard.press("Escape")
    expect(console.dialog()).to_be_hidden()
    page.keyboard.press("?")
    expect(console.dialog()).to_contain_text(console.t("keys.submit"))


def test_what_was_called_lately_is_taken_away_by_its_name(
    console: Console, owned: Running, things: dict[str, Any]
) -> None:
    client = management(owned)
    client(
        "SetApisAuthorities", GroupId=things["group"], ApiIds=things["api"], StageName="RELEASE", AppId=things["app"]
    )
    domain = client("DescribeApiGroup", GroupId=things["group"])["SubDomain"]
    assert owned.get("/x", domain).status_code == 200
    wait_for(lambda: client("DescribeTraffic", ApiId=things["api"])["Points"], "the call")
    page = console.page
    console.open(f"apis/{things['group']}/{things['api']}")
    console.button("action.more").click()
    page.get_by_role("menuitem", name=console.t("api.unpublish")).click()
    dialog = console.dialog()
    act = dialog.get_by_role("button", name=console.t("api.unpublish"), exact=True)
    typed = dialog.get_by_role("textbox")
    expect(typed).to_be_visible()
    expect(act).to_be_disabled()
    typed.fill("mock")
    expect(act).to_be_disabled()
    console.picture("delete-called")
    typed.fill("mocked")
    act.click()
    expect(dialog).to_be_hidden()
    # What nobody called goes with one click.
    console.open("backends")
    page.get_by_role("row", name="orders").get_by_role("button", name=console.t("action.delete")).click()
    expect(console.dialog().get_by_role("textbox")).to_have_count(0)
    expect(console.dialog().get_by_role("button", name=console.t("action.delete"), exact=True)).to_be_enabled()
