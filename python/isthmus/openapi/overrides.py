"""Extension keys that give parts of a definition as the interface has them.

`operations.py` applies them to what it read; `export.py` writes those that a document needs to say everything. Objects
are merged into what was read, lists and scalars replace it. Invariant: both sides go by the one table here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from isthmus.openapi import keys

# Extension key to the field of a definition.
SCALARS = {
    "allow-signature-method": "allow_signature_method",
    "app-code-auth-type": "app_code_auth_type",
    "auth-type": "auth_type",
    "backend-enable": "backend_enable",
    "backend-id": "backend_id",
    "disable-internet": "disable_internet",
    "force-nonce-check": "force_nonce_check",
    "visibility": "visibility",
    "websocket-api-type": "web_socket_api_type",
}
OBJECTS = {
    "open-id-connect-config": "open_id_connect_config",
    "request-config": "request_config",
    "service-config": "service_config",
}
LISTS = {
    "constant-parameters": "constant_parameters",
    "error-code-samples": "error_code_samples",
    "request-parameters": "request_parameters",
    "result-descriptions": "result_descriptions",
    "service-parameters": "service_parameters",
    "service-parameters-map": "service_parameters_map",
    "system-parameters": "system_parameters",
}
# One key for four fields.
RESULT = {
    "resultType": "result_type",
    "resultSample": "result_sample",
    "failResultSample": "fail_result_sample",
    "resultBodyModel": "result_body_model",
}
# The vendor's names in two of the lists, and the interface's.
_LIST_NAMES = {
    "constant-parameters": {"backendName": "ServiceParameterName", "value": "ConstantValue"},
    "system-parameters": {"systemName": "ParameterName", "backendName": "ServiceParameterName"},
}
_LIST_LOCATIONS = {"header": "HEAD", "head": "HEAD", "query": "QUERY", "path": "PATH", "body": "BODY", "form": "BODY"}


def apply_overrides(given: dict[str, Any], places: Sequence[Mapping[str, Any]]) -> None:
    for key, name in SCALARS.items():
        value = keys.find(key, places)
        if value is not None:
            given[name] = value
    for key, name in OBJECTS.items():
        value = keys.find(key, places)
        if isinstance(value, Mapping):
            given[name] = _merged(given.get(name) or {}, value)
        elif value is not None:
            given[name] = value
    for key, name in LISTS.items():
        value = keys.find(key, places)
        if value is not None:
            given[name] = _entries(key, value)
    result = keys.find("result-config", places)
    for key, name in RESULT.items():
        if isinstance(result, Mapping) and key in result:
            given[name] = result[key]


def _merged(read: Mapping[str, Any], override: Mapping[str, Any]) -> dict[str, Any]:
    """Names count whatever their case, as the interface has them in two."""
    overridden = {key.lower() for key in override}
    kept = {key: value for key, value in read.items() if key.lower() not in overridden}
    return {**kept, **override}


def _entries(key: str, value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return [_entry(key, one) if isinstance(one, Mapping) else one for one in value]


def _entry(key: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    names = _LIST_NAMES.get(key, {})
    read = {names.get(name, name): value for name, value in entry.items()}
    # The interface's own spellings stay as they are.
    if names.keys() & entry.keys() and isinstance(read.get("location"), str):
        read["location"] = _LIST_LOCATIONS.get(read["location"], read["location"])
    return read
