"""What a model of a backend object holds: where requests go in one stage, without path and method, which are the API's.

Made by `operations/backend_models.py` from `BackendModelData`, laid over a draft by `publish/backend_object.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from isthmus.model.api import EventBridgeConfig, FunctionComputeConfig, MockHeader, OssConfig, VpcConfig
from isthmus.model.discovery import DiscoveryConfig


@dataclass(frozen=True)
class MockConfig:
    mock_result: str | None = None
    mock_status_code: int | None = None
    mock_headers: tuple[MockHeader, ...] = ()


@dataclass(frozen=True)
class BackendModelData:
    service_address: str | None = None
    # `Host` sent to an HTTP backend.
    http_target_host_name: str | None = None
    # Whether the certificate of an HTTPS backend must be good; None means yes. Our own.
    tls_verify: bool | None = None
    # Whether the backend is spoken to by HTTP/2; None means no. Our own.
    http2: bool | None = None
    # In milliseconds.
    service_timeout: int | None = None
    vpc_config: VpcConfig | None = None
    function_compute_config: FunctionComputeConfig | None = None
    oss_config: OssConfig | None = None
    event_bridge_config: EventBridgeConfig | None = None
    mock_config: MockConfig | None = None
    discovery_config: DiscoveryConfig | None = None
