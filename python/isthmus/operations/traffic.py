"""`DescribeTraffic`: everything that was counted about a time and a place in one answer, and who had how much of it.
Without a time it is about now: the running minute, with the one before while that is young.

The vendor's operations of `monitoring.py` show one measure of one place each; the console's charts, `isthmus top` and
`isthmus status` show several, so they read this. Numbers are counts, not averages: whoever reads two answers can subtract
them. Invariant: a point has the sum of its step, and steps without calls have no point.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isthmus import errors
from isthmus.errors import Problem
from isthmus.operations.call import Call
from isthmus.operations.fields import read_app_id
from isthmus.operations.monitoring import read_period
from isthmus.operations.times import utc_text
from isthmus.store import Transaction
from isthmus.store.apis import find_api
from isthmus.store.apps import find_apps
from isthmus.store.groups import find_groups
from isthmus.store.traffic import MINUTE, Counts, Point, api_points, app_points
from isthmus.store.traffic_shares import SHARES, Share, shares
from isthmus.store.traffic_tables import COUNTS

_MOST_SHARES = 100
_PERCENTILES = (50, 95, 99)
_LONGEST_STEP = 24 * 60 * 60
# A minute that has run less says little about now, in milliseconds.
_YOUNG = 30_000


def describe_traffic(call: Call, params: Any) -> Mapping[str, Any]:
    """Raises: ApiError."""
    since, until = _period(call, params)
    where = _where(params)
    by = (params.by or "").upper()
    most = params.page_size or 20
    step = params.step_seconds or 60
    problems = _problems(by, most, step, where)
    if problems:
        raise errors.invalid(problems)
    if "app_id" in where:
        points = app_points(call.transaction, since, until, where["app_id"])
    else:
        points = api_points(call.transaction, since, until, **where)
    answer: dict[str, Any] = {
        "points": [
            {"time": utc_text(point.at), "step_seconds": point.step // 1000, **_measures(point.counts)}
            for point in _wider(points, step * 1000)
        ],
        "start_time": utc_text(since),
        "end_time": utc_text(until),
    }
    if by:
        found = shares(call.transaction, since, until, by, where, most)
        answer["shares"] = _named(call.transaction, found)
    return answer


def _period(call: Call, params: Any) -> tuple[int, int]:
    if params.start_time or params.end_time:
        return read_period(params)
    now = call.transaction.now
    begin = now - now % MINUTE
    return (begin if now - begin >= _YOUNG else begin - MINUTE), now


def _where(params: Any) -> dict[str, Any]:
    wanted = {
        "api_id": params.api_id,
        "group_id": params.group_id,
        "instance_id": params.instance_id,
        "stage": params.stage_name.upper() if params.stage_name else None,
        "app_id": None if params.app_id is None else read_app_id("AppId", params.app_id),
    }
    return {name: value for name, value in wanted.items() if value not in (None, "")}


def _problems(by: str, most: int, step: int, where: Mapping[str, Any]) -> list[Problem]:
    problems = []
    if by and by not in SHARES:
        problems.append(Problem("By", f"must be one of {', '.join(SHARES)}."))
    if not 1 <= most <= _MOST_SHARES:
        problems.append(Problem("PageSize", f"must be from 1 to {_MOST_SHARES}."))
    if not 60 <= step <= _LONGEST_STEP or step % 60:
        problems.append(Problem("StepSeconds", f"must be a number of whole minutes, from 60 to {_LONGEST_STEP}."))
    if "app_id" in where and (len(where) > 1 or by not in ("", "APP", "NODE")):
        problems.append(Problem("AppId", "calls of an app are counted over all APIs: it goes with no other place."))
    elif by == "APP" and where:
        problems.append(Problem("By", "calls of apps are counted over all APIs: APP goes with no place."))
    return problems


def _wider(points: list[Point], step: int) -> list[Point]:
    """Points of steps that are as long at least; hours stay hours."""
    sums: dict[tuple[int, int], Counts] = {}
    for point in points:
        length = max(step, point.step)
        place = (point.at - point.at % length, length)
        sums[place] = sums[place].plus(point.counts) if place in sums else point.counts
    return [Point(at, length, counts) for (at, length), counts in sorted(sums.items())]


def _measures(counts: Counts) -> dict[str, int | None]:
    """Percentiles are as exact as the steps in which engines count durations."""
    shown = {name.replace("answers_", "answers"): getattr(counts, name) for name in COUNTS}
    percentiles = {f"p{share}_us": counts.quantile_us(share / 100) for share in _PERCENTILES}
    return {"calls": counts.calls, **shown, **percentiles}


def _named(transaction: Transaction, found: list[Share]) -> list[dict[str, Any]]:
    """With the names of what is still there."""
    places = [share.place for share in found]
    apps = find_apps(transaction, {place["app_id"] for place in places if "app_id" in place})
    apis = {place["api_id"]: find_api(transaction, place["api_id"]) for place in places if place.get("api_id")}
    owners = {api.group_id for api in apis.values() if api is not None}
    groups = find_groups(transaction, owners | {place["group_id"] for place in places if place.get("group_id")})
    rows = []
    for share in found:
        place = dict(share.place)
        api, app = apis.get(place.get("api_id", "")), apps.get(place.get("app_id", 0))
        if api is not None:
            place |= {"api_name": api.name, "group_id": api.group_id}
        if place.get("group_id") in groups:
            place["group_name"] = groups[place["group_id"]].name
        if app is not None:
            place["app_name"] = app.name
        if "stage" in place:
            place["stage_name"] = place.pop("stage")
        rows.append({**place, **_measures(share.counts)})
    return rows
