"""A second instance with listeners of its own, and a group that moves to it while it is called: no call fails.

`isthmus up` itself runs the engines of dedicated instances when it is told where they may listen.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from isthmus.client import Endpoint, call

from running import DEADLINE, Running, wait_for

VENDOR, OWN = "2016-07-14", "2026-11-01"
SHARED = "api-shared-vpc-001"
OVERLAP_SECONDS = 15


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    more = ("--automatic-domain-quota", "0", "--instance-overlap", f"{OVERLAP_SECONDS}s")
    running = Running.start(tmp_path_factory.mktemp("gateway"), *more)
    yield running
    running.stop()


@contextmanager
def engine(gateway: Running, instance: str, folder: Path) -> Iterator[str]:
    """`isthmus engine --instance` beside the gateway; where it takes calls."""
    ready_file = folder / f"{instance}.json"
    words = ["engine", "--instance", instance, "--node", f"node-of-{instance}", "--state", str(gateway.state)]
    words += ["--control-url", gateway.ready["management"], "--http", "127.0.0.1:0", "--https", "", "--health", ""]
    words += ["--automatic-domain-quota", "0", "--ready-file", str(ready_file)]
    with (folder / f"{instance}.log").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-m", "isthmus", *words], stdout=log, stderr=log)
    try:
        ready = wait_for(lambda: ready_file.exists() and json.loads(ready_file.read_text()), "the engine")
        yield f"http://{ready['http']}"
    finally:
        process.terminate()
        assert process.wait(DEADLINE) == 0


def manage(gateway: Running, action: str, version: str = VENDOR, **given: str) -> dict[str, Any]:
    endpoint = Endpoint(*(gateway.ready[name] for name in ("management", "access_key_id", "access_key_secret")))
    return call(endpoint, action, version, given)


def publish(gateway: Running) -> tuple[str, str]:
    """A group with an API that answers by itself: group id and domain."""
    group = manage(gateway, "CreateApiGroup", GroupName="moving", BasePath="/")
    request = {"RequestProtocol": "HTTP", "RequestHttpMethod": "GET", "RequestPath": "/x", "RequestMode": "PASSTHROUGH"}
    service = {"ServiceProtocol": "HTTP", "Mock": "TRUE", "MockResult": "moved", "ServiceTimeout": 1000}
    made = manage(
        gateway,
        "CreateApi",
        GroupId=group["GroupId"],
        ApiName="moved",
        Visibility="PRIVATE",
        AuthType="ANONYMOUS",
        RequestConfig=json.dumps(request),
        ServiceConfig=json.dumps(service),
    )
    deployed = {"ApiId": made["ApiId"], "StageName": "RELEASE", "Description": "x"}
    manage(gateway, "DeployApi", GroupId=group["GroupId"], **deployed)
    return group["GroupId"], group["SubDomain"]


class Caller(threading.Thread):
    """Calls without a pause where `url` says now."""

    def __init__(self, url: str, domain: str) -> None:
        super().__init__(daemon=True)
        self.url, self.domain = url, domain
        self.calls = 0
        self.failed: list[tuple[str, int]] = []
        self.ending = threading.Event()

    def run(self) -> None:
        with httpx.Client(timeout=DEADLINE, trust_env=False) as client:
            while not self.ending.is_set():
                url = self.url
                status = client.get(f"{url}/x", headers={"host": self.domain}).status_code
                self.calls += 1
                if status != 200:
                    self.failed.append((url, status))

    def wait(self, count: int) -> None:
        wanted = self.calls + count
        wait_for(lambda: self.calls >= wanted, f"{count} calls")


def status(url: str, domain: str) -> int:
    return httpx.get(f"{url}/x", headers={"host": domain}, timeout=DEADLINE).status_code


def test_a_group_moves_between_instances_while_it_is_called(gateway: Running, tmp_path: Path) -> None:
    ordered = {"ChargeType": "POSTPAY", "ZoneId": "z", "Token": "t", "PricingCycle": "Hour"}
    dedicated = manage(gateway, "CreateInstance", InstanceName="mine", InstanceSpec="api.s1.small", **ordered)
    group_id, domain = publish(gateway)
    with engine(gateway, SHARED, tmp_path) as shared, engine(gateway, dedicated["InstanceId"], tmp_path) as own:
        wait_for(lambda: status(shared, domain) == 200, "the engine of the shared instance")
        assert status(own, domain) == 404, "a group of another instance is not known here"
        assert status(gateway.ready["http"], domain) == 200, "an engine without an instance serves every group"

        caller = Caller(shared, domain)
        caller.start()
        caller.wait(50)
        manage(gateway, "ModifyApiGroupInstance", GroupId=group_id, TargetInstanceId=dedicated["InstanceId"], Remark="")
        assert status(own, domain) == 200, "the new instance serves it as soon as the call has answered"
        caller.wait(50)
        caller.url = own
        caller.wait(50)
        caller.ending.set()
        caller.join(DEADLINE)
        assert caller.failed == []

        wait_for(lambda: status(shared, domain) == 404, "the old instance has let go of it")
        assert status(own, domain) == 200


def own_engine(gateway: Running, instance_id: str) -> dict[str, Any] | None:
    """As the ready file has it now."""
    found: dict[str, Any] | None = json.loads(gateway.ready_file.read_text())["dedicated"].get(instance_id)
    return found


def test_up_runs_an_engine_for_each_dedicated_instance(tmp_path: Path) -> None:
    options = ("--dedicated", "127.0.0.1:0", "--automatic-domain-quota", "0")
    gateway = Running.start(tmp_path, *options)
    ordered = {"ChargeType": "POSTPAY", "ZoneId": "z", "PricingCycle": "Hour", "InstanceSpec": "api.s1.small"}
    try:
        group_id, domain = publish(gateway)
        first, second = (
            manage(gateway, "CreateInstance", InstanceName=name, Token=name, **ordered)["InstanceId"]
            for name in ("first", "second")
        )
        found = {one: wait_for(lambda one=one: own_engine(gateway, one), f"{one}'s engine") for one in (first, second)}
        assert found[first]["http"] != found[second]["http"]
        own, other, shared = f"http://{found[first]['http']}", f"http://{found[second]['http']}", gateway.ready["http"]
        wait_for(lambda: status(shared, domain) == 200, "the engine of the shared instance")
        engines = manage(gateway, "DescribeEngines", OWN)["Engines"]["Engine"]
        assert sorted(one["InstanceId"] for one in engines) == sorted((SHARED, first, second))

        caller = Caller(shared, domain)
        caller.start()
        caller.wait(50)
        manage(gateway, "ModifyApiGroupInstance", GroupId=group_id, TargetInstanceId=first, Remark="")
        caller.url = own
        caller.wait(50)
        caller.ending.set()
        caller.join(DEADLINE)
        assert caller.failed == []
        assert status(other, domain) == 404, "an instance that the group never was on"

        os.kill(found[first]["pid"], signal.SIGKILL)
        back = wait_for(
            lambda: (now := own_engine(gateway, first)) and now["pid"] != found[first]["pid"] and now, "a new process"
        )
        assert back["http"] == found[first]["http"], "an instance keeps its ports"
        assert status(own, domain) == 200

        gateway.stop()
        gateway = Running.start(tmp_path, *options)
        again = wait_for(lambda: own_engine(gateway, first), "the engine after a new start")
        assert again["http"] == found[first]["http"], "an instance keeps its ports"

        manage(gateway, "DeleteInstance", InstanceId=second)
        wait_for(lambda: own_engine(gateway, second) is None, "the engine of an instance that is gone ends")
        wait_for(lambda: is_closed(other), "nobody listens there any more")
        assert status(own, domain) == 200
    finally:
        gateway.stop()


def is_closed(url: str) -> bool:
    try:
        httpx.get(url, timeout=DEADLINE)
    except httpx.ConnectError:
        return True
    return False
