"""Recorded calls of the vendor's clients, replayed byte for byte on a real socket, with the clock of the recording."""

from __future__ import annotations

import calendar
import json
import time
from pathlib import Path
from typing import Any

import pytest

from serving import Clock, Recorder, exchange, serving

CAPTURES = sorted(Path(__file__).parent.glob("captures/*/*.json"))


def message(capture: dict[str, Any]) -> bytes:
    head = f"{capture['method']} {capture['target']} HTTP/1.1\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in capture["headers"])
    body = capture["body"].encode()
    if body and not any(name.lower() == "content-length" for name, _ in capture["headers"]):
        head += f"Content-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


def moment(capture: dict[str, Any]) -> float:
    """When the call was signed."""
    text = next(
        (value for name, value in capture["headers"] if name.lower() == "x-acs-date"),
        None,
    )
    parameters = dict(capture["query_params"]) | dict(capture["form_params"])
    text = text or parameters["Timestamp"]
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_accepts_a_recorded_call_and_hands_its_parameters_over(path: Path) -> None:
    capture = json.loads(path.read_text())
    recorder, clock = Recorder(), Clock()
    clock.now = moment(capture) + 60
    with serving(recorder, clock) as port:
        status, headers, body = exchange(port, message(capture))
        again, _, repeated = exchange(port, message(capture))
    answer = json.loads(body)
    assert (status, answer.get("Code")) == (200, None), body
    assert headers["content-type"] == "application/json;charset=utf-8"
    assert headers["x-acs-request-id"] == answer["RequestId"]
    operation, params, caller = recorder.calls[0]
    assert operation.name == path.stem.split("_")[1]
    assert caller.access_key_id == "testid"
    sent = dict(capture["query_params"]) | dict(capture["form_params"])
    for name in (
        "GroupName",
        "ApiName",
        "StageName",
        "VpcId",
        "RequestConfig",
        "ServiceConfig",
        "PluginData",
    ):
        if sent.get(name):
            assert params[_inside(name)] == sent[name]
    if "Tag.1.Key" in sent:
        assert params.tag[0] == {
            "key": sent["Tag.1.Key"],
            "value": sent.get("Tag.1.Value", ""),
        }
    assert (again, json.loads(repeated)["Code"]) == (400, "SignatureNonceUsed"), "a replay must not pass"


def _inside(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))


def test_refuses_a_recorded_call_when_its_clock_is_gone() -> None:
    capture = json.loads(CAPTURES[0].read_text())
    clock = Clock()
    clock.now = moment(capture) + 901
    with serving(Recorder(), clock) as port:
        status, _, body = exchange(port, message(capture))
    assert (status, json.loads(body)["Code"]) == (400, "InvalidTimeStamp.Expired")
