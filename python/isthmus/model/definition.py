"""What an API's definition consists of: the tables by which its JSON texts are read, and the checks across them.

`read_definition` is called by CreateApi and ModifyApi with their parameters. Its result is the draft: a mapping under
inside names, stored as JSON and shown again by DescribeApi. Source: vendor pages "CreateApi", "RequestConfig",
"ServiceConfig", "RequestParameters" and what Terraform's provider sends.
"""

from __future__ import annotations

from typing import Any

from isthmus.errors import Problem
from isthmus.model.fields import Boolean, Integer, Kind, Listing, Object, Text, read_text

LOCATIONS = ("BODY", "HEAD", "QUERY", "PATH")
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "HEADER", "OPTIONS", "TRACE", "CONNECT", "ANY")
TYPES = ("String", "Int", "Long", "Float", "Double", "Boolean", "File", "Array", "Number")
SYSTEM_PARAMETERS = (
    "CaClientIp", "CaDomain", "CaRequestHandleTime", "CaAppId", "CaRequestId", "CaHttpSchema", "CaProxy", "CaApiName",
    "CaClientUa", "CaAppKey", "CaStage",
)  # fmt: skip

_COUNT = Integer(0, 2**31 - 1)

REQUEST_CONFIG = Object(
    {
        "RequestProtocol": Text(("HTTP", "HTTPS", "WEBSOCKET"), separated=True),
        "RequestHttpMethod": Text(METHODS),
        "RequestPath": Text(),
        "RequestMode": Text(("MAPPING", "MAPPING_PASSTHROUGH", "PASSTHROUGH")),
        "BodyFormat": Text(("FORM", "STREAM")),
        "PostBodyDescription": Text(),
        "BodyModel": Text(),
        "EscapePathParam": Boolean(),
    },
    required=("RequestHttpMethod", "RequestPath"),
)

_VPC_CONFIG = Object(
    {
        "Name": Text(),
        "VpcAccessId": Text(),
        "VpcId": Text(),
        "InstanceId": Text(),
        "Port": Integer(1, 65535),
        "VpcScheme": Text(("HTTP", "HTTPS")),
        "VpcTargetHostName": Text(),
    }
)

_FUNCTION_CONFIG = Object(
    {
        "FcVersion": Text(),
        "FcType": Text(),
        "RegionId": Text(),
        "ServiceName": Text(),
        "FunctionName": Text(),
        "Qualifier": Text(),
        "RoleArn": Text(),
        "FcBaseUrl": Text(),
        "TriggerName": Text(),
        "Path": Text(),
        "Method": Text(),
        "OnlyBusinessPath": Boolean(),
        "ContentTypeCatagory": Text(),
        "ContentTypeValue": Text(),
    },
    aliases={"fcregionid": "RegionId"},
)

_OSS_CONFIG = Object({"OssRegionId": Text(), "BucketName": Text(), "Key": Text(), "Action": Text()})
_EVENT_BRIDGE_CONFIG = Object(
    {"EventBridgeRegionId": Text(), "EventBus": Text(), "EventSource": Text(), "RoleArn": Text()}
)
_MOCK_HEADERS = Listing(Object({"HeaderName": Text(), "HeaderValue": Text()}, required=("HeaderName",)))

SERVICE_CONFIG = Object(
    {
        "ServiceProtocol": Text(("HTTP", "HTTPS", "FunctionCompute", "OSS", "EventBridge", "UN_SPECIFIED")),
        "ServiceAddress": Text(),
        "ServicePath": Text(),
        "ServiceHttpMethod": Text(METHODS),
        "ServiceTimeout": Integer(1, 600_000),
        "ContentTypeCatagory": Text(("DEFAULT", "CUSTOM", "CLIENT")),
        "ContentTypeValue": Text(),
        "Mock": Text(("TRUE", "FALSE", "OPEN", "CLOSED")),
        "MockResult": Text(),
        "MockStatusCode": Integer(100, 599),
        "MockHeaders": _MOCK_HEADERS,
        "ServiceVpcEnable": Text(("TRUE", "FALSE")),
        "VpcConfig": _VPC_CONFIG,
        "FunctionComputeConfig": _FUNCTION_CONFIG,
        "OssConfig": _OSS_CONFIG,
        "EventBridgeConfig": _EVENT_BRIDGE_CONFIG,
        "AoneAppName": Text(),
    }
)

