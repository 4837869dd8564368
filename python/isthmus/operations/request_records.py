"""`DescribeRequestRecords`: one page of what all engines recorded, newest first, and a record with what its refusal means.

Called by `request_logs.py`, which asks the engines. A token names the last record that was shown, by time and id, or the
time to which every engine had looked when its time was over. Invariant: pages that follow each other by their tokens
have no record twice and leave none out, whatever is written meanwhile.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from isthmus import errors
from isthmus.errors import Problem
from isthmus.operations.explanations import EXPLANATIONS
from isthmus.operations.times import read_time, utc_text

_MOST_LISTED = 100
_TOKEN = re.compile(r"([0-9]{1,15})(?:-([0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}))?")


class Found(NamedTuple):
    """Records with the `node` that has each, problems by node, who did not answer, and how far all have looked."""

    records: list[dict[str, Any]]
    problems: dict[str, str]
    silent: list[str]
    looked_back_to: int | None


def newest_records(ask: Callable[[Mapping[str, Any]], Found], params: Any) -> Mapping[str, Any]:
    """Raises: ApiError."""
    limit = params.page_size or 20
    found = ask({"recent": _wanted(params, limit)})
    reached = found.looked_back_to
    # Below the time that each engine has reached there may be gaps.
    whole = [record for record in found.records if reached is None or record.get("time", 0) >= reached]
    newest = sorted(whole, key=lambda record: (record.get("time", 0), record.get("request_id", "")), reverse=True)
    shown = newest[:limit]
    answer: dict[str, Any] = {
        "records": [decision_of(record) for record in shown],
        "silent_nodes": found.silent,
        "problems": [f"{node}: {problem}" for node, problem in sorted(found.problems.items())],
    }
    if len(shown) == limit:
        answer["next_token"] = f"{shown[-1]['time']}-{shown[-1]['request_id']}"
    elif reached is not None:
        answer |= {"next_token": str(reached), "looked_back_to": utc_text(reached)}
    return answer


def decision_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record with what its refusal means."""
    code = record["error_code"]
    explanation = EXPLANATIONS.get(code)
    left_out = ("time", "completed", "trace") if record.get("trace") is None else ("time", "completed")
    decision = {name: value for name, value in record.items() if name not in left_out}
    decision |= {"time": utc_text(record["time"]), "completed": record["completed"]}
    if explanation is not None:
        decision["explanation"] = {
            "layer": explanation.layer,
            "title": explanation.title,
            "fix": explanation.fix,
            "link": explanation.link,
        }
    return decision


def _wanted(params: Any, limit: int) -> dict[str, Any]:
    """What an engine is asked for; `crates/engine/src/record/newest.rs` reads it."""
    problems: list[Problem] = []
    if not 1 <= limit <= _MOST_LISTED:
        problems.append(Problem("PageSize", f"must be from 1 to {_MOST_LISTED}."))
    for name, number in (("LeastStatus", params.least_status), ("MostStatus", params.most_status)):
        if number is not None and not 0 <= number <= 999:
            problems.append(Problem(name, "must be a status, from 0 to 999."))
    if params.least_milliseconds is not None and not 0 <= params.least_milliseconds <= 4_000_000:
        problems.append(Problem("LeastMilliseconds", "must be from 0 to 4000000."))
    since = _time("StartTime", params.start_time, problems)
    until, before = _time("EndTime", params.end_time, problems), None
    if params.next_token:
        token = _TOKEN.fullmatch(params.next_token)
        if token is None:
            problems.append(Problem("NextToken", "is none: take it as it is from the answer before."))
        else:
            until, before = int(token[1]), token[2]
    if problems:
        raise errors.invalid(problems)
    wanted = {
        "api_id": params.api_id,
        "group_id": params.group_id,
        "stage": params.stage_name.upper() if params.stage_name else None,
        "app_id": params.app_id,
        "client_ip": params.client_ip,
        "code": params.error_code,
        "least_status": params.least_status,
        "most_status": params.most_status,
        "least_us": None if params.least_milliseconds is None else params.least_milliseconds * 1000,
        "since": since,
        "until": until,
        "before": before,
        "limit": limit,
    }
    return {name: value for name, value in wanted.items() if value not in (None, "")}


def _time(name: str, text: str | None, problems: list[Problem]) -> int | None:
    if not text:
        return None
    try:
        return read_time(text)
    except ValueError:
        problems.append(Problem(name, f"{text[:40]!r} is not a time such as 2026-11-24T09:30:00Z."))
        return None
