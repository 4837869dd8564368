"""Every page of the console: no violation that axe finds, in both languages and themes; failures never an empty form."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest
from isthmus.client import Endpoint, call
from playwright.sync_api import Browser, Route, expect

from browsing import ROOT, Console, chromium
from running import Running

AXE = ROOT / "console" / "node_modules" / "axe-core" / "axe.min.js"
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

ORDERED = {"ChargeType": "POSTPAY", "PricingCycle": "Hour", "ZoneId": "z", "Token": "t"}


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
    client("SetDomain", GroupId=group, DomainName="shop.example.com")
    stage = client("DescribeApiGroup", GroupId=group)["StageItems"]["StageInfo"][0]["StageId"]
    client("CreateApiStageVariable", GroupId=group, StageId=stage, VariableName="Server", VariableValue="10.0.0.5:80")
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
    plugin = client(
        "CreatePlugin",
        PluginName="p",
        PluginType="accessControl",
        PluginData="rules: [{condition: 1 = 1, ifTrue: ALLOW}]",
    )["PluginId"]
    client("AttachPlugin", PluginId=plugin, GroupId=group, ApiId=api, StageName="RELEASE")
    client("CreateInstance", InstanceName="mine", InstanceSpec="api.s1.small", **ORDERED)
    acl = client("CreateAccessControlList", AclName="office")["AclId"]
    client("AddAccessControlListEntry", AclId=acl, AclEntrys=json.dumps([{"entry": "192.0.2.0/24", "comment": "x"}]))
    backend = client("CreateBackend", BackendName="orders", BackendType="HTTP")["BackendId"]
    leads = json.dumps({"ServiceAddress": "http://10.0.0.1"})
    client("CreateBackendModel", BackendId=backend, BackendType="HTTP", StageName="TEST", BackendModelData=leads)
    dataset = client("CreateDataset", DatasetName="blocked", DatasetType="JWT_BLOCKING")["DatasetId"]
    client("CreateDatasetItem", DatasetId=dataset, Value="v")
    made = {"group": group, "api": api, "app": app}
    details = (
        f"plugins/{plugin}",
        f"plugins/{plugin}?tab=bound",
        f"access-lists/{acl}",
        f"backends/{backend}",
        f"datasets/{dataset}",
    )
    return {**made, "details": details}


def management(gateway: Running) -> Any:
    ready = gateway.ready
    endpoint = Endpoint(ready["management"], ready["access_key_id"], ready["access_key_secret"])

    def send(name: str, **params: Any) -> dict[str, Any]:
        version = "2026-11-01" if name.endswith("User") else "2016-07-14"
        return call(endpoint, name, version, {key: str(value) for key, value in params.items()})

    return send


def picture_name(path: str) -> str:
    """Without the ids in it."""
    place, _, query = path.partition("?")
    parts = ["one" if len(part) > 20 or part.isdigit() else part for part in place.split("/")]
    return "-".join([*parts, *query.split("=")[1:]]) or "overview"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_axe_finds_nothing(
    browser: Browser, filled: Running, things: dict[str, Any], language: str, scheme: str
) -> None:
    console = Console(browser, filled, language, scheme)
    console.sign_in("alice")
    tabs = [f"groups/{things['group']}?tab={tab}" for tab in ("domains", "environments", "plugins")]
    details = [
        *things["details"],
        *tabs,
        f"groups/{things['group']}",
        f"apis/{things['group']}/{things['api']}",
        f"apps/{things['app']}",
    ]
    found = {}
    for path in [*PAGES, *details]:
        console.open(path)
        console.page.wait_for_load_state("networkidle")
        console.picture(f"{language}-{scheme}-{picture_name(path)}")
        console.page.evaluate(AXE.read_text(encoding="utf-8"))
        result = console.page.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']})")
        for one in result["violations"]:
            found[f"{path}: {one['id']}"] = [node["html"][:160] for node in one["nodes"]][:3]
    console.close()
    assert found == {}


def test_nothing_is_wider_than_a_telephone(browser: Browser, filled: Running, things: dict[str, Any]) -> None:
    console = Console(browser, filled)
    console.sign_in("alice")
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
    console.close()
    assert wide == []


def test_ten_thousand_rows_are_a_list_like_any_other(browser: Browser, filled: Running) -> None:
    console = Console(browser, filled)
    console.sign_in("alice")
    total = 10_000

    def answer(route: Route) -> None:
        sent = parse_qs(route.request.post_data or "")
        if sent.get("Action") != ["DescribeApis"]:
            route.continue_()
            return
        first = (int(sent["PageNumber"][0]) - 1) * 100
        rows = [{"ApiId": f"a{n}", "ApiName": f"api-{n}", "GroupId": "g"} for n in range(first, first + 100)]
        route.fulfill(json={"TotalCount": total, "ApiSummarys": {"ApiSummary": rows}})

    console.page.route(f"{filled.ready['management']}/", answer)
    console.page.goto(f"{console.url}apis")
    expect(console.page.get_by_text(console.t("common.rows", count=str(total)))).to_be_visible()
    expect(console.page.locator("tbody tr")).to_have_count(25)
    console.page.get_by_role("textbox", name=console.t("action.search")).fill("api-9876")
    expect(console.page.locator("tbody tr")).to_have_count(1)
    console.close()


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


def test_an_edit_is_shown_as_not_live_and_the_publish_dialog_says_what_changes(
    browser: Browser, filled: Running, things: dict[str, Any]
) -> None:
    owner = management(filled)
    request = {"RequestProtocol": "HTTP", "RequestHttpMethod": "GET", "RequestPath": "/d", "RequestMode": "PASSTHROUGH"}
    service = {"ServiceProtocol": "HTTP", "Mock": "TRUE", "MockResult": "m", "ServiceTimeout": 1000}
    sent = {
        "GroupId": things["group"],
        "ApiName": "drifting",
        "Visibility": "PRIVATE",
        "AuthType": "ANONYMOUS",
        "RequestConfig": json.dumps(request),
    }
    api = owner("CreateApi", **sent, ServiceConfig=json.dumps(service))["ApiId"]
    owner("DeployApi", GroupId=things["group"], ApiId=api, StageName="RELEASE", Description="d")
    console = Console(browser, filled)
    console.sign_in("alice")
    console.open(f"apis/{things['group']}/{api}")
    console.button("api.publish").first.click()
    expect(console.dialog().get_by_role("button", name=console.t("publish.nothing"))).to_be_disabled()
    console.page.keyboard.press("Escape")
    owner("ModifyApi", ApiId=api, **sent, ServiceConfig=json.dumps(service | {"MockResult": "other"}))
    console.page.reload()
    console.button("drift.see").click()
    dialog = console.dialog()
    expect(dialog.get_by_role("cell", name="ServiceConfig.MockResult")).to_be_visible()
    expect(dialog.get_by_role("cell", name="other", exact=True)).to_be_visible()
    console.picture("publish-difference")
    console.page.keyboard.press("Escape")
    # List and overview say the same.
    console.open("apis")
    expect(console.page.get_by_role("row", name="drifting").get_by_text("±1")).to_be_visible()
    console.open("")
    expect(console.page.get_by_role("row", name="drifting").get_by_text("±1")).to_be_visible()
    console.close()


def test_two_people_who_save_one_api_choose_what_to_keep(
    browser: Browser, filled: Running, things: dict[str, Any]
) -> None:
    owner = management(filled)
    described = owner("DescribeApi", ApiId=things["api"], GroupId=things["group"])
    console = Console(browser, filled)
    console.sign_in("alice")
    console.open(f"apis/{things['group']}/{things['api']}/edit")
    console.field("common.description").fill("mine")
    owner(
        "ModifyApi",
        ApiId=things["api"],
        GroupId=things["group"],
        ApiName="mocked-by-them",
        Visibility="PRIVATE",
        AuthType="ANONYMOUS",
        RequestConfig=json.dumps(described["RequestConfig"]),
        ServiceConfig=json.dumps(
            {"ServiceProtocol": "HTTP", "Mock": "TRUE", "MockResult": "m", "ServiceTimeout": 1000}
        ),
    )
    console.button("action.save").click()
    dialog = console.dialog()
    expect(dialog.get_by_text("mocked-by-them", exact=True)).to_be_visible()
    console.picture("conflict")
    dialog.get_by_role("button", name=console.t("conflict.take")).click()
    expect(console.field("api.name")).to_have_value("mocked-by-them")
    console.button("action.save").click()
    console.page.get_by_role("heading", name="mocked-by-them", level=1).wait_for()
    saved = owner("DescribeApi", ApiId=things["api"], GroupId=things["group"])
    assert (saved["ApiName"], saved["Description"]) == ("mocked-by-them", "mine")
    console.close()


def test_the_form_and_yaml_are_one_document(browser: Browser, filled: Running, things: dict[str, Any]) -> None:
    console = Console(browser, filled)
    console.sign_in("alice")
    console.open(f"apis/new?group={things['group']}")
    page = console.page
    console.field("api.name").fill("by-text")
    page.get_by_text(console.t("wizard.yaml"), exact=True).click()
    text = page.get_by_role("textbox", name=console.t("wizard.yaml"))
    expect(text).to_contain_text("ApiName: by-text")
    text.fill("ApiName: [")
    expect(page.get_by_role("alert")).to_contain_text(console.t("wizard.yamlProblem"))
    expect(console.button("wizard.create")).to_be_disabled()
    text.fill("ApiName: renamed\nAuthType: ANONYMOUS\nRequestConfig: {RequestPath: /y}")
    page.get_by_text(console.t("wizard.form"), exact=True).click()
    expect(console.field("api.name")).to_have_value("renamed")
    # A reload loses nothing.
    page.reload()
    page.get_by_role("button", name=console.t("wizard.restore")).click()
    expect(console.field("api.name")).to_have_value("renamed")
    console.close()


def test_the_audit_trail_shows_what_a_change_changed(browser: Browser, filled: Running, things: dict[str, Any]) -> None:
    console = Console(browser, filled)
    console.sign_in("alice")
    console.open("audit")
    console.field("audit.operation").fill("CreateApp")
    row = console.page.get_by_role("row", name="CreateApp").first
    row.get_by_role("button", name=console.t("action.show")).click()
    expect(console.dialog()).to_contain_text("caller")
    console.close()


def test_an_openapi_document_is_checked_and_becomes_drafts(
    browser: Browser, filled: Running, things: dict[str, Any]
) -> None:
    console = Console(browser, filled)
    console.sign_in("alice")
    console.open(f"groups/{things['group']}")
    console.button("import.title").click()
    dialog = console.dialog()
    document = {
        "swagger": "2.0",
        "info": {"title": "t", "version": "1"},
        "x-aliyun-apigateway-backend": {"type": "MOCK", "mockResult": "m"},
        "paths": {"/imported": {"get": {"operationId": "imported", "responses": {"200": {"description": "ok"}}}}},
    }
    dialog.get_by_role("textbox", name=console.t("import.title")).fill(json.dumps(document))
    expect(dialog.get_by_role("button", name=console.t("import.submit"))).to_be_disabled()
    dialog.get_by_role("button", name=console.t("import.check")).click()
    expect(dialog.get_by_role("cell", name="/imported")).to_be_visible()
    dialog.get_by_role("button", name=console.t("import.submit")).click()
    expect(dialog.get_by_text(console.t("import.done", good="1", failed="0"))).to_be_visible()
    dialog.get_by_role("button", name=console.t("action.close"), exact=True).last.click()
    expect(console.page.get_by_role("link", name="imported")).to_be_visible()
    console.close()


def test_an_app_code_is_replaced(browser: Browser, filled: Running, things: dict[str, Any]) -> None:
    console = Console(browser, filled)
    console.sign_in("alice")
    console.open(f"apps/{things['app']}")
    codes = console.page.get_by_text(console.t("app.codes"), exact=True).locator("xpath=following-sibling::*//code")
    expect(codes).to_have_count(1)
    console.button("app.addCode").click()
    expect(codes).to_have_count(2)
    console.button("action.delete").last.click()
    console.dialog().get_by_role("button", name=console.t("action.delete")).click()
    expect(codes).to_have_count(1)
    console.close()
