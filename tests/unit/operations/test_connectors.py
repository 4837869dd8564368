"""Remote connectors as the management API shows them: who may come in, with what command, and who no longer may."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from isthmus.hub.desk import Desk
from isthmus.hub.register import Register
from isthmus.roles import OWNER, needed_role
from workbench import Workbench, workbench

__all__ = ["workbench"]


@pytest.fixture
def hub(workbench: Workbench, tmp_path: Path) -> Desk:
    ready = {"hub": "127.0.0.1:7443"}
    workbench.hub = Desk(tmp_path / "hub", lambda: ready, "", lambda: workbench.clock[0])
    return workbench.hub


def register(workbench: Workbench, tmp_path: Path) -> Register:
    return Register(tmp_path / "hub", lambda: workbench.clock[0])


def far(workbench: Workbench, network_id: str = "vpc-far") -> None:
    workbench.call("CreateNetwork", NetworkId=network_id, Attachment={"mode": "connector"})


def listed(workbench: Workbench, **given: Any) -> list[dict[str, Any]]:
    return list(workbench.call("DescribeConnectors", **given)["Connectors"])


def test_a_connector_without_a_socket_comes_to_the_hub(workbench: Workbench, hub: Desk) -> None:
    far(workbench)
    (network,) = workbench.call("DescribeNetworks")["Networks"]["Network"]
    assert json.loads(network["Attachment"]) == {"mode": "connector", "socket": hub.socket("vpc-far")}
    assert network["IsRemote"] is True
    workbench.call("CreateNetwork", NetworkId="vpc-near", Attachment={"mode": "connector", "socket": "/run/a.sock"})
    refused = workbench.refused("CreateConnectorToken", NetworkId="vpc-near")
    assert refused.code == "InvalidNetworkId" and "vpc-near" in refused.message


def test_a_token_comes_with_the_whole_command_and_the_list_of_today(workbench: Workbench, hub: Desk) -> None:
    far(workbench)
    bare = workbench.call("CreateConnectorToken", NetworkId="vpc-far")
    assert bare["Command"].endswith("--allow IP:PORT")
    given = {"Targets": [{"InstanceId": "fd00::12", "Port": 8080}]}
    workbench.call("SetVpcAccess", Name="shop", VpcId="vpc-far", InstanceId="10.0.0.11", Port=80, **given)
    made = workbench.call("CreateConnectorToken", NetworkId="vpc-far")
    assert made["HubAddress"] == "127.0.0.1:7443"
    assert made["Token"].startswith("vpc-far.")
    assert made["Command"] == (
        f"echo {made['Token']} | isthmus connector join --hub 127.0.0.1:7443 --token-file - "
        "--state /var/lib/isthmus-connector --allow 10.0.0.11:80 --allow '[fd00::12]:8080'"
    )


def test_connectors_are_listed_with_what_is_known_of_them(workbench: Workbench, hub: Desk, tmp_path: Path) -> None:
    far(workbench)
    far(workbench, "vpc-other")
    token = workbench.call("CreateConnectorToken", NetworkId="vpc-far")["Token"]
    assert listed(workbench) == []
    connector_id, _ = register(workbench, tmp_path).enrol(token, "c1")
    assert [one["State"] for one in listed(workbench)] == ["NEVER_SEEN"]
    about = {"address": "198.51.100.7:4444", "version": "1", "egress": ["10.0.0.20"], "allow_count": 2}
    register(workbench, tmp_path).seen([{"connector_id": connector_id, "idle": 8, "busy": 1, **about}])
    (one,) = listed(workbench, NetworkId="vpc-far")
    assert (one["ConnectorId"], one["Name"], one["State"]) == (connector_id, "c1", "CONNECTED")
    assert (one["EgressAddresses"], one["Idle"], one["Busy"], one["AllowCount"]) == (["10.0.0.20"], 8, 1, 2)
    assert listed(workbench, NetworkId="vpc-other") == []
    workbench.clock[0] += 60
    assert [one["State"] for one in listed(workbench)] == ["AWAY"]
    workbench.call("RevokeConnector", ConnectorId=connector_id)
    assert [one["State"] for one in listed(workbench)] == ["REVOKED"]
    refused = workbench.refused("RevokeConnector", ConnectorId="c-none")
    assert (refused.code, refused.status) == ("NotFoundConnector", 404)


def test_with_the_network_goes_the_right_of_its_connectors(workbench: Workbench, hub: Desk, tmp_path: Path) -> None:
    far(workbench)
    token = workbench.call("CreateConnectorToken", NetworkId="vpc-far")["Token"]
    connector_id, _ = register(workbench, tmp_path).enrol(token, "c1")
    register(workbench, tmp_path).wrote(connector_id, "01ab")
    workbench.call("DeleteNetwork", NetworkId="vpc-far")
    assert register(workbench, tmp_path).known() == {"networks": [], "revoked": ["01ab"]}


def test_without_a_hub_it_is_said_how_to_get_one(workbench: Workbench) -> None:
    refused = workbench.refused("CreateNetwork", NetworkId="vpc-far", Attachment={"mode": "connector"})
    assert refused.code == "InvalidAttachment" and "setting hub" in refused.message
    workbench.call("CreateNetwork", NetworkId="vpc-far", Attachment={"mode": "connector", "socket": "/run/a.sock"})
    for name, given in (("CreateConnectorToken", {"NetworkId": "vpc-far"}), ("RevokeConnector", {"ConnectorId": "c"})):
        refused = workbench.refused(name, **given)
        assert refused.code == "NoHubHere" and "--hub" in refused.message
    assert listed(workbench) == []


def test_a_hub_that_does_not_run_and_one_that_listens_everywhere(workbench: Workbench, tmp_path: Path) -> None:
    workbench.hub = Desk(tmp_path / "hub", dict, "")
    far(workbench)
    assert workbench.refused("CreateConnectorToken", NetworkId="vpc-far").code == "NoHubHere"
    everywhere = Desk(tmp_path / "hub", lambda: {"hub": "0.0.0.0:7443"}, "").address()
    assert everywhere.endswith(":7443") and not everywhere.startswith("0.0.0.0")
    assert Desk(tmp_path / "hub", dict, "gw.example.com:443").address() == "gw.example.com:443"


def test_only_owners_let_connectors_in() -> None:
    assert needed_role("CreateConnectorToken") == needed_role("RevokeConnector") == OWNER
