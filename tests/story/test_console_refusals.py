"""Every refusal that an engine can answer with, on the debug page: the layer, the reason, and a way to the form that mends it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from urllib.parse import parse_qs

from isthmus.operations.explanations import EXPLANATIONS
from playwright.sync_api import Route, expect

from browsing import Console

# What one sees where the button leads; the others are mended on the debug page itself, or in a file of the operator.
LEADS_TO = {
    "api": "/apis/{group}/{api}/edit",
    "api.publish": "/apis/{group}/{api}?publish=yes",
    "api.authorize": "/apis/{group}/{api}?tab=authorization",
    "api.plugins": "/apis/{group}/{api}?tab=plugins",
    "app": "/apps/{app}",
    "group": "/groups/{group}",
    "domains": "/groups/{group}?tab=domains",
    "vpc": "/vpcs",
    "plugins": "/plugins",
}
MENDED_HERE = {"request", "log"}


def test_each_refusal_names_layer_reason_and_fix_and_its_link_leads_to_the_form(
    console: Console, things: dict[str, Any]
) -> None:
    page = console.page
    refusing: list[str] = []

    def answer(route: Route) -> None:
        if parse_qs(route.request.post_data or "").get("Action") != ["DebugApi"]:
            route.continue_()
            return
        code = refusing[-1]
        one = EXPLANATIONS[code]
        refusal = {"Code": code, "Message": f"says {code}", "Layer": one.layer, "Title": one.title, "Fix": one.fix}
        shown = {"Status": 403, "Headers": [], "Body": "", "Sent": "GET / HTTP/1.1\r\n\r\n", "AnsweredBy": "gateway"}
        route.fulfill(json={**shown, "Refusal": {**refusal, "Link": one.link}})

    page.route(f"{console.gateway.ready['management']}/", answer)
    console.open(f"debug?api={things['api']}")
    expect(console.field("debug.path")).to_have_value("/x")
    first = defaultdict(list)
    for code, one in EXPLANATIONS.items():
        first[one.link].append(code)
        refusing.append(code)
        console.button("debug.send").click()
        alert = page.get_by_role("alert").filter(has_text=f"{code} ·")
        expect(alert).to_contain_text(one.title)
        expect(alert).to_contain_text(one.fix)
        expect(alert).to_contain_text(f"says {code}")
        expect(alert).to_contain_text(f"{console.t('debug.layer')}: {one.layer}")
        expect(alert.get_by_role("link")).to_have_count(0 if one.link in MENDED_HERE else 1)
    assert set(first) == set(LEADS_TO) | MENDED_HERE
    for link, place in LEADS_TO.items():
        console.open(f"debug?api={things['api']}")
        expect(console.field("debug.path")).to_have_value("/x")
        if link == "app":
            console.choose("debug.auth", console.t("debug.auth.appcode"))
        refusing.append(first[link][0])
        console.button("debug.send").click()
        page.get_by_role("alert").get_by_role("link").click()
        page.locator("h1").first.wait_for()
        page.wait_for_url(f"**{place.format(**things)}")
        form = page.locator(":is(form, table, [role=tabpanel], [role=dialog]):visible")
        expect(form.first).to_be_visible()
