"""The walk-through with the vendor's SDK, in steps that tests take apart."""

from __future__ import annotations

import json
from typing import Any

from alibabacloud_cloudapi20160714 import models
from alibabacloud_cloudapi20160714.client import Client


def service_config(access: str, path: str = "/") -> str:
    return json.dumps(
        {
            "ServiceProtocol": "HTTP",
            "ServiceHttpMethod": "GET",
            "ServicePath": path,
            "ServiceTimeout": 10000,
            "ServiceVpcEnable": "TRUE",
            "VpcConfig": {"Name": access},
            "Mock": "FALSE",
        }
    )


def request_config(path: str = "/nginx", method: str = "GET") -> str:
    config = {
        "RequestProtocol": "HTTP,HTTPS",
        "RequestHttpMethod": method,
        "RequestPath": path,
        "RequestMode": "PASSTHROUGH",
    }
    return json.dumps(config)


def definition(access: str, **changes: Any) -> dict[str, Any]:
    return {
        "api_name": "nginx-test",
        "visibility": "PRIVATE",
        "auth_type": "APP",
        "app_code_auth_type": "HEADER_QUERY",
        "allow_signature_method": "HmacSHA256",
        "request_config": request_config(),
        "service_config": service_config(access),
        "result_type": "JSON",
        "result_sample": "{}",
        **changes,
    }


class Walk:
    """One VPC access, one group, one API, one app; each step returns what the next needs."""

    def __init__(self, client: Client, suffix: str = "") -> None:
        self.client = client
        self.suffix = suffix
        self.access = f"nginx-access{suffix}"
        self.group_id = self.domain = self.api_id = ""
        self.app_id = 0
        self.app_code = self.app_key = self.app_secret = ""

    @classmethod
    def played(cls, client: Client, vpc_id: str, port: int, suffix: str = "") -> Walk:
        """All of it, up to an app that may call the API; the backend is on this port of this machine."""
        walk = cls(client, suffix)
        walk.authorise_vpc(vpc_id, "127.0.0.1", port)
        walk.create_group()
        walk.create_api()
        walk.publish()
        walk.create_app()
        walk.authorise_app()
        return walk

    def authorise_vpc(self, vpc_id: str, instance_id: str, port: int, host: str | None = None) -> None:
        request = models.SetVpcAccessRequest(
            name=self.access, vpc_id=vpc_id, instance_id=instance_id, port=port, vpc_target_host_name=host
        )
        self.client.set_vpc_access(request)

    def create_group(self) -> None:
        request = models.CreateApiGroupRequest(group_name=f"nginx-demo{self.suffix}", base_path="/")
        body = self.client.create_api_group(request).body
        self.group_id, self.domain = body.group_id, body.sub_domain

    def create_api(self, **changes: Any) -> None:
        request = models.CreateApiRequest(group_id=self.group_id, **definition(self.access, **changes))
        self.api_id = self.client.create_api(request).body.api_id

    def modify_api(self, **changes: Any) -> None:
        values = definition(self.access, **changes)
        self.client.modify_api(models.ModifyApiRequest(group_id=self.group_id, api_id=self.api_id, **values))

    def publish(self, remarks: str = "first release", stage: str = "RELEASE") -> None:
        request = models.DeployApiRequest(
            group_id=self.group_id, api_id=self.api_id, stage_name=stage, description=remarks
        )
        self.client.deploy_api(request)

    def create_app(self) -> None:
        self.app_id = self.client.create_app(models.CreateAppRequest(app_name=f"caller{self.suffix}")).body.app_id
        secrets = self.client.describe_app_security(models.DescribeAppSecurityRequest(app_id=self.app_id)).body
        self.app_code, self.app_key, self.app_secret = secrets.app_code, secrets.app_key, secrets.app_secret

    def authorise_app(self, stage: str = "RELEASE") -> None:
        request = models.SetAppsAuthoritiesRequest(
            group_id=self.group_id, api_id=self.api_id, app_ids=str(self.app_id), stage_name=stage
        )
        self.client.set_apps_authorities(request)

    def history(self) -> list[Any]:
        request = models.DescribeApiHistoriesRequest(group_id=self.group_id, api_id=self.api_id, stage_name="RELEASE")
        return list(self.client.describe_api_histories(request).body.api_his_items.api_his_item)
