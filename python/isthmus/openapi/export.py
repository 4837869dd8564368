"""Definitions as a document: the standard's fields first, then the vendor's keys, then what neither can say.

Called by `isthmus.operations.exports`, which passes in how a document's operation reads back. What would be lost is
found by reading back what was written, so exporting and importing give the same definition by construction. Without
extensions, a document has the standard's fields alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from isthmus.openapi import keys
from isthmus.openapi.backends import write_backend
from isthmus.openapi.overrides import LISTS, OBJECTS, RESULT, SCALARS
from isthmus.openapi.parameters import backend_location, write_parameter, write_schema

# A definition as the model's document (snake-case names).
Document = dict[str, Any]
# Reads one operation of a document back: path, method, document; None when it cannot be read.
Reread = Callable[[str, str, dict[str, Any]], Document | None]

_SCHEMES = {"HTTP": ("http",), "HTTPS": ("https",), "WEBSOCKET": ("ws", "wss")}
_FORM = "application/x-www-form-urlencoded"
_BODY_METHODS = ("POST", "PUT", "PATCH", "DELETE", "ANY")
_MEDIA = {"JSON": "application/json", "XML": "application/xml", "HTML": "text/html", "TEXT": "text/plain"}
# What an operation's own members say, without a key.
_DEFAULTS = {
    "auth_type": "APP",
    "app_code_auth_type": "DEFAULT",
    "allow_signature_method": "HmacSHA256",
    "web_socket_api_type": "COMMON",
    "visibility": "PRIVATE",
    "force_nonce_check": False,
    "disable_internet": False,
    "backend_enable": False,
}


@dataclass(frozen=True)
class Frame:
    """What a document says besides its operations."""

    title: str
    base_path: str
    host: str
    version: str
    # Name to JSON Schema.
    models: Mapping[str, Any]
    with_extensions: bool


def write_frame(frame: Frame) -> dict[str, Any]:
    """A document without operations."""
    head: dict[str, Any]
    info = {"title": frame.title, "version": "1.0.0"}
    if frame.version == "2.0":
        head = {"swagger": "2.0", "info": info, "basePath": frame.base_path, "schemes": ["http", "https"]}
        return {**head, "paths": {}, "definitions": dict(frame.models)}
    server = {"url": f"https://{frame.host}{frame.base_path.rstrip('/')}"}
    head = {"openapi": "3.0.1", "info": info, "servers": [server]}
    return {**head, "paths": {}, "components": {"schemas": dict(frame.models)}}


def add_operation(document: dict[str, Any], frame: Frame, definition: Document, reread: Reread) -> None:
    """Puts one definition into the document."""
    request = definition.get("request_config", {})
    path = _template(request.get("request_path") or "/")
    method = str(request.get("request_http_method") or "GET").strip().upper().replace("HEADER", "HEAD")
    operation = _Writer(frame, definition, path).write()
    if frame.with_extensions:
        for _ in range(3):
            # What is written first (a list of parameters) can change how the rest reads back. What cannot be read at
            # all without keys gets every one.
            read = reread(path, method, _alone(frame, path, method, operation))
            if not _add_missing(operation, definition, read or {}):
                break
    document["paths"].setdefault(path, {})[keys.member_of(method, frame.version)] = operation


def _alone(frame: Frame, path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    """A document with this operation and nothing else."""
    document = write_frame(frame)
    document["paths"][path] = {keys.member_of(method, frame.version): operation}
    return document


def _template(path: str) -> str:
    """Placeholders as OpenAPI writes them. A brace that is part of the path is no placeholder's."""
    escaped = path.replace("{", "%7B").replace("}", "%7D")
    return re.sub(r"\[([^\[\]/]+)\]", r"{\1}", escaped)


