"""A gateway that was built without the console's pages says so, and what drives it instead."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from isthmus.control import console
from isthmus.settings import Address, Settings
from starlette.applications import Starlette


async def read(folder: Path, path: str) -> httpx.Response:
    routes = console.console_page(Settings(state=folder), Address("127.0.0.1", 7080), lambda: ["192.0.2.7"])
    transport = httpx.ASGITransport(app=Starlette(routes=routes))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        return await client.get(path)


@pytest.mark.parametrize("path", ["/console/", "/console/apis", "/console/assets/index.js"])
def test_a_console_that_was_not_built_is_a_page_that_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(console, "STATIC", tmp_path / "absent")
    answer = asyncio.run(read(tmp_path, path))
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    for told in ("built without the graphical console", "make build", "http://127.0.0.1:7080", "192.0.2.7"):
        assert told in answer.text
    # It needs nothing from anywhere, and runs no program.
    assert "<script" not in answer.text and "src=" not in answer.text


def test_a_console_that_was_built_is_its_entry_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "index.html").write_text("<div id=root></div>")
    monkeypatch.setattr(console, "STATIC", tmp_path)
    assert asyncio.run(read(tmp_path, "/console/apis")).text == "<div id=root></div>"
