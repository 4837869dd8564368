"""What is changed in the console, in a real browser: drift, two people at once, form and text, imports, credentials."""

from __future__ import annotations

import json
from typing import Any

from filling import management
from playwright.sync_api import expect

from browsing import Console
from running import Running


def test_an_edit_is_shown_as_not_live_and_the_publish_dialog_says_what_changes(
    console: Console, owned: Running, things: dict[str, Any]
) -> None:
    owner = management(owned)
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


def test_two_people_who_save_one_api_choose_what_to_keep(
    console: Console, owned: Running, things: dict[str, Any]
) -> None:
    owner = management(owned)
    described = owner("DescribeApi", ApiId=things["api"], GroupId=things["group"])
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


def test_the_form_and_yaml_are_one_document(console: Console, things: dict[str, Any]) -> None:
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


def test_the_audit_trail_shows_what_a_change_changed(console: Console) -> None:
    console.open("audit")
    console.field("audit.operation").fill("CreateApp")
    row = console.page.get_by_role("row", name="CreateApp").first
    row.get_by_role("button", name=console.t("action.show")).click()
    expect(console.dialog()).to_contain_text("caller")


def test_an_openapi_document_is_checked_and_becomes_drafts(console: Console, things: dict[str, Any]) -> None:
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


def test_an_app_code_is_replaced(console: Console, things: dict[str, Any]) -> None:
    console.open(f"apps/{things['app']}")
    codes = console.page.get_by_text(console.t("app.codes"), exact=True).locator("xpath=following-sibling::*//code")
    expect(codes).to_have_count(1)
    console.button("app.addCode").click()
    expect(codes).to_have_count(2)
    console.button("action.delete").last.click()
    console.dialog().get_by_role("button", name=console.t("action.delete")).click()
    expect(codes).to_have_count(1)