class _Writer:
    def __init__(self, frame: Frame, definition: Document, path: str) -> None:
        self._frame = frame
        self._definition = definition
        self._request = definition.get("request_config", {})
        self._path = path
        self._is_old = frame.version == "2.0"

    def write(self) -> dict[str, Any]:
        definition = self._definition
        operation: dict[str, Any] = {"operationId": definition.get("api_name", "")}
        if definition.get("description"):
            operation["description"] = definition["description"]
        protocols = [one.strip().upper() for one in (self._request.get("request_protocol") or "").split(",")]
        schemes = [scheme for protocol in protocols for scheme in _SCHEMES.get(protocol, ())]
        if self._is_old and schemes:
            operation["schemes"] = schemes
        elif schemes:
            base = f"{self._frame.host}{self._frame.base_path.rstrip('/')}"
            operation["servers"] = [{"url": f"{scheme}://{base}"} for scheme in schemes]
        self._write_parameters(operation)
        operation["responses"] = self._responses()
        if self._frame.with_extensions:
            self._write_extensions(operation)
        return operation

    def _write_parameters(self, operation: dict[str, Any]) -> None:
        placeholders = set(re.findall(r"\{([^{}]+)\}", self._path))
        written, form = [], {}
        for parameter in self._definition.get("request_parameters", []):
            name, location = parameter.get("api_parameter_name", ""), str(parameter.get("location")).upper()
            extensions = self._parameter_extensions(parameter) if self._frame.with_extensions else {}
            if location == "BODY" and not self._is_old:
                form[name] = {**write_schema(parameter), **extensions}
                form[name].update({"description": parameter["description"]} if parameter.get("description") else {})
            else:
                written.append({**write_parameter(parameter, self._frame.version), **extensions})
        declared = {one["name"] for one in written if one["in"] == "path"}
        bare = [{"api_parameter_name": name, "location": "PATH"} for name in sorted(placeholders - declared)]
        written += [write_parameter(parameter, self._frame.version) for parameter in bare]
        if written:
            operation["parameters"] = written
        is_form = any(one["in"] == "formData" for one in written)
        if is_form:
            operation["consumes"] = [_FORM]
        if form:
            schema: dict[str, Any] = {"type": "object", "properties": form}
            required = [
                one.get("api_parameter_name", "")
                for one in self._definition.get("request_parameters", [])
                if one.get("api_parameter_name") in form and str(one.get("required")).upper() == "REQUIRED"
            ]
            operation["requestBody"] = {"content": {_FORM: {"schema": {**schema, **_present("required", required)}}}}
        elif not is_form:
            self._write_body(operation)

    def _write_body(self, operation: dict[str, Any]) -> None:
        model, text = self._request.get("body_model"), self._request.get("post_body_description")
        has_body = str(self._request.get("request_http_method")).upper() in _BODY_METHODS
        if not has_body or not (model or text or str(self._request.get("body_format")).upper() == "STREAM"):
            return
        schema = {"$ref": model} if str(model).startswith("#/") else {"type": "object"}
        if self._is_old:
            body = {"name": "body", "in": "body", **_present("description", text), "schema": schema}
            operation.setdefault("parameters", []).append(body)
        else:
            content = {"application/json": {"schema": schema}}
            operation["requestBody"] = {**_present("description", text), "content": content}

    def _parameter_extensions(self, parameter: Mapping[str, Any]) -> dict[str, Any]:
        """Where the parameter goes in the backend's request, when that is not where it came from."""
        name = parameter.get("api_parameter_name")
        mapped = [
            entry.get("service_parameter_name")
            for entry in self._definition.get("service_parameters_map", [])
            if entry.get("request_parameter_name") == name
        ]
        served = [
            one for one in self._definition.get("service_parameters", []) if one.get("service_parameter_name") in mapped
        ]
        found: dict[str, Any] = {}
        if served and served[0].get("service_parameter_name") != name:
            found[keys.PREFIX + "backend-name"] = served[0].get("service_parameter_name")
        location = str(served[0].get("location")).upper() if served else ""
        if served and location != str(parameter.get("location")).upper() and backend_location(location):
            found[keys.PREFIX + "backend-location"] = location.lower()
        return found

    def _responses(self) -> dict[str, Any]:
        media = _MEDIA.get(str(self._definition.get("result_type", "JSON")).upper(), "application/octet-stream")
        model, sample = self._definition.get("result_body_model"), self._definition.get("result_sample")
        found = {"200": self._response("success", model, sample, media)}
        for one in self._definition.get("error_code_samples", []):
            code = str(one.get("code"))
            if re.fullmatch("[345][0-9][0-9]", code) and code not in found:
                found[code] = self._response(one.get("message") or "", one.get("model"), None, media)
        return found

    def _response(self, text: str, model: Any, sample: str | None, media: str) -> dict[str, Any]:
        schema = {"$ref": model} if str(model).startswith("#/") else None
        if self._is_old:
            examples = {media: sample} if sample else None
            return {"description": text, **_present("schema", schema), **_present("examples", examples)}
        content = {**_present("schema", schema), **_present("example", sample)}
        return {"description": text, **_present("content", {media: content} if content else None)}

    def _write_extensions(self, operation: dict[str, Any]) -> None:
        mode = str(self._request.get("request_mode") or "MAPPING").upper()
        operation[keys.PREFIX + "parameter-handling"] = mode
        operation[keys.PREFIX + "auth-type"] = self._definition.get("auth_type", "APP")
        backend = write_backend(self._definition.get("service_config", {}))
        if backend is not None:
            operation[keys.PREFIX + "backend"] = backend
        elif not self._definition.get("backend_enable"):
            operation[keys.PREFIX + "service-config"] = {}


def _add_missing(operation: dict[str, Any], wanted: Document, read: Document) -> bool:
    """Writes the keys for what reads back otherwise than it is; whether there was anything."""
    differs = [name for name in {*wanted, *read} if wanted.get(name) != read.get(name)]
    for key, name in (*SCALARS.items(), ("description", "description"), ("api-name", "api_name")):
        if name in differs:
            operation[keys.PREFIX + key] = wanted.get(name, _DEFAULTS.get(name, ""))
    for key, name in OBJECTS.items():
        if name in differs:
            # Added to what an earlier look found missing.
            before = operation.get(keys.PREFIX + key, {})
            operation[keys.PREFIX + key] = {**before, **_difference(wanted.get(name) or {}, read.get(name) or {})}
    for key, name in LISTS.items():
        if name in differs:
            operation[keys.PREFIX + key] = [_camel(entry) for entry in wanted.get(name, [])]
    result = {theirs: wanted.get(name) for theirs, name in RESULT.items() if name in differs}
    if result:
        operation[keys.PREFIX + "result-config"] = {**operation.get(keys.PREFIX + "result-config", {}), **result}
    return bool(differs)


def _difference(wanted: Mapping[str, Any], read: Mapping[str, Any]) -> dict[str, Any]:
    """What to merge into `read`, with null for what it must not have."""
    names = [name for name in {**wanted, **read} if wanted.get(name) != read.get(name)]
    return {_camel_name(name): _camel(wanted.get(name)) for name in names}


def _camel(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {_camel_name(name): _camel(item) for name, item in value.items()}
    return [_camel(item) for item in value] if isinstance(value, list) else value


def _camel_name(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(piece.capitalize() for piece in rest)


def _present(name: str, value: Any) -> dict[str, Any]:
    return {name: value} if value else {}
