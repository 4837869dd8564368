"""The steps of the walk-through. Each says what it did, and fails loudly when it saw something else than it should."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import httpx
from alibabacloud_cloudapi20160714 import models
from alibabacloud_cloudapi20160714.client import Client
from alibabacloud_tea_openapi.models import Config
from darabonba.exceptions import TeaException

from isthmus.client import ClientError, Endpoint, call
from isthmus.demo.gateway import DemoError, Gateway, signed_get
from isthmus.lab import Lab, topology
from isthmus.processes import state

__all__ = ["DemoError", "play"]

_EXTENSIONS = "2026-11-01"


def play(folder: Path, name: str) -> None:
    """Raises: DemoError, LabError."""
    walk = _Walk(folder, name)
    for step in (
        walk.start, walk.register_networks, walk.authorise_vpc, walk.create_group, walk.create_api, walk.publish,
        walk.create_app, walk.authorise_app, walk.open_security_group, walk.call_with_app_code, walk.call_signed,
        walk.change_the_draft, walk.roll_back, walk.other_network,
    ):  # fmt: skip
        try:
            step()
        except (ClientError, TeaException, httpx.HTTPError, OSError, subprocess.TimeoutExpired) as error:
            raise DemoError(f"the step “{step.__name__.replace('_', ' ')}” failed: {error}") from error
    walk.tell_what_runs()


def _did(text: str) -> None:
    print(f"✓ {text}", flush=True)


def _expect(answer: httpx.Response, status: int, text: str) -> None:
    if answer.status_code != status or text not in answer.text + answer.headers.get("X-Ca-Error-Code", ""):
        shown = f"{answer.status_code} {answer.headers.get('X-Ca-Error-Message', '')} {answer.text[:200]}"
        raise DemoError(f"expected {status} with {text!r}, got: {shown}")


class _Walk:
    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name

    def start(self) -> None:
        print("Starting the gateway and two private networks …", flush=True)
        self.gateway = Gateway.start(self._folder)
        ready = self.gateway.ready
        self.lab = Lab.start(self._name, is_detached=True)
        endpoint = ready["management"].removeprefix("http://")
        key = {"access_key_id": ready["access_key_id"], "access_key_secret": ready["access_key_secret"]}
        self.client = Client(Config(endpoint=endpoint, protocol="http", **key))
        _did(f"gateway up: management {ready['management']}, calls {ready['http']}")
        kind = {"root": "network namespaces", "userns": "a user namespace"}.get(
            self.lab.mode, "loopback addresses, no isolation"
        )
        _did(f"vpc-a and vpc-b up, both {topology.CIDR}, an nginx on {topology.INSTANCES['ecs1']}:80 in each ({kind})")

    def register_networks(self) -> None:
        ready = self.gateway.ready
        endpoint = Endpoint(ready["management"], ready["access_key_id"], ready["access_key_secret"])
        for network in self.lab.networks.values():
            parameters = {
                "NetworkId": network.network_id,
                "Name": network.network_id,
                "Attachment": json.dumps(network.attachment),
                "Cidrs": topology.CIDR,
                "Instances": json.dumps(network.instances),
            }
            call(endpoint, "CreateNetwork", _EXTENSIONS, parameters)
        _did("both networks registered, each reached through its own unprivileged connector")

    def authorise_vpc(self) -> None:
        request = models.SetVpcAccessRequest(name="nginx-access", vpc_id="vpc-a", instance_id="i-a-ecs1", port=80)
        self.client.set_vpc_access(request)
        _did("VPC access nginx-access: vpc-a, instance i-a-ecs1, port 80")

    def create_group(self) -> None:
        body = self.client.create_api_group(models.CreateApiGroupRequest(group_name="nginx-demo", base_path="/")).body
        self.group_id, self.gateway.domain = body.group_id, body.sub_domain
        _did(f"group nginx-demo, base path /, automatic domain {body.sub_domain}")

    def _definition(self, access: str, path: str) -> dict[str, Any]:
        request = {
            "RequestProtocol": "HTTP,HTTPS",
            "RequestHttpMethod": "GET",
            "RequestPath": path,
            "RequestMode": "PASSTHROUGH",
        }
        service = {
            "ServiceProtocol": "HTTP",
            "ServiceHttpMethod": "GET",
            "ServicePath": "/",
            "ServiceTimeout": 10000,
            "ServiceVpcEnable": "TRUE",
            "VpcConfig": {"Name": access},
        }
        return {
            "group_id": self.group_id,
            "visibility": "PRIVATE",
            "auth_type": "APP",
            "app_code_auth_type": "HEADER_QUERY",
            "allow_signature_method": "HmacSHA256",
            "request_config": json.dumps(request),
            "service_config": json.dumps(service),
            "result_type": "JSON",
            "result_sample": "{}",
        }

    def create_api(self) -> None:
        values = self._definition("nginx-access", "/nginx")
        self.api_id = self.client.create_api(models.CreateApiRequest(api_name="nginx-test", **values)).body.api_id
        _did("API nginx-test: GET /nginx → vpc-a /, 10000 ms, AppCode in header and query, HMAC_SHA256")
        _expect(self.gateway.get("/nginx"), 404, "I404NF")
        _did("not published yet: callers get 404 I404NF")

    def _publish(self, remarks: str) -> None:
        request = models.DeployApiRequest(
            group_id=self.group_id, api_id=self.api_id, stage_name="RELEASE", description=remarks
        )
        self.client.deploy_api(request)

    def publish(self) -> None:
        self._publish("first release")
        _did("published to RELEASE with remarks “first release”")

    def create_app(self) -> None:
        self.app_id = self.client.create_app(models.CreateAppRequest(app_name="demo-caller")).body.app_id
        request = models.DescribeAppSecurityRequest(app_id=self.app_id)
        self.secrets = self.client.describe_app_security(request).body
        self.app_code = {"authorization": f"APPCODE {self.secrets.app_code}"}
        _expect(self.gateway.get("/nginx", **self.app_code), 403, "I403AA")
        _did(f"app demo-caller ({self.app_id}); without a grant its calls get 403 I403AA")

    def authorise_app(self, api_id: str | None = None) -> None:
        request = models.SetAppsAuthoritiesRequest(
            group_id=self.group_id, api_id=api_id or self.api_id, app_ids=str(self.app_id), stage_name="RELEASE"
        )
        self.client.set_apps_authorities(request)
        _did("app authorised for the API in RELEASE")

    def open_security_group(self) -> None:
        blocked = self.gateway.get("/nginx", **self.app_code)
        _expect(blocked, 504, "D504CO")
        _did(f"the security group admits nobody yet: 504 {blocked.headers['X-Ca-Error-Message']}")
        instances = self.client.describe_instances(models.DescribeInstancesRequest()).body
        addresses = instances.instances.instance_attribute[0].vpc_egress_address.split(",")
        group = self.lab.security_group("vpc-a", "ecs1")
        for address in addresses:
            group.allow(address)
        _did(f"egress addresses of the instance, {', '.join(addresses)}, let into the security group of i-a-ecs1")

    def call_with_app_code(self) -> None:
        self.page = topology.page("vpc-a", "ecs1")
        answer = self.gateway.get("/nginx", **self.app_code)
        _expect(answer, 200, self.page)
        _did(f"AppCode in the header: 200 “{answer.text.strip()}”")
        _expect(self.gateway.get(f"/nginx?AppCode={self.secrets.app_code}"), 200, self.page)
        _did("AppCode in the query: 200")

    def call_signed(self) -> None:
        body = signed_get(self.gateway, "/nginx?b=2&a=1", self.secrets.app_key, self.secrets.app_secret)
        if self.page not in body:
            raise DemoError(f"the signed call got another page: {body[:200]}")
        _did("signed call with the vendor's client aliyun-api-gateway for Node: 200")

    def change_the_draft(self) -> None:
        values = self._definition("nginx-access", "/nginx-new")
        self.client.modify_api(models.ModifyApiRequest(api_id=self.api_id, api_name="nginx-test", **values))
        _expect(self.gateway.get("/nginx", **self.app_code), 200, self.page)
        _expect(self.gateway.get("/nginx-new", **self.app_code), 404, "I404NF")
        _did("draft changed to /nginx-new: callers notice nothing")
        self._publish("second release")
        _expect(self.gateway.get("/nginx-new", **self.app_code), 200, self.page)
        _expect(self.gateway.get("/nginx", **self.app_code), 404, "I404NF")
        _did("published: /nginx-new answers, /nginx is gone")

    def roll_back(self) -> None:
        request = models.DescribeApiHistoriesRequest(group_id=self.group_id, api_id=self.api_id, stage_name="RELEASE")
        oldest = self.client.describe_api_histories(request).body.api_his_items.api_his_item[-1]
        switch = models.SwitchApiRequest(
            group_id=self.group_id,
            api_id=self.api_id,
            stage_name="RELEASE",
            history_version=oldest.history_version,
            description="roll back",
        )
        self.client.switch_api(switch)
        _expect(self.gateway.get("/nginx", **self.app_code), 200, self.page)
        _did(f"rolled back to version {oldest.history_version}: /nginx answers again")

    def other_network(self) -> None:
        request = models.SetVpcAccessRequest(
            name="nginx-other", vpc_id="vpc-b", instance_id=topology.INSTANCES["ecs1"], port=80
        )
        self.client.set_vpc_access(request)
        values = self._definition("nginx-other", "/other")
        api_id = self.client.create_api(models.CreateApiRequest(api_name="nginx-other", **values)).body.api_id
        deploy = models.DeployApiRequest(group_id=self.group_id, api_id=api_id, stage_name="RELEASE", description="b")
        self.client.deploy_api(deploy)
        self.authorise_app(api_id)
        for address in topology.EGRESS:
            self.lab.security_group("vpc-b", "ecs1").allow(address)
        _expect(self.gateway.get("/other", **self.app_code), 200, topology.page("vpc-b", "ecs1"))
        _did(f"the same address {topology.INSTANCES['ecs1']}:80 in vpc-b answers its own page")

    def tell_what_runs(self) -> None:
        ready = self.gateway.ready
        link = state.setup_link(self._folder / "state", ready["console"])
        console = f"{link}   (makes your user; works once)" if link else ready["console"]
        print(f"""
Running now:
  console         {console}
  management API  {ready["management"]}   (key {ready["access_key_id"]}, secret in {self._folder / "state" / "administrator.json"})
  calls           {ready["http"]}   {ready["https"]}
  access log      {self._folder / "access.log"}
Try:
  curl -H 'Host: {self.gateway.domain}' -H 'Authorization: APPCODE {self.secrets.app_code}' {ready["http"]}/nginx
  .venv/bin/isthmus status --state {self._folder / "state"}
Stop:
  make demo-stop""")
