"""The lines of `isthmus top`: engines, all traffic together, and who has most of it.

Called by `top.py` with the answers of operations, and by `status.py` for its one line of traffic. Pure: the same answers
are the same lines.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

# Keys that choose whose calls are shown.
KEYS = {"a": "api", "p": "app", "g": "group", "s": "stage", "i": "instance", "e": "node"}
_HINTS = "a API  p app  g group  s stage  i instance  e engine  q quit"


def screen(seen: dict[str, Any], by: str, width: int) -> list[str]:
    traffic = seen["Traffic"]
    seconds = seconds_of(traffic)
    engines = seen["Engines"]
    serving = sum(engine["State"] == "serving" for engine in engines)
    lines = [f"isthmus top  {traffic['EndTime']}  {serving} of {len(engines)} engines serve", traffic_line(traffic)]
    for engine in engines:
        told = f"engine {engine['Node']}  {engine['State']}  revision {engine['Revision']}  lag {engine.get('Lag', 0)}"
        lines.append(f"{told}  {engine.get('ConnectionsOpen', 0)} connections")
    title = {"node": "ENGINE"}.get(by, by.upper())
    head = f"{title:<{_room(width)}} {'REQ/S':>9} {'4XX':>7} {'5XX':>7} {'LATENCY':>9} {'P95':>9} {'BACKEND':>9} {'IN/S':>8} {'OUT/S':>8}"
    lines += ["", head]
    shares = traffic.get("Shares", [])
    lines += [_line(share, by, seconds, _room(width)) for share in shares] or ["nothing is called"]
    return [*lines, "", _HINTS]


def traffic_line(traffic: dict[str, Any]) -> str:
    """All of it in one line."""
    total: dict[str, int] = {}
    for point in traffic.get("Points", []):
        for name, value in point.items():
            if isinstance(value, int):
                total[name] = total.get(name, 0) + value
    seconds, calls = seconds_of(traffic), total.get("Calls", 0)
    if calls == 0:
        return f"no requests in the last {seconds:.0f} s"
    rates = f"{_number(calls / seconds)} requests/s"
    errors = f"4xx {_percent(total['Answers4xx'], calls)}  5xx {_percent(total['Answers5xx'], calls)}"
    return f"{rates} in the last {seconds:.0f} s  {errors}  {_latency(total, 'TotalUs', 'Calls')} on average"


def seconds_of(traffic: dict[str, Any]) -> float:
    """How long the answer's time is."""
    begin, end = (datetime.fromisoformat(traffic[name]) for name in ("StartTime", "EndTime"))
    return max(1.0, (end - begin).total_seconds())


def _line(share: dict[str, Any], by: str, seconds: float, room: int) -> str:
    calls = share["Calls"]
    numbers = (
        f"{_number(calls / seconds):>9} {_percent(share['Answers4xx'], calls):>7} {_percent(share['Answers5xx'], calls):>7} "
        f"{_latency(share, 'TotalUs', 'Calls'):>9} {_milliseconds(share.get('P95Us')):>9} "
        f"{_latency(share, 'BackendUs', 'BackendCalls'):>9} "
        f"{_number(share['BytesIn'] / seconds):>8} {_number(share['BytesOut'] / seconds):>8}"
    )
    return f"{_cut(_name(share, by), room):<{room}} {numbers}"


def _name(share: dict[str, Any], by: str) -> str:
    """What was refused before its API was known belongs to none."""
    if by == "api":
        name = share.get("ApiName") or share.get("ApiId")
        return f"{name}  {share.get('StageName', '')}  {share.get('GroupName', '')}".rstrip() if name else "(no API)"
    if by == "app":
        return f"{share.get('AppName', '')} ({share['AppId']})".strip()
    names = {"group": ("GroupName", "GroupId"), "stage": ("StageName",), "instance": ("InstanceId",), "node": ("Node",)}
    return next((str(share[name]) for name in names[by] if share.get(name)), "(none)")


def _room(width: int) -> int:
    return max(16, min(56, width - 74))


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: room - 1]}…"


def _percent(count: int, calls: int) -> str:
    return f"{100 * count / calls:.1f} %" if calls else "–"


def _latency(counts: dict[str, Any], us: str, calls: str) -> str:
    return f"{counts[us] / 1000 / counts[calls]:.1f} ms" if counts.get(calls) else "–"


def _milliseconds(us: int | None) -> str:
    return "–" if us is None else f"{us / 1000:.1f} ms"


def _number(value: float) -> str:
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.1f}{letter}"
    return f"{value:.1f}"
