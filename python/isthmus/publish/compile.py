"""From a frozen draft to the body of its plan record (`crates/plan/src/edition.rs`), or every problem at once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from isthmus.errors import Problem
from isthmus.publish.freeze import Frozen
from isthmus.publish.resolve import AccessFacts, Backend, resolve_backend

_PLACEHOLDER = re.compile(r"\[([^\[\]/]+)\]")
_DEFAULT_TIMEOUT_MS = 10_000
_APP_CODE = {"HEADER": "header", "HEADER_QUERY": "header_and_query"}
_METHODS = {"hmacsha256": "HmacSHA256", "hmacsha1": "HmacSHA1"}


def compile_edition(frozen: Frozen, accesses: Sequence[AccessFacts]) -> tuple[dict[str, Any] | None, list[Problem]]:
    """The body, or None with the problems."""
    definition = frozen.definition
    problems: list[Problem] = []
    request = definition["request_config"]
    backend = resolve_backend(definition, accesses, problems)
    path = join_paths(frozen.base_path, request["request_path"])
    parameters = _parameters(definition, path, problems)
    mappings = _mappings(definition, problems)
    protocols = {word.strip().upper() for word in request["request_protocol"].split(",")}
    if "WEBSOCKET" in protocols or definition.get("web_socket_api_type", "COMMON").upper() != "COMMON":
        problems.append(
            Problem("WebSocketApiType", "two-way APIs are not implemented by this gateway.", "NotImplemented")
        )
    auth = _auth(definition, problems)
    body_backend = _backend(definition, backend, path, mappings, problems) if backend else None
    if problems or body_backend is None or auth is None:
        return None, problems
    mode = request["request_mode"].lower()
    return {
        "api_id": frozen.api_id,
        "api_name": definition["api_name"],
        "group_id": frozen.group_id,
        "stage": frozen.stage,
        "version": frozen.version,
        "protocols": {"http": "HTTP" in protocols, "https": "HTTPS" in protocols},
        "method": _method(request["request_http_method"]),
        "path": path,
        "auth": auth,
        "request_mode": mode,
        "body_format": request.get("body_format", "STREAM").lower(),
        "parameters": [] if mode == "passthrough" else parameters,
        "mappings": _passing(mappings, parameters) if mode == "passthrough" else mappings,
        "backend": body_backend,
    }, []


def join_paths(base: str, path: str) -> str:
    """One slash between them, none at the end of the base."""
    return base.rstrip("/") + "/" + path.lstrip("/")


def _method(name: str) -> str:
    """The vendor's documentation writes HEADER for HEAD."""
    upper = name.upper()
    return "HEAD" if upper == "HEADER" else upper


def _auth(definition: dict[str, Any], problems: list[Problem]) -> dict[str, Any] | None:
    kind = definition.get("auth_type", "APP").upper()
    if kind == "ANONYMOUS":
        return {"type": "anonymous"}
    if kind != "APP":
        problems.append(Problem("AuthType", "OpenID Connect is not implemented by this gateway.", "NotImplemented"))
        return None
    words = [word.strip().lower() for word in definition.get("allow_signature_method", "HmacSHA256").split(",")]
    unknown = [word for word in words if word not in _METHODS]
    if unknown:
        problems.append(Problem("AllowSignatureMethod", "must be HmacSHA256 or HmacSHA1,HmacSHA256."))
        return None
    return {
        "type": "app",
        # DEFAULT follows the group's marketplace listing, which this gateway does not have: off.
        "app_code": _APP_CODE.get(definition.get("app_code_auth_type", "").upper(), "nowhere"),
        "signature_methods": [_METHODS[word] for word in words],
        "force_nonce": bool(definition.get("force_nonce_check")),
    }


def _parameters(definition: dict[str, Any], path: str, problems: list[Problem]) -> list[dict[str, Any]]:
    placeholders = set(_PLACEHOLDER.findall(path))
    parameters = []
    for index, one in enumerate(definition.get("request_parameters", [])):
        name, location = one["api_parameter_name"], one.get("location", "QUERY").lower()
        if location == "path" and name not in placeholders:
            text = f"{name!r} is a parameter of the path, but the path {path} has no [{name}]."
            problems.append(Problem(f"RequestParameters[{index}].ApiParameterName", text))
        parameter: dict[str, Any] = {
            "name": name,
            "location": location,
            "parameter_type": _type(one.get("parameter_type", "String")),
            "required": one.get("required", "OPTIONAL").upper() == "REQUIRED",
        }
        if "default_value" in one:
            parameter["default"] = one["default_value"]
        constraint = _constraint(one, f"RequestParameters[{index}]", problems)
        if constraint:
            parameter["constraint"] = constraint
        parameters.append(parameter)
    return parameters


