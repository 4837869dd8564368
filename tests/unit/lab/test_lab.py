"""Labs as their callers see them: started, changed, crashed, ended; in every mode that this machine can hold."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from isthmus.lab import ConnectorRefusal, Lab, LabError, modes, state
from isthmus.lab.acceptance import own_network, processes_of
from isthmus.lab.client import get

DEADLINE = 20.0


def possible_modes() -> list[str]:
    best = modes.choose("auto").name
    return ["loopback"] if best == "loopback" else [best, "loopback"]


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.01)


@pytest.fixture(params=possible_modes(), scope="module")
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    with Lab.start(f"unit-{os.getpid()}", mode=request.param) as running:
        yield running


def test_a_backend_answers_and_logs_whom_the_security_group_admits(lab: Lab) -> None:
    lab.security_group("vpc-b", "ecs2").allow("10.0.0.251", 80)
    with lab.client("vpc-b") as client:
        page = get(client.connect("10.0.0.12", 80, source="10.0.0.251"), "shop.internal", "/a?b=1")
    assert page.text == "shop of vpc-b ecs2 peer=10.0.0.251 host=shop.internal port=80 uri=/a?b=1\n"
    line = '10.0.0.251 shop.internal 80 "GET /a?b=1 HTTP/1.1" 200'
    wait_for(lambda: lab.backend_log("vpc-b", "ecs2") == [line])
    assert lab.backend_log("vpc-a", "ecs2") == []


def test_the_list_of_a_connector_can_be_changed(lab: Lab) -> None:
    lab.disallow("vpc-a", "10.0.0.12:80")
    with lab.client("vpc-a") as client, pytest.raises(ConnectorRefusal) as refused:
        client.connect("10.0.0.12", 80)
    assert (refused.value.kind, refused.value.detail) == (
        "refused_by_connector",
        "10.0.0.12:80 is not on the connector's list",
    )
    lab.allow("vpc-a", "10.0.0.12:80")
    assert lab.allowed("vpc-a") == ["10.0.0.11:80", "10.0.0.12:80"]


@pytest.mark.parametrize(
    ("vpc", "instance", "address", "port", "words"),
    [
        ("vpc-z", "ecs1", "10.0.0.250", 80, "there is no instance vpc-z ecs1"),
        ("vpc-a", "ecs9", "10.0.0.250", 80, "there is no instance vpc-a ecs9"),
        ("vpc-a", "ecs1", "10.0.0.250; flush ruleset", 80, "is not an IPv4 address"),
        ("vpc-a", "ecs1", "10.0.0.250", 0, "the port 0 is not between 1 and 65535"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(
    lab: Lab, vpc: str, instance: str, address: str, port: int, words: str
) -> None:
    with pytest.raises(LabError, match=words):
        lab.security_group(vpc, instance).allow(address, port)


def test_a_rule_can_be_said_twice(lab: Lab) -> None:
    group = lab.security_group("vpc-a", "ecs2")
    for change in (group.allow, group.allow, group.revoke, group.revoke):
        change("10.0.0.250", 8080)
    assert lab.status()["rules"]["vpc-a ecs2"] == []


def test_a_second_lab_needs_another_name(lab: Lab) -> None:
    with pytest.raises(LabError, match="runs already; end it first: isthmus lab down --name"):
        Lab.start(lab.name, lab.mode)
    with Lab.start(f"{lab.name}-b", lab.mode) as other, other.client("vpc-a") as client:
        assert client.hello()["egress"] == ["10.0.0.250", "10.0.0.251"]


@pytest.mark.parametrize("mode", possible_modes())
@pytest.mark.parametrize("way", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nothing_runs_when_the_process_that_started_a_lab_is_gone(mode: str, way: signal.Signals) -> None:
    name = f"gone-{os.getpid()}"
    before = own_network()
    program = (
        "import signal, sys; from isthmus.lab import Lab; signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"with Lab.start({name!r}, {mode!r}) as lab: print('up', flush=True); signal.pause()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == b"up\n"
        process.send_signal(way)
        process.wait(DEADLINE)
    directory = state.run_directory(name)
    if way == signal.SIGKILL:
        # Nobody could tidy up: what a killed program leaves, the next command removes.
        assert Lab.end(name)
    assert not directory.exists()
    wait_for(lambda: processes_of(directory) == [])
    assert own_network() == before


def test_a_detached_lab_outlives_its_starter_and_is_found_by_name() -> None:
    name = f"detached-{os.getpid()}"
    program = f"from isthmus.lab import Lab; Lab.start({name!r}, is_detached=True)"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
    try:
        assert set(Lab.find(name).status()["connectors"]) == {"vpc-a", "vpc-b"}
    finally:
        assert Lab.end(name)
    assert not Lab.end(name)
    with pytest.raises(LabError, match=f"no lab '{name}' runs; start it: isthmus lab up --name {name}"):
        Lab.find(name)


@pytest.mark.parametrize("mode", possible_modes())
def test_what_a_killed_lab_left_is_removed_by_the_next_start(mode: str) -> None:
    name = f"killed-{os.getpid()}"
    crashed = Lab.start(name, mode, is_detached=True)
    found = state.load(crashed.directory)
    assert found is not None
    os.kill(found.process, signal.SIGKILL)
    with pytest.raises(LabError, match="runs; start it"):
        wait_for(lambda: Lab.find(name) is None)
    with Lab.start(name, mode) as again:
        assert all(again.status()["connectors"].values())
    wait_for(lambda: processes_of(crashed.directory) == [])


def test_a_connector_that_does_not_start_is_told_with_its_own_words() -> None:
    name = f"broken-{os.getpid()}"
    command = ["sh", "-c", "echo no such program >&2; exit 3"]
    with pytest.raises(LabError, match="the connector of vpc-a did not start: no such program"):
        Lab.start(name, "loopback", command)
    assert not state.run_directory(name).exists()


@pytest.mark.parametrize("name", ["", "../up", "A", "a" * 32, "a/b", "-a"])
def test_a_name_that_is_no_plain_word_is_refused(name: str) -> None:
    with pytest.raises(LabError, match="must be 1 to 31 lower-case letters, digits and hyphens"):
        Lab.start(name, "loopback")


def test_a_mode_that_needs_a_missing_program_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modes, "SEARCH_PATH", "/nowhere")
    chosen = "root" if os.getuid() == 0 else "userns"
    with pytest.raises(
        LabError,
        match="missing commands: unshare, nsenter, ip, nft, nginx .install the packages iproute2 nftables nginx-light util-linux",
    ):
        modes.choose(chosen)
    assert modes.choose("auto").name == "loopback"
    assert "missing commands" in modes.choose("auto").note