REQUEST_PARAMETERS = Listing(
    Object(
        {
            "ApiParameterName": Text(),
            "Location": Text(LOCATIONS),
            "ParameterType": Text(TYPES),
            "Required": Text(("REQUIRED", "OPTIONAL")),
            "DefaultValue": Text(),
            "DemoValue": Text(),
            "MinValue": Integer(),
            "MaxValue": Integer(),
            "MinLength": _COUNT,
            "MaxLength": _COUNT,
            "RegularExpression": Text(),
            "JsonScheme": Text(),
            "EnumValue": Text(),
            "ArrayItemsType": Text(),
            "DocShow": Text(("PUBLIC", "PRIVATE")),
            "DocOrder": Integer(),
            "Description": Text(),
        },
        aliases={"name": "ApiParameterName"},
        required=("ApiParameterName",),
    )
)

SERVICE_PARAMETERS = Listing(
    Object(
        {
            "ServiceParameterName": Text(),
            "Location": Text(LOCATIONS),
            "ParameterType": Text(TYPES),
            "ParameterCatalog": Text(("REQUEST", "CONSTANT", "SYSTEM")),
        },
        aliases={"type": "ParameterType"},
        required=("ServiceParameterName",),
    )
)

SERVICE_PARAMETERS_MAP = Listing(
    Object(
        {"ServiceParameterName": Text(), "RequestParameterName": Text()},
        required=("ServiceParameterName", "RequestParameterName"),
    )
)

CONSTANT_PARAMETERS = Listing(
    Object(
        {"ServiceParameterName": Text(), "ConstantValue": Text(), "Location": Text(LOCATIONS), "Description": Text()},
        required=("ServiceParameterName",),
    )
)

SYSTEM_PARAMETER = Listing(
    Object(
        {
            "ParameterName": Text(SYSTEM_PARAMETERS),
            "ServiceParameterName": Text(),
            "Location": Text(LOCATIONS),
            "DemoValue": Text(),
            "Description": Text(),
        },
        required=("ParameterName", "ServiceParameterName"),
    )
)

_RESULT_DESCRIPTIONS = Listing(
    Object(
        {
            "Id": Text(),
            "Pid": Text(),
            "HasChild": Boolean(),
            "Key": Text(),
            "Name": Text(),
            "Mandatory": Boolean(),
            "Type": Text(),
            "Description": Text(),
        }
    )
)

# Parameters of CreateApi and ModifyApi that are JSON texts, by inside name.
JSON_TEXTS: dict[str, tuple[str, Kind]] = {
    "request_config": ("RequestConfig", REQUEST_CONFIG),
    "service_config": ("ServiceConfig", SERVICE_CONFIG),
    "request_parameters": ("RequestParameters", REQUEST_PARAMETERS),
    "service_parameters": ("ServiceParameters", SERVICE_PARAMETERS),
    "service_parameters_map": ("ServiceParametersMap", SERVICE_PARAMETERS_MAP),
    "constant_parameters": ("ConstantParameters", CONSTANT_PARAMETERS),
    "system_parameters": ("SystemParameters", SYSTEM_PARAMETER),
    "error_code_samples": (
        "ErrorCodeSamples",
        Listing(Object({"Code": Text(), "Message": Text(), "Description": Text(), "Model": Text()})),
    ),
    "result_descriptions": ("ResultDescriptions", _RESULT_DESCRIPTIONS),
    "open_id_connect_config": (
        "OpenIdConnectConfig",
        Object({"OpenIdApiType": Text(), "PublicKeyId": Text(), "PublicKey": Text(), "IdTokenParamName": Text()}),
    ),
}

# Plain parameters: the vendor's name, what is allowed, and the default.
SCALARS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "auth_type": ("AuthType", ("APP", "ANONYMOUS", "APPOPENID", "OPENID"), "APP"),
    "app_code_auth_type": ("AppCodeAuthType", ("DEFAULT", "DISABLE", "HEADER", "HEADER_QUERY"), ""),
    "allow_signature_method": ("AllowSignatureMethod", (), "HmacSHA256"),
    "visibility": ("Visibility", ("PUBLIC", "PRIVATE"), "PRIVATE"),
    "result_type": ("ResultType", ("JSON", "TEXT", "BINARY", "XML", "HTML", "PASSTHROUGH"), "JSON"),
    "result_sample": ("ResultSample", (), ""),
    "fail_result_sample": ("FailResultSample", (), ""),
    "result_body_model": ("ResultBodyModel", (), ""),
    "web_socket_api_type": ("WebSocketApiType", ("COMMON", "REGISTER", "UNREGISTER", "NOTIFY"), "COMMON"),
    "backend_id": ("BackendId", (), ""),
}

# Flags that a modification without them leaves as they were.
FLAGS = ("force_nonce_check", "disable_internet", "backend_enable")


