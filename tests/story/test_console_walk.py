"""The walk-through in a real browser, from an empty installation to the page of a real nginx, in both languages."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import Browser, expect

from browsing import Console
from running import Nginx, Running


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_walk_through_ends_with_the_backends_page(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory, nginx: Nginx, language: str
) -> None:
    gateway = Running.start(tmp_path_factory.mktemp(f"console-{language}"))
    console = Console(browser, gateway, language)
    try:
        console.set_up("alice")
        authorise_vpc(console, nginx)
        create_group(console)
        create_and_publish(console)
        create_app_and_authorise(console)
        look_at_egress(console)
        debug(console, nginx)
        call_from_outside(console, gateway, nginx)
        change_publish_and_go_back(console, nginx)
    finally:
        console.close()
        gateway.stop()


def authorise_vpc(console: Console, nginx: Nginx) -> None:
    console.go("nav.vpcs")
    console.button("vpc.create").first.click()
    dialog = console.dialog()
    console.field("vpc.name", dialog).fill("nginx-access")
    console.field("vpc.network", dialog).fill("vpc-demo")
    console.field("vpc.target", dialog).fill("169.254.169.254")
    console.field("vpc.port", dialog).fill(str(nginx.port))
    dialog.get_by_role("button", name=console.t("action.confirm")).click()
    # What is wrong is told in the dialog, and what was typed is still there.
    expect(dialog.get_by_role("alert")).to_contain_text("169.254.169.254")
    expect(console.field("vpc.name", dialog)).to_have_value("nginx-access")
    console.field("vpc.target", dialog).fill("127.0.0.1")
    dialog.get_by_role("button", name=console.t("action.confirm")).click()
    expect(console.page.get_by_role("cell", name="nginx-access", exact=True)).to_be_visible()


def create_group(console: Console) -> None:
    console.go("nav.groups")
    console.button("group.create").first.click()
    dialog = console.dialog()
    console.field("group.name", dialog).fill("nginx-demo")
    expect(console.field("group.basePath", dialog)).to_have_value("/")
    dialog.get_by_role("button", name=console.t("action.confirm")).click()
    console.page.get_by_role("link", name="nginx-demo").click()
    console.page.get_by_role("heading", name="nginx-demo", level=1).wait_for()


def create_and_publish(console: Console) -> None:
    console.page.get_by_role("link", name=console.t("api.create")).first.click()
    console.heading("api.create").wait_for()
    console.field("api.name").fill("nginx-test")
    expect(console.field("wizard.appCode")).to_have_value(console.t("wizard.appCode.HEADER_QUERY"))
    console.button("action.next").click()
    console.field("wizard.path").fill("/nginx")
    console.button("action.next").click()
    console.choose("wizard.access", "nginx-access")
    console.button("action.next").click()
    console.button("wizard.createPublish").click()
    dialog = console.dialog()
    console.field("publish.remarks", dialog).fill("first release")
    dialog.get_by_role("button", name=console.t("publish.submit"), exact=True).click()
    done = console.t("publish.done", name="nginx-test", stage=console.t("stage.RELEASE"))
    expect(console.page.get_by_text(done)).to_be_visible()


def create_app_and_authorise(console: Console) -> None:
    console.go("nav.apps")
    console.button("app.create").first.click()
    dialog = console.dialog()
    console.field("app.name", dialog).fill("caller")
    dialog.get_by_role("button", name=console.t("action.confirm")).click()
    console.page.get_by_role("heading", name="caller", level=1).wait_for()
    console.button("api.authorize").click()
    dialog = console.dialog()
    console.choose("authorize.api", "nginx-test", dialog)
    dialog.get_by_role("button", name=console.t("action.confirm")).click()
    expect(console.page.get_by_role("link", name="nginx-test")).to_be_visible()


def look_at_egress(console: Console) -> None:
    console.go("nav.shared")
    expect(console.page.get_by_text("127.0.0.1").first).to_be_visible()


def send(console: Console) -> None:
    console.button("debug.send").click()


def debug(console: Console, nginx: Nginx) -> None:
    console.go("nav.debug")
    console.choose("debug.api", "nginx-test")
    expect(console.field("debug.path")).to_have_value("/nginx")
    send(console)
    expect(console.page.get_by_test_id("status")).to_have_text("200")
    expect(console.page.get_by_text(nginx.page)).to_be_visible()
    console.choose("debug.auth", console.t("debug.auth.none"))
    send(console)
    refusal = console.page.get_by_role("main").get_by_role("alert")
    expect(refusal).to_contain_text("A400MA")
    console.choose("debug.auth", console.t("debug.auth.signature"))
    send(console)
    expect(console.page.get_by_test_id("status")).to_have_text("200")


def call_from_outside(console: Console, gateway: Running, nginx: Nginx) -> None:
    """As a caller, with the AppCode that the page of the app shows."""
    console.go("nav.apps")
    console.page.get_by_role("link", name="caller").click()
    console.button("action.show").click()
    code = console.page.get_by_text(console.t("app.codes"), exact=True).locator("xpath=following-sibling::*[1]//code")
    console.go("nav.groups")
    console.page.get_by_role("link", name="nginx-demo").wait_for()
    domain = console.page.locator("td code").first.inner_text()
    console.page.go_back()
    console.button("action.show").click()
    headers = {"host": domain, "authorization": f"APPCODE {code.inner_text()}"}
    assert httpx.get(gateway.ready["http"] + "/nginx", headers=headers, trust_env=False).text == nginx.page


def change_publish_and_go_back(console: Console, nginx: Nginx) -> None:
    console.go("nav.apis")
    console.page.get_by_role("link", name="nginx-test").click()
    console.page.get_by_role("heading", name="nginx-test", level=1).wait_for()
    console.page.get_by_role("link", name=console.t("action.edit"), exact=True).click()
    console.button("action.next").click()
    console.button("action.next").click()
    console.field("wizard.backendPath").fill("/changed")
    console.button("action.save").click()
    console.button("api.publish").first.click()
    dialog = console.dialog()
    console.field("publish.remarks", dialog).fill("second release")
    dialog.get_by_role("button", name=console.t("publish.submit"), exact=True).click()
    console.page.get_by_role("tab", name=console.t("api.history")).click()
    expect(console.page.get_by_role("cell", name="second release")).to_be_visible()
    console.button("history.switch").first.click()
    dialog = console.dialog()
    dialog.get_by_role("button", name=console.t("history.switch"), exact=True).click()
    expect(dialog).to_be_hidden()
    console.page.get_by_role("main").get_by_role("link", name=console.t("api.debug"), exact=True).click()
    expect(console.field("debug.path")).to_have_value("/nginx")
    send(console)
    expect(console.page.get_by_text(nginx.page)).to_be_visible()


def test_the_walk_through_needs_no_mouse(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory, nginx: Nginx
) -> None:
    gateway = Running.start(tmp_path_factory.mktemp("console-keys"))
    console = Console(browser, gateway)
    try:
        console.set_up("alice")
        make_by_keyboard(console, nginx)
        publish_by_keyboard(console)
        call_by_keyboard(console, nginx)
    finally:
        console.close()
        gateway.stop()


def walk_to(console: Console, key: str) -> None:
    console.press(console.page.get_by_role("navigation").get_by_role("link", name=console.t(key), exact=True))


def confirm(console: Console) -> None:
    console.press(console.dialog().get_by_role("button", name=console.t("action.confirm")))
    expect(console.dialog()).to_be_hidden()


def make_by_keyboard(console: Console, nginx: Nginx) -> None:
    walk_to(console, "nav.vpcs")
    console.press(console.button("vpc.create").first)
    dialog = console.dialog()
    console.write(console.field("vpc.name", dialog), "nginx-access")
    console.write(console.field("vpc.network", dialog), "vpc-demo")
    console.write(console.field("vpc.target", dialog), "127.0.0.1")
    console.write(console.field("vpc.port", dialog), str(nginx.port))
    confirm(console)
    walk_to(console, "nav.groups")
    console.press(console.button("group.create").first)
    console.write(console.field("group.name", console.dialog()), "nginx-demo")
    confirm(console)
    console.press(console.page.get_by_role("link", name="nginx-demo"))
    console.press(console.page.get_by_role("link", name=console.t("api.create")).first)
    console.write(console.field("api.name"), "nginx-test")
    console.press(console.button("action.next"))
    console.write(console.field("wizard.path"), "/nginx")
    console.press(console.button("action.next"))
    console.pick(console.field("wizard.access"), "nginx-access")
    console.press(console.button("action.next"))
    console.press(console.button("wizard.createPublish"))


def publish_by_keyboard(console: Console) -> None:
    dialog = console.dialog()
    console.write(console.field("publish.remarks", dialog), "first")
    console.press(dialog.get_by_role("button", name=console.t("publish.submit"), exact=True))
    expect(dialog).to_be_hidden()
    walk_to(console, "nav.apps")
    console.press(console.button("app.create").first)
    console.write(console.field("app.name", console.dialog()), "caller")
    confirm(console)
    console.press(console.button("api.authorize"))
    console.pick(console.field("authorize.api", console.dialog()), "nginx-test")
    confirm(console)


def call_by_keyboard(console: Console, nginx: Nginx) -> None:
    walk_to(console, "nav.debug")
    console.pick(console.field("debug.api"), "nginx-test")
    expect(console.field("debug.path")).to_have_value("/nginx")
    console.press(console.button("debug.send"))
    expect(console.page.get_by_test_id("status")).to_have_text("200")
    expect(console.page.get_by_text(nginx.page)).to_be_visible()
