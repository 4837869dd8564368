"""Every refusal that an engine can answer with, on the debug page: the layer, the reason, and a way to the form that mends it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs

import pytest
from isthmus.operations.explanations import EXPLANATIONS
from playwright.sync_api import Route, expect

from browsing import Console

REQUEST_ID = "0b9a2f7e-0000-4000-8000-000000000001"
# Where the button leads, and what of the form one sees there; the text of a label, or a key of the console's texts.
LEADS_TO = {
    "api": ("/apis/{group}/{api}/edit", "api.name"),
    "api.request": ("/apis/{group}/{api}/edit?step=2", "wizard.path"),
    "api.backend": ("/apis/{group}/{api}/edit?step=3", "wizard.backendType"),
    "api.publish": ("/apis/{group}/{api}?publish=yes", "publish.remarks"),
    "api.authorize": ("/apis/{group}/{api}?tab=authorization", "api.authorize"),
    "api.plugins": ("/apis/{group}/{api}?tab=plugins", "plugin.bind"),
    "app": ("/apps/{app}", "app.credentials"),
    "group": ("/groups/{group}", "action.edit"),
    "variables": ("/groups/{group}?tab=environments", "variable.create"),
    "domains": ("/groups/{group}?tab=domains", "domain.bind"),
    "instance": ("/instances", "instance.egress"),
    "vpc": ("/vpcs", "vpc.create"),
    "plugins": ("/plugins", "plugin.create"),
    "log": (f"/requests?id={REQUEST_ID}", "requests.why"),
}
# What is wrong in the request itself is changed on the debug page, in one of these.
INPUTS = {"debug.path", "debug.auth", "debug.headers", "debug.body"}


@pytest.fixture
def refusing(console: Console, things: dict[str, Any]) -> list[str]:
    """The debug page, where each call is refused with the code that is last in the list."""
    codes: list[str] = []

    def answer(route: Route) -> None:
        if parse_qs(route.request.post_data or "").get("Action") != ["DebugApi"]:
            route.continue_()
            return
        one = EXPLANATIONS[codes[-1]]
        refusal = {"Code": codes[-1], "Message": f"says {codes[-1]}", "Layer": one.layer, "Title": one.title}
        shown = {"Status": 403, "Headers": [], "Body": "", "Sent": "GET / HTTP/1.1\r\n\r\n", "AnsweredBy": "gateway"}
        told = {"GatewayRequestId": REQUEST_ID, "Refusal": {**refusal, "Fix": one.fix, "Link": one.link}}
        route.fulfill(json={**shown, **told})

    console.page.route(f"{console.gateway.ready['management']}/", answer)
    start(console, things)
    return codes


def start(console: Console, things: dict[str, Any]) -> None:
    console.open(f"debug?api={things['api']}")
    expect(console.field("debug.path")).to_have_value("/x")
    console.choose("debug.auth", console.t("debug.auth.appcode"))


def test_each_refusal_names_layer_reason_and_fix_and_leads_to_the_form(
    console: Console, things: dict[str, Any], refusing: list[str]
) -> None:
    page = console.page
    change = re.compile("^" + re.escape(console.t("debug.change", field="")))
    for code, one in EXPLANATIONS.items():
        refusing.append(code)
        console.button("debug.send").click()
        alert = page.get_by_role("alert").filter(has_text=f"{code} ·")
        for text in (one.title, one.fix, f"says {code}", f"{console.t('debug.layer')}: {one.layer}"):
            expect(alert).to_contain_text(text)
        if one.link == "request":
            alert.get_by_role("button", name=change).click()
            focused = page.evaluate("document.activeElement.labels[0].textContent")
            assert focused in {console.t(key) for key in INPUTS}, code
        else:
            place = LEADS_TO[one.link][0].format(**things)
            expect(alert.get_by_role("link")).to_have_attribute("href", re.compile(re.escape(place) + "$"))


def test_where_a_refusal_leads_there_is_the_form(console: Console, things: dict[str, Any], refusing: list[str]) -> None:
    page = console.page
    first: dict[str, str] = {}
    for code, one in EXPLANATIONS.items():
        first.setdefault(one.link, code)
    assert set(first) == {*LEADS_TO, "request"}
    for link, (place, there) in LEADS_TO.items():
        start(console, things)
        refusing.append(first[link])
        console.button("debug.send").click()
        page.get_by_role("alert").get_by_role("link").click()
        page.wait_for_url(f"**{place.format(**things)}")
        shown = page.get_by_label(console.t(there)).or_(page.get_by_text(console.t(there), exact=True))
        expect(shown.first).to_be_visible()
