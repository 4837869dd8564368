"""Every view of the console, in both languages and themes: no violation that axe finds.

A view is a page, or what opens on one: the wizard's steps, each form and question, each plug-in's inputs, an answer with
its decision, a conflict, the pages before the sign-in. The theme changes under an open view, so each is made once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from filling import management
from isthmus.operations.plugin_text import known_types
from playwright.sync_api import Browser, expect
from test_console_failures import FORMS, expand, fill
from test_console_pages import PAGES, picture_name

from browsing import ROOT, Console
from running import Running

AXE = (ROOT / "console" / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
Act = Callable[[Console, dict[str, Any]], None]

# Whatever moves has arrived; what turns for ever is left alone.
SETTLED = """async () => {
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  await frame();
  await frame();
  for (;;) {
    const moving = document.getAnimations().filter((one) => Number.isFinite(one.effect.getComputedTiming().endTime));
    const running = moving.filter((one) => one.playState === 'running');
    if (running.length === 0) return;
    for (const one of running) one.finish();
    await frame();
  }
}"""
RUN = """async () => {
  const dialogs = [...document.querySelectorAll('[role=dialog]')].filter((one) => one.checkVisibility());
  const options = { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'], resultTypes: ['violations'] };
  const found = await axe.run(dialogs.at(-1) ?? document, options);
  return found.violations.map((one) => [one.id, one.nodes.map((node) => node.html.slice(0, 160)).slice(0, 3)]);
}"""


class Watch:
    """Looks at one view in both themes; what axe finds is collected."""

    def __init__(self, console: Console, language: str) -> None:
        self.console = console
        self.language = language
        self.found: dict[str, list[str]] = {}

    def look(self, name: str) -> None:
        page = self.console.page
        page.wait_for_load_state("networkidle")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.locator(f"html[data-mantine-color-scheme={scheme}]").wait_for()
            page.evaluate(SETTLED)
            self.console.picture(f"{self.language}-{scheme}-{name}")
            if not page.evaluate("'axe' in window"):
                page.evaluate(AXE)
            for rule, nodes in page.evaluate(RUN):
                self.found[f"{name} ({scheme}): {rule}"] = nodes

    def end(self) -> None:
        self.console.close()
        assert not self.found, "\n".join(f"{place}: {nodes}" for place, nodes in self.found.items())


def button(key: str) -> Act:
    return lambda console, _: console.page.get_by_role("button", name=console.t(key), exact=True).first.click()


def tab(key: str) -> Act:
    return lambda console, _: console.page.get_by_role("tab", name=console.t(key), exact=True).click()


def opened(act: Act) -> Act:
    """What it opens is a dialog, and it has arrived."""

    def then(console: Console, things: dict[str, Any]) -> None:
        act(console, things)
        console.dialog().last.wait_for()

    return then


def in_menu(menu: str, item: str, more: str = "") -> Act:
    def act(console: Console, _: dict[str, Any]) -> None:
        console.page.get_by_role("button", name=console.t(menu), exact=True).click()
        console.page.get_by_role("menuitem", name=console.t(item) + more).click()

    return act


def of_kind(kind: str) -> Act:
    return lambda console, _: console.choose("wizard.backendType", console.t(f"wizard.backendType.{kind}"))


def parameter(console: Console, _: dict[str, Any]) -> None:
    console.button("action.add").first.click()


def incomplete(console: Console, _: dict[str, Any]) -> None:
    console.button("wizard.create").click()
    console.page.get_by_role("alert", name=console.t("error.title")).wait_for()


def every_part(console: Console, _: dict[str, Any]) -> None:
    """Each list, group and map that a plug-in's form can open."""
    add = console.page.locator("form fieldset button:enabled", has_text=console.t("plugin.add", name=""))
    for index in reversed(range(add.count())):
        add.nth(index).click()


def send(console: Console, _: dict[str, Any]) -> None:
    expect(console.field("debug.path")).to_have_value("/x")
    console.button("debug.send").click()
    console.page.get_by_test_id("status").wait_for()


def sent_then(key: str) -> Act:
    def act(console: Console, things: dict[str, Any]) -> None:
        send(console, things)
        tab(key)(console, things)

    return act


def why(console: Console, things: dict[str, Any]) -> None:
    sent_then("trace.tab")(console, things)
    # However well it was answered, each step is told.
    console.page.locator(".trace li").first.wait_for()


def refused(console: Console, things: dict[str, Any]) -> None:
    expect(console.field("debug.path")).to_have_value("/x")
    console.field("debug.path").fill("/nowhere")
    console.button("debug.send").click()
    console.page.get_by_role("alert").first.wait_for()


API = "apis/{group}/{api}"
VIEWS: dict[str, tuple[str, Act | None]] = {
    **{f"wizard-step-{step}": (f"apis/new?group={{group}}&step={step}", None) for step in (2, 3, 4)},
    **{f"wizard-backend-{kind}": ("apis/new?step=3", of_kind(kind)) for kind in ("HTTP", "FUNCTION", "MOCK")},
    "wizard-existing": (
        "apis/new?step=3",
        lambda console, _: console.page.get_by_label(console.t("kind.existing")).check(),
    ),
    "wizard-parameter": ("apis/new?step=2", parameter),
    "wizard-incomplete": ("apis/new?step=4", incomplete),
    "wizard-yaml": (
        "apis/new",
        lambda console, _: console.page.get_by_text(console.t("wizard.yaml"), exact=True).click(),
    ),
    "wizard-edit": (API + "/edit", None),
    **{f"api-{name}": (f"{API}?tab={name}", None) for name in ("authorization", "plugins", "history")},
    "publish": (API + "?publish=yes", None),
    "publish-changes": ("apis/{group}/{drifting}?publish=yes", None),
    "switch": ("apis/{group}/{drifting}?tab=history", opened(button("history.switch"))),
    "unpublish": (API, opened(in_menu("action.more", "api.unpublish", ": "))),
    "delete": (API, opened(in_menu("action.more", "action.delete"))),
    "authorize": (API, opened(button("api.authorize"))),
    "show-as": (API, opened(button("show.as"))),
    "authorize-of-app": ("apps/{app}", opened(button("api.authorize"))),
    "test-access": ("vpcs", opened(button("access.test"))),
    "debug-answer": ("debug?api={api}", send),
    "debug-sent": ("debug?api={api}", sent_then("debug.sent")),
    "debug-snippets": ("debug?api={api}", sent_then("debug.snippets")),
    "debug-why": ("debug?api={api}", why),
    "debug-refused": ("debug?api={api}", refused),
    "request": ("requests?id={request}", opened(lambda console, _: None)),
    "palette": ("", opened(lambda console, _: console.page.keyboard.press("Control+K"))),
    "password": ("", opened(in_menu("top.account", "password.title"))),
    "languages": ("", button("top.language")),
    "not-found": ("nowhere", None),
    "api-gone": ("apis/{group}/00000000000000000000000000000000", None),
}


@pytest.fixture(scope="module")
def seen(owned: Running, things: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """With an API that was published twice and changed since, an app that may call it, and a request that was made."""
    client = management(owned)
    place = {"GroupId": things["group"]}
    service = {"ServiceProtocol": "HTTP", "Mock": "TRUE", "MockResult": "m"}

    def config(path: str) -> str:
        return json.dumps({"RequestProtocol": "HTTP", "RequestHttpMethod": "GET", "RequestPath": path})

    made = {"ApiName": "changed", "Visibility": "PRIVATE", "AuthType": "APP", "ServiceConfig": json.dumps(service)}
    changed = client("CreateApi", **place, **made, RequestConfig=config("/first"))["ApiId"]
    client("DeployApi", **place, ApiId=changed, StageName="RELEASE", Description="first")
    for path in ("/second", "/third"):
        client("ModifyApi", **place, ApiId=changed, **made, RequestConfig=config(path))
        if path == "/second":
            client("DeployApi", **place, ApiId=changed, StageName="RELEASE", Description="second")
    client("SetAppsAuthorities", **place, ApiId=changed, StageName="RELEASE", AppIds=things["app"])
    answer = owned.get("/x", f"{things['group']}.invalid")
    yield {**things, "drifting": changed, "request": answer.headers["x-ca-request-id"]}


def pages(things: dict[str, Any]) -> list[str]:
    group = f"groups/{things['group']}"
    tabs = [f"{group}?tab={one}" for one in ("domains", "environments", "plugins")]
    return [*PAGES, *things["details"], *tabs, group, expand(API, things), f"apps/{things['app']}"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_axe_finds_nothing_on_a_page(browser: Browser, owned: Running, seen: dict[str, Any], language: str) -> None:
    console = Console(browser, owned, language)
    console.sign_in("alice")
    watch = Watch(console, language)
    for path in pages(seen):
        console.open(path)
        watch.look(picture_name(path))
    watch.end()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_axe_finds_nothing_in_what_opens_on_a_page(
    browser: Browser, owned: Running, seen: dict[str, Any], language: str
) -> None:
    console = Console(browser, owned, language)
    console.sign_in("alice")
    watch = Watch(console, language)
    for name, (path, act) in VIEWS.items():
        console.open(expand(path, seen))
        if act:
            act(console, seen)
        watch.look(name)
    watch.end()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_axe_finds_nothing_in_a_form(browser: Browser, owned: Running, seen: dict[str, Any], language: str) -> None:
    console = Console(browser, owned, language)
    console.sign_in("alice")
    watch = Watch(console, language)
    for name, form in FORMS.items():
        fill(console, form, seen)
        watch.look(f"form-{name.replace(' ', '-')}")
    watch.end()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_axe_finds_nothing_in_the_inputs_of_a_plug_in(
    browser: Browser, owned: Running, seen: dict[str, Any], language: str
) -> None:
    console = Console(browser, owned, language)
    console.sign_in("alice")
    watch = Watch(console, language)
    for name in known_types():
        console.open(f"plugins/new?type={name}")
        console.page.locator(".cm-content").wait_for()
        every_part(console, seen)
        watch.look(f"plugin-{name}")
    watch.end()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_axe_finds_nothing_before_the_sign_in(browser: Browser, owned: Running, language: str) -> None:
    console = Console(browser, owned, language)
    watch = Watch(console, language)
    for path in ("sign-in", "welcome", "welcome#abc", "nowhere"):
        console.open(path)
        watch.look(f"before-{picture_name(path)}")
    console.open("sign-in")
    console.field("sign.user").fill("alice")
    console.page.locator("input[type=password]").fill("wrong")
    console.button("sign.submit").click()
    console.page.get_by_role("alert").wait_for()
    watch.look("before-refused")
    watch.end()
