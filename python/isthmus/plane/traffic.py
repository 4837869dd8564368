"""What an engine counted in a minute, read from its `POST /plane/v1/traffic`.

Called by `plane`; `store/traffic.py` keeps it. Invariant: whatever an engine sends, only numbers that the store can hold
and names of bounded length come out.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from isthmus.plane.reports import NODE_NAME, ReportError
from isthmus.store.traffic import MINUTE, ApiCounts, AppCounts, Counts, Minute
from isthmus.store.traffic_tables import DURATIONS

_LARGEST = 2**62
_MOST_ROWS = 200_000


def read_minute(text: bytes, now: int) -> Minute:
    """`now` in Unix milliseconds. Raises: ReportError."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ReportError(f"the counts are not JSON: {error}") from error
    if not isinstance(document, dict):
        raise ReportError("the counts must be a JSON object")
    node = document.get("node")
    if not isinstance(node, str) or not NODE_NAME.fullmatch(node):
        raise ReportError("node must be 1 to 128 letters, digits, '.', '_', ':' or '-'")
    at = _number(document, "minute") * MINUTE
    # A day each way: the clocks of two machines may differ, and a report may have waited.
    if abs(at - now) > 24 * 60 * MINUTE:
        raise ReportError("minute is more than a day from the control plane's clock; set the clocks of both machines")
    apis = [_api(row) for row in _rows(document, "apis")]
    apps = [AppCounts(_number(row, "app_id"), _counts(row)) for row in _rows(document, "apps")]
    return Minute(node, at, apis, apps)


def _api(row: dict[str, Any]) -> ApiCounts:
    group_id, instance_id, api_id, stage = (_name(row, name) for name in ("group_id", "instance_id", "api_id", "stage"))
    return ApiCounts(group_id, instance_id, api_id, stage, replace(_counts(row), **_durations(row)))


def _rows(document: dict[str, Any], name: str) -> list[dict[str, Any]]:
    rows = document.get(name)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows) or len(rows) > _MOST_ROWS:
        raise ReportError(f"{name} must be a list of at most {_MOST_ROWS} objects")
    return rows


def _counts(row: dict[str, Any]) -> Counts:
    classes = row.get("classes")
    if not isinstance(classes, list) or len(classes) != 5:
        raise ReportError("classes must be five numbers")
    numbers = [_number({"classes": one}, "classes") for one in classes]
    others = [_number(row, name) if name in row else 0 for name in Counts.MEASURES]
    return Counts(*numbers, *others)


def _durations(row: dict[str, Any]) -> dict[str, int]:
    """Engines of an older version tell none."""
    counts = row.get("durations", [0] * len(DURATIONS))
    if not isinstance(counts, list) or len(counts) != len(DURATIONS):
        raise ReportError(f"durations must be {len(DURATIONS)} numbers")
    return {name: _number({"durations": one}, "durations") for name, one in zip(DURATIONS, counts, strict=True)}


def _number(row: dict[str, Any], name: str) -> int:
    value = row.get(name)
    if type(value) is not int or not 0 <= value < _LARGEST:
        raise ReportError(f"{name} must be a number from 0 to 2^62")
    return value


def _name(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str) or len(value) > 64 or not value.isprintable():
        raise ReportError(f"{name} must be a text of at most 64 characters")
    return value
