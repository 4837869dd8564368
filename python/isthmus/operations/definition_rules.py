"""Which values a definition may have, whether or not it can be published.

Called by `definition.py` on a draft that was read without problems. Names that refer to something (a VPC access, a
parameter in a mapping) are the publish's business: a draft may be ahead of them. Invariant: reports, never raises.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from isthmus.model import Draft, RequestParameter, ServiceConfig
from isthmus.operations.json_text import JsonReader

_METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "HEADER", "OPTIONS", "TRACE", "CONNECT", "ANY")
_PROTOCOLS = ("HTTP", "HTTPS", "WEBSOCKET")
_MODES = ("MAPPING", "MAPPING_PASSTHROUGH", "PASSTHROUGH")
_LOCATIONS = ("BODY", "HEAD", "QUERY", "PATH")
_TYPES = ("STRING", "INT", "LONG", "FLOAT", "DOUBLE", "BOOLEAN", "ARRAY", "FILE", "NUMBER")
_BACKENDS = ("HTTP", "HTTPS", "FUNCTIONCOMPUTE", "OSS", "EVENTBRIDGE", "UN_SPECIFIED", "VPC", "MOCK")
_SWITCH = ("TRUE", "FALSE", "OPEN", "CLOSED")
_LONGEST_PATH = 1024
_LONGEST_TIMEOUT = 600_000
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")
_PLACEHOLDER = re.compile(r"\[[^\[\]/]{1,128}\]")
_PATH_TEXT = re.compile(r"[^\s?#\[\]*\x00-\x1f\x7f]*")
_STAGE_VARIABLE = re.compile(r"#[A-Za-z0-9_]+#")
_HOST_NAME = re.compile(r"[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]")


def check_draft(reader: JsonReader, draft: Draft) -> None:
    _check_scalars(reader, draft)
    _check_request(reader, draft)
    _check_parameters(reader, draft)
    if not draft.backend_enable:
        check_service(reader, draft)
        return
    _check_towards(reader, draft.service_config)
    if not draft.backend_id:
        reader.report("BackendId", "is required when BackendEnable is true.")


def path_problem(path: str) -> str | None:
    """What is wrong with the path pattern of a request or a backend."""
    if not path.startswith("/"):
        return "must start with '/'."
    if len(path) > _LONGEST_PATH:
        return f"is longer than {_LONGEST_PATH} characters."
    segments = path[1:].split("/")
    placeholders = [segment for segment in segments if _PLACEHOLDER.fullmatch(segment)]
    for index, segment in enumerate(segments):
        is_last = index + 1 == len(segments)
        if segment == "*" and not is_last:
            return "may have '*' only as its last segment."
        if segment in (".", "..") or (segment == "" and not is_last):
            return "must have neither empty segments nor '.' or '..'."
        if segment not in placeholders and segment != "*" and not _PATH_TEXT.fullmatch(segment):
            return f"has the segment {segment[:60]!r}; a segment is text without blanks, '?' or '#', '[name]', or '*'."
    if len(set(placeholders)) < len(placeholders):
        return "has a placeholder twice."
    return None


def _one_of(reader: JsonReader, path: str, value: str | None, allowed: Iterable[str]) -> None:
    known = {one.upper(): one for one in allowed}
    if value and value.strip().upper() not in known:
        reader.report(path, f"{value[:60]!r} is not one of {', '.join(known.values())}.")


def _check_scalars(reader: JsonReader, draft: Draft) -> None:
    _one_of(reader, "AuthType", draft.auth_type, ("APP", "ANONYMOUS", "APPOPENID", "OPENID"))
    _one_of(reader, "AppCodeAuthType", draft.app_code_auth_type, ("DEFAULT", "DISABLE", "HEADER", "HEADER_QUERY"))
    _one_of(reader, "Visibility", draft.visibility, ("PUBLIC", "PRIVATE"))
    _one_of(reader, "ResultType", draft.result_type, ("JSON", "TEXT", "BINARY", "XML", "HTML", "PASSTHROUGH"))
    _one_of(reader, "WebSocketApiType", draft.web_socket_api_type, ("COMMON", "REGISTER", "UNREGISTER", "NOTIFY"))
    for method in draft.allow_signature_method.split(","):
        _one_of(reader, "AllowSignatureMethod", method, ("HmacSHA1", "HmacSHA256"))
    if not draft.allow_signature_method.replace(",", "").strip():
        reader.report("AllowSignatureMethod", "names no method; send HmacSHA256, or HmacSHA1,HmacSHA256.")


def _check_request(reader: JsonReader, draft: Draft) -> None:
    request = draft.request_config
    for name, value in (
        ("RequestProtocol", request.request_protocol),
        ("RequestHttpMethod", request.request_http_method),
        ("RequestPath", request.request_path),
    ):
        if not value or not value.strip(" ,"):
            reader.report(f"RequestConfig.{name}", "is required.")
    for protocol in (request.request_protocol or "").split(","):
        _one_of(reader, "RequestConfig.RequestProtocol", protocol, _PROTOCOLS)
    _one_of(reader, "RequestConfig.RequestHttpMethod", request.request_http_method, _METHODS)
    _one_of(reader, "RequestConfig.RequestMode", request.request_mode, _MODES)
    _one_of(reader, "RequestConfig.BodyFormat", request.body_format, ("FORM", "STREAM"))
    problem = path_problem(request.request_path) if request.request_path else None
    if problem:
        reader.report("RequestConfig.RequestPath", problem)


def _check_name(reader: JsonReader, path: str, name: str | None, location: str | None) -> None:
    where = (location or "").strip().upper()
    if not name or not name.strip():
        reader.report(path, "is required.")
    elif len(name) > 128:
        reader.report(path, "is longer than 128 characters.")
    elif where == "HEAD" and not _HEADER_NAME.fullmatch(name):
        reader.report(path, f"{name[:60]!r} is not a header name.")
    elif where == "PATH" and not _PLACEHOLDER.fullmatch(f"[{name}]"):
        reader.report(path, f"{name[:60]!r} cannot be a placeholder of a path.")


def _check_location(reader: JsonReader, path: str, location: str | None) -> None:
    if not location or not location.strip():
        reader.report(path, "is required.")
    _one_of(reader, path, location, _LOCATIONS)


def _check_parameters(reader: JsonReader, draft: Draft) -> None:
    seen: set[str] = set()
    for index, request in enumerate(draft.request_parameters):
        path = f"RequestParameters[{index}]"
        name = request.api_parameter_name
        _check_name(reader, f"{path}.ApiParameterName", name, request.location)
        _check_location(reader, f"{path}.Location", request.location)
        if name and name in seen:
            reader.report(f"{path}.ApiParameterName", f"{name[:60]!r} is declared twice.")
        seen.add(name or "")
        _check_declared(reader, path, request)
    for index, service in enumerate(draft.service_parameters):
        path = f"ServiceParameters[{index}]"
        _check_name(reader, f"{path}.ServiceParameterName", service.service_parameter_name, service.location)
        _check_location(reader, f"{path}.Location", service.location)
        _one_of(reader, f"{path}.ParameterType", service.parameter_type, _TYPES)
        _one_of(reader, f"{path}.ParameterCatalog", service.parameter_catalog, ("REQUEST", "CONSTANT", "SYSTEM"))
    for index, entry in enumerate(draft.service_parameters_map):
        if not entry.service_parameter_name:
            reader.report(f"ServiceParametersMap[{index}].ServiceParameterName", "is required.")
        if not entry.request_parameter_name:
            reader.report(f"ServiceParametersMap[{index}].RequestParameterName", "is required.")
    for index, constant in enumerate(draft.constant_parameters):
        path = f"ConstantParameters[{index}]"
        _check_name(reader, f"{path}.ServiceParameterName", constant.service_parameter_name, constant.location)
        _check_location(reader, f"{path}.Location", constant.location)
        if (constant.location or "").upper() == "HEAD" and re.search(r"[\r\n]", constant.constant_value or ""):
            reader.report(f"{path}.ConstantValue", "has a line break, which a header cannot have.")
    for index, system in enumerate(draft.system_parameters):
        path = f"SystemParameters[{index}]"
        _check_name(reader, f"{path}.ServiceParameterName", system.service_parameter_name, system.location)
        _check_location(reader, f"{path}.Location", system.location)
        if not system.parameter_name:
            reader.report(f"{path}.ParameterName", "is required.")


def _check_declared(reader: JsonReader, path: str, parameter: RequestParameter) -> None:
    _one_of(reader, f"{path}.ParameterType", parameter.parameter_type, _TYPES)
    _one_of(reader, f"{path}.Required", parameter.required, ("REQUIRED", "OPTIONAL", "TRUE", "FALSE"))
    for least, most, what in (
        (parameter.min_value, parameter.max_value, "Value"),
        (parameter.min_length, parameter.max_length, "Length"),
    ):
        if least is not None and most is not None and least > most:
            reader.report(f"{path}.Max{what}", f"is {most}, less than Min{what} ({least}).")
    for length, name in ((parameter.min_length, "MinLength"), (parameter.max_length, "MaxLength")):
        if length is not None and not 0 <= length <= 2**31 - 1:
            reader.report(f"{path}.{name}", "must be between 0 and 2147483647.")
    # A service parameter that is constant has no type of its own, and its value here need not fit one.
    problem = default_problem(parameter)
    if problem:
        reader.report(f"{path}.DefaultValue", problem)


def default_problem(parameter: RequestParameter) -> str | None:
    """Why the default does not fit the type; the gateway would refuse every call that leaves the parameter out."""
    text, kind = parameter.default_value, (parameter.parameter_type or "").upper()
    if not text:
        return None
    bits = {"INT": 31, "LONG": 63}.get(kind)
    if bits is not None:
        if re.fullmatch(r"[+-]?[0-9]{1,19}", text) and -(2**bits) <= int(text) < 2**bits:
            return None
        return f"{text[:40]!r} is not a {bits + 1}-bit integer."
    if kind in ("FLOAT", "DOUBLE", "NUMBER") and not _is_number(text):
        return f"{text[:40]!r} is not a number."
    if kind == "BOOLEAN" and text.lower() not in ("true", "false"):
        return f"{text[:40]!r} is neither true nor false."
    return None


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text)) and "_" not in text
    except ValueError:
        return False


def check_service(reader: JsonReader, draft: Draft) -> None:
    """Where requests go, of a draft or of a model of a backend object."""
    service = draft.service_config
    if service == ServiceConfig():
        reader.report("ServiceConfig", "is required.")
        return
    _one_of(reader, "ServiceConfig.ServiceProtocol", service.service_protocol, _BACKENDS)
    _one_of(reader, "ServiceConfig.Mock", service.mock, _SWITCH)
    _one_of(reader, "ServiceConfig.ServiceVpcEnable", service.service_vpc_enable, _SWITCH)
    if draft.is_mock:
        _check_timeout(reader, service)
        _check_mock(reader, service)
        return
    _check_towards(reader, service)
    if draft.uses_vpc:
        _check_vpc(reader, service)
    elif (service.service_protocol or "HTTP").upper() in ("HTTP", "HTTPS") and service.discovery_config is None:
        problem = address_problem(service.service_address or "")
        if problem:
            reader.report("ServiceConfig.ServiceAddress", problem)


def _check_timeout(reader: JsonReader, service: ServiceConfig) -> None:
    timeout = service.service_timeout
    # Clients send 0 where a kind of backend has no use for it.
    if timeout is not None and not 0 <= timeout <= _LONGEST_TIMEOUT:
        reader.report("ServiceConfig.ServiceTimeout", f"must be between 1 and {_LONGEST_TIMEOUT} milliseconds.")


def _check_towards(reader: JsonReader, service: ServiceConfig) -> None:
    """What an API says itself, wherever its requests go."""
    _check_timeout(reader, service)
    _one_of(reader, "ServiceConfig.ServiceHttpMethod", service.service_http_method, _METHODS)
    _one_of(reader, "ServiceConfig.ContentTypeCatagory", service.content_type_catagory, ("DEFAULT", "CUSTOM", "CLIENT"))
    # What a stage variable stands for is known only when the API is published.
    service_path = _STAGE_VARIABLE.sub("variable", service.service_path or "")
    problem = path_problem(service_path) if service_path and service_path != "variable" else None
    if problem:
        reader.report("ServiceConfig.ServicePath", problem)


def _check_mock(reader: JsonReader, service: ServiceConfig) -> None:
    status = service.mock_status_code
    if status not in (None, 0) and not 200 <= (status or 0) <= 599:
        reader.report("ServiceConfig.MockStatusCode", f"{status} is not a status from 200 to 599.")
    for index, header in enumerate(service.mock_headers):
        path = f"ServiceConfig.MockHeaders[{index}]"
        if not _HEADER_NAME.fullmatch(header.header_name or ""):
            reader.report(f"{path}.HeaderName", f"{(header.header_name or '')[:60]!r} is not a header name.")
        if re.search(r"[\r\n]", header.header_value or ""):
            reader.report(f"{path}.HeaderValue", "has a line break, which a header cannot have.")


def _check_vpc(reader: JsonReader, service: ServiceConfig) -> None:
    vpc = service.vpc_config
    if vpc is None or not (vpc.name or vpc.vpc_access_id or (vpc.vpc_id and vpc.instance_id and vpc.port)):
        text = "must name a VPC access: send Name, or VpcId, InstanceId and Port."
        reader.report("ServiceConfig.VpcConfig", text)
    if vpc is not None:
        _one_of(reader, "ServiceConfig.VpcConfig.VpcScheme", vpc.vpc_scheme, ("HTTP", "HTTPS"))
        if vpc.port is not None and not 0 <= vpc.port <= 65535:
            reader.report("ServiceConfig.VpcConfig.Port", f"{vpc.port} is not a port.")


def address_problem(address: str) -> str | None:
    """What is wrong with a backend's address; a stage variable is as good as any."""
    if _STAGE_VARIABLE.search(address):
        return None
    form = "must be of the form http://host:port or https://host:port."
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return form
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname or ""
    if parts.scheme.lower() not in ("http", "https") or not _HOST_NAME.fullmatch(host) or port == 0:
        return form
    if parts.username is not None or "?" in address or "#" in address or path_problem(parts.path or "/"):
        return f"{form} A path may follow; credentials and a query may not."
    return None
