"""Every page of the console: on a telephone, with none, some and ten thousand rows, without the gateway; failures never an empty form."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import pytest
from filling import management
from playwright.sync_api import Browser, Route, expect

from browsing import Console
from running import Running

PAGES = [
    "",
    "groups",
    "apis",
    "apis/new",
    "plugins",
    "plugins/new?type=jwtAuth",
    "plugins/new?type=routing",
    "vpcs",
    "domains",
    "stages",
    "models",
    "backends",
    "datasets",
    "apps",
    "debug",
    "instances",
    "dedicated",
    "access-lists",
    "networks",
    "metrics",
    "requests",
    "users",
    "audit",
    "about",
]


def picture_name(path: str) -> str:
    """Without the ids in it."""
    place, _, query = path.partition("?")
    parts = ["one" if len(part) > 20 or part.isdigit() else part for part in place.split("/")]
    return "-".join([*parts, *query.split("=")[1:]]) or "overview"


def test_nothing_is_wider_than_a_telephone(console: Console, things: dict[str, Any]) -> None:
    console.page.set_viewport_size({"width": 360, "height": 740})
    wide = []
    for path in [
        *PAGES,
        f"groups/{things['group']}",
        f"apis/{things['group']}/{things['api']}",
        f"apps/{things['app']}",
    ]:
        console.open(path)
        console.page.wait_for_load_state("networkidle")
        console.picture(f"narrow-{picture_name(path)}")
        if console.page.evaluate("document.documentElement.scrollWidth") > 360:
            wide.append(path)
    assert wide == []


def rows(console: Console, total: int) -> None:
    """As if there were so many APIs."""

    def answer(route: Route) -> None:
        sent = parse_qs(route.request.post_data or "")
        if sent.get("Action") != ["DescribeApis"]:
            route.continue_()
            return
        first = (int(sent["PageNumber"][0]) - 1) * 100
        found = [
            {
                "ApiId": f"a{n}",
                "ApiName": f"api-{n}",
                "GroupId": "g",
                "GroupName": "shop",
                "ApiMethod": "GET",
                "ApiPath": f"/things/{n}",
                "ModifiedTime": "2026-11-24T10:00:00Z",
                "DeployedInfos": {"DeployedInfo": [{"StageName": "RELEASE", "DeployedStatus": "DEPLOYED"}]},
            }
            for n in range(first, min(total, first + 100))
        ]
        route.fulfill(json={"TotalCount": total, "ApiSummarys": {"ApiSummary": found}})

    console.page.route(f"{console.gateway.ready['management']}/", answer)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_list_of_none_of_three_and_of_ten_thousand(browser: Browser, owned: Running, scheme: str) -> None:
    for total in (0, 3, 10_000):
        console = Console(browser, owned, scheme=scheme)
        console.sign_in("alice")
        rows(console, total)
        console.open("apis")
        if total == 0:
            expect(console.page.get_by_text(console.t("api.empty"))).to_be_visible()
        else:
            expect(console.page.get_by_text(console.t("common.rows", count=str(total)))).to_be_visible()
            expect(console.page.locator("tbody tr")).to_have_count(min(total, 25))
        console.picture(f"rows-{total}-{scheme}")
        console.close()


def test_a_long_list_is_sorted_searched_and_exported(console: Console) -> None:
    rows(console, 10_000)
    page = console.page
    console.open("apis")
    # The first page is there before the last has come.
    expect(page.get_by_role("row", name="api-24 ")).to_be_visible()
    expect(page.get_by_text(console.t("common.rows", count="10000"))).to_be_visible()
    page.get_by_role("button", name=console.t("api.name"), exact=True).click()
    page.get_by_role("button", name=console.t("api.name"), exact=True).click()
    expect(page.locator("tbody tr").first).to_contain_text("api-9999")
    page.get_by_role("button", name=console.t("table.page", page="2")).click()
    expect(page.locator("tbody tr").first).to_contain_text("api-9974")
    assert "page=2" in page.url and "sort=-" in page.url
    # A link shows the same to somebody else, and Back goes a step back.
    page.reload()
    expect(page.locator("tbody tr").first).to_contain_text("api-9974")
    page.go_back()
    expect(page.locator("tbody tr").first).to_contain_text("api-9999")
    page.get_by_role("textbox", name=console.t("action.search")).fill("api-9876")
    expect(page.locator("tbody tr")).to_have_count(1)
    with page.expect_download() as download:
        page.get_by_role("button", name=console.t("table.export")).click()
    lines = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].split(",")[:2] == [console.t("api.name"), console.t("api.group")]
    assert lines[1:] == ["api-9876,shop,GET /things/9876,RELEASE,2026-11-24T10:00:00Z"]
    page.get_by_role("button", name=console.t("table.columns")).click()
    page.get_by_role("checkbox", name=console.t("api.group")).uncheck()
    expect(page.get_by_role("columnheader", name=console.t("api.group"))).to_have_count(0)
    page.reload()
    expect(page.get_by_role("columnheader", name=console.t("api.name"))).to_be_visible()
    expect(page.get_by_role("columnheader", name=console.t("api.group"))).to_have_count(0)


def test_a_list_shows_the_apis_of_an_environment_and_a_link_shows_the_same(console: Console) -> None:
    rows(console, 30)
    page = console.page
    console.open("apis")
    expect(page.get_by_text(console.t("common.rows", count="30"))).to_be_visible()
    page.get_by_role("combobox", name=console.t("api.stages")).click()
    page.get_by_role("option", name=console.t("stage.RELEASE")).click()
    expect(page.get_by_text(console.t("common.rows", count="30"))).to_be_visible()
    assert "stage=RELEASE" in page.url
    page.get_by_role("combobox", name=console.t("api.stages")).click()
    page.get_by_role("option", name=console.t("api.notPublished")).click()
    expect(page.get_by_text(console.t("api.noMatch"))).to_be_visible()
    page.reload()
    expect(page.get_by_text(console.t("api.noMatch"))).to_be_visible()
    page.get_by_role("button", name=console.t("api.showAll")).click()
    expect(page.get_by_text(console.t("common.rows", count="30"))).to_be_visible()
    # None of them was changed since.
    page.get_by_role("checkbox", name=console.t("api.onlyDrift")).click()
    expect(page.get_by_text(console.t("api.noMatch"))).to_be_visible()
    page.go_back()
    expect(page.get_by_text(console.t("common.rows", count="30"))).to_be_visible()


def test_ten_thousand_rows_answer_to_a_key_at_once(console: Console) -> None:
    rows(console, 10_000)
    page = console.page
    console.open("apis")
    expect(page.get_by_text(console.t("common.rows", count="10000"))).to_be_visible()
    search = page.get_by_role("textbox", name=console.t("action.search"))
    search.focus()
    page.evaluate(
        """() => {
          window.longest = 0;
          let before = performance.now();
          const frame = (now) => {
            window.longest = Math.max(window.longest, now - before);
            before = now;
            requestAnimationFrame(frame);
          };
          requestAnimationFrame(frame);
        }"""
    )
    page.keyboard.type("api-98")
    expect(page.get_by_text(console.t("common.rows", count="111"))).to_be_visible()
    # On a machine that does other things, too; a page that freezes takes seconds.
    assert page.evaluate("window.longest") < 1500


def test_a_gateway_that_is_gone_shows_an_error_and_keeps_what_was_typed(console: Console) -> None:
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


def test_a_page_whose_api_is_gone_shows_the_reason_and_no_form(console: Console, things: dict[str, Any]) -> None:
    console.open(f"apis/{things['group']}/{'0' * 32}/edit")
    expect(console.page.get_by_role("alert")).to_contain_text("NotFoundApi")
    expect(console.page.locator("form")).to_have_count(0)


def test_a_group_is_made_with_the_keyboard_alone(console: Console) -> None:
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


def test_a_viewer_is_told_which_role_is_needed(browser: Browser, owned: Running) -> None:
    owner = management(owned)
    owner("CreateUser", UserName="victor", Role="viewer", Password="correct horse battery")
    console = Console(browser, owned)
    console.sign_in("victor")
    console.open("groups")
    console.button("group.create").first.click()
    console.field("group.name", console.dialog()).fill("not-mine")
    console.dialog().get_by_role("button", name=console.t("action.confirm")).click()
    expect(console.dialog().get_by_role("alert")).to_contain_text("needs the role developer")
    console.close()
