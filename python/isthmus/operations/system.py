"""Operations on the gateway itself: its engines, its version, and the system parameters that an API can map.

`DescribeEngines` and `DescribeSystem` are extensions. What engines report comes from the plane, through `call.nodes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isthmus import __version__, errors
from isthmus.operations.call import Call
from isthmus.operations.times import utc_text
from isthmus.store.apis import count_all_apis
from isthmus.store.groups import count_groups
from isthmus.store.instances import InstanceFilter, list_instances
from isthmus.store.records import head
from isthmus.store.selection import Page

# Name, what it carries, an example. `CaHttpSchema` is the vendor's spelling.
SYSTEM_PARAMETERS = (
    ("CaClientIp", "Address of the client.", "192.0.2.10"),
    ("CaDomain", "Host name of the request.", "api.example.com"),
    ("CaRequestHandleTime", "Time of the request in UTC.", "2026-11-24T09:30:00Z"),
    ("CaAppId", "Id of the calling app; null for an anonymous call.", "110840611"),
    ("CaRequestId", "Id of the request.", "7AD052CB-EE8B-4DFD-BBAF-EFB340E0A5AF"),
    ("CaHttpSchema", "Protocol of the request, HTTP or HTTPS.", "HTTPS"),
    ("CaProxy", "Constant text AliCloudAPIGateway.", "AliCloudAPIGateway"),
    ("CaApiName", "Name of the API.", "get_user"),
    ("CaClientUa", "User-Agent of the client.", "curl/8.5.0"),
    ("CaAppKey", "AppKey of the calling app, when it signed the call.", "203753385"),
    ("CaAppExtendInfo", "Text of the calling app's own (Extend).", "gold"),
    ("CaInstanceId", "Id of the instance that serves the group.", "api-shared-vpc-001"),
    ("CaStage", "Stage of the call.", "RELEASE"),
)


def describe_system_parameters(_call: Call, _params: Any) -> Mapping[str, Any]:
    items = [
        {"param_name": name, "param_type": "String", "description": description, "demo_value": example}
        for name, description, example in SYSTEM_PARAMETERS
    ]
    return {"system_params": items}


def describe_summary_data(call: Call, _params: Any) -> Mapping[str, Any]:
    return {
        "region": call.settings.region,
        "usage_api_num": count_all_apis(call.transaction),
        "usage_group_num": count_groups(call.transaction),
        "usage_instance_num": list_instances(call.transaction, InstanceFilter(), Page()).total,
        # Nothing here expires.
        "expire_instance_num": 0,
    }


def open_api_gateway_service(_call: Call, _params: Any) -> Mapping[str, Any]:
    """The answer that the vendor gives where the service is open already; clients take it for a success."""
    raise errors.single("ORDER.OPEND", "The gateway is open already, so there is nothing to order.")


def describe_engines(call: Call, _params: Any) -> Mapping[str, Any]:
    newest = head(call.transaction.connection).revision
    return {"engines": [_engine(entry, newest) for entry in call.nodes.engines()]}


def describe_system(call: Call, _params: Any) -> Mapping[str, Any]:
    return {
        "version": __version__,
        "store_revision": head(call.transaction.connection).revision,
        "region_id": call.settings.region,
        "management_address": str(call.settings.admin),
    }


def _engine(entry: Mapping[str, Any], newest: int) -> dict[str, Any]:
    refused = [{name: refusal[name] for name in ("kind", "key", "reason")} for refusal in entry["refused"]]
    return {
        "node": entry["node"],
        "instance_id": entry.get("instance") or None,
        "revision": entry["revision"],
        "state": entry["state"],
        "lag": max(0, newest - entry["revision"]),
        "last_seen": utc_text(entry["last_seen"]),
        "started_at": utc_text(entry["started_at"]),
        "version": entry["version"],
        "disk_problem": entry["disk_problem"],
        **entry["counts"],
        "refused": refused,
    }
