"""The draft of an API: everything that creating or modifying one can set.

Made by `operations/definition.py`, stored as one JSON document (`document.py`), frozen and compiled by `publish`.
A field that the caller left out is None, and texts keep the caller's spelling. Invariant: what is stored can be shown
again exactly as it was sent, whether or not this gateway can publish it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from isthmus.model.discovery import DiscoveryConfig
from isthmus.model.parameters import (
    ConstantParameter,
    ParameterMapping,
    RequestParameter,
    ServiceParameter,
    SystemParameter,
)


@dataclass(frozen=True)
class RequestConfig:
    """What a request looks like."""

    # Comma-separated.
    request_protocol: str | None = None
    request_http_method: str | None = None
    # Without the group's base path.
    request_path: str | None = None
    request_mode: str | None = None
    body_format: str | None = None
    post_body_description: str | None = None
    body_model: str | None = None
    escape_path_param: bool | None = None


@dataclass(frozen=True)
class VpcConfig:
    """Which VPC access; a name, an id, or network, target and port together."""

    name: str | None = None
    vpc_access_id: str | None = None
    vpc_id: str | None = None
    instance_id: str | None = None
    port: int | None = None
    vpc_scheme: str | None = None
    vpc_target_host_name: str | None = None


@dataclass(frozen=True)
class FunctionComputeConfig:
    fc_version: str | None = None
    fc_type: str | None = None
    fc_base_url: str | None = None
    region_id: str | None = None
    service_name: str | None = None
    function_name: str | None = None
    qualifier: str | None = None
    role_arn: str | None = None
    trigger_name: str | None = None
    trigger_url: str | None = None
    path: str | None = None
    method: str | None = None
    only_business_path: bool | None = None
    content_type_catagory: str | None = None
    content_type_value: str | None = None


@dataclass(frozen=True)
class OssConfig:
    oss_region_id: str | None = None
    bucket_name: str | None = None
    key: str | None = None
    action: str | None = None


@dataclass(frozen=True)
class EventBridgeConfig:
    event_bridge_region_id: str | None = None
    event_bus: str | None = None
    event_source: str | None = None
    role_arn: str | None = None


@dataclass(frozen=True)
class MockHeader:
    header_name: str | None = None
    header_value: str | None = None


@dataclass(frozen=True)
class ServiceConfig:
    """Where a request goes."""

    service_protocol: str | None = None
    service_address: str | None = None
    # `Host` sent to an HTTP backend; only models of backend objects have it.
    http_target_host_name: str | None = None
    # Whether the certificate of an HTTPS backend must be good; None means yes. Our own.
    tls_verify: bool | None = None
    # Whether the backend is spoken to by HTTP/2; None means no. Our own.
    http2: bool | None = None
    service_path: str | None = None
    service_http_method: str | None = None
    # In milliseconds.
    service_timeout: int | None = None
    # The vendor's spelling.
    content_type_catagory: str | None = None
    content_type_value: str | None = None
    mock: str | None = None
    mock_result: str | None = None
    mock_status_code: int | None = None
    mock_headers: tuple[MockHeader, ...] = ()
    service_vpc_enable: str | None = None
    vpc_config: VpcConfig | None = None
    function_compute_config: FunctionComputeConfig | None = None
    oss_config: OssConfig | None = None
    event_bridge_config: EventBridgeConfig | None = None
    # Only models of backend objects have it.
    discovery_config: DiscoveryConfig | None = None
    aone_app_name: str | None = None


@dataclass(frozen=True)
class ErrorCodeSample:
    code: str | None = None
    message: str | None = None
    description: str | None = None
    model: str | None = None


@dataclass(frozen=True)
class ResultDescription:
    id: str | None = None
    pid: str | None = None
    has_child: bool | None = None
    key: str | None = None
    name: str | None = None
    mandatory: bool | None = None
    type: str | None = None
    description: str | None = None


@dataclass(frozen=True)
class OpenIdConnectConfig:
    open_id_api_type: str | None = None
    id_token_param_name: str | None = None
    public_key_id: str | None = None
    public_key: str | None = None


@dataclass(frozen=True)
class Draft:
    """An API as it is edited."""

    api_name: str = ""
    description: str = ""
    visibility: str = "PRIVATE"
    auth_type: str = "APP"
    app_code_auth_type: str = "DEFAULT"
    # Comma-separated.
    allow_signature_method: str = "HmacSHA256"
    web_socket_api_type: str = "COMMON"
    force_nonce_check: bool = False
    disable_internet: bool = False
    # Whether a backend object (`backend_id`) stands in the place of `service_config`.
    backend_enable: bool = False
    backend_id: str | None = None
    request_config: RequestConfig = field(default_factory=RequestConfig)
    service_config: ServiceConfig = field(default_factory=ServiceConfig)
    request_parameters: tuple[RequestParameter, ...] = ()
    service_parameters: tuple[ServiceParameter, ...] = ()
    service_parameters_map: tuple[ParameterMapping, ...] = ()
    constant_parameters: tuple[ConstantParameter, ...] = ()
    system_parameters: tuple[SystemParameter, ...] = ()
    open_id_connect_config: OpenIdConnectConfig | None = None
    result_type: str = "JSON"
    result_sample: str | None = None
    fail_result_sample: str | None = None
    result_body_model: str | None = None
    error_code_samples: tuple[ErrorCodeSample, ...] = ()
    result_descriptions: tuple[ResultDescription, ...] = ()

    @property
    def method(self) -> str:
        """Upper case. The vendor's pages say `HEADER` where they mean HEAD."""
        method = (self.request_config.request_http_method or "").strip().upper()
        return "HEAD" if method == "HEADER" else method

    @property
    def path(self) -> str:
        return self.request_config.request_path or ""

    @property
    def is_mock(self) -> bool:
        return (self.service_config.mock or "").upper() in ("TRUE", "OPEN")

    @property
    def uses_vpc(self) -> bool:
        return (self.service_config.service_vpc_enable or "").upper() == "TRUE"

    @property
    def request_mode(self) -> str:
        return (self.request_config.request_mode or "MAPPING").upper()
