"""`x-aliyun-apigateway-backend`: where an operation's requests go, to and from a definition's `ServiceConfig`.

Called by `operations.py` and `export.py`. Invariant: a value that names no known kind of backend is told, not guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_FC_FIELDS = {
    "fcVersion": "fc_version",
    "fcType": "fc_type",
    "fcBaseUrl": "fc_base_url",
    "fcRegion": "region_id",
    "serviceName": "service_name",
    "functionName": "function_name",
    "qualifier": "qualifier",
    "roleArn": "role_arn",
    "triggerName": "trigger_name",
    "path": "path",
    "method": "method",
    "onlyBusinessPath": "only_business_path",
}
_OSS_FIELDS = {"ossRegionId": "oss_region_id", "bucketName": "bucket_name", "key": "key", "action": "action"}
_BRIDGE_FIELDS = {
    "eventBridgeRegionId": "event_bridge_region_id",
    "eventBus": "event_bus",
    "eventSource": "event_source",
    "roleArn": "role_arn",
}
_KINDS = "HTTP, HTTP-VPC, FC, OSS, EVENTBRIDGE or MOCK"


def read_backend(given: Any) -> tuple[dict[str, Any], str | None]:
    """The `ServiceConfig`, and what is wrong with the value."""
    if not isinstance(given, Mapping):
        return {}, "x-aliyun-apigateway-backend must be an object with a type."
    kind = str(given.get("type") or "").upper().replace("_", "-")
    common = {
        "ServiceTimeout": given.get("timeout"),
        "ContentTypeCatagory": given.get("contentTypeCatagory"),
        "ContentTypeValue": given.get("contentTypeValue"),
    }
    if kind in ("HTTP", "HTTPS", "HTTP-VPC", "VPC"):
        service = {**_http(given), "ServiceProtocol": "HTTP", "Mock": "FALSE", "ServiceVpcEnable": "FALSE"}
        if kind.endswith("VPC"):
            vpc = {"Name": given.get("vpcAccessName"), "VpcScheme": given.get("vpcScheme")}
            service.update({"ServiceVpcEnable": "TRUE", "VpcConfig": _without_none(vpc)})
    elif kind in ("FC", "FC-EVENT", "FC-HTTP"):
        function = {_pascal(name): given.get(theirs) for theirs, name in _FC_FIELDS.items()}
        function["RoleArn"] = given.get("roleArn", given.get("arn"))
        service = {"ServiceProtocol": "FunctionCompute", "FunctionComputeConfig": _without_none(function)}
    elif kind == "OSS":
        store = {_pascal(name): given.get(theirs) for theirs, name in _OSS_FIELDS.items()}
        service = {"ServiceProtocol": "OSS", "OssConfig": _without_none(store)}
    elif kind == "EVENTBRIDGE":
        bridge = {_pascal(name): given.get(theirs) for theirs, name in _BRIDGE_FIELDS.items()}
        service = {"ServiceProtocol": "EventBridge", "EventBridgeConfig": _without_none(bridge)}
    elif kind == "MOCK":
        service = {"ServiceProtocol": "HTTP", "Mock": "TRUE", "ServiceVpcEnable": "FALSE", **_mock(given)}
    else:
        return {}, f"x-aliyun-apigateway-backend has the type {str(given.get('type'))[:40]!r}; it must be {_KINDS}."
    return _without_none({**common, **service}), None


def write_backend(service: Mapping[str, Any]) -> dict[str, Any] | None:
    """`service` is the model's document. None when there is nothing to say."""
    common = {
        "timeout": service.get("service_timeout"),
        "contentTypeCatagory": service.get("content_type_catagory"),
        "contentTypeValue": service.get("content_type_value"),
    }
    protocol = str(service.get("service_protocol") or "HTTP").upper()
    if str(service.get("mock")).upper() in ("TRUE", "OPEN"):
        headers = [
            {"name": one.get("header_name"), "value": one.get("header_value")}
            for one in service.get("mock_headers", [])
        ]
        said = {
            "type": "MOCK",
            "mockResult": service.get("mock_result"),
            "mockStatusCode": service.get("mock_status_code"),
            "mockHeaders": headers or None,
        }
    elif str(service.get("service_vpc_enable")).upper() == "TRUE":
        vpc = service.get("vpc_config") or {}
        access = {"vpcAccessName": vpc.get("name"), "vpcScheme": vpc.get("vpc_scheme")}
        said = {"type": "HTTP-VPC", **access, **_written_http(service)}
    elif protocol == "FUNCTIONCOMPUTE":
        said = {"type": "FC", **_fields(service.get("function_compute_config"), _FC_FIELDS)}
    elif protocol == "OSS":
        said = {"type": "OSS", **_fields(service.get("oss_config"), _OSS_FIELDS)}
    elif protocol == "EVENTBRIDGE":
        said = {"type": "EVENTBRIDGE", **_fields(service.get("event_bridge_config"), _BRIDGE_FIELDS)}
    elif service.get("service_address"):
        said = {"type": "HTTP", "address": service["service_address"], **_written_http(service)}
    else:
        return None
    return _without_none({**said, **common})


def _http(given: Mapping[str, Any]) -> dict[str, Any]:
    method = given.get("method")
    return {
        "ServiceAddress": given.get("address"),
        "ServicePath": _bracketed(given.get("path")),
        "ServiceHttpMethod": method.upper() if isinstance(method, str) else method,
    }


def _written_http(service: Mapping[str, Any]) -> dict[str, Any]:
    method, path = service.get("service_http_method"), service.get("service_path")
    return {
        "path": None if path is None else path.replace("[", "{").replace("]", "}"),
        "method": None if method is None else method.lower(),
    }


def _mock(given: Mapping[str, Any]) -> dict[str, Any]:
    headers = given.get("mockHeaders")
    listed = [one for one in headers if isinstance(one, Mapping)] if isinstance(headers, list) else []
    return {
        "MockResult": given.get("mockResult"),
        "MockStatusCode": given.get("mockStatusCode"),
        "MockHeaders": [{"HeaderName": one.get("name"), "HeaderValue": one.get("value")} for one in listed] or None,
    }


def _bracketed(path: Any) -> Any:
    """Documents write placeholders as OpenAPI does, `{name}`, or as the vendor does."""
    return path.replace("{", "[").replace("}", "]") if isinstance(path, str) else path


def _fields(config: Mapping[str, Any] | None, fields: Mapping[str, str]) -> dict[str, Any]:
    return {theirs: (config or {}).get(name) for theirs, name in fields.items()}


def _pascal(name: str) -> str:
    return "".join(piece.capitalize() for piece in name.split("_"))


def _without_none(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: item for name, item in value.items() if item is not None}
