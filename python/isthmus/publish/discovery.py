"""Backends that a registry tells: what a backend model says of one, as the engine's target.

Called by `check.py`, `compile.py` and, for a model that is saved, `operations/backend_models.py`. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from isthmus.errors import Problem
from isthmus.model import Draft
from isthmus.model.discovery import DiscoveryConfig, DnsConfig, NacosConfig
from isthmus.publish.target_set import balance_of, balance_problem

_MOST_SERVERS = 16
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}")
_TEXT = re.compile(r"[!-~]{1,512}")


def is_discovered(draft: Draft) -> bool:
    service = draft.service_config
    return not draft.is_mock and not draft.uses_vpc and service.discovery_config is not None


def discovery_problems(config: DiscoveryConfig, place: str) -> Iterator[Problem]:
    kind = (config.rc_type or "").upper()
    if kind == "DNS":
        yield from _dns_problems(config.dns_config or DnsConfig(), f"{place}.DnsConfig")
    elif kind == "NACOS":
        yield from _nacos_problems(config.nacos_config or NacosConfig(), f"{place}.NacosConfig")
    else:
        yield Problem(f"{place}.RcType", f"{kind[:40]!r} is neither NACOS nor DNS.")
    if (config.scheme or "HTTP").upper() not in ("HTTP", "HTTPS"):
        yield Problem(f"{place}.Scheme", "must be HTTP or HTTPS.")
    problem = balance_problem(config.balance, config.balance_header)
    if problem is not None:
        yield Problem(f"{place}.{problem[0]}", problem[1])


def discovered_target(config: DiscoveryConfig, host_header: str | None) -> dict[str, Any]:
    """Of a configuration without problems."""
    target: dict[str, Any] = {"type": "discovered", "scheme": (config.scheme or "HTTP").lower()}
    if (config.rc_type or "").upper() == "DNS":
        dns = config.dns_config or DnsConfig()
        # Without a port the name's SRV records are asked for.
        target["registry"] = {"type": "dns", "name": dns.name} | ({} if dns.port is None else {"port": dns.port})
    else:
        nacos = config.nacos_config or NacosConfig()
        target["registry"] = {
            "type": "nacos",
            "servers": _servers(nacos),
            "namespace": nacos.namespace or "",
            "group": nacos.group_name or "DEFAULT_GROUP",
            "clusters": [part.strip() for part in (nacos.clusters or "").split(",") if part.strip()],
            "service": nacos.service_name,
        }
    balance = balance_of(config.balance, config.balance_header)
    if balance is not None:
        target["balance"] = balance
    if host_header:
        target["host_header"] = host_header
    return target


def _servers(nacos: NacosConfig) -> list[str]:
    given = [part.strip().rstrip("/") for part in (nacos.server_address or "").split(",") if part.strip()]
    # The usual port of Nacos.
    whole = [one if "://" in one else f"http://{one}" for one in given]
    return [one if _has_port(one) or one.startswith("https:") else f"{one}:8848" for one in whole]


def _has_port(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.port is not None or bool(parts.path)
    except ValueError:
        # Told as a problem; nothing is added to it.
        return True


def _dns_problems(dns: DnsConfig, place: str) -> Iterator[Problem]:
    if not _HOST.fullmatch(dns.name or ""):
        yield Problem(f"{place}.Name", f"{(dns.name or '')[:60]!r} is no host name.")
    if dns.port is not None and not 1 <= dns.port <= 65535:
        yield Problem(f"{place}.Port", "must be from 1 to 65535; without it, SRV records of the name are asked for.")


def _nacos_problems(nacos: NacosConfig, place: str) -> Iterator[Problem]:
    servers = _servers(nacos)
    if not 1 <= len(servers) <= _MOST_SERVERS:
        yield Problem(f"{place}.ServerAddress", f"must have 1 to {_MOST_SERVERS} addresses, separated by commas.")
    for server in servers[:_MOST_SERVERS]:
        if not _is_server(server):
            yield Problem(f"{place}.ServerAddress", f"{server[:60]!r} is no address such as nacos.internal:8848.")
    if not _TEXT.fullmatch(nacos.service_name or ""):
        yield Problem(f"{place}.ServiceName", "is required, without blanks.")
    for name, value in (
        ("GroupName", nacos.group_name),
        ("Namespace", nacos.namespace),
        ("Clusters", nacos.clusters),
    ):
        if value and not _TEXT.fullmatch(value):
            yield Problem(f"{place}.{name}", "must be up to 512 visible characters.")


def _is_server(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    is_whole = parts.scheme in ("http", "https") and bool(_HOST.fullmatch(parts.hostname or "")) and port != 0
    return is_whole and parts.username is None and bool(_TEXT.fullmatch(url)) and not set("?#\\") & set(url)
