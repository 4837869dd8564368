"""Fourth step of a publish: the edition's plan record, exactly as the engine reads it.

Called by `release.py` with a definition that `check.py` found nothing wrong with. Invariant: the body has only keys that
`crates/plan/src/edition.rs` knows, and the same definition always gives the same body.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from isthmus.model import Draft, FunctionComputeConfig, RequestParameter
from isthmus.publish.check import placeholders, protocols
from isthmus.publish.discovery import discovered_target, is_discovered
from isthmus.publish.expression import engine_expression
from isthmus.publish.function import event_target, has_http_trigger, http_trigger, is_function
from isthmus.publish.json_schema import json_schema
from isthmus.publish.open_id import compile_open_id
from isthmus.publish.resolve import Resolved, has_variable, join_path

_DEFAULT_TIMEOUT_MS = 10_000
_APP_CODE = {"DEFAULT": "group", "": "group", "HEADER": "header", "HEADER_QUERY": "header_and_query"}
_SIGNATURE_METHODS = {"HMACSHA1": "HmacSHA1", "HMACSHA256": "HmacSHA256"}
_TYPES = {"NUMBER": "double", "": "string"}


def _protocols(allowed: set[str]) -> dict[str, bool]:
    sockets = {"websocket": True} if "WEBSOCKET" in allowed else {}
    return {"http": "HTTP" in allowed, "https": "HTTPS" in allowed, **sockets}


def compile_edition(resolved: Resolved, version: str) -> dict[str, Any]:
    draft, frozen = resolved.draft, resolved.frozen
    allowed = protocols(draft)
    role = (draft.web_socket_api_type or "COMMON").lower()
    parameters, mappings = _parameters(draft), _mappings(draft)
    open_id = compile_open_id(draft)
    return {
        "api_id": frozen.api_id,
        "api_name": draft.api_name,
        "group_id": frozen.group_id,
        "stage": frozen.stage,
        "version": version,
        "protocols": _protocols(allowed),
        **({"internal_only": True} if draft.disable_internet else {}),
        **({"two_way": role} if role != "common" else {}),
        "method": draft.method,
        "path": resolved.path,
        "auth": _auth(draft),
        **({"open_id": open_id} if open_id is not None else {}),
        "request_mode": draft.request_mode.lower(),
        "body_format": _body_format(draft),
        "parameters": parameters,
        "mappings": mappings,
        "backend": _backend(resolved),
    }


def _auth(draft: Draft) -> dict[str, Any]:
    if draft.auth_type.upper() in ("ANONYMOUS", "OPENID"):
        return {"type": "anonymous"}
    given = [part.strip().upper() for part in draft.allow_signature_method.split(",")]
    return {
        "type": "app",
        # DEFAULT means off, until the group has a code of its own.
        "app_code": _APP_CODE.get(draft.app_code_auth_type.upper(), "nowhere"),
        "signature_methods": [name for key, name in _SIGNATURE_METHODS.items() if key in given],
        "force_nonce": draft.force_nonce_check,
    }


def _body_format(draft: Draft) -> str:
    given = (draft.request_config.body_format or "").lower()
    if given:
        return given
    # Fields can be read from a form and written into one, not into bytes.
    locations = [one.location for one in draft.request_parameters]
    locations += [one.location for one in draft.service_parameters]
    locations += [one.location for one in draft.constant_parameters]
    locations += [one.location for one in draft.system_parameters]
    has_fields = draft.request_mode != "PASSTHROUGH" and "BODY" in map(_upper, locations)
    return "form" if has_fields else "stream"


def _parameters(draft: Draft) -> list[dict[str, Any]]:
    if draft.request_mode != "PASSTHROUGH":
        return [_parameter(parameter) for parameter in draft.request_parameters]
    used = {entry.request_parameter_name for entry in _path_entries(draft)}
    return [_parameter(one) for one in draft.request_parameters if one.api_parameter_name in used]


def _parameter(parameter: RequestParameter) -> dict[str, Any]:
    kind = _upper(parameter.parameter_type)
    body: dict[str, Any] = {
        "name": parameter.api_parameter_name,
        "location": _upper(parameter.location).lower(),
        "parameter_type": _TYPES.get(kind, kind.lower()),
        "required": _upper(parameter.required) in ("REQUIRED", "TRUE"),
    }
    # Clients send an empty text where there is no default.
    if parameter.default_value:
        body["default"] = parameter.default_value
    constraint = _constraint(parameter)
    if constraint:
        body["constraint"] = constraint
    return body


def _constraint(parameter: RequestParameter) -> dict[str, Any]:
    allowed = [part.strip() for part in (parameter.enum_value or "").split(",") if part.strip()]
    given = {
        "min_value": parameter.min_value,
        "max_value": parameter.max_value,
        "min_length": parameter.min_length,
        "max_length": parameter.max_length,
        "regular_expression": engine_expression(parameter.regular_expression or "") or None,
        "allowed": allowed or None,
        "json_schema": json_schema(parameter.json_scheme) if parameter.json_scheme else None,
    }
    return {name: value for name, value in given.items() if value is not None}


def _mappings(draft: Draft) -> list[dict[str, Any]]:
    """In the order in which they are applied: parameters, then constants, then system parameters."""
    locations = {one.service_parameter_name: one.location for one in draft.service_parameters}
    entries = _path_entries(draft) if draft.request_mode == "PASSTHROUGH" else list(draft.service_parameters_map)
    mapped = [
        _mapping({"request": entry.request_parameter_name}, locations[entry.service_parameter_name], name)
        for entry in entries
        if (name := entry.service_parameter_name) is not None
    ]
    constants = [
        _mapping({"constant": one.constant_value or ""}, one.location, one.service_parameter_name or "")
        for one in draft.constant_parameters
    ]
    systems = [
        _mapping({"system": one.parameter_name}, one.location, one.service_parameter_name or "")
        for one in draft.system_parameters
    ]
    return mapped + constants + systems


def _path_entries(draft: Draft) -> list[Any]:
    """What passing through still maps: placeholders of the request path into those of the backend's."""
    wanted = placeholders(draft.service_config.service_path or "")
    in_path = {one.api_parameter_name for one in draft.request_parameters if _upper(one.location) == "PATH"}
    served = {one.service_parameter_name for one in draft.service_parameters if _upper(one.location) == "PATH"}
    return [
        entry
        for entry in draft.service_parameters_map
        if entry.request_parameter_name in in_path and entry.service_parameter_name in served & wanted
    ]


