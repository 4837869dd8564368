"""What an edition refers to: the backend of its service configuration, found among the VPC accesses.

Features that this gateway does not have are named here, so that publishing refuses them instead of serving something
else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from isthmus.errors import Problem

_STAGE_VARIABLE = re.compile(r"#[A-Za-z_][A-Za-z0-9_]*#")


@dataclass(frozen=True)
class AccessFacts:
    """What publishing needs to know of a VPC access."""

    access_id: str
    name: str
    network_id: str
    instance_id: str
    port: int


@dataclass(frozen=True)
class Backend:
    """`target` as the plan has it; `prefix` stands in front of the service path."""

    target: dict[str, Any]
    prefix: str = ""


def resolve_backend(
    definition: dict[str, Any], accesses: Sequence[AccessFacts], problems: list[Problem]
) -> Backend | None:
    """None when there are problems, which are appended."""
    if definition.get("backend_enable"):
        problems.append(_unsupported("BackendEnable", "backends as objects of their own"))
        return None
    service = definition.get("service_config", {})
    if service.get("mock", "").upper() in ("TRUE", "OPEN"):
        return Backend(_mock(service))
    protocol = service.get("service_protocol", "HTTP").upper()
    if protocol not in ("HTTP", "HTTPS"):
        problems.append(
            _unsupported("ServiceConfig.ServiceProtocol", f"backends of the type {service['service_protocol']}")
        )
        return None
    if service.get("service_vpc_enable", "").upper() == "TRUE":
        return _vpc(service, accesses, problems)
    return _address(service, problems)


def _mock(service: dict[str, Any]) -> dict[str, Any]:
    headers = [
        {"name": one["header_name"], "value": one.get("header_value", "")} for one in service.get("mock_headers", [])
    ]
    status = service.get("mock_status_code", 200)
    return {"type": "mock", "status": status, "headers": headers, "body": service.get("mock_result", "")}


def _vpc(service: dict[str, Any], accesses: Sequence[AccessFacts], problems: list[Problem]) -> Backend | None:
    config = service.get("vpc_config", {})
    name, where = config.get("name", ""), "ServiceConfig.VpcConfig"
    if _STAGE_VARIABLE.search(name):
        problems.append(_unsupported(f"{where}.Name", "stage variables"))
        return None
    found = [access for access in accesses if _fits(access, config)]
    if not found:
        asked = (
            name
            or config.get("vpc_access_id")
            or f"{config.get('vpc_id')}/{config.get('instance_id')}:{config.get('port')}"
        )
        problems.append(Problem(where, f"there is no VPC access {asked!r}: authorise it with SetVpcAccess first."))
        return None
    target: dict[str, Any] = {
        "type": "vpc",
        "access": found[0].name,
        "scheme": config.get("vpc_scheme", "HTTP").lower(),
    }
    if config.get("vpc_target_host_name"):
        target["host"] = config["vpc_target_host_name"]
    return Backend(target)


def _fits(access: AccessFacts, config: dict[str, Any]) -> bool:
    if config.get("name"):
        return access.name == config["name"]
    if config.get("vpc_access_id"):
        return access.access_id == config["vpc_access_id"]
    wanted = (config.get("vpc_id"), config.get("instance_id"), config.get("port"))
    return (access.network_id, access.instance_id, access.port) == wanted


def _address(service: dict[str, Any], problems: list[Problem]) -> Backend | None:
    text, where = service.get("service_address", ""), "ServiceConfig.ServiceAddress"
    if _STAGE_VARIABLE.search(text):
        problems.append(_unsupported(where, "stage variables"))
        return None
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        problems.append(Problem(where, f"is {text[:60]!r}, but must be http(s)://host[:port]."))
        return None
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or "@" in parts.netloc
        or parts.query
        or parts.fragment
    ):
        problems.append(Problem(where, f"is {text[:60]!r}, but must be http(s)://host[:port]."))
        return None
    target = {"type": "http", "scheme": parts.scheme, "host": parts.hostname, "port": port or _usual(parts.scheme)}
    return Backend(target, parts.path.rstrip("/"))


def _usual(scheme: str) -> int:
    return 443 if scheme == "https" else 80


def _unsupported(where: str, what: str) -> Problem:
    return Problem(where, f"{what} are not implemented by this gateway.", code="NotImplemented")
