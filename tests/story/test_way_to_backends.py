"""`isthmus vpc test`: what a person learns about the way to a backend, through real security groups and connectors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from alibabacloud_cloudapi20160714 import models
from isthmus.client import Endpoint, call
from isthmus.lab import Lab, topology

from running import Running, wait_for

OWN = "2026-11-01"
ECS1 = topology.INSTANCES["ecs1"]
FIRST, SECOND = topology.EGRESS


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab.start(f"way-{os.getpid()}") as lab:
        yield lab


@pytest.fixture(scope="module")
def endpoint(gateway: Running, lab: Lab) -> Endpoint:
    ready = gateway.ready
    endpoint = Endpoint(ready["management"], ready["access_key_id"], ready["access_key_secret"])
    network = lab.networks["vpc-a"]
    given = {
        "NetworkId": "way-a",
        "Attachment": json.dumps(network.attachment),
        "Cidrs": topology.CIDR,
        "Instances": json.dumps(network.instances),
    }
    call(endpoint, "CreateNetwork", OWN, given)
    for name, target, port in (
        ("way", "i-a-ecs1", 80),
        ("way-closed", ECS1, 81),
        ("way-nobody", "10.0.0.99", 80),
        ("way-unlisted", ECS1, topology.OTHER_PORT),
    ):
        access = {"Name": name, "VpcId": "way-a", "InstanceId": target, "Port": str(port)}
        call(endpoint, "SetVpcAccess", "2016-07-14", access)
    # Engines look every two seconds which addresses backends see.
    wait_for(lambda: tried(endpoint, "way-unlisted")["EgressAddresses"] == list(topology.EGRESS), "egress addresses")
    return endpoint


def tried(endpoint: Endpoint, name: str) -> dict[str, Any]:
    return call(endpoint, "TestVpcAccess", OWN, {"Name": name, "Timeout": "1000"})


def needs_namespaces(lab: Lab) -> None:
    if lab.mode == "loopback":
        pytest.skip("needs network namespaces")


def test_a_security_group_is_told_with_the_addresses_to_admit(endpoint: Endpoint, lab: Lab) -> None:
    needs_namespaces(lab)
    group = lab.security_group("vpc-a", "ecs1")
    found = tried(endpoint, "way")
    assert (found["Passed"], found["Verdict"]) == (False, "CONNECT_TIMEOUT")
    assert found["Hint"].endswith(f"allow TCP 80 from {FIRST}, {SECOND}.")
    group.allow(FIRST)
    found = tried(endpoint, "way")
    assert found["Text"].startswith(f"From {FIRST} it works, but not from {SECOND}: No answer from i-a-ecs1:80")
    group.allow(SECOND)
    found = tried(endpoint, "way")
    assert (found["Passed"], found["Verdict"]) == (True, "OK")
    stops = [(stop["Stop"], stop.get("Source")) for stop in found["Stops"]]
    assert stops[:3] == [("access", None), ("resolve", None), ("attach", None)]
    assert stops[3:] == [("connect", FIRST), ("http", FIRST), ("connect", SECOND), ("http", SECOND)]
    assert all(0 <= stop["Microseconds"] < 1_000_000 for stop in found["Stops"])
    assert found["Stops"][1]["Detail"] == f"{ECS1}:80"


def test_the_command_line_shows_it(endpoint: Endpoint, gateway: Running, lab: Lab) -> None:
    needs_namespaces(lab)
    for address in topology.EGRESS:
        lab.security_group("vpc-a", "ecs1").allow(address)
    command = [sys.executable, "-m", "isthmus", "vpc", "test", "way", "--state", str(gateway.state)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "OK: i-a-ecs1:80 in way-a answers."
    shown = subprocess.run([*command[:4], "show", "way-a", *command[-2:]], capture_output=True, text=True, check=True)
    assert f"egress    {FIRST}, {SECOND}" in shown.stdout and "i-a-ecs1  10.0.0.11  static" in shown.stdout


def test_each_other_cause_is_told_apart(endpoint: Endpoint, lab: Lab) -> None:
    needs_namespaces(lab)
    for target in (f"{ECS1}:81", "10.0.0.99:80"):
        lab.allow("vpc-a", target)
    for address in topology.EGRESS:
        lab.security_group("vpc-a", "ecs1").allow(address, 81)
    for name, code in (
        ("way-closed", "CONNECT_REFUSED"),
        ("way-nobody", "NO_SUCH_HOST"),
        ("way-unlisted", "CONNECTOR_REFUSED"),
    ):
        found = tried(endpoint, name)
        assert (found["Passed"], found["Verdict"]) == (False, code), found


def test_the_vendors_question_has_the_same_answer(endpoint: Endpoint, gateway: Running, lab: Lab) -> None:
    client, group = gateway.client(), lab.security_group("vpc-a", "ecs1")
    named = client.describe_vpc_accesses(models.DescribeVpcAccessesRequest(name="way")).body
    access_id = named.vpc_access_attributes.vpc_access_attribute[0].vpc_access_id
    question = models.ValidateVpcConnectivityRequest(instance_id="api-shared-vpc-001", vpc_access_id=access_id)
    for address in topology.EGRESS:
        group.allow(address)
    body = client.validate_vpc_connectivity(question).body
    assert (body.connected, body.ip_type) == (True, "IPV4")
    if lab.mode != "loopback":
        group.revoke(SECOND)
        assert client.validate_vpc_connectivity(question).body.connected is False


def test_a_connector_that_is_gone_is_told_with_the_command_to_start_it(endpoint: Endpoint, lab: Lab) -> None:
    lab.kill_connector("vpc-a")
    found = tried(endpoint, "way")
    assert found["Verdict"] == "VPC_DETACHED" and "isthmus vpc connect-command way-a" in found["Hint"]
    lab.restart_connector("vpc-a")
    wait_for(lambda: tried(endpoint, "way")["Verdict"] != "VPC_DETACHED", "the restarted connector")
