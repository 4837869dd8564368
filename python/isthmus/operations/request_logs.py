"""What happened to single requests: `QueryRequestLogs` of the vendor, and the extensions that explain and list them.

Engines keep the records (`crates/engine/src/record`); they are asked through `call.nodes`. `DescribeRequestDecision` puts
a record beside what its refusal means (`request_records.py`); the deciding itself was the engine's alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from isthmus import errors
from isthmus.operations.call import Call
from isthmus.operations.request_records import Found, decision_of, newest_records
from isthmus.operations.times import utc_text

_REQUEST_ID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
# Engines asked at the same time, and how long each may take, in seconds.
_AT_ONCE = 32
_PATIENCE = 3.0


def query_request_logs(call: Call, params: Any) -> Mapping[str, Any]:
    """None is an empty list, as the vendor answers it."""
    return {"request_logs": [_log(record) for record in _find(call, params.request_log_id)]}


def describe_request_decision(call: Call, params: Any) -> Mapping[str, Any]:
    records = _find(call, params.request_log_id)
    if not records:
        text = (
            f"No engine has a record of the request {params.request_log_id}. It may be older than the engines keep "
            "records (settings record_size and record_age), or a moment too new."
        )
        raise errors.not_found("RequestLog", text)
    return {"decision": decision_of(records[0])}


def describe_request_records(call: Call, params: Any) -> Mapping[str, Any]:
    """The newest first, of all engines together; `next_token` leads to the older ones."""
    return newest_records(partial(_ask, call), params)


def _find(call: Call, request_id: str) -> list[dict[str, Any]]:
    """Raises: ApiError."""
    if not _REQUEST_ID.fullmatch(request_id):
        text = f"{request_id[:60]!r} is no request id: it is the answer's header X-Ca-Request-Id."
        raise errors.invalid([errors.Problem("RequestLogId", text)])
    found = _ask(call, {"find": {"request_id": request_id}})
    if found.records:
        return found.records[:1]
    if found.problems or found.silent:
        told = [f"{node}: {problem}" for node, problem in sorted(found.problems.items())]
        told += [f"{node}: no answer in time" for node in found.silent]
        raise errors.ApiError("ServiceUnavailable", f"Not every engine could be asked: {'; '.join(told)[:500]}.", 503)
    return []


def _ask(call: Call, wanted: Mapping[str, Any]) -> Found:
    """Asks every engine that is heard of, all at once, for a bounded time."""
    nodes = [engine["node"] for engine in call.nodes.engines() if engine["state"] != "silent"]
    with ThreadPoolExecutor(max(1, min(len(nodes), _AT_ONCE))) as threads:
        answers = list(threads.map(lambda node: call.nodes.ask(node, wanted, _PATIENCE)[1], nodes))
    found = Found([], {}, [], None)
    for node, answer in zip(nodes, answers, strict=True):
        records = None if answer is None else answer.get("records")
        if answer is None or not isinstance(records, list):
            found.silent.append(node)
            continue
        found.records.extend({**record, "node": node} for record in records if isinstance(record, dict))
        if answer.get("looked_back_to") is not None:
            found = found._replace(looked_back_to=max(found.looked_back_to or 0, int(answer["looked_back_to"])))
        if answer.get("problem"):
            found.problems[node] = str(answer["problem"])
    return found


def _log(record: Mapping[str, Any]) -> dict[str, Any]:
    """The vendor's fields; what is not kept is left out. Times of the exchange are Unix milliseconds."""
    begin = record["time"]
    sent = begin + record["before_backend_us"] // 1000
    answered = sent + record["backend_us"] // 1000
    end = begin + record["total_us"] // 1000
    log = {
        "request_id": record["request_id"],
        "request_time": utc_text(begin),
        "group_id": record["group_id"],
        "group_name": record["group_name"],
        "api_id": record["api_id"],
        "api_name": record["api_name"],
        "stage_name": record["stage"],
        "http_method": record["method"],
        "http_path": record["path"],
        "domain": record["domain"],
        "request_query_string": record["query"],
        "request_protocol": record["scheme"],
        "status_code": str(record["status"]),
        "error_code": record["error_code"],
        "error_message": record["error_message"],
        "exception": record["detail"],
        "consumer_app_id": "" if record["app_id"] is None else str(record["app_id"]),
        "app_name": record["app_name"],
        "consumer_app_key": record["app_key"],
        "client_ip": record["client_ip"],
        "instance_id": record["instance_id"],
        "region": record["region"],
        "request_size": str(record["request_bytes"]),
        "response_size": str(record["response_bytes"]),
        "service_latency": str(record["backend_us"] // 1000),
        "total_latency": str(record["total_us"] // 1000),
        "front_request_start": begin,
        "front_request_end": begin if record["before_backend_us"] == 0 else sent,
        "front_response_start": end if record["before_backend_us"] == 0 else answered,
        "front_response_end": end,
        "plugin": record["plugin"],
    }
    if record["before_backend_us"]:
        log |= {
            "backend_request_start": sent,
            "backend_request_end": sent + record["connect_us"] // 1000,
            "backend_response_start": answered,
            "backend_response_end": end,
        }
    return log