def _mapping(source: dict[str, Any], location: str | None, name: str) -> dict[str, Any]:
    return {"source": source, "location": _upper(location).lower(), "name": name}


def _backend(resolved: Resolved) -> dict[str, Any]:
    draft, service = resolved.draft, resolved.draft.service_config
    timeout = service.service_timeout or _DEFAULT_TIMEOUT_MS
    if draft.is_mock:
        headers = [{"name": one.header_name, "value": one.header_value or ""} for one in service.mock_headers]
        status, body = service.mock_status_code or 200, service.mock_result or ""
        return {"target": {"type": "mock", "status": status, "headers": headers, "body": body}, "timeout_ms": timeout}
    path = service.service_path or "/"
    method = _upper(service.service_http_method)
    if is_function(draft):
        config = service.function_compute_config or FunctionComputeConfig()
        if has_http_trigger(config):
            target, url = http_trigger(config)
            path, method = join_path(url.path, config.path or path), _upper(config.method)
        else:
            # The event has the path and the method that the caller used.
            target, path, method = event_target(config, _header_names(draft)), resolved.path, ""
    elif service.discovery_config is not None and is_discovered(draft):
        target = discovered_target(service.discovery_config, service.http_target_host_name)
    elif draft.uses_vpc:
        target = _vpc_target(resolved)
    elif has_variable(service.service_address):
        # What it is an address of is known only when a request comes; its own path included.
        target = {"type": "address", "address": service.service_address}
        path = service.service_path or ""
        path = path if path.startswith("/") else f"/{path}"
    else:
        parts = urlsplit(service.service_address or "")
        scheme = parts.scheme.lower()
        port = parts.port or (443 if scheme == "https" else 80)
        target = {"type": "http", "scheme": scheme, "host": parts.hostname, "port": port}
        # A path of the address stands in front; alone, it stays as it is, its last slash included.
        path = join_path(parts.path, path) if service.service_path else parts.path or "/"
    if service.http_target_host_name and target["type"] in ("http", "address"):
        target["host_header"] = service.http_target_host_name
    backend = {
        "target": target,
        "path": path,
        "timeout_ms": timeout,
        "content_type": _content_type(draft),
    }
    if any(map(has_variable, (target.get("address"), target.get("access"), path))):
        backend["uses_variables"] = True
    if service.tls_verify is False:
        backend["verify_tls"] = False
    if service.http2:
        backend["http2"] = True
    if method not in ("", "ANY"):
        backend["method"] = "HEAD" if method == "HEADER" else method
    return backend


def _header_names(draft: Draft) -> list[str]:
    """How the definition spells the headers that it sets."""
    mapped = [(one.service_parameter_name, one.location) for one in draft.service_parameters]
    mapped += [(one.service_parameter_name, one.location) for one in draft.constant_parameters]
    mapped += [(one.service_parameter_name, one.location) for one in draft.system_parameters]
    return sorted({name for name, location in mapped if name and _upper(location) == "HEAD"})


def _vpc_target(resolved: Resolved) -> dict[str, Any]:
    service = resolved.draft.service_config
    vpc = service.vpc_config
    scheme = (vpc.vpc_scheme if vpc is not None else None) or service.service_protocol
    target: dict[str, Any] = {
        "type": "vpc",
        "access": resolved.access_name,
        "scheme": "https" if _upper(scheme) == "HTTPS" else "http",
    }
    if vpc is not None and vpc.vpc_target_host_name:
        target["host"] = vpc.vpc_target_host_name
    return target


def _content_type(draft: Draft) -> Any:
    catagory = _upper(draft.service_config.content_type_catagory)
    if catagory == "CUSTOM":
        return {"custom": draft.service_config.content_type_value}
    return "default" if catagory == "DEFAULT" else "client"


def _upper(text: str | None) -> str:
    return (text or "").strip().upper()
