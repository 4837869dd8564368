"""Two people change the same thing: the second one chooses, field by field, and nobody's change is lost unseen."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from filling import management
from playwright.sync_api import expect

from browsing import Console
from running import Running

Client = Callable[..., dict[str, Any]]


@dataclass
class Shared:
    """`typed` is what one writes while `other` saves something else; `stored` reads both back."""

    path: str
    row: str | None
    typed: tuple[str, str]
    other: Callable[[Client, dict[str, Any]], Any]
    stored: Callable[[Client, dict[str, Any]], tuple[Any, Any]]
    save: str = "action.confirm"


def group(client: Client, things: dict[str, Any]) -> tuple[Any, Any]:
    found = client("DescribeApiGroup", GroupId=things["group"])
    return found["Description"], found["BasePath"]


def access(client: Client, things: dict[str, Any]) -> tuple[Any, Any]:
    (found,) = client("DescribeVpcAccesses", Name="a")["VpcAccessAttributes"]["VpcAccessAttribute"]
    return found["VpcTargetHostName"], found["Port"]


def plugin(client: Client, things: dict[str, Any]) -> tuple[Any, Any]:
    (found,) = client("DescribePlugins", PluginId=things["details"][0].partition("/")[2])["Plugins"]["PluginAttribute"]
    return found["Description"], found["PluginName"]


def model(client: Client, things: dict[str, Any]) -> tuple[Any, Any]:
    (found,) = client("DescribeModels", GroupId=things["group"])["ModelDetails"]["ModelDetail"]
    return found["Description"], json.loads(found["Schema"])


def stage(client: Client, things: dict[str, Any]) -> tuple[Any, Any]:
    (found,) = client("DescribeStageModels", StageName="UAT")["StageModelInfoList"]
    return found["Description"], found["StageAlias"]


def stage_id(client: Client) -> str:
    (found,) = client("DescribeStageModels", StageName="UAT")["StageModelInfoList"]
    return str(found["StageModelId"])


def variable(client: Client, things: dict[str, Any]) -> tuple[Any, Any]:
    items = client("DescribeApiStage", **variable_place(client, things))["Variables"]["VariableItem"]
    (route,) = [one["StageRouteModel"] for one in items if one["VariableName"] == "Unit"]
    return route["ServiceParameterName"], [rule["ResultValue"] for rule in route["RouteRules"]["RouteRuleItem"]]


def variable_place(client: Client, things: dict[str, Any]) -> dict[str, Any]:
    stages = client("DescribeApiGroup", GroupId=things["group"])["StageItems"]["StageInfo"]
    return {"GroupId": things["group"], "StageId": stages[0]["StageId"]}


def route_variable(client: Client, things: dict[str, Any], result: str = "theirs") -> None:
    rules = [{"ConditionValue": "1", "ResultValue": result}]
    route = {"ServiceParameterName": "unit", "Location": "QUERY", "ParameterType": "String", "RouteRules": rules}
    sent = {"VariableName": "Unit", "SupportRoute": True, "StageRouteModel": json.dumps(route)}
    client("CreateApiStageVariable", **variable_place(client, things), **sent)


def network(client: Client, things: dict[str, Any]) -> tuple[Any, Any]:
    networks = client("DescribeNetworks")["Networks"]["Network"]
    (found,) = [one for one in networks if one["NetworkId"] == "vpc-shared"]
    return found.get("Name"), found["Cidrs"]


def domain(client: Client, things: dict[str, Any]) -> tuple[Any, Any]:
    (found,) = [one for one in client("DescribeBoundDomains")["Domains"] if one["DomainName"].startswith("*")]
    return "".join(json.loads(found.get("WildcardDomainPatterns") or "[]")), found["IsHttpRedirectToHttps"]


def place(client: Client, things: dict[str, Any]) -> tuple[Any, Any]:
    found = place_model(client, things)
    return found.get("Description"), found["BackendConfig"]["ServiceAddress"]


def place_model(client: Client, things: dict[str, Any]) -> dict[str, Any]:
    backend = things["details"][3].partition("/")[2]
    models = client("DescribeBackendInfo", BackendId=backend)["BackendInfo"]["BackendModels"]
    return {"BackendId": backend, **models[0]}


def move_place(client: Client, things: dict[str, Any]) -> None:
    found = place_model(client, things)
    ids = {name: found[name] for name in ("BackendId", "BackendModelId")}
    leads = json.dumps({"ServiceAddress": "http://10.0.0.9"})
    client("ModifyBackendModel", **ids, BackendType="HTTP", BackendModelData=leads)


@pytest.fixture(scope="module")
def things(owned: Running, things: dict[str, Any]) -> dict[str, Any]:
    """With a network, a domain for any host below it, and a variable that a parameter decides about."""
    client = management(owned)
    route_variable(client, things, "one")
    client("CreateNetwork", NetworkId="vpc-shared", Attachment='{"mode": "host"}', Cidrs="10.1.0.0/24")
    client("SetDomain", GroupId=things["group"], DomainName="*.wild.example.com")
    return things


SHARED = {
    "group": Shared(
        "groups/{group}",
        None,
        ("common.description", "mine"),
        lambda client, things: client("ModifyApiGroup", GroupId=things["group"], BasePath="/theirs"),
        group,
    ),
    "access": Shared(
        "vpcs",
        "a",
        ("vpc.host", "mine"),
        lambda client, things: client("ModifyVpcAccessAndUpdateApis", Name="a", Port=81),
        access,
    ),
    "plug-in": Shared(
        "{details[0]}",
        None,
        ("common.description", "mine"),
        lambda client, things: client(
            "ModifyPlugin", PluginId=things["details"][0].partition("/")[2], PluginName="theirs"
        ),
        plugin,
        "action.save",
    ),
    "model": Shared(
        "models?group={group}",
        "Order",
        ("common.description", "mine"),
        lambda client, things: client(
            "ModifyModel", GroupId=things["group"], ModelName="Order", Schema='{"type": "object", "title": "t"}'
        ),
        model,
    ),
    "environment": Shared(
        "stages",
        "UAT",
        ("common.description", "mine"),
        lambda client, things: client("ModifyStageModel", StageModelId=stage_id(client), StageAlias="Theirs"),
        stage,
    ),
    "variable": Shared(
        "groups/{group}?tab=environments", "#Unit#", ("variable.parameter", "mine"), route_variable, variable
    ),
    "network": Shared(
        "networks",
        "vpc-shared",
        ("common.name", "mine"),
        lambda client, things: client("ModifyNetwork", NetworkId="vpc-shared", Cidrs="10.2.0.0/24"),
        network,
    ),
    "domain": Shared(
        "domains",
        "*.wild.example.com",
        ("domain.patterns", "{a}.wild.example.com"),
        lambda client, things: client(
            "SetDomain", GroupId=things["group"], DomainName="*.wild.example.com", IsHttpRedirectToHttps=True
        ),
        domain,
    ),
    "backend model": Shared("{details[3]}", "http://10.0.0.1", ("common.description", "mine"), move_place, place),
}
THEIRS = {
    "group": "/theirs",
    "access": 81,
    "plug-in": "theirs",
    "model": {"type": "object", "title": "t"},
    "environment": "Theirs",
    "variable": ["theirs"],
    "network": ["10.2.0.0/24"],
    "domain": True,
    "backend model": "http://10.0.0.9",
}


@pytest.mark.parametrize("name", SHARED)
def test_a_save_over_somebody_elses_shows_both_and_keeps_what_is_chosen(
    console: Console, owned: Running, things: dict[str, Any], name: str
) -> None:
    shared, client = SHARED[name], management(owned)
    console.open(shared.path.format(**things))
    within = console.page.locator("body")
    if shared.save == "action.confirm":
        around = console.page.get_by_role("row", name=shared.row) if shared.row else console.page.locator("main")
        around.get_by_role("button", name=console.t("action.edit"), exact=True).first.click()
        within = console.dialog()
    field, text = shared.typed
    console.field(field, within).fill(text)
    shared.other(client, things)
    within.get_by_role("button", name=console.t(shared.save), exact=True).click()
    expect(within.get_by_text(console.t("conflict.title"))).to_be_visible()
    # Nothing is saved yet: theirs stands.
    assert shared.stored(client, things)[1] == THEIRS[name]
    assert shared.stored(client, things)[0] != text
    console.picture(f"conflict-{name.replace(' ', '-')}")
    within.get_by_role("button", name=console.t("conflict.take")).click()
    expect(console.field(field, within)).to_have_value(text)
    within.get_by_role("button", name=console.t(shared.save), exact=True).click()
    if shared.save == "action.confirm":
        expect(console.dialog()).to_be_hidden()
    else:
        expect(console.page.get_by_text(console.t("plugin.saved", name="theirs"))).to_be_visible()
    assert shared.stored(client, things) == (text, THEIRS[name])
