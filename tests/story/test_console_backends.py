"""Backends in a real browser: several targets, every kind of a definition, and saving without an edit changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from filling import management
from playwright.sync_api import expect

from browsing import ROOT, Console
from running import Running

CASES = ("http_mapping", "function_http", "mock", "constants_and_system", "two_way")
FULL: dict[str, Any] = {
    "RequestConfig": {
        "RequestProtocol": "HTTP",
        "RequestHttpMethod": "POST",
        "RequestPath": "/full/[id]",
        "RequestMode": "MAPPING",
        "BodyFormat": "FORM",
        "PostBodyDescription": "kept",
    },
    "ServiceConfig": {
        "ServiceProtocol": "HTTP",
        "ServiceVpcEnable": "TRUE",
        "ServicePath": "/[uid]",
        "ServiceHttpMethod": "POST",
        "ServiceTimeout": 1234,
        "VpcConfig": {"Name": "later", "VpcScheme": "HTTPS", "VpcTargetHostName": "shop.internal"},
        "MockHeaders": [{"HeaderName": "a", "HeaderValue": "b"}],
        "FunctionComputeConfig": {"TriggerUrl": "https://t.example.com"},
    },
    # The order in which they were sent is not that of the request.
    "RequestParameters": [
        {"ApiParameterName": "q", "Location": "Query", "ParameterType": "STRING", "Required": "TRUE", "MaxLength": 9},
        {"ApiParameterName": "id", "Location": "PATH", "ParameterType": "Long", "Required": "REQUIRED"},
    ],
    "ServiceParameters": [
        {"ServiceParameterName": "uid", "Location": "PATH", "ParameterType": "NUMBER"},
        {"ServiceParameterName": "again", "Location": "HEAD", "ParameterType": "STRING"},
        {"ServiceParameterName": "qq", "Location": "Query", "ParameterType": "STRING"},
    ],
    "ServiceParametersMap": [
        {"ServiceParameterName": "uid", "RequestParameterName": "id"},
        {"ServiceParameterName": "qq", "RequestParameterName": "q"},
        {"ServiceParameterName": "again", "RequestParameterName": "id"},
    ],
    "ErrorCodeSamples": [{"Code": "1", "Message": "m", "Description": "d", "Model": "x"}],
    "ResultDescriptions": [{"Id": "1", "Pid": "0", "HasChild": True, "Key": "k", "Name": "n"}],
}


def drafts() -> dict[str, dict[str, Any]]:
    folder: Path = ROOT / "tests" / "publish"
    found = {name: json.loads((folder / f"{name}.case").read_text().partition("\n---\n")[0]) for name in CASES}
    return {**found, "full": FULL}


@pytest.fixture(scope="module")
def made(owned: Running) -> dict[str, tuple[str, str]]:
    """Group and API of each draft."""
    client = management(owned)
    found = {}
    for name, draft in drafts().items():
        group = client("CreateApiGroup", GroupName=f"group_{name}")["GroupId"]
        texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in draft.items()}
        found[name] = (
            group,
            client("CreateApi", GroupId=group, Visibility="PRIVATE", ApiName="demo_api", **texts)["ApiId"],
        )
    return found


def shown(owned: Running, place: tuple[str, str]) -> dict[str, Any]:
    answer = management(owned)("DescribeApi", GroupId=place[0], ApiId=place[1])
    varying = ("RequestId", "ModifiedTime", "DraftRevision")
    return {name: value for name, value in answer.items() if name not in varying}


def test_opening_every_step_and_saving_changes_nothing(
    console: Console, owned: Running, made: dict[str, tuple[str, str]]
) -> None:
    for name, place in made.items():
        before = shown(owned, place)
        for step in (2, 3, 4):
            console.open(f"apis/{place[0]}/{place[1]}/edit?step={step}")
            console.picture(f"wizard-{name}-{step}")
        console.button("action.save").click()
        console.page.get_by_role("tab", name=console.t("api.definition")).wait_for()
        assert shown(owned, place) == before, name


def test_back_goes_to_the_step_before_and_keeps_what_was_typed(
    console: Console, made: dict[str, tuple[str, str]]
) -> None:
    group, api = made["http_mapping"]
    console.open(f"apis/{group}/{api}/edit")
    console.field("common.description").fill("typed")
    console.button("action.next").click()
    console.button("action.next").click()
    expect(console.field("wizard.backendPath")).to_be_visible()
    assert console.page.url.endswith("/edit?step=3")
    region = console.page.locator("header").get_by_title(console.t("top.region")).inner_text()
    assert f"/console/r/{region}/apis/" in console.page.url
    console.page.go_back()
    expect(console.field("wizard.path")).to_be_visible()
    console.page.go_back()
    expect(console.field("common.description")).to_have_value("typed")


def test_a_function_is_made_with_inputs(console: Console, owned: Running, made: dict[str, tuple[str, str]]) -> None:
    group, api = made["mock"]
    console.open(f"apis/{group}/{api}/edit?step=3")
    console.choose("wizard.backendType", console.t("wizard.backendType.FUNCTION"))
    console.choose("kind.functionType", console.t("kind.functionHttp"))
    console.button("action.save").click()
    expect(console.page.get_by_role("alert")).to_contain_text(console.t("kind.baseUrl"))
    console.field("kind.baseUrl").fill("https://f.example.com")
    page = console.page
    page.get_by_role("button", name=f"{console.t('action.add')}: {console.t('kind.constants')}").click()
    row = console.t("kind.constants")
    page.get_by_label(f"{row}: {console.t('wizard.backendName')} 1").fill("x-team")
    page.get_by_label(f"{row}: {console.t('variable.value')} 1").fill("shop")
    console.picture("wizard-function")
    console.button("action.save").click()
    page.get_by_role("tab", name=console.t("api.definition")).wait_for()
    saved = shown(owned, (group, api))
    assert saved["ServiceConfig"]["FunctionComputeConfig"]["FcBaseUrl"] == "https://f.example.com"
    (constant,) = saved["ConstantParameters"]["ConstantParameter"]
    assert (constant["ServiceParameterName"], constant["ConstantValue"], constant["Location"]) == (
        "x-team",
        "shop",
        "HEAD",
    )


def test_an_access_gets_more_targets_and_a_health_check(console: Console, owned: Running) -> None:
    client = management(owned)
    client("SetVpcAccess", Name="web", VpcId="vpc-x", InstanceId="127.0.0.1", Port="80", VpcTargetHostName="kept")

    def access() -> dict[str, Any]:
        (found,) = client("DescribeVpcAccesses", Name="web")["VpcAccessAttributes"]["VpcAccessAttribute"]
        return dict(found)

    before = access()
    console.open("vpcs")
    row = console.page.get_by_role("row", name="web")
    dialog = console.dialog()
    row.get_by_role("button", name=console.t("action.edit")).click()
    dialog.get_by_role("button", name=console.t("action.confirm")).click()
    expect(dialog).to_be_hidden()
    assert access() == before
    row.get_by_role("button", name=console.t("action.edit")).click()
    title = console.t("targets.title")
    dialog.get_by_role("button", name=f"{console.t('action.add')}: {title}").click()
    dialog.get_by_label(f"{title}: {console.t('vpc.target')} 1").fill("169.254.169.254")
    dialog.get_by_label(f"{title}: {console.t('targets.weight')} 1").fill("3")
    console.choose("targets.balance", console.t("targets.HEADER"), dialog)
    console.field("targets.header", dialog).fill("x-user")
    dialog.get_by_role("switch").check()
    console.field("health.status", dialog).fill("200-299")
    dialog.get_by_role("button", name=console.t("action.confirm")).click()
    # What is wrong with one target is told, and nothing that was typed is lost.
    expect(dialog.get_by_role("alert")).to_contain_text("Targets[0].InstanceId")
    dialog.get_by_label(f"{title}: {console.t('vpc.target')} 1").fill("127.0.0.2")
    console.picture("dialog-access")
    dialog.get_by_role("button", name=console.t("action.confirm")).click()
    expect(row).to_contain_text(console.t("targets.more", count="1"))
    after = access()
    assert after["Targets"] == [{"InstanceId": "127.0.0.2", "Weight": 3}]
    assert (after["Balance"], after["BalanceHeader"], after["VpcTargetHostName"]) == ("HEADER", "x-user", "kept")
    assert after["HealthCheck"]["Status"] == "200-299"


def test_a_backend_is_found_by_a_registry(console: Console) -> None:
    console.go("nav.backends")
    console.button("backend.create").first.click()
    dialog = console.dialog()
    console.field("common.name", dialog).fill("found-by-dns")
    console.choose("wizard.type", "DISCOVERY", dialog)
    dialog.get_by_role("button", name=console.t("action.confirm")).click()
    console.button("backend.addModel").first.click()
    console.field("discovery.name", dialog).fill("orders.internal")
    console.picture("dialog-discovery")
    dialog.get_by_role("button", name=console.t("action.confirm")).click()
    row = console.page.get_by_role("row", name=console.t("stage.RELEASE"))
    expect(row).to_contain_text("DNS orders.internal:80")
    row.get_by_role("button", name=console.t("action.edit")).click()
    console.choose("discovery.registry", "NACOS", dialog)
    console.field("discovery.server", dialog).fill("nacos.internal:8848")
    dialog.get_by_role("button", name=console.t("action.confirm")).click()
    expect(dialog.get_by_role("alert")).to_contain_text("ServiceName")
    console.field("discovery.service", dialog).fill("orders")
    dialog.get_by_role("button", name=console.t("action.confirm")).click()
    expect(row).to_contain_text("NACOS orders")
