"""What becomes of the word of a source that the control plane reads: kept, shown with its age, and never believed blindly."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from certificate_maker import records
from isthmus.control.inventories import StoreKeeper
from isthmus.inventory.source import Reading
from isthmus.inventory.sources_file import ConfiguredSource
from workbench import NoEngines, Workbench, workbench

__all__ = ["workbench"]

BASTION = {"mode": "socks5", "host": "bastion.example.com", "port": 1080}


class Nobody:
    """A source that is never read here."""

    def read(self, _before: Any) -> Reading:
        raise AssertionError


@pytest.fixture
def keeper(workbench: Workbench) -> StoreKeeper:
    workbench.call("CreateNetwork", NetworkId="vpc-p", Attachment=BASTION, Cidrs="10.0.0.0/24")
    return StoreKeeper(workbench.store, workbench.settings, NoEngines())


def configured(name: str = "compose", network: str = "vpc-p") -> ConfiguredSource:
    return ConfiguredSource(name, "docker", network, timedelta(seconds=20), Nobody())


def described(workbench: Workbench) -> dict[str, Any]:
    return workbench.call("DescribeNetworkInstances", NetworkId="vpc-p")


def served(workbench: Workbench) -> dict[str, str]:
    found: dict[str, str] = records(workbench, "network")["vpc-p"]["instances"]
    return found


def test_a_reading_is_served_and_a_new_address_is_a_new_plan_entry(workbench: Workbench, keeper: StoreKeeper) -> None:
    keeper.keep(configured(), Reading({"i-web": "10.0.0.2", "i-db": "10.0.0.3"}))
    assert served(workbench) == {"i-web": "10.0.0.2", "i-db": "10.0.0.3"}
    assert keeper.known(configured()) == {"i-web": "10.0.0.2", "i-db": "10.0.0.3"}
    before, networks = workbench.store.revision(), workbench.call("DescribeNetworks")
    workbench.clock[0] += 5
    keeper.keep(configured(), Reading({"i-web": "10.0.0.2", "i-db": "10.0.0.3"}))
    assert (workbench.store.revision(), workbench.call("DescribeNetworks")) == (before, networks)
    keeper.keep(configured(), Reading({"i-web": "10.0.0.9"}))
    assert workbench.store.revision() > before and served(workbench) == {"i-web": "10.0.0.9"}


def test_a_failure_takes_no_instance_away_and_is_shown_until_it_is_over(
    workbench: Workbench, keeper: StoreKeeper
) -> None:
    keeper.keep(configured(), Reading({"i-web": "10.0.0.2"}))
    read_at = described(workbench)["Sources"][0]["RefreshTime"]
    workbench.clock[0] += 30
    keeper.keep_failure(configured(), "answers 500\x00 \ud800")
    found = described(workbench)
    assert found["Sources"][0]["RefreshTime"] == read_at and found["Sources"][0]["TriedTime"] > read_at
    assert (found["Sources"][0]["Failing"], found["Sources"][0]["Error"]) == (True, "answers 500? ?")
    assert [(one["Address"], one["Stale"]) for one in found["Instances"]] == [("10.0.0.2", False)]
    workbench.clock[0] += 60
    assert [(one["Address"], one["Stale"]) for one in described(workbench)["Instances"]] == [("10.0.0.2", True)]
    assert served(workbench) == {"i-web": "10.0.0.2"}
    keeper.keep(configured(), Reading({"i-web": "10.0.0.2"}))
    found = described(workbench)
    assert (found["Sources"][0]["Failing"], found["Sources"][0].get("Error")) == (False, None)
    assert [one["Stale"] for one in found["Instances"]] == [False]


def test_a_source_that_never_answered_is_shown(workbench: Workbench, keeper: StoreKeeper) -> None:
    keeper.keep_failure(configured(), "no answer within 10 s")
    (source,) = described(workbench)["Sources"]
    assert (source["Source"], source["Kind"], source["Failing"]) == ("compose", "docker", True)
    assert source.get("RefreshTime") is None


def test_what_cannot_be_an_instance_is_left_out_with_a_reason(workbench: Workbench, keeper: StoreKeeper) -> None:
    workbench.call("SetNetworkInstances", NetworkId="vpc-p", Source="script", Instances={"i-theirs": "10.0.0.8"})
    told = {
        "i-web": "10.0.0.2",
        "i-same": "10.0.0.2",
        "i-outside": "10.1.0.2",
        "i-metadata": "169.254.169.254",
        "i-loopback": "127.0.0.1",
        "i-name": "shop",
        "i-theirs": "10.0.0.9",
        "i-\ud800\x00": "10.0.0.5",
    }
    keeper.keep(configured(), Reading(told, ["i-early: has no address"]))
    assert served(workbench) == {"i-same": "10.0.0.2", "i-theirs": "10.0.0.8"}
    sources = {one["Source"]: one for one in described(workbench)["Sources"]}
    for name in ("i-web", "i-outside", "i-metadata", "i-loopback", "i-name", "i-theirs", "i-early"):
        assert name in sources["compose"]["LeftOut"], name
    assert sources["script"]["Kind"] == "reported"


def test_what_a_person_has_said_comes_before_a_source(workbench: Workbench, keeper: StoreKeeper) -> None:
    workbench.call("ModifyNetwork", NetworkId="vpc-p", Instances={"i-web": "10.0.0.7"})
    keeper.keep(configured(), Reading({"i-web": "10.0.0.2"}))
    assert served(workbench) == {"i-web": "10.0.0.7"}


def test_an_access_keeps_its_name_when_its_instance_is_gone_and_serves_when_it_is_back(
    workbench: Workbench, keeper: StoreKeeper
) -> None:
    keeper.keep(configured(), Reading({"i-web": "10.0.0.2"}))
    workbench.call("SetVpcAccess", Name="a", VpcId="vpc-p", InstanceId="i-web", Port=80)
    keeper.keep(configured(), Reading({}))
    assert served(workbench) == {}
    keeper.keep(configured(), Reading({"i-web": "10.0.0.4"}))
    assert served(workbench) == {"i-web": "10.0.0.4"}


def test_a_source_without_a_network_is_told_once_and_waits_for_it(
    workbench: Workbench, keeper: StoreKeeper, caplog: pytest.LogCaptureFixture
) -> None:
    other = configured(network="vpc-later")
    for _ in range(3):
        keeper.keep(other, Reading({"i-web": "10.0.0.2"}))
        keeper.keep_failure(other, "answers 500")
    assert len([one for one in caplog.records if "vpc-later" in one.getMessage()]) == 1
    workbench.call("CreateNetwork", NetworkId="vpc-later", Attachment=BASTION)
    keeper.keep(other, Reading({"i-web": "10.0.0.2"}))
    assert keeper.known(other) == {"i-web": "10.0.0.2"}


def test_a_change_is_in_the_audit_trail_and_a_confirmation_is_not(workbench: Workbench, keeper: StoreKeeper) -> None:
    for address in ("10.0.0.2", "10.0.0.2", "10.0.0.9"):
        keeper.keep(configured(), Reading({"i-web": address}))
    events = workbench.call("DescribeAuditEvents", Actor="source:compose")["AuditEvents"]
    assert [one["Operation"] for one in events] == ["SetNetworkInstances"] * 2
    assert "10.0.0.9" in str(events[0]) and "10.0.0.2" in str(events[0])


def test_a_source_takes_itself_out_by_reporting_nothing(workbench: Workbench, keeper: StoreKeeper) -> None:
    keeper.keep_failure(configured("gone"), "answers 500")
    for instances in ({"i-1": "10.0.0.1"}, {}):
        workbench.call("SetNetworkInstances", NetworkId="vpc-p", Source="gone", Instances=instances)
    assert described(workbench)["Sources"] == []
