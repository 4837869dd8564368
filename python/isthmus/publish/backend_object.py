"""A draft that names a backend object, with what the object's model says for the stage in the place of its own backend.

Called by `operations/deploys.py` before the steps of a publish. Pure. Invariant: path, method and content type stay the
API's; everything else of the backend is the model's, so that laying another model over the result replaces all of it.
"""

from __future__ import annotations

from dataclasses import replace

from isthmus.model import Draft, ServiceConfig
from isthmus.model.backend import BackendModelData, MockConfig


def with_backend(draft: Draft, backend_type: str, data: BackendModelData) -> Draft:
    own = draft.service_config
    service = ServiceConfig(
        service_path=own.service_path,
        service_http_method=own.service_http_method,
        service_timeout=data.service_timeout or own.service_timeout,
        tls_verify=data.tls_verify,
        http2=data.http2,
        content_type_catagory=own.content_type_catagory,
        content_type_value=own.content_type_value,
    )
    return replace(draft, service_config=_filled(service, backend_type, data))


def without_backend(draft: Draft) -> Draft:
    """There is no model for the stage: what may be left of an earlier one does not count."""
    return with_backend(draft, "HTTP", BackendModelData())


def _filled(service: ServiceConfig, backend_type: str, data: BackendModelData) -> ServiceConfig:
    if backend_type == "VPC":
        return replace(service, service_protocol="HTTP", service_vpc_enable="TRUE", vpc_config=data.vpc_config)
    if backend_type == "MOCK":
        mock = data.mock_config or MockConfig()
        return replace(
            service,
            service_protocol="HTTP",
            mock="TRUE",
            mock_result=mock.mock_result,
            mock_status_code=mock.mock_status_code,
            mock_headers=mock.mock_headers,
        )
    if backend_type.startswith("FC_"):
        function = data.function_compute_config
        if function is not None:
            kind = "HttpTrigger" if backend_type.startswith("FC_HTTP") else "FCEvent"
            function = replace(function, fc_type=kind)
        return replace(service, service_protocol="FunctionCompute", function_compute_config=function)
    if backend_type == "DISCOVERY":
        return replace(
            service,
            service_protocol="HTTP",
            discovery_config=data.discovery_config,
            http_target_host_name=data.http_target_host_name,
        )
    if backend_type == "OSS":
        return replace(service, service_protocol="OSS", oss_config=data.oss_config)
    if backend_type == "EVENTBRIDGE":
        return replace(service, service_protocol="EventBridge", event_bridge_config=data.event_bridge_config)
    return replace(
        service,
        service_protocol="HTTP",
        service_address=data.service_address,
        http_target_host_name=data.http_target_host_name,
    )
