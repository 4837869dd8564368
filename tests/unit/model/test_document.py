"""Documents hold a draft exactly."""

from __future__ import annotations

import json

from isthmus.model import (
    Draft,
    MockHeader,
    RequestConfig,
    RequestParameter,
    ServiceConfig,
    VpcConfig,
    from_document,
    to_document,
)
from isthmus.model.document import fields_of

DRAFT = Draft(
    api_name="get_user",
    force_nonce_check=True,
    request_config=RequestConfig(request_path="/users/[id]", request_http_method="get", escape_path_param=False),
    service_config=ServiceConfig(
        service_timeout=0,
        mock_headers=(MockHeader("X-A", ""), MockHeader("X-B", "2")),
        vpc_config=VpcConfig(name="users", port=80),
    ),
    request_parameters=(RequestParameter(api_parameter_name="id", location="Path", min_value=-1),),
)


def test_a_draft_survives_its_document() -> None:
    document = json.loads(json.dumps(to_document(DRAFT)))
    assert from_document(Draft, document) == DRAFT
    assert document["service_config"] == {
        "service_timeout": 0,
        "mock_headers": [{"header_name": "X-A", "header_value": ""}, {"header_name": "X-B", "header_value": "2"}],
        "vpc_config": {"name": "users", "port": 80},
    }


def test_an_empty_document_is_an_empty_draft() -> None:
    assert from_document(Draft, {}) == Draft()


def test_unknown_keys_of_a_newer_document_are_ignored() -> None:
    assert from_document(Draft, {"api_name": "a", "added_later": {"x": 1}}) == Draft(api_name="a")


def test_every_field_has_a_kind() -> None:
    kinds = {name: kind for name, kind, _ in fields_of(Draft)}
    assert kinds["request_config"] == "object"
    assert kinds["request_parameters"] == "list"
    assert kinds["force_nonce_check"] == "boolean"
    assert kinds["backend_id"] == "text"


def test_method_and_mode_are_read_without_case() -> None:
    assert DRAFT.method == "GET"
    assert Draft(request_config=RequestConfig(request_http_method="Header")).method == "HEAD"
    assert DRAFT.request_mode == "MAPPING"
    assert Draft(service_config=ServiceConfig(mock="Open")).is_mock
    assert Draft(service_config=ServiceConfig(service_vpc_enable="true")).uses_vpc
