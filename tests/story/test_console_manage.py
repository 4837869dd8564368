"""What is managed beside APIs, in a real browser: domains with certificates, variables of stages, plug-ins of groups."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect
from test_own_domain import Authority

from browsing import Console
from running import Running
from walk import Walk

HOST = "shop.example.com"
MOCK = json.dumps({"ServiceProtocol": "HTTP", "Mock": "TRUE", "MockResult": "m", "ServiceTimeout": 1000})


pytestmark = pytest.mark.usefixtures("walk")


@pytest.fixture(scope="module")
def walk(owned: Running) -> Walk:
    walk = Walk(owned.client())
    walk.create_group()
    return walk


def confirm(console: Console, key: str = "action.confirm") -> None:
    console.dialog().get_by_role("button", name=console.t(key), exact=True).click()


def test_a_domain_is_bound_certified_and_unbound(console: Console) -> None:
    console.go("nav.domains")
    console.button("domain.bind").first.click()
    dialog = console.dialog()
    console.field("domain.name", dialog).fill("no host")
    console.choose("api.group", "nginx", dialog)
    dialog.get_by_text(console.t("domain.cname")).wait_for()
    confirm(console)
    expect(dialog.get_by_role("alert")).to_contain_text("is not a host name")
    console.field("domain.name", dialog).fill(HOST)
    console.field("domain.redirect", dialog).check()
    console.field("domain.websocket", dialog).check()
    confirm(console)
    row = console.page.get_by_role("row", name=f"{HOST} nginx-demo")
    expect(row).to_contain_text(console.t("domain.noCertificate"))
    expect(row.get_by_role("cell", name=console.t("common.yes"), exact=True)).to_have_count(2)

    row.get_by_role("button", name=console.t("domain.certificate"), exact=True).click()
    good, key = Authority().issue(HOST)
    foreign = Authority().issue("other.example.com")[1]
    console.field("domain.chain", dialog).fill(key)
    confirm(console, "domain.upload")
    expect(dialog.get_by_text(console.t("pem.isKey"))).to_be_visible()
    console.field("domain.chain", dialog).fill(good)
    console.field("domain.key", dialog).fill(foreign)
    confirm(console, "domain.upload")
    expect(dialog.get_by_role("alert").last).to_contain_text("CertificatePrivateKey")
    console.field("domain.key", dialog).fill(key)
    console.picture("dialog-certificate")
    confirm(console, "domain.upload")
    expect(row).to_contain_text(console.t("domain.days", count="29"))

    row.get_by_role("button", name=console.t("domain.unbind"), exact=True).click()
    confirm(console, "domain.unbind")
    expect(row).to_have_count(0)


def test_a_wildcard_keeps_what_is_not_edited(console: Console, walk: Walk) -> None:
    console.open(f"groups/{walk.group_id}?tab=domains")
    console.button("domain.bind").first.click()
    dialog = console.dialog()
    console.field("domain.name", dialog).fill("*.wild.example.com")
    console.choose("common.stage", console.t("stage.TEST"), dialog)
    console.field("domain.patterns", dialog).fill("{svc}.wild.example.com")
    confirm(console)
    row = console.page.get_by_role("row", name="*.wild.example.com")
    expect(row).to_contain_text("{svc}.wild.example.com")
    row.get_by_role("button", name=console.t("action.edit")).click()
    console.field("domain.redirect", dialog).check()
    confirm(console)
    expect(dialog).to_be_hidden()
    expect(row).to_contain_text(console.t("stage.TEST"))
    expect(row).to_contain_text("{svc}.wild.example.com")
    expect(row).to_contain_text(console.t("common.yes"))


def test_variables_of_a_stage_plain_and_routed(console: Console, walk: Walk) -> None:
    console.open(f"groups/{walk.group_id}?tab=environments")
    console.button("variable.create").first.click()
    dialog = console.dialog()
    expect(dialog).to_contain_text(console.t("variable.atOnce", stage=console.t("stage.RELEASE")))
    console.field("common.name", dialog).fill("Server")
    console.field("variable.value", dialog).fill("10.0.0.5:8080")
    confirm(console)
    expect(console.page.get_by_role("row", name="#Server#")).to_contain_text("10.0.0.5:8080")

    console.button("variable.create").first.click()
    console.field("common.name", dialog).fill("Unit")
    dialog.get_by_role("switch").check()
    console.field("variable.parameter", dialog).fill("unit")
    console.field("variable.condition", dialog).fill("1,2")
    console.field("variable.result", dialog).fill("first")
    console.button("variable.addRule").click()
    confirm(console)
    expect(dialog.get_by_text(console.t("error.required"))).to_be_visible()
    dialog.get_by_label(console.t("variable.condition")).last.fill("3")
    dialog.get_by_label(console.t("variable.result")).last.fill("second")
    console.picture("dialog-variable")
    confirm(console)
    row = console.page.get_by_role("row", name="#Unit#")
    for text in ("1,2", "first", "second"):
        expect(row).to_contain_text(text)
    # Another stage has its own.
    console.page.get_by_text(console.t("stage.TEST"), exact=True).click()
    expect(console.page.get_by_text(console.t("variable.empty", stage=console.t("stage.TEST")))).to_be_visible()
    console.page.get_by_text(console.t("stage.RELEASE"), exact=True).click()
    row.get_by_role("button", name=console.t("action.delete")).click()
    confirm(console, "action.delete")
    expect(row).to_have_count(0)


def test_a_dedicated_instance_admits_only_a_list(console: Console) -> None:
    console.go("nav.accessLists")
    console.button("access.create").first.click()
    console.field("common.name", console.dialog()).fill("office")
    confirm(console)
    console.page.get_by_role("link", name="office").click()
    console.button("access.add").first.click()
    console.field("access.entries", console.dialog()).fill("192.0.2.0/24 office\nnot-an-address")
    confirm(console)
    expect(console.dialog().get_by_role("alert")).to_contain_text("not-an-address")
    console.field("access.entries", console.dialog()).fill("192.0.2.0/24 office")
    confirm(console)
    expect(console.page.get_by_role("row", name="192.0.2.0/24")).to_contain_text("office")

    console.go("nav.dedicated")
    console.button("instance.create").first.click()
    console.field("common.name", console.dialog()).fill("mine")
    confirm(console, "action.create")
    console.page.get_by_role("heading", name="mine", level=2).wait_for()
    expect(console.page.get_by_text(console.t("access.open"))).to_be_visible()
    console.button("access.enable").click()
    console.choose("access.list", "office", console.dialog())
    confirm(console)
    expect(console.page.get_by_text(console.t("access.white"), exact=True)).to_be_visible()
    console.button("action.edit").click()
    console.choose("instance.policy", "HTTPS2_TLS1_3", console.dialog())
    confirm(console)
    expect(console.page.get_by_text("HTTPS2_TLS1_3")).to_be_visible()
    # A group can be made on it now.
    console.go("nav.groups")
    console.button("group.create").first.click()
    expect(console.field("group.instance", console.dialog())).to_have_value("api-shared-vpc-001")
    console.page.keyboard.press("Escape")
    console.go("nav.dedicated")
    console.button("access.disable").click()
    console.button("action.delete").click()
    confirm(console, "action.delete")
    expect(console.page.get_by_text(console.t("instance.noDedicated"))).to_be_visible()


def test_a_backend_leads_to_a_place_for_each_stage(console: Console) -> None:
    console.go("nav.backends")
    console.button("backend.create").first.click()
    console.field("common.name", console.dialog()).fill("orders")
    confirm(console)
    console.page.get_by_role("heading", name="orders", level=1).wait_for()
    console.button("backend.addModel").first.click()
    console.field("wizard.address", console.dialog()).fill("10.0.0.1")
    confirm(console)
    expect(console.dialog().get_by_text(console.t("wizard.addressProblem"))).to_be_visible()
    console.field("wizard.address", console.dialog()).fill("http://10.0.0.1:8080")
    confirm(console)
    row = console.page.get_by_role("row", name=console.t("stage.RELEASE"))
    expect(row).to_contain_text("http://10.0.0.1:8080")
    row.get_by_role("button", name=console.t("action.edit")).click()
    console.field("wizard.timeout", console.dialog()).fill("5000")
    confirm(console)
    expect(console.dialog()).to_be_hidden()
    expect(row).to_contain_text("http://10.0.0.1:8080")


def test_a_data_set_holds_values(console: Console) -> None:
    console.go("nav.datasets")
    console.button("dataset.create").first.click()
    console.field("common.name", console.dialog()).fill("blocked")
    confirm(console)
    console.page.get_by_role("link", name="blocked").click()
    console.button("dataset.add").first.click()
    console.field("variable.value", console.dialog()).fill("some-token-id")
    console.field("authorize.validity", console.dialog()).fill("tomorrow")
    confirm(console)
    expect(console.dialog().get_by_role("alert")).to_contain_text("ExpiredTime")
    console.field("authorize.validity", console.dialog()).fill("2030-01-31T00:00:00Z")
    confirm(console)
    row = console.page.get_by_role("row", name="some-token-id")
    expect(row).to_contain_text("2030")
    row.get_by_role("button", name=console.t("action.delete")).click()
    confirm(console, "action.delete")
    expect(row).to_have_count(0)


def test_an_environment_of_ones_own_is_in_every_select(console: Console, walk: Walk) -> None:
    walk.create_api(auth_type="ANONYMOUS", service_config=MOCK)
    console.go("nav.stages")
    console.button("stages.create").first.click()
    console.field("common.name", console.dialog()).fill("9")
    console.field("stages.alias", console.dialog()).fill("Acceptance")
    confirm(console)
    expect(console.dialog().get_by_text(console.t("stages.nameProblem"))).to_be_visible()
    console.field("common.name", console.dialog()).fill("uat")
    confirm(console)
    expect(console.page.get_by_role("row", name="UAT")).to_contain_text("Acceptance")
    # Those that every group has cannot be taken away.
    built_in = console.page.get_by_role("row", name="RELEASE")
    expect(built_in.get_by_role("button", name=console.t("action.delete"))).to_have_count(0)
    console.open(f"apis/{walk.group_id}/{walk.api_id}?publish=yes")
    dialog = console.dialog()
    dialog.get_by_role("radio", name="UAT (Acceptance)").click()
    console.field("publish.remarks", dialog).fill("to mine")
    confirm(console, "publish.submit")
    expect(dialog).to_be_hidden()
    expect(console.page.get_by_role("main").get_by_text("UAT", exact=True)).to_be_visible()
    console.open(f"debug?api={walk.api_id}&stage=UAT")
    expect(console.field("debug.path")).to_have_value("/nginx")
    console.button("debug.send").click()
    expect(console.page.get_by_test_id("status")).to_have_text("200")
    for page, label in (
        (f"apis/{walk.group_id}/{walk.api_id}?tab=plugins", "common.stage"),
        ("debug", "common.stage"),
    ):
        console.open(page)
        console.choose(label, "UAT (Acceptance)")


def test_a_model_is_written_and_checked(console: Console, walk: Walk) -> None:
    console.open(f"models?group={walk.group_id}")
    console.button("model.create").first.click()
    dialog = console.dialog()
    console.field("common.name", dialog).fill("Order")
    text = dialog.locator(".cm-content")
    text.fill('{"type": "array"}')
    expect(dialog.get_by_text(console.t("model.notObject"))).to_be_visible()
    text.fill('{"type": "object", "properties": {"id": {"type": "text"}}}')
    confirm(console)
    # What only a validator knows, the server tells.
    expect(dialog.get_by_role("alert")).to_contain_text("Schema.properties.id.type")
    text.fill('{"type": "object", "properties": {"id": {"type": "string"}}}')
    dialog.get_by_role("button", name=console.t("model.tidy")).click()
    expect(text).to_contain_text('  "properties"')
    confirm(console)
    row = console.page.get_by_role("row", name="Order")
    row.get_by_role("button", name=console.t("action.edit")).click()
    console.field("common.description", dialog).fill("what one buys")
    confirm(console)
    expect(row).to_contain_text("what one buys")
    expect(row).to_contain_text("/models/")
