"""Backends in private networks through the whole gateway: isolation, permission, and connectors that come and go."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest
from alibabacloud_cloudapi20160714 import models
from isthmus.client import ClientError, Endpoint, call
from isthmus.lab import Lab, topology

from running import Running, wait_for
from walk import Walk

_EXTENSIONS = "2026-11-01"
ECS1 = topology.INSTANCES["ecs1"]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab.start(f"story-{os.getpid()}") as lab:
        yield lab


@pytest.fixture(scope="module")
def endpoint(gateway: Running, lab: Lab) -> Endpoint:
    ready = gateway.ready
    endpoint = Endpoint(ready["management"], ready["access_key_id"], ready["access_key_secret"])
    for network in lab.networks.values():
        parameters = {
            "NetworkId": network.network_id,
            "Attachment": json.dumps(network.attachment),
            "Cidrs": topology.CIDR,
            "Instances": json.dumps(network.instances),
        }
        call(endpoint, "CreateNetwork", _EXTENSIONS, parameters)
    return endpoint


@pytest.fixture(scope="module")
def walks(gateway: Running, endpoint: Endpoint, lab: Lab) -> dict[str, Walk]:
    """An anonymous API per network, both for the same address and port."""
    walks = {}
    for network, target in (("vpc-a", "i-a-ecs1"), ("vpc-b", ECS1)):
        walk = Walk(gateway.client(), f"-{network}")
        walk.authorise_vpc(network, target, 80)
        walk.create_group()
        walk.create_api(auth_type="ANONYMOUS")
        walk.publish()
        walks[network] = walk
    return walks


def admit(lab: Lab, network: str) -> None:
    for address in topology.EGRESS:
        lab.security_group(network, "ecs1").allow(address)


def test_a_security_group_that_admits_nobody_is_told_without_addresses(
    gateway: Running, lab: Lab, walks: dict[str, Walk]
) -> None:
    answer = gateway.get("/nginx", walks["vpc-a"].domain)
    expected = 504 if lab.mode != "loopback" else 502
    assert answer.status_code == expected and answer.headers["X-Ca-Error-Code"] in ("D504CO", "N502RE")
    assert ECS1 not in answer.headers["X-Ca-Error-Message"]


def test_the_instance_page_shows_the_addresses_that_backends_see(
    gateway: Running, lab: Lab, walks: dict[str, Walk]
) -> None:
    def shown() -> set[str]:
        body = gateway.client().describe_instances(models.DescribeInstancesRequest()).body
        return set(body.instances.instance_attribute[0].vpc_egress_address.split(","))

    wait_for(lambda: set(topology.EGRESS) <= shown(), "the egress addresses")
    admit(lab, "vpc-a")
    assert gateway.get("/nginx", walks["vpc-a"].domain).status_code == 200
    lines = wait_for(lambda: lab.backend_log("vpc-a", "ecs1"), "the backend's own log")
    assert {line.split(" ")[0] for line in lines} <= set(topology.EGRESS)


def test_the_same_address_in_two_networks_answers_with_the_right_page(
    gateway: Running, lab: Lab, walks: dict[str, Walk]
) -> None:
    admit(lab, "vpc-a")
    admit(lab, "vpc-b")
    for _ in range(50):
        for network, walk in walks.items():
            assert topology.page(network, "ecs1") in gateway.get("/nginx", walk.domain).text


def test_what_is_not_authorised_is_never_reached(gateway: Running, endpoint: Endpoint, lab: Lab) -> None:
    for target in (topology.METADATA, "127.0.0.1", "0.0.0.0", "10.1.0.11", "i-b-ecs1", "127.1", "::ffff:127.0.0.1"):
        parameters = {"Name": "bad", "VpcId": "vpc-a", "InstanceId": target, "Port": "80"}
        with pytest.raises(ClientError):
            call(endpoint, "SetVpcAccess", "2016-07-14", parameters)
    # The control plane authorises what the connector's own list does not have: both ends must agree.
    walk = Walk(gateway.client(), "-port")
    walk.authorise_vpc("vpc-a", ECS1, topology.OTHER_PORT)
    walk.create_group()
    walk.create_api(auth_type="ANONYMOUS")
    walk.publish()
    before = len(lab.backend_log("vpc-a", "ecs1"))
    answer = gateway.get("/nginx", walk.domain)
    assert (answer.status_code, answer.headers["X-Ca-Error-Code"]) == (504, "X504VE")
    assert len(lab.backend_log("vpc-a", "ecs1")) == before


def test_a_killed_connector_is_told_and_a_restarted_one_serves(
    gateway: Running, lab: Lab, walks: dict[str, Walk]
) -> None:
    admit(lab, "vpc-b")
    assert gateway.get("/nginx", walks["vpc-b"].domain).status_code == 200
    lab.security_group("vpc-b", "ecs1").revoke(topology.EGRESS[0])
    lab.security_group("vpc-b", "ecs1").revoke(topology.EGRESS[1])
    admit(lab, "vpc-b")
    lab.kill_connector("vpc-b")
    lab.restart_connector("vpc-b")
    wait_for(lambda: gateway.get("/nginx", walks["vpc-b"].domain).status_code == 200, "the restarted connector")


def test_removing_an_access_ends_calls_at_once(gateway: Running, lab: Lab, walks: dict[str, Walk]) -> None:
    walk = walks["vpc-a"]
    admit(lab, "vpc-a")
    assert gateway.get("/nginx", walk.domain).status_code == 200
    request = models.RemoveVpcAccessRequest(vpc_id="vpc-a", instance_id="i-a-ecs1", port=80)
    walk.client.remove_vpc_access(request)
    answer = gateway.get("/nginx", walk.domain)
    assert (answer.status_code, answer.headers["X-Ca-Error-Code"]) == (504, "X504VE")
