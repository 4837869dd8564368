"""Fixtures of the stories: a running gateway, a real nginx, a browser on the console."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

sys.path.insert(0, str(Path(__file__).parent))

from filling import fill  # noqa: E402

from browsing import Console, chromium  # noqa: E402
from running import DEADLINE, Nginx, Running, wait_for  # noqa: E402


@pytest.fixture(scope="session")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.fail("nginx is not installed: run requirements/system.sh")
    folder = tmp_path_factory.mktemp("nginx")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    temporary = "".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    page = "Welcome to nginx behind Isthmus"
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}} http {{ {temporary} access_log off;"
        f' server {{ listen 127.0.0.1:{port}; location = / {{ return 200 "{page}"; }}'
        f' location / {{ return 200 "other page $request_uri"; }} }} }}'
    )
    process = subprocess.Popen([program, "-e", f"{folder}/start.log", "-c", f"{folder}/nginx.conf"])

    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    try:
        wait_for(listens, "nginx")
        yield Nginx(port, page)
    finally:
        process.terminate()
        process.wait(DEADLINE)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running.start(tmp_path_factory.mktemp("gateway"))
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def owned(gateway: Running, browser: Browser) -> Running:
    """With its owner: alice."""
    console = Console(browser, gateway)
    console.set_up("alice")
    console.close()
    return gateway


@pytest.fixture
def console(browser: Browser, owned: Running) -> Iterator[Console]:
    """In English, signed in as the owner; it must log no error."""
    console = Console(browser, owned)
    console.sign_in("alice")
    yield console
    console.close()


@pytest.fixture(scope="module")
def things(owned: Running) -> dict[str, Any]:
    return fill(owned)
