"""Parameters of an operation, between OpenAPI's form and that of a definition.

Called by `operations.py` and `export.py`. A definition's parameters are JSON data with the interface's names, as
creating an API takes them. Invariant: what a definition cannot say about a parameter comes back as a warning.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_LOCATIONS = {"path": "PATH", "query": "QUERY", "header": "HEAD", "formData": "BODY"}
_OAS_LOCATIONS = {"PATH": "path", "QUERY": "query", "HEAD": "header", "BODY": "formData"}
_BACKEND_LOCATIONS = {
    **{name.lower(): location for name, location in _LOCATIONS.items()},
    "head": "HEAD",
    "body": "BODY",
    "form": "BODY",
}
# OpenAPI's type and format to ours, most specific first.
_TYPES: dict[tuple[str, str | None], str] = {
    ("integer", "int64"): "Long",
    ("integer", None): "Int",
    ("number", "float"): "Float",
    ("number", None): "Double",
    ("boolean", None): "Boolean",
    ("array", None): "Array",
    ("file", None): "File",
    ("string", "binary"): "File",
    ("string", None): "String",
}
_OAS_TYPES: dict[str, dict[str, Any]] = {
    "STRING": {"type": "string"},
    "INT": {"type": "integer", "format": "int32"},
    "LONG": {"type": "integer", "format": "int64"},
    "FLOAT": {"type": "number", "format": "float"},
    "DOUBLE": {"type": "number", "format": "double"},
    "NUMBER": {"type": "number"},
    "BOOLEAN": {"type": "boolean"},
    "ARRAY": {"type": "array", "items": {"type": "string"}},
    "FILE": {"type": "string", "format": "binary"},
}
_LIMITS = (("minimum", "MinValue"), ("maximum", "MaxValue"), ("minLength", "MinLength"), ("maxLength", "MaxLength"))


def read_parameter(given: Mapping[str, Any], schema: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """One declared parameter. `schema` is its own in OpenAPI 3, and the parameter itself in Swagger 2."""
    name = str(given.get("name") or "")
    kind = _type(schema)
    read: dict[str, Any] = {
        "ApiParameterName": name,
        "Location": _LOCATIONS.get(str(given.get("in")), str(given.get("in"))),
        "ParameterType": kind,
        "Required": "REQUIRED" if given.get("required") is True else "OPTIONAL",
    }
    warnings = []
    if kind == "Array":
        items = schema.get("items")
        read["ArrayItemsType"] = _type(items if isinstance(items, Mapping) else {})
    for theirs, ours in _LIMITS:
        limit = schema.get(theirs)
        if isinstance(limit, int) and not isinstance(limit, bool):
            read[ours] = limit
        elif limit is not None:
            warnings.append(f"{name}: {theirs} {limit!r} is not a whole number, so it is left out.")
    for theirs, ours in (("pattern", "RegularExpression"), ("description", "Description")):
        text = schema.get(theirs) if theirs == "pattern" else given.get(theirs, schema.get(theirs))
        if isinstance(text, str) and text:
            read[ours] = text
    for theirs, ours in (("default", "DefaultValue"), ("example", "DemoValue")):
        value = schema.get(theirs, given.get(theirs) if theirs == "example" else None)
        if value is not None and not isinstance(value, Mapping | list):
            read[ours] = plain_text(value)
    values = schema.get("enum")
    if isinstance(values, list) and values:
        texts = [plain_text(value) for value in values]
        if any("," in text for text in texts):
            warnings.append(f"{name}: a value of its enum has a comma, so the enum is left out.")
        else:
            read["EnumValue"] = ",".join(texts)
    return read, warnings


def write_parameter(parameter: Mapping[str, Any], version: str) -> dict[str, Any]:
    """The OpenAPI form of a declared parameter (a document of the model) that is not in the body."""
    location = _OAS_LOCATIONS.get(str(parameter.get("location", "")).upper(), "query")
    schema = write_schema(parameter)
    written: dict[str, Any] = {"name": parameter.get("api_parameter_name", ""), "in": location}
    if parameter.get("description"):
        written["description"] = parameter["description"]
    written["required"] = location == "path" or str(parameter.get("required", "")).upper() in ("REQUIRED", "TRUE")
    if version == "2.0":
        example = schema.pop("example", None)
        if schema.get("format") == "binary":
            schema = {"type": "file" if location == "formData" else "string"}
        return {**written, **schema, **({} if example is None else {"x-example": example})}
    return {**written, "schema": schema}


def write_schema(parameter: Mapping[str, Any]) -> dict[str, Any]:
    schema = dict(_OAS_TYPES.get(str(parameter.get("parameter_type") or "STRING").upper(), {"type": "string"}))
    if schema["type"] == "array" and parameter.get("array_items_type"):
        inner = _OAS_TYPES.get(str(parameter["array_items_type"]).upper(), {"type": "string"})
        schema["items"] = {"type": inner["type"]}
    for theirs, ours in (("minimum", "min_value"), ("maximum", "max_value")):
        if parameter.get(ours) is not None and schema["type"] in ("integer", "number"):
            schema[theirs] = parameter[ours]
    for theirs, ours in (("minLength", "min_length"), ("maxLength", "max_length")):
        if parameter.get(ours) is not None and schema["type"] == "string":
            schema[theirs] = parameter[ours]
    if parameter.get("regular_expression") and schema["type"] == "string":
        schema["pattern"] = parameter["regular_expression"]
    for theirs, ours in (("default", "default_value"), ("example", "demo_value")):
        value = _typed(parameter.get(ours), schema["type"])
        if value is not None:
            schema[theirs] = value
    texts = [text for text in (parameter.get("enum_value") or "").split(",") if text]
    typed = [_typed(text, schema["type"]) for text in texts]
    if typed and None not in typed and schema["type"] != "array":
        schema["enum"] = typed
    return schema


def backend_location(value: Any) -> str | None:
    """Of `x-aliyun-apigateway-backend-location`; None when it is no location."""
    return _BACKEND_LOCATIONS.get(str(value).lower())


def plain_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _type(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "string")
    return _TYPES.get((str(kind), str(schema.get("format"))), _TYPES.get((str(kind), None), "String"))


def _typed(text: Any, kind: str) -> Any:
    """A default or an example as a value of the type; None when it is none."""
    if text in (None, ""):
        return None
    try:
        if kind == "integer":
            value = int(text)
            return value if str(value) == text else None
        if kind == "number":
            number = float(text)
            return number if str(number) == text else None
    except ValueError:
        return None
    if kind == "boolean":
        return {"true": True, "false": False}.get(text)
    return None if kind == "array" else text