def _type(name: str) -> str:
    lowered = name.lower()
    return "double" if lowered == "number" else lowered


def _constraint(parameter: dict[str, Any], where: str, problems: list[Problem]) -> dict[str, Any]:
    constraint: dict[str, Any] = {}
    for name in ("min_value", "max_value"):
        if name in parameter:
            constraint[name] = float(parameter[name])
    for name in ("min_length", "max_length"):
        if name in parameter:
            constraint[name] = parameter[name]
    if "regular_expression" in parameter:
        try:
            re.compile(parameter["regular_expression"])
            constraint["regular_expression"] = parameter["regular_expression"]
        except (re.error, OverflowError, RecursionError) as error:
            problems.append(Problem(f"{where}.RegularExpression", f"is not a regular expression: {error}."))
    if "enum_value" in parameter:
        constraint["allowed"] = [word.strip() for word in parameter["enum_value"].split(",")]
    return constraint


def _mappings(definition: dict[str, Any], problems: list[Problem]) -> list[dict[str, Any]]:
    declared = {one["api_parameter_name"] for one in definition.get("request_parameters", [])}
    service = {one["service_parameter_name"]: one for one in definition.get("service_parameters", [])}
    mappings = []
    for index, one in enumerate(definition.get("service_parameters_map", [])):
        where = f"ServiceParametersMap[{index}]"
        name, request_name = one["service_parameter_name"], one["request_parameter_name"]
        if name not in service:
            problems.append(Problem(f"{where}.ServiceParameterName", f"{name!r} is not among ServiceParameters."))
        elif request_name not in declared:
            problems.append(
                Problem(f"{where}.RequestParameterName", f"{request_name!r} is not among RequestParameters.")
            )
        else:
            mappings.append(_mapping({"request": request_name}, service[name]))
    for one in definition.get("constant_parameters", []):
        mappings.append(_mapping({"constant": one.get("constant_value", "")}, one))
    for one in definition.get("system_parameters", []):
        mappings.append(_mapping({"system": one["parameter_name"]}, one))
    return mappings


def _mapping(source: dict[str, str], service: dict[str, Any]) -> dict[str, Any]:
    location = service.get("location", "QUERY").lower()
    return {"source": source, "location": location, "name": service["service_parameter_name"]}


def _passing(mappings: list[dict[str, Any]], parameters: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Pass-through maps constants, system parameters, and placeholders of the path under another name."""
    in_path = {one["name"] for one in parameters if one["location"] == "path"}
    kept = []
    for mapping in mappings:
        requested = mapping["source"].get("request")
        if requested is None or (requested in in_path and mapping["location"] == "path"):
            kept.append(mapping)
    return kept


def _backend(
    definition: dict[str, Any], backend: Backend, path: str, mappings: list[dict[str, Any]], problems: list[Problem]
) -> dict[str, Any]:
    service = definition.get("service_config", {})
    body: dict[str, Any] = {"target": backend.target, "timeout_ms": service.get("service_timeout", _DEFAULT_TIMEOUT_MS)}
    if backend.target["type"] != "mock":
        body["path"] = join_paths(backend.prefix, service.get("service_path", "/"))
        _check_backend_path(body["path"], path, mappings, problems)
        method = _method(service.get("service_http_method", "ANY"))
        if method != "ANY":
            body["method"] = method
    category = service.get("content_type_catagory", "CLIENT").upper()
    if category == "CUSTOM":
        body["content_type"] = {"custom": service.get("content_type_value", "")}
    elif category == "DEFAULT":
        body["content_type"] = "default"
    return body


def _check_backend_path(backend_path: str, path: str, mappings: list[dict[str, Any]], problems: list[Problem]) -> None:
    known = set(_PLACEHOLDER.findall(path)) | {one["name"] for one in mappings if one["location"] == "path"}
    for name in _PLACEHOLDER.findall(backend_path):
        if name not in known:
            text = f"[{name}] is neither a placeholder of the request path nor mapped to the backend's path."
            problems.append(Problem("ServiceConfig.ServicePath", text))
    if backend_path.endswith("/*") and not path.endswith("/*"):
        problems.append(Problem("ServiceConfig.ServicePath", "ends with '/*', but the request path does not."))
