"""The walk-through in a real browser to an nginx in a private network: in both languages, with the mouse and with keys alone."""

from __future__ import annotations

import os
from dataclasses import dataclass

import pytest
from isthmus.lab import Lab, topology
from isthmus.processes import state
from playwright.sync_api import Browser, Locator, expect

from browsing import PASSWORD, Console
from running import DEADLINE, Running

PATIENCE = DEADLINE * 1000


@dataclass
class Hands:
    """One way to use a page: what is clicked with the mouse, or what is reached with Tab."""

    console: Console
    has_mouse: bool

    def click(self, target: Locator) -> None:
        if self.has_mouse:
            target.click()
        else:
            self.console.press(target)

    def fill(self, target: Locator, text: str) -> None:
        if self.has_mouse:
            target.fill(text)
        else:
            self.console.write(target, text)

    def choose(self, target: Locator, option: str) -> None:
        if self.has_mouse:
            target.click()
            self.console.page.get_by_role("option", name=option).first.click()
            return
        self.console.reach(target)
        if target.get_attribute("readonly") is None:
            self.console.pick(target, option)
            return
        # From a list that cannot be searched: down to it.
        self.console.page.keyboard.press("Enter")
        wanted = self.console.page.get_by_role("option", name=option).first
        wanted.wait_for()
        for _ in range(10):
            if wanted.get_attribute("data-combobox-selected") is not None:
                break
            self.console.page.keyboard.press("ArrowDown")
        self.console.page.keyboard.press("Enter")

    def go(self, key: str) -> None:
        navigation = self.console.page.get_by_role("navigation")
        self.click(navigation.get_by_role("link", name=self.console.t(key), exact=True))

    def confirm(self, key: str = "action.confirm") -> None:
        self.click(self.console.dialog().get_by_role("button", name=self.console.t(key), exact=True))
        expect(self.console.dialog()).to_be_hidden()


@pytest.mark.parametrize("has_mouse", [True, False], ids=["mouse", "keyboard"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_walk_through_reaches_an_nginx_in_a_private_network(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory, language: str, has_mouse: bool
) -> None:
    gateway = Running.start(tmp_path_factory.mktemp(f"lab-{language}"))
    console = Console(browser, gateway, language)
    hands = Hands(console, has_mouse)
    try:
        with Lab.start(f"console-{language}-{os.getpid()}") as lab:
            set_up(hands)
            attach(hands, lab)
            authorise(hands)
            make_api(hands)
            make_caller(hands)
            admit_what_the_instance_page_shows(hands, lab)
            send(hands)
    finally:
        console.close()
        gateway.stop()


def set_up(hands: Hands) -> None:
    console = hands.console
    link = state.setup_link(console.gateway.state, console.url)
    assert link is not None
    console.page.goto(link)
    hands.fill(console.field("sign.user"), "alice")
    hands.fill(console.page.locator("input[type=password]"), PASSWORD)
    hands.click(console.button("welcome.submit"))
    console.heading("overview.title").wait_for()


def attach(hands: Hands, lab: Lab) -> None:
    console, network = hands.console, lab.networks["vpc-a"]
    hands.go("nav.networks")
    hands.click(console.button("network.create").first)
    dialog = console.dialog()
    hands.fill(console.field("common.id", dialog), "vpc-a")
    if network.attachment["mode"] != "connector":
        hands.choose(console.field("network.attachment", dialog), network.attachment["mode"])
    for name in ("socket", "device", "source"):
        if name in network.attachment:
            hands.fill(console.field(f"network.field.{name}", dialog), str(network.attachment[name]))
    hands.fill(dialog.get_by_label("CIDR"), topology.CIDR)
    named = "\n".join(f"{name} = {address}" for name, address in network.instances.items())
    hands.fill(console.field("network.instances", dialog), named)
    hands.confirm()


def authorise(hands: Hands) -> None:
    console = hands.console
    hands.go("nav.vpcs")
    hands.click(console.button("vpc.create").first)
    dialog = console.dialog()
    hands.fill(console.field("vpc.name", dialog), "nginx-access")
    hands.fill(console.field("vpc.network", dialog), "vpc-a")
    hands.fill(console.field("vpc.target", dialog), "i-a-ecs1")
    hands.fill(console.field("vpc.port", dialog), "80")
    hands.confirm()
    # The security group admits nobody yet, and the test of the way says so.
    hands.click(console.page.get_by_role("button", name=console.t("access.test"), exact=True))
    expect(console.dialog().get_by_role("alert")).to_contain_text("CONNECT_", timeout=PATIENCE)
    console.picture(f"access-test-refused-{console.page.evaluate('document.documentElement.lang')}")
    hands.click(console.dialog().get_by_role("button", name=console.t("action.close"), exact=True).last)
    expect(console.dialog()).to_be_hidden()


def make_api(hands: Hands) -> None:
    console = hands.console
    hands.go("nav.groups")
    hands.click(console.button("group.create").first)
    hands.fill(console.field("group.name", console.dialog()), "nginx-demo")
    hands.confirm()
    hands.click(console.page.get_by_role("link", name="nginx-demo"))
    hands.click(console.page.get_by_role("link", name=console.t("api.create")).first)
    hands.fill(console.field("api.name"), "nginx-test")
    hands.click(console.button("action.next"))
    hands.fill(console.field("wizard.path"), "/nginx")
    hands.click(console.button("action.next"))
    hands.choose(console.field("wizard.access"), "nginx-access")
    hands.fill(console.field("wizard.backendPath"), "/")
    hands.click(console.button("action.next"))
    hands.click(console.button("wizard.createPublish"))
    hands.fill(console.field("publish.remarks", console.dialog()), "first")
    hands.confirm("publish.submit")


def make_caller(hands: Hands) -> None:
    console = hands.console
    hands.go("nav.apps")
    hands.click(console.button("app.create").first)
    hands.fill(console.field("app.name", console.dialog()), "caller")
    hands.confirm()
    hands.click(console.button("api.authorize"))
    hands.choose(console.field("authorize.api", console.dialog()), "nginx-test")
    hands.confirm()


def admit_what_the_instance_page_shows(hands: Hands, lab: Lab) -> None:
    hands.go("nav.shared")
    for address in topology.EGRESS:
        expect(hands.console.page.get_by_text(address, exact=True).first).to_be_visible(timeout=PATIENCE)
        lab.security_group("vpc-a", "ecs1").allow(address)


def send(hands: Hands) -> None:
    console = hands.console
    hands.go("nav.debug")
    hands.choose(console.field("debug.api"), "nginx-test")
    expect(console.field("debug.path")).to_have_value("/nginx")
    hands.click(console.button("debug.send"))
    expect(console.page.get_by_test_id("status")).to_have_text("200", timeout=PATIENCE)
    expect(console.page.get_by_role("tabpanel")).to_contain_text("vpc-a")
