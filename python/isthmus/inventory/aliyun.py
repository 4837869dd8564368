"""Instances (ECS) or load balancers (SLB) of an Alibaba Cloud VPC, through the vendor's own SDK.

The SDK is an extra (`pip install isthmus[aliyun]`) and is loaded when a source is read. Keys are in a file or in the
variables that the vendor's tools use. Invariant: an empty list is no answer, because the vendor gives one to keys that
may not list instances.
"""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isthmus.inventory.asking import ANSWER_SECONDS, field_of, optional_field
from isthmus.inventory.source import Reading, SourceError

_SDK = "alibabacloud_tea_openapi"
_VARIABLES = ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN")
_NAMES = ("access_key_id", "access_key_secret", "security_token")
ECS, SLB = "ecs", "slb"
# Action and version of what lists them, and the permission that it needs.
_LISTED_BY = {
    ECS: ("DescribeInstances", "2014-05-26", "ecs:DescribeInstances"),
    SLB: ("DescribeLoadBalancers", "2014-05-15", "slb:DescribeLoadBalancers"),
}
_PAGE = 100
_MOST_PAGES = 200
_SHOWN = 300


def has_sdk() -> bool:
    return importlib.util.find_spec(_SDK) is not None


@dataclass(frozen=True)
class AliyunSource:
    """`endpoint` is a URL; empty means the region's own. Without `credentials_file`, the variables count."""

    region: str
    vpc_id: str
    endpoint: str = ""
    credentials_file: Path | None = None
    resources: str = ECS

    def read(self, before: Mapping[str, str]) -> Reading:
        """Raises: SourceError."""
        reading = Reading()
        for instance_id, address in self._instances() if self.resources == ECS else self._balancers():
            if address:
                reading.instances[instance_id] = address
            else:
                reading.left_out.append(f"{instance_id}: has no private address")
        if not reading.instances:
            raise SourceError(f"tells no instance; perhaps the key may not call {_LISTED_BY[self.resources][2]}")
        return reading

    def _instances(self) -> Iterator[tuple[str, str]]:
        query = {"MaxResults": str(_PAGE)}
        client = self._client()
        for _ in range(_MOST_PAGES):
            body = self._ask(client, query)
            for one in field_of(field_of(body, "Instances", dict, "body"), "Instance", list, "Instances"):
                instance_id = field_of(one, "InstanceId", str, "Instance")
                attributes = optional_field(one, "VpcAttributes", dict, "Instance") or {}
                private = optional_field(attributes, "PrivateIpAddress", dict, "VpcAttributes") or {}
                addresses = optional_field(private, "IpAddress", list, "PrivateIpAddress") or [""]
                yield instance_id, str(addresses[0])
            following = optional_field(body, "NextToken", str, "body")
            if not following:
                return
            query["NextToken"] = following
        raise SourceError(f"there are more than {_MOST_PAGES} pages of instances")

    def _balancers(self) -> Iterator[tuple[str, str]]:
        client = self._client()
        seen = 0
        for number in range(1, _MOST_PAGES + 1):
            query = {"AddressType": "intranet", "PageSize": str(_PAGE), "PageNumber": str(number)}
            body = self._ask(client, query)
            found = field_of(field_of(body, "LoadBalancers", dict, "body"), "LoadBalancer", list, "LoadBalancers")
            for one in found:
                address = optional_field(one, "Address", str, "LoadBalancer") or ""
                yield field_of(one, "LoadBalancerId", str, "LoadBalancer"), address
            seen += len(found)
            if seen >= field_of(body, "TotalCount", int, "body"):
                return
            if not found:
                raise SourceError("a page without load balancers, although there are more")
        raise SourceError(f"there are more than {_MOST_PAGES} pages of load balancers")

    def _client(self) -> Any:
        from alibabacloud_tea_openapi.client import Client
        from alibabacloud_tea_openapi.utils_models import Config

        protocol, _, host = self.endpoint.rpartition("://")
        return Client(
            Config(
                **self._credentials(),
                region_id=self.region,
                protocol=protocol or "https",
                endpoint=host or f"{self.resources}.{self.region}.aliyuncs.com",
            )
        )

    def _ask(self, client: Any, query: Mapping[str, str]) -> Any:
        from alibabacloud_tea_openapi.utils_models import OpenApiRequest, Params
        from darabonba.runtime import RuntimeOptions

        action, version, _ = _LISTED_BY[self.resources]
        params = Params(
            action=action,
            version=version,
            protocol="HTTPS",
            pathname="/",
            method="POST",
            auth_type="AK",
            style="RPC",
            req_body_type="formData",
            body_type="json",
        )
        patience = int(ANSWER_SECONDS * 1000)
        runtime = RuntimeOptions(autoretry=False, read_timeout=patience, connect_timeout=patience)
        try:
            return client.call_api(
                params, OpenApiRequest(query={"RegionId": self.region, "VpcId": self.vpc_id, **query}), runtime
            )["body"]
        except Exception as error:
            # The SDK raises of its own and of what it stands on; whatever it is, the source did not answer.
            code, text = getattr(error, "code", None) or type(error).__name__, getattr(error, "message", None) or error
            raise SourceError(f"{code}: {text}"[:_SHOWN]) from error

    def _credentials(self) -> dict[str, str]:
        """Read each time, so that keys may change. Raises: SourceError."""
        if self.credentials_file is None:
            found = {name: os.environ.get(variable, "") for name, variable in zip(_NAMES, _VARIABLES, strict=True)}
        else:
            try:
                document = json.loads(self.credentials_file.read_text())
            except (OSError, ValueError, RecursionError) as error:
                raise SourceError(f"credentials_file cannot be read: {type(error).__name__}") from error
            found = {name: optional_field(document, name, str, "credentials_file") or "" for name in _NAMES}
        if not found["access_key_id"] or not found["access_key_secret"]:
            where = "credentials_file" if self.credentials_file else " and ".join(_VARIABLES[:2])
            raise SourceError(f"{where} holds no access_key_id and access_key_secret")
        return {name: text for name, text in found.items() if text}