def read_definition(params: Any, before: dict[str, Any] | None, problems: list[Problem]) -> dict[str, Any]:
    """The definition in a CreateApi or ModifyApi; `before` is the draft that a modification replaces."""
    definition: dict[str, Any] = {}
    for name, (vendor_name, kind) in JSON_TEXTS.items():
        value = read_text(kind, getattr(params, name), vendor_name, problems)
        if value is not None:
            definition[name] = value
    for name, (vendor_name, allowed, default) in SCALARS.items():
        text = getattr(params, name) or default
        if text and allowed and text.upper() not in allowed:
            problems.append(Problem(vendor_name, f"is {text[:60]!r}, but must be one of {', '.join(allowed)}."))
        if text:
            definition[name] = text
    for name in FLAGS:
        given = getattr(params, name)
        definition[name] = bool((before or {}).get(name)) if given is None else given
    _split_service_parameters(definition)
    _check(definition, problems)
    return definition


def _split_service_parameters(definition: dict[str, Any]) -> None:
    """Terraform sends constants and system parameters inside the ordinary lists and expects them back apart."""
    marked = [one for one in definition.get("service_parameters", []) if _catalog(one) in ("CONSTANT", "SYSTEM")]
    if not marked:
        return
    by_service_name = {one["service_parameter_name"]: one for one in definition.get("service_parameters_map", [])}
    requested = {one["api_parameter_name"]: one for one in definition.get("request_parameters", [])}
    gone: set[str] = set()
    for one in marked:
        name = one["service_parameter_name"]
        request_name = by_service_name.get(name, {}).get("request_parameter_name", name)
        source = requested.get(request_name, {})
        common = {
            "service_parameter_name": name,
            "location": one.get("location"),
            "description": source.get("description"),
        }
        if _catalog(one) == "CONSTANT":
            entry = {**common, "constant_value": source.get("default_value", "")}
            definition.setdefault("constant_parameters", []).append(_without_none(entry))
        else:
            entry = {**common, "parameter_name": request_name}
            definition.setdefault("system_parameters", []).append(_without_none(entry))
        gone.add(request_name)
    names = {one["service_parameter_name"] for one in marked}
    _keep(definition, "service_parameters", lambda one: one["service_parameter_name"] not in names)
    _keep(definition, "service_parameters_map", lambda one: one["service_parameter_name"] not in names)
    _keep(definition, "request_parameters", lambda one: one["api_parameter_name"] not in gone)


def _catalog(parameter: dict[str, Any]) -> str:
    return str(parameter.get("parameter_catalog", "")).upper()


def _without_none(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if value is not None}


def _keep(definition: dict[str, Any], name: str, wanted: Any) -> None:
    kept = [one for one in definition.get(name, []) if wanted(one)]
    definition.pop(name, None)
    if kept:
        definition[name] = kept


def _check(definition: dict[str, Any], problems: list[Problem]) -> None:
    request = definition.get("request_config")
    if request is None:
        if not any(problem.parameter.startswith("RequestConfig") for problem in problems):
            problems.append(Problem("RequestConfig", "is required.", code="MissingRequestConfig"))
        return
    request.setdefault("request_protocol", "HTTP")
    request.setdefault("request_mode", "MAPPING")
    _check_path(request.get("request_path", "/"), problems)
    _check_unique(definition, problems)
    if not definition.get("backend_enable") and "service_config" not in definition:
        if not any(problem.parameter.startswith("ServiceConfig") for problem in problems):
            problems.append(Problem("ServiceConfig", "is required.", code="MissingServiceConfig"))


def _check_path(path: str, problems: list[Problem]) -> None:
    where = "RequestConfig.RequestPath"
    if not path.startswith("/"):
        problems.append(Problem(where, f"is {path[:60]!r}, but must start with '/'."))
    if len(path) > 200:
        problems.append(Problem(where, "has more than 200 characters."))
    if "*" in path.removesuffix("/*") or any(ord(character) < 33 for character in path):
        problems.append(Problem(where, "may have '*' only as its last segment, and no spaces."))
    if "//" in path:
        problems.append(Problem(where, "must not have empty segments."))


def _check_unique(definition: dict[str, Any], problems: list[Problem]) -> None:
    seen: set[tuple[str, str]] = set()
    for index, one in enumerate(definition.get("request_parameters", [])):
        key = (one["api_parameter_name"], str(one.get("location", "")).upper())
        if key in seen:
            problems.append(Problem(f"RequestParameters[{index}].ApiParameterName", f"{key[0]!r} occurs twice."))
        seen.add(key)
