"""Calls that the console shows as code run as they are, and one's own password is changed, in a real browser."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from browsing import PASSWORD, Console
from running import DEADLINE, Nginx, Running
from walk import Walk

# File and command of each language's snippet.
PROGRAMS = {
    "curl": ("call.sh", ["sh"]),
    "Python": ("call.py", [sys.executable]),
    "Node.js": ("call.js", ["node"]),
    "Java": ("Call.java", ["java"]),
    "Go": ("call.go", ["go", "run"]),
}


pytestmark = pytest.mark.usefixtures("walk")


@pytest.fixture(scope="module")
def walk(owned: Running, nginx: Nginx) -> Walk:
    return Walk.played(owned.client(), "vpc-here", nginx.port)


def run(code: str, language: str, gateway: Running, walk: Walk, folder: Path) -> str:
    name, command = PROGRAMS[language]
    program = shutil.which(command[0])
    if program is None:
        pytest.skip(f"{command[0]} is not installed")
    (folder / name).write_text(code)
    environment = {
        **os.environ,
        "GATEWAY": gateway.ready["http"],
        "APP_CODE": walk.app_code,
        "APP_KEY": walk.app_key,
        "APP_SECRET": walk.app_secret,
        "no_proxy": "*",
    }
    done = subprocess.run(
        [program, *command[1:], folder / name], env=environment, capture_output=True, text=True, timeout=4 * DEADLINE
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("authentication", ["debug.auth.appcode", "debug.auth.signature"])
def test_the_code_of_a_call_runs(
    console: Console, gateway: Running, walk: Walk, nginx: Nginx, authentication: str, tmp_path: Path
) -> None:
    console.open(f"debug?api={walk.api_id}")
    expect(console.field("debug.path")).to_have_value("/nginx")
    console.field("debug.path").fill("/nginx?b=2&a=1 x&empty=")
    console.field("debug.headers").fill('X-Own: it\'s "quoted"')
    console.choose("debug.auth", console.t(authentication))
    console.button("debug.send").click()
    expect(console.page.get_by_test_id("status")).to_have_text("200")
    console.page.get_by_role("tab", name=console.t("debug.snippets")).click()
    panel = console.page.get_by_role("tabpanel")
    answers = {}
    for language in PROGRAMS:
        panel.get_by_text(language, exact=True).click()
        answers[language] = run(panel.locator("pre").inner_text(), language, gateway, walk, tmp_path)
    console.picture(f"debug-{authentication}")
    assert [language for language, answer in answers.items() if nginx.page not in answer] == [], answers


def test_a_token_is_sent_in_its_header(console: Console, walk: Walk) -> None:
    console.open(f"debug?api={walk.api_id}")
    expect(console.field("debug.path")).to_have_value("/nginx")
    console.choose("debug.auth", console.t("debug.auth.jwt"))
    console.field("debug.token").fill("aaa.bbb.ccc")
    console.button("debug.send").click()
    console.page.get_by_role("tab", name=console.t("debug.sent")).click()
    expect(console.page.get_by_role("tabpanel")).to_contain_text("authorization: Bearer aaa.bbb.ccc")


def test_a_body_of_512_kilobytes_goes_and_one_more_byte_does_not(console: Console, walk: Walk) -> None:
    console.open(f"debug?api={walk.api_id}")
    expect(console.field("debug.path")).to_have_value("/nginx")
    console.choose("debug.method", "POST")
    body = console.field("debug.body")
    body.fill("x" * (512 * 1024 + 1))
    expect(console.page.get_by_text(console.t("debug.bodyTooLarge"))).to_be_visible(timeout=20_000)
    body.fill("x" * (512 * 1024))
    console.button("debug.send").click()
    expect(console.page.get_by_test_id("status")).to_be_visible()


def test_the_api_is_shown_as_calls_of_other_tools(console: Console, walk: Walk) -> None:
    console.open(f"apis/{walk.group_id}/{walk.api_id}")
    console.button("show.as").click()
    drawer = console.dialog()
    expect(drawer.locator("pre")).to_contain_text("aliyun cloudapi CreateApi")
    drawer.get_by_text("Python", exact=True).click()
    expect(drawer.locator("pre")).to_contain_text("models.CreateApiRequest(")
    console.picture("show-as")
    console.open(f"groups/{walk.group_id}")
    console.button("show.as").click()
    drawer.get_by_text("Terraform", exact=True).click()
    expect(drawer.locator("pre")).to_contain_text('resource "alicloud_api_gateway_group"')


def test_a_draft_is_tried_out_before_it_is_published(console: Console, owned: Running) -> None:
    drafted = Walk(owned.client(), "-draft")
    drafted.create_group()
    service = json.dumps({"ServiceProtocol": "HTTP", "Mock": "TRUE", "MockResult": "only a draft"})
    drafted.create_api(auth_type="ANONYMOUS", service_config=service)
    console.open(f"apis/{drafted.group_id}/{drafted.api_id}")
    console.page.get_by_role("main").get_by_role("link", name=console.t("api.debug"), exact=True).click()
    # What runs nowhere is tried as a draft.
    expect(console.page.get_by_role("switch")).to_be_checked()
    expect(console.field("debug.path")).to_have_value("/nginx")
    console.button("debug.send").click()
    expect(console.page.get_by_test_id("status")).to_have_text("200")
    expect(console.page.get_by_text("only a draft")).to_be_visible()
    console.picture("debug-draft")
    console.page.locator("label", has_text=console.t("debug.draft")).first.click()
    console.button("debug.send").click()
    expect(console.page.get_by_role("alert").first).to_contain_text("I404NF")


def test_ones_own_password_is_changed(browser: Browser, gateway: Running, walk: Walk) -> None:
    console = Console(browser, gateway)
    console.sign_in("alice")
    console.page.get_by_role("button", name=console.t("top.account")).click()
    console.page.get_by_role("menuitem", name=console.t("password.title")).click()
    dialog = console.dialog()
    fields = dialog.locator("input")
    for index, text in enumerate(["wrong", "another horse battery", "another horse battery"]):
        fields.nth(index).fill(text)
    dialog.get_by_role("button", name=console.t("action.confirm")).click()
    expect(dialog.get_by_role("alert")).to_contain_text("OldPassword")
    fields.nth(0).fill(PASSWORD)
    dialog.get_by_role("button", name=console.t("action.confirm")).click()
    console.heading("sign.title").wait_for()
    console.field("sign.user").fill("alice")
    console.page.locator("input[type=password]").fill("another horse battery")
    console.button("sign.submit").click()
    console.heading("overview.title").wait_for()
    console.close()
