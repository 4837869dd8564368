"""Plug-ins in a real browser: a form from the type's schema beside the text, and where a plug-in acts."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from alibabacloud_cloudapi20160714 import models
from playwright.sync_api import expect

from browsing import Console
from running import Running
from walk import Walk

MOCK = json.dumps({"ServiceProtocol": "HTTP", "Mock": "TRUE", "MockResult": "m", "ServiceTimeout": 1000})
COMMENTED = """# kept by hand
rules:
  # in this order
  - condition: 1 = 1
    ifTrue: ALLOW # for now
"""


pytestmark = pytest.mark.usefixtures("walk")


@pytest.fixture(scope="module")
def walk(owned: Running) -> Walk:
    walk = Walk(owned.client())
    walk.create_group()
    walk.create_api(auth_type="ANONYMOUS", service_config=MOCK)
    walk.publish()
    return walk


def confirm(console: Console, key: str) -> None:
    console.dialog().get_by_role("button", name=console.t(key), exact=True).click()


def stored(walk: Walk, name: str) -> Any:
    found = walk.client.describe_plugins(models.DescribePluginsRequest(plugin_name=name)).body.plugins.plugin_attribute
    return found[0]


def test_a_plug_in_is_made_with_inputs_and_bound(console: Console, walk: Walk) -> None:
    console.go("nav.plugins")
    console.page.get_by_role("link", name=console.t("plugin.create")).first.click()
    console.heading("plugin.create").wait_for()
    console.field("plugin.name").fill("office-only")
    console.choose("plugin.type", "ipControl")
    expect(console.page.get_by_text(console.t("plugin.incomplete"))).to_be_visible()
    console.page.get_by_label(re.compile(r"^type( \*)?$")).first.click()
    console.page.get_by_role("option", name="ALLOW").click()
    console.page.get_by_role("button", name=console.t("plugin.add", name="items")).click()
    blocks = console.page.get_by_label("blocks").first
    blocks.fill("127.0.0.0/8")
    blocks.press("Enter")
    expect(console.page.locator(".cm-content")).to_contain_text("127.0.0.0/8")
    expect(console.page.get_by_text(console.t("plugin.incomplete"))).to_have_count(0)
    console.picture("plugin-form")
    console.button("action.create").click()
    console.page.get_by_text(console.t("plugin.boundNowhere")).wait_for()
    made = yaml.safe_load(stored(walk, "office-only").plugin_data)
    assert made == {"type": "ALLOW", "items": [{"blocks": ["127.0.0.0/8"]}]}

    console.button("plugin.bind").first.click()
    dialog = console.dialog()
    console.field("nav.apis", dialog).click()
    console.page.get_by_role("option", name="nginx-test").click()
    dialog.get_by_text(console.t("plugin.oneOfType")).click()
    confirm(console, "plugin.bind")
    expect(console.page.get_by_role("row", name="nginx-test")).to_contain_text(console.t("stage.RELEASE"))
    console.button("plugin.bind").first.click()
    dialog.get_by_label(console.t("plugin.wholeGroup")).check()
    console.choose("api.group", "nginx-demo", dialog)
    console.choose("common.stage", console.t("stage.TEST"), dialog)
    confirm(console, "plugin.bind")
    group = console.page.get_by_role("row", name=console.t("plugin.wholeGroup"))
    expect(group).to_contain_text(console.t("stage.TEST"))
    console.picture("plugin-bound")
    group.get_by_role("button", name=console.t("plugin.detach")).click()
    confirm(console, "plugin.detach")
    expect(group).to_have_count(0)
    console.open(f"apis/{walk.group_id}/{walk.api_id}?tab=plugins")
    expect(console.page.get_by_role("cell", name="office-only")).to_be_visible()


def test_what_is_typed_as_text_is_in_the_inputs_and_comments_stay(console: Console, walk: Walk) -> None:
    request = models.CreatePluginRequest(plugin_name="by-hand", plugin_type="accessControl", plugin_data=COMMENTED)
    plugin_id = walk.client.create_plugin(request).body.plugin_id
    console.open(f"plugins/{plugin_id}")
    expect(console.page.get_by_label("condition").first).to_have_value("1 = 1")
    # Saved without an edit, it is what it was.
    console.button("action.save").click()
    expect(console.page.get_by_text(console.t("plugin.saved", name="by-hand"))).to_be_visible()
    assert stored(walk, "by-hand").plugin_data == COMMENTED
    console.page.get_by_label("condition").first.fill("2 = 2")
    expect(console.page.locator(".cm-content")).to_contain_text("2 = 2")
    console.button("action.save").click()
    expect(console.page.get_by_text(console.t("plugin.saved", name="by-hand")).last).to_be_visible()
    console.page.reload()
    expect(console.page.get_by_label("condition").first).to_have_value("2 = 2")
    assert stored(walk, "by-hand").plugin_data == COMMENTED.replace("1 = 1", "2 = 2")
    # A text that cannot be read takes the inputs away, and says why.
    console.page.locator(".cm-content").fill("rules: [")
    expect(console.page.get_by_text(console.t("wizard.yamlProblem"))).to_be_visible()
    expect(console.page.get_by_label("condition")).to_have_count(0)
    console.button("action.save").click()
    expect(console.page.get_by_role("main").get_by_role("alert")).to_be_visible()
