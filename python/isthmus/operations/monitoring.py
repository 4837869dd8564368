"""Monitoring: calls, traffic, latency and errors of APIs, groups, instances and apps over time.

Everything comes from what engines counted (`store/traffic.py`): a point a minute for the last two days, a point an hour
before that, and none for a time without calls. Times in answers are the beginnings of the steps.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from isthmus import errors
from isthmus.errors import Problem
from isthmus.operations.apis import require_api
from isthmus.operations.call import Call
from isthmus.operations.instances import require_instance
from isthmus.operations.times import read_time, utc_text
from isthmus.store.groups import find_group
from isthmus.store.traffic import Point, api_points, app_points

_Value = Callable[[Point], int | float]
_DEFAULT_STAGE = "RELEASE"


def describe_api_qps_data(call: Call, params: Any) -> Mapping[str, Any]:
    points = _api_points(call, params)
    return {
        "call_successes": _series(points, lambda point: point.counts.successes),
        "call_fails": _series(points, lambda point: point.counts.failures),
    }


def describe_api_traffic_data(call: Call, params: Any) -> Mapping[str, Any]:
    points = _api_points(call, params)
    return {
        "call_uploads": _series(points, lambda point: point.counts.bytes_in),
        "call_downloads": _series(points, lambda point: point.counts.bytes_out),
    }


def describe_api_latency_data(call: Call, params: Any) -> Mapping[str, Any]:
    return {"call_latencys": _series(_api_points(call, params), _latency)}


def describe_api_error_data(call: Call, params: Any) -> Mapping[str, Any]:
    points = _api_points(call, params)
    return {
        "client_errors": _series(points, lambda point: point.counts.answers_4xx),
        "server_errors": _series(points, lambda point: point.counts.answers_5xx),
    }


def describe_group_qps(call: Call, params: Any) -> Mapping[str, Any]:
    return {"group_qps": _series(_group_points(call, params), _qps)}


def describe_group_traffic(call: Call, params: Any) -> Mapping[str, Any]:
    return {"traffic_per_second": _many_series(_group_points(call, params), _TRAFFIC)}


def describe_group_latency(call: Call, params: Any) -> Mapping[str, Any]:
    return {"latency_packet": _many_series(_group_points(call, params), _LATENCIES)}


def describe_instance_qps(call: Call, params: Any) -> Mapping[str, Any]:
    return {"instance_qps": _series(_instance_points(call, params), _qps)}


def describe_instance_traffic(call: Call, params: Any) -> Mapping[str, Any]:
    return {"instance_traffic": _many_series(_instance_points(call, params), _TRAFFIC)}


def describe_instance_latency(call: Call, params: Any) -> Mapping[str, Any]:
    return {"instance_latency": _many_series(_instance_points(call, params), _LATENCIES)}


def describe_instance_http_code(call: Call, params: Any) -> Mapping[str, Any]:
    """The answer has one value a time, so the classes share it."""
    items = [
        {"item_time": utc_text(point.at), "item_value": json.dumps(_classes(point), separators=(",", ":"))}
        for point in _instance_points(call, params)
    ]
    return {"instance_http_code": items}


def describe_app_traffic_data(call: Call, params: Any) -> Mapping[str, Any]:
    since, until = read_period(params)
    points = app_points(call.transaction, since, until, params.app_id)
    return {
        "call_successes": _series(points, lambda point: point.counts.successes),
        "call_fails": _series(points, lambda point: point.counts.failures),
        "call_latencys": _series(points, _latency),
    }


def _latency(point: Point) -> float:
    """Milliseconds from a request's head to the end of its answer, on average."""
    return point.counts.total_us / 1000 / max(1, point.counts.calls)


def _backend_latency(point: Point) -> float:
    return point.counts.backend_us / 1000 / max(1, point.counts.backend_calls)


def _qps(point: Point) -> float:
    return point.counts.calls * 1000 / point.step


def _classes(point: Point) -> dict[str, int]:
    counts = point.counts
    named = {"2XX": counts.answers_2xx, "3XX": counts.answers_3xx, "4XX": counts.answers_4xx, "5XX": counts.answers_5xx}
    return {name: count for name, count in named.items() if count}


# Names of the series as the vendor's console shows them.
_TRAFFIC: Sequence[tuple[str, _Value]] = (
    ("InTraffic", lambda point: point.counts.bytes_in * 1000 / point.step),
    ("OutTraffic", lambda point: point.counts.bytes_out * 1000 / point.step),
)
_LATENCIES: Sequence[tuple[str, _Value]] = (("latency", _backend_latency), ("gatewayLatency", _latency))


def _api_points(call: Call, params: Any) -> list[Point]:
    since, until = read_period(params)
    require_api(call.transaction, params.api_id, params.group_id)
    return api_points(call.transaction, since, until, api_id=params.api_id, stage=_stage(params))


def _group_points(call: Call, params: Any) -> list[Point]:
    since, until = read_period(params)
    if find_group(call.transaction, params.group_id) is None:
        raise errors.not_found("ApiGroup", f"There is no group {params.group_id[:64]!r}.")
    return api_points(call.transaction, since, until, group_id=params.group_id, stage=_stage(params))


def _instance_points(call: Call, params: Any) -> list[Point]:
    since, until = read_period(params)
    require_instance(call.transaction, params.instance_id)
    return api_points(call.transaction, since, until, instance_id=params.instance_id, stage=_stage(params))


def _stage(params: Any) -> str:
    return (getattr(params, "stage_name", None) or _DEFAULT_STAGE).upper()


def read_period(params: Any) -> tuple[int, int]:
    """Raises: ApiError."""
    problems, read = [], []
    for name, text in (("StartTime", params.start_time), ("EndTime", params.end_time)):
        try:
            read.append(read_time(text or ""))
        except ValueError:
            problems.append(Problem(name, f"{(text or '')[:40]!r} is not a time such as 2026-11-24T09:30:00Z."))
    if not problems and read[0] >= read[1]:
        problems.append(Problem("EndTime", "must be later than StartTime."))
    if problems:
        raise errors.invalid(problems)
    return read[0], read[1]


def _series(points: list[Point], value: _Value) -> list[dict[str, str]]:
    return [{"item_time": utc_text(point.at), "item_value": _number(value(point))} for point in points]


def _many_series(points: list[Point], series: Sequence[tuple[str, _Value]]) -> list[dict[str, str]]:
    return [
        {"item": item, "item_time": utc_text(point.at), "item_value": _number(value(point))}
        for item, value in series
        for point in points
    ]


def _number(value: int | float) -> str:
    """Whole numbers as they are, others with three digits at most and no zeros at the end."""
    return str(value) if isinstance(value, int) else f"{value:.3f}".rstrip("0").rstrip(".")
