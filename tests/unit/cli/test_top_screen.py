"""The lines of `isthmus top`, from the answers of operations."""

from __future__ import annotations

from typing import Any

import pytest
from isthmus.cli.top_screen import KEYS, screen, traffic_line

COUNTS = {
    "Calls": 90,
    "Answers4xx": 9,
    "Answers5xx": 0,
    "TotalUs": 180_000,
    "BackendCalls": 0,
    "BackendUs": 0,
    "P95Us": 4200,
}
BYTES = {"BytesIn": 0, "BytesOut": 135_000}


def seen(*shares: dict[str, Any], calls: bool = True) -> dict[str, Any]:
    times = {"StartTime": "2026-11-24T12:00:00Z", "EndTime": "2026-11-24T12:00:45Z"}
    points = [{"Time": "2026-11-24T12:00:00Z", **COUNTS, **BYTES}] if calls else []
    engine = {"Node": "e-1", "State": "serving", "Revision": 7, "Lag": 0, "ConnectionsOpen": 3}
    return {"Engines": [engine], "Traffic": {**times, "Points": points, "Shares": list(shares)}}


def test_all_traffic_and_each_share_have_rates_errors_and_latency() -> None:
    api = {"ApiName": "nginx-test", "StageName": "RELEASE", "GroupName": "demo", **COUNTS, **BYTES}
    lines = screen(seen(api), "api", 120)
    assert lines[0] == "isthmus top  2026-11-24T12:00:45Z  1 of 1 engines serve"
    assert lines[1] == "2.0 requests/s in the last 45 s  4xx 10.0 %  5xx 0.0 %  2.0 ms on average"
    assert lines[2] == "engine e-1  serving  revision 7  lag 0  3 connections"
    (line,) = (line for line in lines if line.startswith("nginx-test"))
    assert line.split() == [
        "nginx-test",
        "RELEASE",
        "demo",
        "2.0",
        "10.0",
        "%",
        "0.0",
        "%",
        "2.0",
        "ms",
        "4.2",
        "ms",
        "–",
        "0.0",
        "3.0k",
    ]


@pytest.mark.parametrize("width", [40, 80, 400])
def test_columns_stand_below_their_titles(width: int) -> None:
    lines = screen(seen({"ApiName": "a" * 200, "StageName": "TEST", **COUNTS, **BYTES}), "api", width)
    title, share = (line for line in lines if line.startswith(("API ", "aaa")))
    assert title.index("REQ/S") + len("REQ/S") == share.index("2.0 ") + len("2.0")


def test_what_has_no_name_and_what_is_not_called_is_said() -> None:
    assert any(line.startswith("(no API)") for line in screen(seen({"ApiId": "", **COUNTS, **BYTES}), "api", 100))
    for by in KEYS.values():
        assert "nothing is called" in screen(seen(calls=False), by, 100)
    assert traffic_line(seen(calls=False)["Traffic"]) == "no requests in the last 45 s"
