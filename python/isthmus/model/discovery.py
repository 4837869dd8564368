"""Service discovery: the registry that tells where a backend is. Part of a backend model (`model/backend.py`)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NacosConfig:
    # host:port or an URL; several separated by commas.
    server_address: str | None = None
    namespace: str | None = None
    group_name: str | None = None
    # Comma-separated.
    clusters: str | None = None
    service_name: str | None = None


@dataclass(frozen=True)
class ZookeeperConfig:
    connect_string: str | None = None
    namespace: str | None = None
    service_name: str | None = None


@dataclass(frozen=True)
class DnsConfig:
    """Our own: every address of a name is a target, or without a port every target that its SRV records name."""

    name: str | None = None
    port: int | None = None


@dataclass(frozen=True)
class DiscoveryConfig:
    # NACOS, ZOOKEEPER, or DNS (our own).
    rc_type: str | None = None
    nacos_config: NacosConfig | None = None
    zookeeper_config: ZookeeperConfig | None = None
    dns_config: DnsConfig | None = None
    # Our own: HTTP or HTTPS, and how requests are spread, as for VPC accesses.
    scheme: str | None = None
    balance: str | None = None
    balance_header: str | None = None
