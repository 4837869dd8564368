"""Users of the console: the one-time link, signing in and out, roles, and what another site cannot do."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from isthmus.processes import state

from running import Running

PASSWORD = "correct horse battery"


class Browser:
    """Keeps cookies and the second token, as the console does."""

    def __init__(self, gateway: Running) -> None:
        self.client = httpx.Client(base_url=gateway.ready["management"], trust_env=False)
        self.csrf = ""

    def sign_in(self, user: str, password: str = PASSWORD) -> httpx.Response:
        answer = self.client.post("/console/session", json={"user": user, "password": password})
        if answer.status_code == 200:
            self.csrf = answer.json()["csrf"]
        return answer

    def call(self, action: str, version: str = "2016-07-14", **params: Any) -> httpx.Response:
        form = {"Action": action, "Version": version, **params}
        return self.client.post("/", data=form, headers={"x-isthmus-csrf": self.csrf})


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running.start(tmp_path_factory.mktemp("sign-in"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def owner(own: Running) -> Browser:
    link = state.setup_link(own.state, own.ready["console"])
    assert link is not None and link.startswith(own.ready["console"] + "welcome#")
    token = link.split("#")[1]
    browser = Browser(own)
    assert browser.client.get("/console/setup").json() == {"needed": True}
    weak = browser.client.post("/console/setup", json={"token": token, "user": "alice", "password": "short"})
    assert (weak.status_code, weak.json()["Code"]) == (400, "InvalidUser")
    wrong = browser.client.post("/console/setup", json={"token": "nope", "user": "alice", "password": PASSWORD})
    assert (wrong.status_code, wrong.json()["Code"]) == (403, "InvalidSetupLink")
    made = browser.client.post("/console/setup", json={"token": token, "user": "alice", "password": PASSWORD})
    assert made.status_code == 200 and made.json()["role"] == "owner"
    browser.csrf = made.json()["csrf"]
    again = browser.client.post("/console/setup", json={"token": token, "user": "eve", "password": PASSWORD})
    assert again.json()["Code"] == "InvalidSetupLink"
    return browser


def test_a_session_calls_operations_as_a_signature_does(owner: Browser) -> None:
    made = owner.call("CreateApiGroup", GroupName="by-console")
    assert made.status_code == 200 and made.json()["GroupName"] == "by-console"
    found = owner.call("DescribeApiGroups").json()["ApiGroupAttributes"]["ApiGroupAttribute"]
    assert [group["GroupName"] for group in found] == ["by-console"]
    cookie = owner.client.cookies.jar
    (session,) = [one for one in cookie if one.name == "isthmus_session"]
    assert session.has_nonstandard_attr("HttpOnly") and session.get_nonstandard_attr("SameSite") == "strict"


def test_without_the_second_token_nothing_is_done(owner: Browser) -> None:
    answer = owner.client.post("/", data={"Action": "DescribeApiGroups", "Version": "2016-07-14"})
    assert (answer.status_code, answer.json()["Code"]) == (403, "Forbidden.Csrf")
    form = owner.client.post("/console/session", data={"user": "alice", "password": PASSWORD})
    assert (form.status_code, form.json()["Code"]) == (400, "InvalidBody")


def test_roles_hold_for_users_and_the_last_owner_stays(own: Running, owner: Browser) -> None:
    isthmus = "2026-11-01"
    made = owner.call("CreateUser", isthmus, UserName="victor", Role="viewer", Password=PASSWORD)
    assert made.status_code == 200
    viewer = Browser(own)
    assert viewer.sign_in("victor").json()["role"] == "viewer"
    assert viewer.call("DescribeApiGroups").status_code == 200
    refused = viewer.call("CreateApiGroup", GroupName="nope")
    assert (refused.status_code, refused.json()["Code"]) == (403, "Forbidden.Role")
    assert "needs the role developer; user:victor is viewer" in refused.json()["Message"]
    assert viewer.call("DescribeUsers", isthmus).status_code == 403
    last = owner.call("ModifyUser", isthmus, UserName="alice", Role="viewer")
    assert last.json()["Code"] == "DependencyViolationOwner"
    owner.call("ModifyUser", isthmus, UserName="victor", Disabled="true")
    assert viewer.call("DescribeApiGroups").json()["Code"] == "SignedOut"
    assert viewer.sign_in("victor").status_code == 401


def test_users_of_any_role_change_their_own_password_and_nobody_elses(own: Running, owner: Browser) -> None:
    new = "another battery staple"
    made = {"UserName": "carol", "Password": PASSWORD, "Role": "caller"}
    assert owner.call("CreateUser", "2026-11-01", **made).status_code == 200
    carol = Browser(own)
    assert carol.sign_in("carol").status_code == 200

    def change(old: str, wanted: str) -> httpx.Response:
        return carol.call("ChangePassword", "2026-11-01", OldPassword=old, NewPassword=wanted)

    assert change("wrong horse battery", new).json()["Code"] == "InvalidOldPassword"
    assert change(PASSWORD, "short").json()["Code"] == "InvalidNewPassword"
    assert change(PASSWORD, PASSWORD).json()["Code"] == "InvalidNewPassword"
    assert change(PASSWORD, new).status_code == 200
    # It ends every session of hers, this one too.
    assert change(new, PASSWORD).json()["Code"] == "SignedOut"
    assert carol.sign_in("carol").status_code == 401
    assert carol.sign_in("carol", new).status_code == 200
    assert owner.call("DescribeRegions").status_code == 200
    events = owner.call("DescribeAuditEvents", "2026-11-01", Operation="ChangePassword", Actor="user:carol").json()
    outcomes = [event["Outcome"] for event in events["AuditEvents"]]
    assert outcomes == ["Success", "InvalidNewPassword", "InvalidNewPassword", "InvalidOldPassword"]
    assert not any(text in str(events) for text in (PASSWORD, new, "wrong horse battery"))
    assert owner.call("DeleteUser", "2026-11-01", UserName="carol").status_code == 200


def test_signing_out_ends_the_session(own: Running, owner: Browser) -> None:
    command = [sys.executable, "-m", "isthmus", "user", "create", "zoe", "--role", "developer"]
    made = subprocess.run([*command, "--password", PASSWORD, "--state", str(own.state)], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    browser = Browser(own)
    assert browser.sign_in("zoe").json()["role"] == "developer"
    token = browser.client.cookies["isthmus_session"]
    assert browser.client.delete("/console/session").status_code == 403
    assert browser.client.delete("/console/session", headers={"x-isthmus-csrf": browser.csrf}).status_code == 204
    browser.client.cookies.set("isthmus_session", token)
    assert browser.client.get("/console/session").status_code == 401
    assert browser.call("DescribeApiGroups").json()["Code"] == "SignedOut"


def test_a_browser_at_the_root_is_led_to_the_console(own: Running) -> None:
    answer = httpx.get(own.ready["management"] + "/", headers={"accept": "text/html"}, trust_env=False)
    assert (answer.status_code, answer.headers["location"]) == (307, "/console/")
    sdk = httpx.get(own.ready["management"] + "/", trust_env=False)
    assert sdk.json()["Code"] == "IncompleteSignature"


@pytest.mark.parametrize(
    "path", ["%00x", "a" * 5000, "..%2f..%2fsettings.py", "assets/%2e%2e/%2e%2e/process.py", "%ff"]
)
def test_no_path_of_the_console_leaves_its_folder_or_is_a_defect(own: Running, path: str) -> None:
    entry = httpx.get(own.ready["console"], trust_env=False)
    answer = httpx.get(own.ready["console"] + path, trust_env=False)
    assert (answer.status_code, answer.text) == (200, entry.text)


def test_signing_in_is_in_the_audit_trail_and_the_command_shows_it(own: Running, owner: Browser) -> None:
    visitor = Browser(own)
    visitor.sign_in("mallory", "wrong password")
    (failed,) = owner.call("DescribeAuditEvents", "2026-11-01", Actor="user:mallory").json()["AuditEvents"]
    assert (failed["Operation"], failed["Outcome"]) == ("SignIn", "WrongUserOrPassword")
    command = [sys.executable, "-m", "isthmus", "audit", "--state", str(own.state)]
    shown = subprocess.run(
        [*command, "--operation", "CreateApiGroup", "--outcome", "Success"], capture_output=True, text=True
    )
    assert shown.returncode == 0, shown.stderr
    head, *changes = shown.stdout.splitlines()
    assert "user:alice  console  127.0.0.1  CreateApiGroup  Success" in head
    assert any('Name: (none) → "by-console"' in line for line in changes)
    everything = subprocess.run([*command, "--json", "--limit", "1000"], capture_output=True, text=True)
    assert everything.returncode == 0 and "host:" in everything.stdout
    assert PASSWORD not in everything.stdout


def test_wrong_passwords_are_slowed_down_and_tell_nothing(own: Running, owner: Browser) -> None:
    owner.call("CreateUser", "2026-11-01", UserName="walter", Role="viewer", Password=PASSWORD)
    attacker = Browser(own)
    wrong = attacker.sign_in("walter", "wrong password")
    unknown = attacker.sign_in("nobody-at-all", "wrong password")
    assert (wrong.status_code, wrong.json()) == (unknown.status_code, unknown.json())
    codes = [attacker.sign_in("walter", "wrong password").status_code for _ in range(6)]
    assert codes[-1] == 429
    assert attacker.sign_in("walter").status_code == 429
