"""A server that fails, hangs, is gone or has forgotten the session: no form is empty for it, and no typed text is lost."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from filling import management
from playwright.sync_api import Browser, Locator, Route, expect
from test_console_pages import PAGES

from browsing import PASSWORD, Console
from running import Running

Opened = Callable[[Console, dict[str, Any]], None]
BROKEN = {"Code": "InternalError", "Message": "broken on purpose", "RequestId": "r-1"}
SIGNED_OUT = {"Code": "SignedOut", "Message": "Nobody is signed in.", "RequestId": "r-2"}
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"
KEY = "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----"


@dataclass
class Form:
    """A form that somebody types into; `path` may name one of the things."""

    path: str
    # The button that opens it, when it is a dialog.
    opens: str | None
    typed: dict[str, str]
    submit: str = "action.confirm"
    chosen: dict[str, str] = field(default_factory=dict)
    more: Opened | None = None


def expand(path: str, things: dict[str, Any]) -> str:
    return path.format(**things)


def already_open(console: Console, things: dict[str, Any]) -> None:
    console.dialog().wait_for()


def choose_api(console: Console, things: dict[str, Any]) -> None:
    console.page.get_by_role("checkbox", name=console.t("bulk.select", name="mocked")).check()
    console.page.locator(".bulk").get_by_role("button", name=console.t("api.publish"), exact=True).click()


def open_password(console: Console, things: dict[str, Any]) -> None:
    console.page.get_by_role("button", name=console.t("top.account")).click()
    console.page.get_by_role("menuitem", name=console.t("password.title")).click()


FORMS = {
    "group": Form("groups", "group.create", {"group.name": "typed", "common.description": "typed, too"}),
    "group changed": Form("groups/{group}", "action.edit", {"common.description": "typed"}),
    "access": Form(
        "vpcs", "vpc.create", {"vpc.name": "typed", "vpc.network": "vpc-t", "vpc.target": "10.9.8.7", "vpc.host": "h.x"}
    ),
    "app": Form("apps", "app.create", {"app.name": "typed_app", "common.description": "typed"}),
    "plug-in": Form(
        "plugins/new?type=cors", None, {"plugin.name": "typed", "common.description": "t"}, "action.create"
    ),
    "domain": Form("domains", "domain.bind", {"domain.name": "typed.example.com"}, chosen={"api.group": "nginx-demo"}),
    "certificate": Form("domains", "domain.certificate", {"domain.chain": PEM, "domain.key": KEY}, "domain.upload"),
    "environment": Form("stages", "stages.create", {"common.name": "TYPED", "stages.alias": "typed"}),
    "model": Form("models?group={group}", "model.create", {"common.name": "Typed", "common.description": "typed"}),
    "backend": Form("backends", "backend.create", {"common.name": "typed", "common.description": "typed"}),
    "backend model": Form("{details[3]}", "backend.addModel", {"wizard.address": "http://typed.example.com"}),
    "data set": Form("datasets", "dataset.create", {"common.name": "typed", "common.description": "typed"}),
    "value": Form("{details[4]}", "dataset.add", {"variable.value": "typed", "common.description": "typed"}),
    "network": Form("networks", "network.create", {"common.id": "vpc-typed", "network.field.socket": "/run/t.sock"}),
    "access list": Form("access-lists", "access.create", {"common.name": "typed"}),
    "entries": Form("{details[2]}", "access.add", {"access.entries": "192.0.2.9 typed"}),
    "instance": Form("dedicated", "instance.create", {"common.name": "typed"}, "action.create"),
    "variable": Form(
        "groups/{group}?tab=environments", "variable.create", {"common.name": "Typed", "variable.value": "typed"}
    ),
    "user": Form("users", "user.create", {"sign.user": "typed", "sign.password": PASSWORD}, "action.create"),
    "password": Form(
        "",
        None,
        {"password.old": PASSWORD, "password.new": "another long password", "password.again": "another long password"},
        more=open_password,
    ),
    "wizard": Form(
        "apis/{group}/{api}/edit?step=1", None, {"common.description": "typed into the wizard"}, "action.save"
    ),
    "publish": Form(
        "apis/{group}/{drifting}?publish=yes", None, {"publish.remarks": "typed"}, "publish.submit", more=already_open
    ),
    "authorize": Form(
        "apis/{group}/{api}", "api.authorize", {"publish.remarks": "typed"}, chosen={"authorize.app": "caller"}
    ),
    "bulk": Form("apis", None, {"publish.remarks": "typed"}, more=choose_api),
    "debug": Form("debug?api={api}", None, {"debug.headers": "X-Typed: yes", "debug.body": "typed body"}, "debug.send"),
}


@contextmanager
def answering(console: Console, answer: Callable[[Route], None]) -> Iterator[None]:
    place = f"{console.gateway.ready['management']}/"
    console.page.route(place, answer)
    yield
    console.page.unroute(place)


def inside(console: Console, form: Form) -> Locator:
    return console.dialog() if form.opens or form.more else console.page.locator("main")


def press(console: Console, name: str, form: Form) -> None:
    label = console.t("bulk.publish", count="1") if name == "bulk" else console.t(form.submit)
    inside(console, form).get_by_role("button", name=label, exact=True).last.click()


def keeps(console: Console, form: Form) -> None:
    for key, text in form.typed.items():
        expect(console.field(key, inside(console, form))).to_have_value(text)


def fill(console: Console, form: Form, things: dict[str, Any]) -> None:
    console.open(expand(form.path, things))
    if form.opens:
        console.page.get_by_role("button", name=console.t(form.opens), exact=True).first.click()
    if form.more:
        form.more(console, things)
    if form.path.startswith("debug"):
        # The API brings its own path first.
        expect(console.field("debug.path")).to_have_value(re.compile("/x"))
    for key, option in form.chosen.items():
        console.choose(key, option, inside(console, form))
    for key, text in form.typed.items():
        console.field(key, inside(console, form)).fill(text)


@pytest.fixture(scope="module")
def console(browser: Browser, owned: Running) -> Iterator[Console]:
    """One window for all: every form begins with a page of its own."""
    console = Console(browser, owned)
    console.sign_in("alice")
    yield console
    console.close()


@pytest.fixture(scope="module")
def filled(owned: Running, things: dict[str, Any]) -> dict[str, Any]:
    """With an API whose draft is not live anywhere."""
    client = management(owned)
    described = client("DescribeApi", GroupId=things["group"], ApiId=things["api"])
    config = {**described["RequestConfig"], "RequestPath": "/drifting"}
    drifting = client(
        "CreateApi",
        GroupId=things["group"],
        ApiName="drifting",
        Visibility="PRIVATE",
        AuthType="ANONYMOUS",
        RequestConfig=json.dumps(config),
        ServiceConfig='{"ServiceProtocol": "HTTP", "Mock": "TRUE", "MockResult": "m"}',
    )["ApiId"]
    return {**things, "drifting": drifting}


@pytest.mark.parametrize("name", FORMS)
def test_what_was_typed_outlives_every_failure(console: Console, filled: dict[str, Any], name: str) -> None:
    form = FORMS[name]
    fill(console, form, filled)
    with answering(console, lambda route: route.fulfill(status=500, json=BROKEN)):
        press(console, name, form)
        told = "broken on purpose"
        expect(inside(console, form).get_by_text(told).first).to_be_visible()
    if name == "bulk":
        # It tells what failed for each, and tries those again with the same remarks.
        expect(console.dialog().get_by_role("button", name=console.t("bulk.retry"))).to_be_visible()
        return
    keeps(console, form)
    held: list[Route] = []
    with answering(console, lambda route: held.append(route)):
        press(console, name, form)
        expect(inside(console, form).locator("button[data-loading]").first).to_be_visible()
        keeps(console, form)
        for route in held:
            route.abort()
        expect(inside(console, form).get_by_text(console.t("error.offline")).first).to_be_visible()
    keeps(console, form)
    with answering(console, lambda route: route.fulfill(status=401, json=SIGNED_OUT)):
        press(console, name, form)
        again = console.page.get_by_role("dialog", name=console.t("sign.again"))
        expect(again).to_be_visible()
    again.locator("input[type=password]").fill(PASSWORD)
    again.get_by_role("button", name=console.t("sign.submit"), exact=True).click()
    expect(again).to_be_hidden()
    keeps(console, form)


FAILING = [
    *PAGES,
    "groups/{group}",
    "groups/{group}?tab=environments",
    "apis/{group}/{api}",
    "apis/{group}/{api}/edit",
    "apis/{group}/{api}?tab=history",
    "apps/{app}",
    "{details[0]}",
    "{details[2]}",
    "{details[3]}",
    "{details[4]}",
]
# They show what needs no call, too.
WITHOUT_CALLS = {"about", "metrics"}
# A new thing is typed into at once; what is missing for it is told above.
NEW = {"apis/new", "debug"}
# Its form is the search itself.
SEARCHES = {"requests"}


def test_no_page_shows_an_empty_form_or_list_when_the_server_fails(console: Console, things: dict[str, Any]) -> None:
    silent, empty = [], []
    with answering(console, lambda route: route.fulfill(status=500, json=BROKEN)):
        for path in FAILING:
            if path in WITHOUT_CALLS:
                continue
            console.open(expand(path, things))
            if console.page.get_by_role("alert").first.is_visible() is False:
                try:
                    console.page.get_by_role("alert").first.wait_for(timeout=5_000)
                except Exception:
                    silent.append(path)
            is_new = path in NEW | SEARCHES or path.startswith("plugins/new")
            if not is_new and console.page.locator("main form").count() > 0:
                empty.append(path)
    assert (silent, empty) == ([], [])


def test_no_page_shows_an_empty_form_or_list_while_it_waits(console: Console, things: dict[str, Any]) -> None:
    found = []
    held: list[Route] = []
    with answering(console, lambda route: held.append(route)):
        for path in FAILING:
            # Nothing was asked for there: that is no empty answer.
            if path == "debug":
                continue
            console.page.goto(console.url + expand(path, things))
            console.page.locator("main").wait_for()
            is_new = path in NEW | SEARCHES or path.startswith("plugins/new")
            if not is_new and console.page.locator("main form").count() > 0:
                found.append(f"{path}: a form")
            text = console.page.locator("main").inner_text()
            found += [f"{path}: {key}" for key in console.texts if key.endswith(".empty") and console.t(key) in text]
    assert found == []


def test_another_person_signs_in_on_the_page_for_it(browser: Browser, owned: Running) -> None:
    console = Console(browser, owned)
    console.sign_in("alice")
    with answering(console, lambda route: route.fulfill(status=401, json=SIGNED_OUT)):
        console.go("nav.backends")
        again = console.page.get_by_role("dialog", name=console.t("sign.again"))
        again.get_by_role("button", name=console.t("sign.other")).click()
    expect(console.page.get_by_role("heading", name=console.t("sign.title"), level=1)).to_be_visible()
    console.close()
