"""A gateway with APIs for clients that call: a group with a domain of its own, an app, and backends by address."""

from __future__ import annotations

import json
from typing import Any

from alibabacloud_cloudapi20160714 import models

from running import Running
from walk import Walk


class Called(Walk):
    """Makes APIs that the one app may call, and publishes them."""

    def __init__(self, gateway: Running, host: str) -> None:
        super().__init__(gateway.client(), f"-{host.split('.')[0]}")
        self.gateway, self.host = gateway, host
        self.create_group()
        self.create_app()
        self.client.set_domain(models.SetDomainRequest(group_id=self.group_id, domain_name=host))

    def open_two_way(self) -> None:
        request = models.SetDomainWebSocketStatusRequest(
            group_id=self.group_id, domain_name=self.host, action_value="OPEN"
        )
        self.client.set_domain_web_socket_status(request)

    def api(self, path: str, backend: str, method: str = "ANY", **changes: Any) -> None:
        """Passed through to the same path of a backend; for the app, unless `auth_type` says otherwise."""
        request = {
            "RequestProtocol": "HTTP,HTTPS,WEBSOCKET",
            "RequestHttpMethod": method,
            "RequestPath": path,
            "RequestMode": "PASSTHROUGH",
        }
        service = {
            "ServiceProtocol": "HTTP",
            "ServiceAddress": backend,
            "ServicePath": path,
            "ServiceHttpMethod": method,
            "ServiceTimeout": 5000,
        }
        name = path.strip("/").replace("/", "_").replace("*", "all") or "root"
        given = {
            "api_name": f"api_{name}",
            "request_config": json.dumps(request),
            "service_config": json.dumps(service),
        }
        self.create_api(**{**given, **changes})
        self.publish()
        if changes.get("auth_type") != "ANONYMOUS":
            self.authorise_app()
