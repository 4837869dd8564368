"""What a VPC access has beyond the vendor's fields: further targets, and how requests are spread over all of them.

Made by `operations/access_targets.py`, kept as one JSON document, compiled by `publish/target_set.py`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AccessTarget:
    """Beside the access's own InstanceId and Port."""

    instance_id: str | None = None
    port: int | None = None
    weight: int | None = None


@dataclass(frozen=True)
class HealthCheck:
    # TCP, HTTP or HTTPS.
    type: str | None = None
    path: str | None = None
    # Those that mean well, such as 200-399 or 204.
    status: str | None = None
    # In milliseconds.
    interval: int | None = None
    timeout: int | None = None
    unhealthy_threshold: int | None = None
    healthy_threshold: int | None = None


@dataclass(frozen=True)
class AccessOptions:
    targets: tuple[AccessTarget, ...] = ()
    # Of the access's own target.
    weight: int | None = None
    # ROUND_ROBIN, LEAST_REQUESTS, CLIENT_ADDRESS or HEADER.
    balance: str | None = None
    balance_header: str | None = None
    health_check: HealthCheck | None = None
    # SERVE or REFUSE.
    when_all_down: str | None = None
    # Whether the certificate of an HTTPS backend must be good; None means yes.
    tls_verify: bool | None = None
    # Whether targets are spoken to by HTTP/2; None means no.
    http2: bool | None = None
