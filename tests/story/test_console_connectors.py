"""Letting a remote connector in, seeing it and revoking it, in a real browser; axe finds nothing on the way."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from browsing import ROOT, Console, chromium
from running import DEADLINE, Running

AXE = ROOT / "console" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def gateway(browser: Browser) -> Iterator[Running]:
    # The path of a socket is short.
    with tempfile.TemporaryDirectory(prefix="isthmus-gw-") as folder:
        Path(folder).chmod(0o755)
        running = Running.start(Path(folder), "--hub", "127.0.0.1:0")
        console = Console(browser, running)
        console.set_up("alice")
        console.close()
        yield running
        running.stop()


def join(command: str, folder: Path) -> subprocess.Popen[bytes]:
    """Runs what the console shows, as another user would have to: with its own directory and list."""
    said, _, verb = command.removeprefix("echo ").partition(" | ")
    words = verb.replace("/var/lib/isthmus-connector", str(folder)).replace("IP:PORT", "10.9.9.9:80").split()
    assert words[0] == "isthmus"
    child = subprocess.Popen([sys.executable, "-m", *words], stdin=subprocess.PIPE)
    assert child.stdin is not None
    child.stdin.write(said.encode())
    child.stdin.close()
    return child


def assert_accessible(console: Console) -> None:
    console.page.evaluate(AXE.read_text(encoding="utf-8"))
    found = console.page.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']})")
    assert [one["id"] for one in found["violations"]] == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_connector_is_let_in_seen_and_revoked(browser: Browser, gateway: Running, language: str) -> None:
    console = Console(browser, gateway, language)
    console.sign_in("alice")
    network = f"vpc-{language}"
    console.go("nav.networks")
    console.button("network.create").first.click()
    console.field("common.id", console.dialog()).fill(network)
    console.dialog().get_by_role("button", name=console.t("action.confirm")).click()
    expect(console.page.get_by_role("row", name=network)).to_contain_text(f"{network}.sock")

    console.button("connector.create").first.click()
    console.choose("connector.network", network, console.dialog())
    console.dialog().get_by_role("button", name=console.t("connector.show"), exact=True).click()
    command = console.dialog().get_by_test_id("connect-command")
    expect(command).to_contain_text("--token-file -")
    assert_accessible(console)
    console.picture(f"{language}-connector-command")
    child = join(command.inner_text().strip(), gateway.state.parent / network)
    try:
        console.dialog().get_by_role("button", name=console.t("action.close"), exact=True).last.click()
        row = console.page.get_by_role("row", name="connector c-").filter(has_text=network)
        expect(row).to_contain_text(console.t("connector.state.CONNECTED"), timeout=DEADLINE * 1000)
        assert_accessible(console)
        console.picture(f"{language}-connectors")
        row.get_by_role("button", name=console.t("connector.revoke"), exact=True).click()
        console.dialog().get_by_role("button", name=console.t("connector.revoke"), exact=True).click()
        expect(row).to_contain_text(console.t("connector.state.REVOKED"))
    finally:
        child.terminate()
        child.wait(DEADLINE)
        console.close()
