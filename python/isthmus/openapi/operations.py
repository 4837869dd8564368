"""The operations of a document, each as what creating an API takes.

Called by `isthmus.operations.imports`. Defaults come, in this order, from the operation, its path, the root of the
document, and the caller. Nothing is checked here that creating an API checks anyway. Invariant: whatever a document
holds, the result is a definition to check or a list of what is wrong, and everything left out is named in a warning.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from isthmus.openapi import keys
from isthmus.openapi.backends import read_backend
from isthmus.openapi.overrides import apply_overrides
from isthmus.openapi.parameters import backend_location, read_parameter
from isthmus.openapi.references import resolve, schema_name

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_LONGEST_NAME, _LONGEST_DESCRIPTION = 50, 180
_SCHEMES = {"http": "HTTP", "https": "HTTPS", "ws": "WEBSOCKET", "wss": "WEBSOCKET"}


@dataclass
class Read:
    """One operation of a document."""

    # As the document has it.
    path: str
    # Upper case.
    method: str
    operation: Mapping[str, Any]
    # What creating an API takes: scalars and JSON data by inside name.
    given: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read_operations(document: dict[str, Any], version: str, defaults: Mapping[str, Any]) -> list[Read]:
    """`defaults` has values of extension keys for operations that do not say otherwise."""
    found = []
    for path, item in document.get("paths", {}).items():
        if path.startswith("x-"):
            continue
        resolved = resolve(document, item)
        if not isinstance(resolved, Mapping):
            found.append(Read(path, "", {}, problems=["The path is not an object."]))
            continue
        for member, operation in resolved.items():
            method = keys.method_of(member, version)
            if method is not None:
                found.append(_Reader(document, version, defaults, resolved).read(path, method, operation))
    return found


class _Reader:
    def __init__(
        self, document: dict[str, Any], version: str, defaults: Mapping[str, Any], path_item: Mapping[str, Any]
    ) -> None:
        self._document = document
        self._version = version
        self._path_item = path_item
        self._outer = (path_item, document, defaults)

    def read(self, path: str, method: str, operation: Any) -> Read:
        one = Read(path, method, operation if isinstance(operation, Mapping) else {})
        if not isinstance(operation, Mapping):
            one.problems.append("The operation is not an object.")
            return one
        places = (operation, *self._outer)
        mode = str(keys.find("parameter-handling", places) or "PASSTHROUGH").upper()
        one.given = {
            "api_name": _name(keys.find("api-name", places) or operation.get("operationId"), method, path),
            "description": _description(one, keys.find("description", places)),
            "request_config": {
                "RequestProtocol": self._protocols(operation),
                "RequestHttpMethod": method,
                "RequestPath": path.replace("{", "[").replace("}", "]"),
                "RequestMode": mode,
            },
            "service_config": self._service(one, places),
        }
        self._read_parameters(one, mode)
        self._read_responses(one)
        apply_overrides(one.given, places)
        for place, known in ((operation, keys.OPERATION_KEYS), (self._path_item, keys.OPERATION_KEYS)):
            for key in keys.unknown_keys(place, known):
                without = key[len(keys.PREFIX) :] in keys.WITHOUT_EFFECT
                one.warnings.append(f"{key} {'has no effect here' if without else 'is not understood'}.")
        for name in ("security", "callbacks"):
            if operation.get(name):
                one.warnings.append(f"{name} is not understood; x-aliyun-apigateway-auth-type says who may call.")
        return one

    def _service(self, one: Read, places: tuple[Mapping[str, Any], ...]) -> dict[str, Any]:
        backend = keys.find("backend", places)
        if backend is None:
            if keys.find("service-config", places) is None and not keys.find("backend-enable", places):
                one.problems.append("x-aliyun-apigateway-backend is required: it says where requests go.")
            return {}
        service, problem = read_backend(backend)
        if problem:
            one.problems.append(problem)
        return service

    def _protocols(self, operation: Mapping[str, Any]) -> str:
        schemes = operation.get("schemes", self._document.get("schemes"))
        if self._version != "2.0":
            servers = operation.get("servers", self._document.get("servers"))
            urls = [one.get("url") for one in servers if isinstance(one, Mapping)] if isinstance(servers, list) else []
            schemes = [_scheme(url) for url in urls]
        known = [_SCHEMES[one] for one in map(str, schemes) if one in _SCHEMES] if isinstance(schemes, list) else []
        return ",".join(dict.fromkeys(known)) or "HTTP,HTTPS"

    def _read_parameters(self, one: Read, mode: str) -> None:
        requested: list[dict[str, Any]] = []
        served: list[dict[str, Any]] = []
        mapped: list[dict[str, Any]] = []
        body_format = None
        for given, schema in (*self._declared(one), *self._form(one)):
            if given.get("in") == "cookie":
                one.warnings.append(f"{given.get('name')}: cookies are not mapped, so the parameter is left out.")
                continue
            read, warnings = read_parameter(given, schema)
            one.warnings += warnings
            # What a parameter's own fields cannot say.
            extra = given.get(keys.PREFIX + "parameter")
            read.update(extra if isinstance(extra, Mapping) else {})
            requested.append(read)
            body_format = "FORM" if given.get("in") == "formData" else body_format
            if mode != "PASSTHROUGH":
                name = read["ApiParameterName"]
                location = self._backend_location(one, given, read)
                backend_name = given.get(keys.PREFIX + "backend-name", name)
                served.append(
                    {
                        "ServiceParameterName": backend_name,
                        "Location": location,
                        "ParameterType": read["ParameterType"],
                    }
                )
                mapped.append({"ServiceParameterName": backend_name, "RequestParameterName": name})
            one.warnings += [
                f"{given.get('name')}: {key} is not understood."
                for key in keys.unknown_keys(given, keys.PARAMETER_KEYS)
            ]
        one.given.update(request_parameters=requested, service_parameters=served, service_parameters_map=mapped)
        self._read_body(one, None if mode == "PASSTHROUGH" else body_format)

    def _backend_location(self, one: Read, given: Mapping[str, Any], read: Mapping[str, Any]) -> str:
        stated = given.get(keys.PREFIX + "backend-location")
        location = read["Location"] if stated is None else backend_location(stated)
        if location is None:
            one.problems.append(f"{given.get('name')}: {stated!r:.40} is no x-aliyun-apigateway-backend-location.")
        return str(location)

    def _declared(self, one: Read) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
        """Those of the path and of the operation, which win; bodies are left to `_read_body`."""
        found: dict[tuple[Any, Any], Mapping[str, Any]] = {}
        for place in (self._path_item, one.operation):
            listed = place.get("parameters")
            for entry in listed if isinstance(listed, list) else []:
                given = resolve(self._document, entry)
                if isinstance(given, Mapping):
                    found[(str(given.get("name")), str(given.get("in")))] = given
                else:
                    one.problems.append("A parameter is not an object.")
        for given in found.values():
            if given.get("in") != "body":
                schema = given if self._version == "2.0" else resolve(self._document, given.get("schema"))
                yield given, schema if isinstance(schema, Mapping) else {}

    def _form(self, one: Read) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
        """Fields of a form, which OpenAPI 3 has in the request body."""
        content = self._content(one)
        media = next((content[kind] for kind in _FORMS if isinstance(content.get(kind), Mapping)), None)
        schema = resolve(self._document, media.get("schema")) if media is not None else None
        if not isinstance(schema, Mapping) or not isinstance(schema.get("properties"), Mapping):
            return
        required = schema.get("required")
        for name, inner in schema["properties"].items():
            field_schema = resolve(self._document, inner)
            if isinstance(field_schema, Mapping):
                is_required = isinstance(required, list) and name in required
                extensions = {key: value for key, value in field_schema.items() if key.startswith(keys.PREFIX)}
                yield {"name": name, "in": "formData", "required": is_required, **extensions}, field_schema

    def _content(self, one: Read) -> Mapping[str, Any]:
        body = resolve(self._document, one.operation.get("requestBody")) if self._version != "2.0" else None
        content = body.get("content") if isinstance(body, Mapping) else None
        return content if isinstance(content, Mapping) else {}

    def _read_body(self, one: Read, body_format: str | None) -> None:
        config = one.given["request_config"]
        schema: Any = None
        body: Any = None
        if self._version == "2.0":
            listed = [*(one.operation.get("parameters") or []), *(self._path_item.get("parameters") or [])]
            bodies = [given for given in (resolve(self._document, entry) for entry in listed) if _is_body(given)]
            body = bodies[0] if bodies else None
            schema = body.get("schema") if body is not None else None
        elif not any(kind in self._content(one) for kind in _FORMS):
            body = resolve(self._document, one.operation.get("requestBody"))
            media = next((media for media in self._content(one).values() if isinstance(media, Mapping)), {})
            schema = media.get("schema")
        if isinstance(body, Mapping):
            config["PostBodyDescription"] = body.get("description")
            config["BodyModel"] = schema_name(schema)
            body_format = None if config["RequestMode"] == "PASSTHROUGH" else body_format or "STREAM"
        if body_format is not None:
            config["BodyFormat"] = body_format

    def _read_responses(self, one: Read) -> None:
        responses = one.operation.get("responses")
        samples = []
        for code, entry in responses.items() if isinstance(responses, Mapping) else ():
            response = resolve(self._document, entry)
            if not isinstance(response, Mapping) or code.startswith("x-"):
                continue
            schema, example = self._media(response)
            if code[:1] == "2" and "result_sample" not in one.given:
                if example is not None:
                    one.given["result_sample"] = example
                if schema_name(schema):
                    one.given["result_body_model"] = schema_name(schema)
            elif re.fullmatch("[345][0-9][0-9]", code):
                sample = {"Code": code, "Message": response.get("description"), "Model": schema_name(schema)}
                samples.append(sample)
        one.given["error_code_samples"] = samples

    def _media(self, response: Mapping[str, Any]) -> tuple[Any, str | None]:
        """Schema and example of a response."""
        if self._version == "2.0":
            examples = response.get("examples")
            listed = list(examples.values()) if isinstance(examples, Mapping) else []
            return response.get("schema"), next((one for one in listed if isinstance(one, str)), None)
        content = response.get("content")
        listed = list(content.values()) if isinstance(content, Mapping) else []
        media = next((one for one in listed if isinstance(one, Mapping)), {})
        example = media.get("example")
        return media.get("schema"), example if isinstance(example, str) else None


def _is_body(given: Any) -> bool:
    return isinstance(given, Mapping) and given.get("in") == "body"


def _scheme(url: Any) -> str:
    try:
        return urlsplit(str(url)).scheme.lower()
    except ValueError:
        return ""


def _name(given: Any, method: str, path: str) -> str:
    """What the document calls the operation, else its method and path in the alphabet of names."""
    name = str(given) if given else f"{method.lower()}_{re.sub('[^A-Za-z0-9]+', '_', path).strip('_')}".strip("_")
    if len(name) <= _LONGEST_NAME:
        return name
    digest = hashlib.sha256(name.encode(errors="replace")).hexdigest()[:8]
    return f"{name[: _LONGEST_NAME - 9]}_{digest}"


def _description(one: Read, stated: Any) -> str:
    text = str(stated or one.operation.get("description") or one.operation.get("summary") or "")
    if len(text) > _LONGEST_DESCRIPTION:
        one.warnings.append(f"The description has {len(text)} characters; {_LONGEST_DESCRIPTION} of them are kept.")
    return text[:_LONGEST_DESCRIPTION]
