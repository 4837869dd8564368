"""The partial way to change a draft: what is absent keeps its value, and backends come in texts of their own.

The same rules hold for the result as for a definition that was sent whole (`definition.py`). A backend is replaced as a
whole, as half of an HTTP backend and half of a VPC one would be none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from isthmus import errors
from isthmus.errors import Problem
from isthmus.model import (
    Draft,
    ErrorCodeSample,
    FunctionComputeConfig,
    OssConfig,
    ParameterMapping,
    RequestParameter,
    ServiceConfig,
    ServiceParameter,
    VpcConfig,
)
from isthmus.operations.apis import change_draft, check_revision, draft_of, require_api
from isthmus.operations.backends import require_backend_by_name
from isthmus.operations.call import Call
from isthmus.operations.definition import finish_draft
from isthmus.operations.fields import name_problems, raise_problems, text_problems
from isthmus.operations.json_text import JsonReader

_SCALARS = (
    "allow_signature_method",
    "api_name",
    "app_code_auth_type",
    "auth_type",
    "description",
    "disable_internet",
    "fail_result_sample",
    "force_nonce_check",
    "result_sample",
    "result_type",
    "visibility",
)
_REQUEST = (
    "body_format",
    "body_model",
    "post_body_description",
    "request_http_method",
    "request_mode",
    "request_path",
    "request_protocol",
)
_LISTS: dict[str, tuple[str, type[Any]]] = {
    "error_code_samples": ("ErrorCodeSamples", ErrorCodeSample),
    "request_parameters": ("RequestParameters", RequestParameter),
    "service_parameters": ("ServiceParameters", ServiceParameter),
    "service_parameters_map": ("ServiceParametersMap", ParameterMapping),
}
# Which text each kind of backend comes in; the vendor calls some of them differently elsewhere.
_TEXTS = {
    "HTTP": "http_config",
    "HTTPS": "http_config",
    "VPC": "vpc_config",
    "HTTP-VPC": "vpc_config",
    "FC": "function_compute_config",
    "FUNCTIONCOMPUTE": "function_compute_config",
    "OSS": "oss_config",
    "MOCK": "mock_config",
}
_WIRE = {
    "http_config": "HttpConfig",
    "vpc_config": "VpcConfig",
    "function_compute_config": "FunctionComputeConfig",
    "oss_config": "OssConfig",
    "mock_config": "MockConfig",
}


def modify_api_configuration(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    api = require_api(transaction, params.api_id, None)
    check_revision(call.transaction, api, params.expected_revision)
    before = _with_backend_object(call, draft_of(api.definition), params)
    change_draft(transaction, api, _changed(before, params))
    return {}


def _with_backend_object(call: Call, before: Draft, params: Any) -> Draft:
    """`UseBackendService` with `BackendName` puts a backend object in the place of the draft's own backend."""
    use = params.use_backend_service
    if use is None and params.backend_name is None:
        return before
    if use is False:
        return replace(before, backend_enable=False, backend_id=None)
    if params.backend_name is None:
        raise errors.missing("BackendName", "BackendName is required with UseBackendService.")
    backend = require_backend_by_name(call.transaction, params.backend_name)
    return replace(before, backend_enable=True, backend_id=backend.backend_id)


def _changed(before: Draft, params: Any) -> Draft:
    reader = JsonReader()
    reader.problems += name_problems("ApiName", params.api_name, 50)
    reader.problems += text_problems("Description", params.description, 180)
    request = replace(before.request_config, **_given(params, _REQUEST))
    if params.model_name:
        request = replace(request, body_model=params.model_name)
    lists: dict[str, Any] = {
        name: reader.read_list(wire, getattr(params, name), model)
        for name, (wire, model) in _LISTS.items()
        if getattr(params, name) is not None
    }
    service = _service(reader, before.service_config, params)
    changed = replace(before, **_given(params, _SCALARS), **lists, request_config=request, service_config=service)
    return finish_draft(reader, changed)


def _given(params: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(params, name) for name in names if getattr(params, name) is not None}


def _service(reader: JsonReader, before: ServiceConfig, params: Any) -> ServiceConfig:
    texts = [name for name in _WIRE if getattr(params, name) is not None]
    service = before
    if params.service_protocol is not None or texts:
        service = _backend(reader, _protocol(params.service_protocol, texts), texts, params)
        service = replace(service, service_timeout=service.service_timeout or before.service_timeout)
    common = {
        "service_timeout": params.service_timeout,
        "content_type_catagory": params.content_type_category,
        "content_type_value": params.content_type_value,
    }
    return replace(service, **{name: value for name, value in common.items() if value is not None})


def _protocol(given: str | None, texts: list[str]) -> str:
    """Raises: ApiError when it cannot be told which kind of backend is meant."""
    if given is None:
        if len(texts) > 1:
            raise errors.missing("ServiceProtocol", "Several backends are given; ServiceProtocol says which one holds.")
        return next(kind for kind, text in _TEXTS.items() if text == texts[0])
    kind = given.strip().upper()
    if kind == "EVENTBRIDGE":
        raise errors.single("NotImplemented", "This gateway has no EventBridge backends.")
    if kind not in _TEXTS:
        text = f"{given[:40]!r} is not one of Http, Vpc, FC, OSS, Mock."
        raise_problems([Problem("ServiceProtocol", text)])
    return kind


def _backend(reader: JsonReader, kind: str, texts: list[str], params: Any) -> ServiceConfig:
    name = _TEXTS[kind]
    if name not in texts:
        raise errors.missing(_WIRE[name], f"{_WIRE[name]} is required with this ServiceProtocol.")
    wire, text = _WIRE[name], getattr(params, name)
    read = reader.read_object(wire, text, ServiceConfig) or ServiceConfig()
    read = replace(read, service_protocol="HTTP", mock="FALSE", service_vpc_enable="FALSE")
    if name == "vpc_config":
        vpc = reader.read_object(wire, text, VpcConfig)
        return replace(read, service_vpc_enable="TRUE", vpc_config=vpc)
    if name == "function_compute_config":
        function = reader.read_object(wire, text, FunctionComputeConfig)
        return replace(read, service_protocol="FunctionCompute", function_compute_config=function)
    if name == "oss_config":
        return replace(read, service_protocol="OSS", oss_config=reader.read_object(wire, text, OssConfig))
    return replace(read, mock="TRUE") if name == "mock_config" else read
