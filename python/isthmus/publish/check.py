"""Third step of a publish: everything that keeps a resolved definition from being served.

Called by `release.py`. Two lists: problems, which the caller can correct, and features that this gateway does not have.
Invariant: a definition with neither compiles into an edition that an engine accepts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from isthmus.errors import Problem
from isthmus.model import Draft
from isthmus.publish.discovery import discovery_problems, is_discovered
from isthmus.publish.expression import ExpressionError, engine_expression
from isthmus.publish.function import function_problems, is_function
from isthmus.publish.json_schema import json_schema
from isthmus.publish.open_id import open_id_problems
from isthmus.publish.resolve import Resolved

# What the engine has a value for.
SYSTEM_PARAMETERS = frozenset(
    {
        "CaClientIp",
        "CaDomain",
        "CaRequestHandleTime",
        "CaAppId",
        "CaAppExtendInfo",
        "CaAppKey",
        "CaRequestId",
        "CaHttpSchema",
        "CaInstanceId",
        "CaProxy",
        "CaApiName",
        "CaStage",
        "CaClientUa",
    }
)
_PLACEHOLDER = re.compile(r"\[([^\[\]/]+)\]")
_SERVED_PROTOCOLS = frozenset({"HTTP", "HTTPS"})


def unsupported_features(draft: Draft) -> list[str]:
    """Names of features for an error message."""
    return list(dict.fromkeys(_unsupported(draft)))


def find_problems(resolved: Resolved) -> list[Problem]:
    return [
        *_protocol_problems(resolved.draft),
        *open_id_problems(resolved.draft),
        *_parameter_problems(resolved.draft),
        *_mapping_problems(resolved.draft),
        *_unread_body_problems(resolved.draft),
        *_backend_problems(resolved),
    ]


def placeholders(path: str) -> set[str]:
    """Names in `[name]`, and `*` for the rest of the path."""
    return set(_PLACEHOLDER.findall(path)) | ({"*"} if path.endswith("/*") else set())


def protocols(draft: Draft) -> set[str]:
    text = draft.request_config.request_protocol or ""
    return {part.strip().upper() for part in text.split(",") if part.strip()}


def _unsupported(draft: Draft) -> Iterator[str]:
    service = draft.service_config
    if draft.is_mock:
        return
    protocol = (service.service_protocol or "HTTP").upper()
    if protocol not in _SERVED_PROTOCOLS and not is_function(draft) and not (draft.uses_vpc and protocol == "VPC"):
        yield f"backends of the type {service.service_protocol}"


def _protocol_problems(draft: Draft) -> Iterator[Problem]:
    if not protocols(draft) & (_SERVED_PROTOCOLS | {"WEBSOCKET"}):
        yield Problem("RequestConfig.RequestProtocol", "names neither HTTP nor HTTPS nor WEBSOCKET.")
    role = draft.web_socket_api_type.upper()
    if role in ("REGISTER", "UNREGISTER") and "WEBSOCKET" not in protocols(draft):
        text = f"must have WEBSOCKET: devices call {role} APIs on their connection."
        yield Problem("RequestConfig.RequestProtocol", text)


def _parameter_problems(draft: Draft) -> Iterator[Problem]:
    in_path = placeholders(draft.path)
    passes_through = draft.request_mode == "PASSTHROUGH"
    streams = (draft.request_config.body_format or "").upper() == "STREAM"
    for index, parameter in enumerate(draft.request_parameters):
        path, location = f"RequestParameters[{index}]", (parameter.location or "").upper()
        name = parameter.api_parameter_name or ""
        if location == "PATH" and name not in in_path:
            text = f"{name[:60]!r} is not a placeholder of the request path; write [{name[:60]}] into it."
            yield Problem(f"{path}.ApiParameterName", text)
        # Passing through reads the path alone.
        if passes_through and location != "PATH":
            continue
        if location == "BODY" and streams:
            text = "is BODY, but BodyFormat STREAM forwards the body unread; use FORM, or leave the parameter out."
            yield Problem(f"{path}.Location", text)
        problem = _expression_problem(parameter.regular_expression or "")
        if problem:
            yield Problem(f"{path}.RegularExpression", problem)
        if parameter.json_scheme:
            try:
                json_schema(parameter.json_scheme)
            except ValueError as error:
                yield Problem(f"{path}.JsonScheme", str(error))


def _unread_body_problems(draft: Draft) -> Iterator[Problem]:
    """A fixed value for a body that is forwarded as it is would never arrive."""
    if draft.request_mode == "PASSTHROUGH":
        why = "PASSTHROUGH"
    elif (draft.request_config.body_format or "").upper() == "STREAM":
        why = "BodyFormat STREAM"
    else:
        return
    fixed = [(f"ConstantParameters[{index}]", one.location) for index, one in enumerate(draft.constant_parameters)]
    fixed += [(f"SystemParameters[{index}]", one.location) for index, one in enumerate(draft.system_parameters)]
    for path, location in fixed:
        if (location or "").upper() == "BODY":
            yield Problem(f"{path}.Location", f"is BODY, but {why} forwards the body unread; use HEAD or QUERY.")


def _expression_problem(expression: str) -> str | None:
    try:
        engine_expression(expression)
    except ExpressionError as error:
        return str(error)
    return None


def _mapping_problems(draft: Draft) -> Iterator[Problem]:
    requested = {parameter.api_parameter_name for parameter in draft.request_parameters}
    served = {parameter.service_parameter_name for parameter in draft.service_parameters}
    for index, entry in enumerate(draft.service_parameters_map):
        path = f"ServiceParametersMap[{index}]"
        if entry.request_parameter_name not in requested:
            text = f"{str(entry.request_parameter_name)[:60]!r} is not declared in RequestParameters."
            yield Problem(f"{path}.RequestParameterName", text)
        if entry.service_parameter_name not in served:
            text = f"{str(entry.service_parameter_name)[:60]!r} is not declared in ServiceParameters."
            yield Problem(f"{path}.ServiceParameterName", text)
    for index, system in enumerate(draft.system_parameters):
        if system.parameter_name not in SYSTEM_PARAMETERS:
            known = ", ".join(sorted(SYSTEM_PARAMETERS))
            text = f"{str(system.parameter_name)[:60]!r} is not a system parameter; there are {known}."
            yield Problem(f"SystemParameters[{index}].ParameterName", text)


def _backend_problems(resolved: Resolved) -> Iterator[Problem]:
    draft, service = resolved.draft, resolved.draft.service_config
    if draft.is_mock:
        return
    if is_function(draft):
        yield from function_problems(draft)
        return
    if service.discovery_config is not None and is_discovered(draft):
        yield from discovery_problems(service.discovery_config, "BackendModelData.DiscoveryConfig")
    elif draft.backend_enable and not draft.uses_vpc and not service.service_address:
        name, stage = str(draft.backend_id)[:60], resolved.frozen.stage
        text = f"there is no backend {name} with a model for {stage}; make it with CreateBackendModel."
        yield Problem("BackendId", text)
    if draft.uses_vpc and resolved.access_name is None:
        vpc = service.vpc_config
        wanted = (vpc.name or vpc.vpc_access_id) if vpc is not None else None
        what = f"VPC access {wanted[:64]!r}" if wanted else "VPC access to this network, instance and port"
        yield Problem("ServiceConfig.VpcConfig", f"there is no {what}; make it with SetVpcAccess.")
    if (service.content_type_catagory or "").upper() == "CUSTOM" and not service.content_type_value:
        yield Problem("ServiceConfig.ContentTypeValue", "is required when ContentTypeCatagory is CUSTOM.")
    if any(character in "\r\n" for character in service.content_type_value or ""):
        yield Problem("ServiceConfig.ContentTypeValue", "has a line break, which a header cannot have.")
    known = placeholders(draft.path) | _mapped_into_path(draft)
    for name in sorted(placeholders(service.service_path or "") - known):
        what = "'*'" if name == "*" else f"[{name[:60]}]"
        text = f"uses {what}, which is neither in the request path nor a service parameter in PATH."
        yield Problem("ServiceConfig.ServicePath", text)


def _mapped_into_path(draft: Draft) -> set[str]:
    """Names that a mapping, a constant or a system parameter gives a value for the backend's path."""
    mapped = {entry.service_parameter_name for entry in draft.service_parameters_map}
    found: set[str] = set()
    for one in draft.service_parameters:
        if one.service_parameter_name in mapped and (one.location or "").upper() == "PATH":
            found.add(one.service_parameter_name or "")
    fixed = [(one.service_parameter_name, one.location) for one in draft.constant_parameters]
    fixed += [(one.service_parameter_name, one.location) for one in draft.system_parameters]
    return found | {name or "" for name, location in fixed if (location or "").upper() == "PATH"}
