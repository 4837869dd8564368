"""Every binding record is one that the engine's own check accepts, and the check would notice if it were not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from isthmus.model.targets import AccessOptions, AccessTarget, HealthCheck
from isthmus.native import check_record
from isthmus.publish.bindings import (
    RecordBody,
    access_record,
    app_record,
    automatic_domain_record,
    grant_record,
    group_record,
    network_record,
)
from isthmus.store.apps import App, AppCode, AppKey
from isthmus.store.grants import Grant
from isthmus.store.groups import Group, Stage
from isthmus.store.networks import Network, VpcAccess

LOG = '{"requestBody": true, "responseBody": true, "queryString": "a", "requestHeaders": "*", "responseHeaders": "b", "jwtClaims": "c"}'
GROUP = Group(
    "g" * 32,
    "demo",
    "",
    "/",
    "api-shared-vpc-001",
    {"passthrough_headers": "Host, X-Trace", "user_log_config": LOG},
    0,
    0,
)
STAGES = [Stage(name.lower(), GROUP.group_id, name, "") for name in ("RELEASE", "PRE", "TEST")]
APP = App(110840611, "demo", "", "", False, 0, 0)
KEYS = [AppKey("203753385", APP.app_id, "secret", 0, 0)]
CODES = [AppCode("code", APP.app_id, 0, 0)]
CONNECTOR = {"mode": "connector", "socket": "/run/isthmus/vpc-a.sock"}

SEVERAL = AccessOptions(
    targets=(AccessTarget("i-1", 8080, 0), AccessTarget("10.0.0.3")),
    balance="LEAST_REQUESTS",
    health_check=HealthCheck("HTTPS", "/health", "204"),
    when_all_down="SERVE",
    tls_verify=False,
)
RECORDS = [
    group_record(GROUP, STAGES, "cn-hangzhou", {"app_code": {"code": "c", "place": {"query": "k"}, "hidden": True}}),
    automatic_domain_record(GROUP.group_id, "cn-hangzhou", "isthmus.localhost"),
    app_record(APP, KEYS, CODES, "user:lin"),
    app_record(APP, [], [], None),
    grant_record(Grant("a" * 32, "RELEASE", APP.app_id, "PROVIDER", "", None, 0)),
    grant_record(Grant("a" * 32, "RELEASE", APP.app_id, "PROVIDER", "", 1_896_048_000_000, 0)),
    network_record(Network("vpc-a", "", {"mode": "host"}, ["10.0.0.0/24"], {}, [], 0, 0)),
    network_record(Network("vpc-a", "", CONNECTOR, [], {"i-1": "10.0.0.1"}, ["10.0.0.250"], 0, 0)),
    access_record(VpcAccess("b" * 32, "nginx-demo", "vpc-a", "i-1", 80, "", "", 0), AccessOptions()),
    access_record(VpcAccess("b" * 32, "nginx-demo", "vpc-a", "10.0.0.1", 80, "shop.internal:8080", "", 0), SEVERAL),
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.kind)
def test_the_engine_accepts_record(record: RecordBody) -> None:
    check_record(record.kind, record.key, json.dumps(record.body))


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.kind)
def test_the_engine_refuses_record_with_another_field_or_key(record: RecordBody) -> None:
    changed: dict[str, Any] = {**record.body, "unknown": 1}
    with pytest.raises(ValueError, match="unknown"):
        check_record(record.kind, record.key, json.dumps(changed))
    with pytest.raises(ValueError, match="belongs to the key"):
        check_record(record.kind, record.key + "x", json.dumps(record.body))


def test_the_order_of_credentials_changes_no_record() -> None:
    keys = [*KEYS, AppKey("1", APP.app_id, "secret", 5, 5)]
    codes = [*CODES, AppCode("a", APP.app_id, 5, 5)]
    assert app_record(APP, keys, codes, None) == app_record(APP, keys[::-1], codes[::-1], None)
