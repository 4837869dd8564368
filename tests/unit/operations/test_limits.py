"""How many there may be of everything that has a limit: one more is refused by the vendor's code, which names the setting."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from workbench import Workbench, workbench

__all__ = ["workbench"]


def group(bench: Workbench, number: int) -> dict[str, Any]:
    return {"GroupName": f"group_{number}"}


def app(bench: Workbench, number: int) -> dict[str, Any]:
    return {"AppName": f"app_{number}"}


def api(bench: Workbench, number: int) -> dict[str, Any]:
    request = {"RequestProtocol": "HTTP", "RequestHttpMethod": "GET", "RequestPath": f"/{number}"}
    service = {"ServiceProtocol": "HTTP", "Mock": "TRUE", "MockResult": ""}
    return {**of_group(bench), "ApiName": f"api_{number}", "RequestConfig": request, "ServiceConfig": service}


def of_group(bench: Workbench) -> dict[str, str]:
    """The only group."""
    found = bench.call("DescribeApiGroups")["ApiGroupAttributes"]["ApiGroupAttribute"]
    return {"GroupId": found[0]["GroupId"] if found else bench.group()}


def domain(bench: Workbench, number: int) -> dict[str, Any]:
    return {**of_group(bench), "DomainName": f"d{number}.example.com"}


def model(bench: Workbench, number: int) -> dict[str, Any]:
    return {**of_group(bench), "ModelName": f"Model{number}", "Schema": '{"type":"object"}'}


def plugin(bench: Workbench, number: int) -> dict[str, Any]:
    data = json.dumps({"unit": "SECOND", "apiDefault": 10})
    return {"PluginName": f"plugin_{number}", "PluginType": "trafficControl", "PluginData": data}


def traffic(bench: Workbench, number: int) -> dict[str, Any]:
    return {"TrafficControlName": f"limits_{number}", "TrafficControlUnit": "DAY", "ApiDefault": "1"}


def addresses(bench: Workbench, number: int) -> dict[str, Any]:
    return {"IpControlName": f"blocks_{number}", "IpControlType": "ALLOW"}


def signature(bench: Workbench, number: int) -> dict[str, Any]:
    return {"SignatureName": f"sign_{number}", "SignatureKey": "backend", "SignatureSecret": "secret_1"}


Make = Callable[[Workbench, int], dict[str, Any]]
LIMITS: list[tuple[str, str, Make, str]] = [
    ("groups_limit", "CreateApiGroup", group, "ExceedLimitApiGroup"),
    ("apps_limit", "CreateApp", app, "ExceedLimitApp"),
    ("apis_per_group_limit", "CreateApi", api, "ExceedLimitApi"),
    ("domains_per_group_limit", "SetDomain", domain, "ExceedLimitDomain"),
    ("models_per_group_limit", "CreateModel", model, "ExceedLimitModel"),
    ("plugins_limit", "CreatePlugin", plugin, "ExceedLimitPlugin"),
    ("policies_limit", "CreateTrafficControl", traffic, "ExceedLimitTrafficControl"),
    ("policies_limit", "CreateIpControl", addresses, "ExceedLimitIpControl"),
    ("policies_limit", "CreateSignature", signature, "ExceedLimitSignature"),
]


@pytest.mark.parametrize(
    ("setting", "operation", "make", "code"),
    LIMITS,
    ids=[f"{setting}-{operation}" for setting, operation, *_ in LIMITS],
)
def test_one_more_than_the_setting_allows_is_refused(
    workbench: Workbench, setting: str, operation: str, make: Make, code: str
) -> None:
    workbench.settings = replace(workbench.settings, **{setting: 2})
    for number in range(2):
        workbench.call(operation, **make(workbench, number))
    error = workbench.refused(operation, **make(workbench, 2))
    assert (error.code, error.status) == (code, 400) and setting in error.message
    workbench.settings = replace(workbench.settings, **{setting: 3})
    workbench.call(operation, **make(workbench, 2))
