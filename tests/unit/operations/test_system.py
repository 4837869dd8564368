"""What the gateway says about itself: regions, system parameters, engines, the shared instance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench import Workbench, workbench

if TYPE_CHECKING:
    from tests.unit.operations.conftest import Gateway

__all__ = ["workbench"]


def test_there_is_one_region_whose_endpoint_is_this_gateway(workbench: Workbench) -> None:
    (region,) = workbench.call("DescribeRegions")["Regions"]["Region"]
    assert region == {"RegionId": "cn-hangzhou", "LocalName": "cn-hangzhou", "RegionEndpoint": "127.0.0.1:7080"}
    assert workbench.call("DescribeZones")["Zones"]["Zone"] == [
        {"ZoneId": "cn-hangzhou-a", "LocalName": "cn-hangzhou-a"}
    ]


def test_system_parameters_are_those_an_api_can_map(workbench: Workbench) -> None:
    items = workbench.call("DescribeSystemParameters")["SystemParams"]["SystemParamItem"]
    names = {item["ParamName"] for item in items}
    assert {"CaClientIp", "CaDomain", "CaAppId", "CaRequestId", "CaHttpSchema", "CaProxy"} <= names
    assert all(item["Description"] and item["DemoValue"] and item["ParamType"] == "String" for item in items)


def test_the_system_tells_its_revision(workbench: Workbench) -> None:
    workbench.group()
    system = workbench.call("DescribeSystem")
    assert (system["StoreRevision"], system["RegionId"]) == (1, "cn-hangzhou")
    assert system["ManagementAddress"] == "127.0.0.1:7080"


def test_the_summary_counts_every_instance(workbench: Workbench) -> None:
    order = {"InstanceSpec": "api.s1.small", "ChargeType": "POSTPAY", "PricingCycle": "Month", "ZoneId": "z"}
    workbench.call("CreateInstance", InstanceName="second", Token="t", **order)
    summary = workbench.call("DescribeSummaryData")
    assert (summary["UsageInstanceNum"], summary["UsageGroupNum"], summary["UsageApiNum"]) == (2, 0, 0)


def test_engines_are_shown_with_their_lag_and_what_they_refuse(gateway: Gateway) -> None:
    gateway.group()
    refusal = {"kind": "edition", "key": "a/RELEASE", "revision": 1, "reason": "path: empty"}
    told = {
        "version": "1.0",
        "disk_problem": "disk full",
        "counts": {"records_lost": 3},
        "started_at": 1_795_000_000_000,
    }
    report = {"node": "e-1", "revision": 0, "state": "lagging", "last_seen": 1_795_000_000_000, "refused": [refusal]}
    gateway.nodes.reports = [report | told]
    assert gateway.call("DescribeEngines")["engines"] == [
        {
            "node": "e-1",
            "instance_id": None,
            "revision": 0,
            "state": "lagging",
            "lag": 1,
            "last_seen": "2026-11-18T11:06:40Z",
            "started_at": "2026-11-18T11:06:40Z",
            "version": "1.0",
            "disk_problem": "disk full",
            "records_lost": 3,
            "refused": [{"kind": "edition", "key": "a/RELEASE", "reason": "path: empty"}],
        }
    ]


def test_the_shared_instance_shows_what_engines_report_first(gateway: Gateway) -> None:
    gateway.call("CreateNetwork", network_id="vpc-a", attachment={"mode": "host"}, egress_addresses=["10.0.0.250"])
    gateway.nodes.addresses = {"vpc-a": ["10.0.0.251", "10.0.0.250"]}
    (instance,) = gateway.call("DescribeInstances")["instances"]
    assert instance["vpc_egress_address"] == "10.0.0.251,10.0.0.250"
    for params in ({"instance_id": "apigateway-x"}, {"instance_type": "VPC_DEDICATED"}, {"page_number": 2}):
        assert gateway.call("DescribeInstances", **params)["instances"] == []
    assert gateway.call("DescribeInstances", instance_id="api-shared-vpc-001")["total_count"] == 1
