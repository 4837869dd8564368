"""Plug-ins: their text kept as it came, what binds them, and their records in the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from isthmus.errors import ApiError
from isthmus.operations.plugin_text import read_definition

if TYPE_CHECKING:
    from conftest import Gateway

DENY = 'parameters:\n  app: "System:CaAppId"\nrules:\n  - condition: "$app = 7"\n    ifTrue: DENY\n'


def plugin(gateway: Gateway, name: str = "closed", data: str = DENY) -> str:
    made = gateway.call("CreatePlugin", plugin_name=name, plugin_type="accessControl", plugin_data=data)
    return str(made["plugin_id"])


@pytest.fixture
def world(gateway: Gateway) -> dict[str, str]:
    group_id = gateway.group()
    api_id = gateway.api(group_id)
    gateway.publish(api_id, group_id, "RELEASE", {})
    return {"group": group_id, "api": api_id}


def attach(gateway: Gateway, plugin_id: str, world: dict[str, str], **change: Any) -> None:
    given = {"plugin_id": plugin_id, "group_id": world["group"], "api_id": world["api"], "stage_name": "RELEASE"}
    gateway.call("AttachPlugin", **{**given, **change})


def test_the_text_is_shown_as_it_came_and_the_plan_has_what_it_says(gateway: Gateway) -> None:
    plugin_id = plugin(gateway)
    (shown,) = gateway.call("DescribePlugins", plugin_id=plugin_id)["plugins"]
    assert shown["plugin_data"] == DENY
    assert gateway.records()[f"plugin {plugin_id}"] == {
        "plugin_id": plugin_id,
        "name": "closed",
        "type": "accessControl",
        "definition": {
            "parameters": {"app": "System:CaAppId"},
            "rules": [{"condition": "$app = 7", "ifTrue": "DENY"}],
        },
    }


def test_json_is_accepted_and_changes_are_partial_and_at_once(gateway: Gateway) -> None:
    plugin_id = plugin(gateway, data='{"rules": [{"condition": "1 = 1", "ifTrue": "ALLOW"}]}')
    gateway.call("ModifyPlugin", plugin_id=plugin_id, description="other")
    gateway.call("ModifyPlugin", plugin_id=plugin_id, plugin_data=DENY)
    (shown,) = gateway.call("DescribePlugins", plugin_name="CLOS")["plugins"]
    assert (shown["description"], shown["plugin_data"]) == ("other", DENY)
    assert gateway.records()[f"plugin {plugin_id}"]["definition"]["rules"][0]["ifTrue"] == "DENY"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ("rules: [", "line 1"),
        ("- a", "must be a mapping"),
        ("rules: []", "must have at least one rule"),
        ("rules:\n  - condition: '$x = 1'\n    ifTrue: DENY", "rules[0].condition uses $x"),
        ("rules:\n  - condition: 'a b'\n    ifTrue: DENY", "rules[0].condition the expression"),
        ("rulez: []", "unknown field `rulez`"),
        ("a: &x [1]\nb: *x", "aliases"),
        ("a: 1\na: 2", "occurs twice"),
        ('{"x": "\\ud83d"}', "half of a character"),
        ("x: " + "y" * 60_000, "longer than"),
        ("[" * 5000, "nested too deeply"),
    ],
)
def test_a_wrong_text_is_refused_with_its_place_and_changes_nothing(gateway: Gateway, data: str, told: str) -> None:
    with pytest.raises(ApiError) as refused:
        plugin(gateway, data=data)
    assert refused.value.code == "InvalidPluginData"
    assert told in refused.value.message
    assert gateway.records() == {}


def test_a_character_in_two_escapes_is_one() -> None:
    definition, _ = read_definition("accessControl", '{"\\ud83d\\ude00": "a\\ud83d\\ude00b"}')
    assert definition == {"\U0001f600": "a\U0001f600b"}


def test_names_are_unique_and_types_are_known(gateway: Gateway) -> None:
    plugin(gateway)
    with pytest.raises(ApiError, match="already a plug-in closed"):
        plugin(gateway)
    with pytest.raises(ApiError, match="'nope' is not a type"):
        gateway.call("CreatePlugin", plugin_name="x", plugin_type="nope", plugin_data="a: 1")
    with pytest.raises(ApiError, match="no plug-in"):
        gateway.call("ModifyPlugin", plugin_id="nope")


def test_a_binding_is_listed_from_both_sides_and_in_the_plan(gateway: Gateway, world: dict[str, str]) -> None:
    plugin_id = plugin(gateway)
    attach(gateway, plugin_id, world, stage_name="release")
    key = f"plugin_binding api/{world['api']}/RELEASE/{plugin_id}"
    assert gateway.records()[key] == {
        "scope": "api",
        "target_id": world["api"],
        "stage": "RELEASE",
        "plugin_id": plugin_id,
    }
    given = {"group_id": world["group"], "api_id": world["api"], "stage_name": "RELEASE"}
    assert [one["plugin_id"] for one in gateway.call("DescribePluginsByApi", **given)["plugins"]] == [plugin_id]
    (api,) = gateway.call("DescribePluginApis", plugin_id=plugin_id)["api_summarys"]
    assert (api["api_id"], api["stage_name"], api["group_name"]) == (world["api"], "RELEASE", "demo_group")
    with pytest.raises(ApiError, match="detach it first"):
        gateway.call("DeletePlugin", plugin_id=plugin_id)
    gateway.call("DetachPlugin", plugin_id=plugin_id, **given)
    assert key not in gateway.records()
    gateway.call("DeletePlugin", plugin_id=plugin_id)
    assert f"plugin {plugin_id}" not in gateway.records()


def test_another_of_the_same_type_replaces_the_bound_one(gateway: Gateway, world: dict[str, str]) -> None:
    one, other = plugin(gateway), plugin(gateway, "other")
    attach(gateway, one, world)
    attach(gateway, other, world)
    bound = [key for key in gateway.records() if key.startswith("plugin_binding")]
    assert bound == [f"plugin_binding api/{world['api']}/RELEASE/{other}"]


def test_a_group_can_be_bound_and_takes_its_bindings_with_it(gateway: Gateway) -> None:
    group_id, plugin_id = gateway.group(), plugin(gateway)
    given = {"plugin_id": plugin_id, "group_id": group_id, "stage_name": "PRE"}
    gateway.call("AttachGroupPlugin", **given)
    assert f"plugin_binding group/{group_id}/PRE/{plugin_id}" in gateway.records()
    (group,) = gateway.call("DescribePluginGroups", plugin_id=plugin_id)["group_summarys"]
    assert (group["group_id"], group["stage_name"]) == (group_id, "PRE")
    found = gateway.call("DescribePluginsByGroup", group_id=group_id, stage_name="pre")["plugins"]
    assert [one["plugin_id"] for one in found] == [plugin_id]
    gateway.call("DeleteApiGroup", group_id=group_id)
    assert not [key for key in gateway.records() if key.startswith("plugin_binding")]
    gateway.call("DeletePlugin", plugin_id=plugin_id)


def test_an_api_must_have_been_published_to_the_stage(gateway: Gateway, world: dict[str, str]) -> None:
    with pytest.raises(ApiError) as refused:
        attach(gateway, plugin(gateway), world, stage_name="PRE")
    assert (refused.value.code, refused.value.status) == ("NotFoundDeployedApi", 404)


def test_every_type_is_described_with_its_schema(gateway: Gateway) -> None:
    names = [one["name"] for one in gateway.call("DescribePluginSchemas")["plugin_schemas"]]
    types = gateway.call("DescribePluginTypes")["plugin_types"]
    assert "accessControl" in names
    assert [one["plugin_type"] for one in types] == names
    assert all('"properties"' in one["schema"] for one in types)


def test_templates_of_a_type_can_be_saved_as_they_are(gateway: Gateway) -> None:
    found = gateway.call("DescribePluginTemplates", plugin_name="trafficControl")["templates"]
    assert [one["title"] for one in found] == ["trafficControl 1", "trafficControl 2"]
    for number, one in enumerate(found):
        given = {"plugin_name": f"limits_{number}", "plugin_type": "trafficControl"}
        gateway.call("CreatePlugin", plugin_data=one["sample"], **given)
    everything = gateway.call("DescribePluginTemplates")["templates"]
    types = {one["name"] for one in gateway.call("DescribePluginSchemas")["plugin_schemas"]}
    assert {one["document_id"].removeprefix("plugins/") for one in everything} == types
