"""A definition that came in a document, read by the rules of creating an API.

Called by `imports.py`, and by `exports.py` to see what a document of its own would lose. Invariant: the draft is one
that creating an API with the same values would have made, or the same error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from isthmus import errors
from isthmus.errors import Problem
from isthmus.model import Draft
from isthmus.operations.definition import read_draft
from isthmus.operations.json_text import vendor_name

_FLAGS = ("backend_enable", "disable_internet", "force_nonce_check")
_TEXTS = (
    "allow_signature_method",
    "api_name",
    "app_code_auth_type",
    "auth_type",
    "backend_id",
    "description",
    "fail_result_sample",
    "result_body_model",
    "result_sample",
    "result_type",
    "visibility",
    "web_socket_api_type",
)


class _Given(SimpleNamespace):
    def __getattr__(self, name: str) -> None:
        return None


def draft_from_document(given: Mapping[str, Any]) -> Draft:
    """Raises: ApiError."""
    problems = []
    values: dict[str, Any] = {}
    for name, value in given.items():
        if value is None:
            continue
        if name in _FLAGS:
            values[name] = str(value).lower() == "true"
            if str(value).lower() not in ("true", "false"):
                problems.append(Problem(vendor_name(name), f"{value!r:.40} is neither true nor false."))
        elif name in _TEXTS:
            values[name] = value if isinstance(value, str) else json.dumps(value)
        else:
            values[name] = json.dumps(value)
    if problems:
        raise errors.invalid(problems)
    return read_draft(_Given(**values))


def with_request_route(draft: Draft) -> Draft:
    """For one on a backend object, which says where and not which path: path and method are the request's by default."""
    service = draft.service_config
    path, method = service.service_path or draft.path, service.service_http_method or draft.method
    return replace(draft, service_config=replace(service, service_path=path, service_http_method=method))
