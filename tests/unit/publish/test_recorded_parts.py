"""`UserLogConfig`: what is understood, and what is told of the rest."""

from __future__ import annotations

import json
from typing import Any

import pytest
from isthmus.publish.recorded_parts import recorded_parts, recorded_problems

WHOLE = {
    "requestBody": True,
    "responseBody": "false",
    "queryString": "a, B",
    "requestHeaders": "*",
    "responseHeaders": "X-Trace,Content-Type",
    "jwtClaims": "",
}


def test_every_field_is_understood() -> None:
    assert recorded_problems(json.dumps(WHOLE)) == []
    assert recorded_parts(json.dumps(WHOLE)) == {
        "request_body": True,
        "query_string": ["a", "B"],
        "request_headers": ["*"],
        "response_headers": ["x-trace", "content-type"],
    }


@pytest.mark.parametrize("text", ["", "[]", "[" * 4000, '{"requestBody": 7, "other": 1}', "null"])
def test_what_an_older_version_stored_asks_for_nothing(text: str) -> None:
    assert recorded_parts(text) == {}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"requestBody": 1}, "requestBody must be true or false."),
        ({"responseBody": "yes"}, "responseBody must be true or false."),
        ({"jwtClaims": True}, "jwtClaims must be names separated by commas, or * for all of them."),
        ({"requestBodies": True}, "'requestBodies' is not one of requestBody, "),
    ],
)
def test_what_is_not_understood_is_told(given: dict[str, Any], told: str) -> None:
    (problem,) = recorded_problems(json.dumps(given))
    assert (problem.parameter, problem.text[: len(told)]) == ("UserLogConfig", told)
