"""What the test of a VPC access says: at which stop the way ends, why, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from isthmus.errors import ApiError
from isthmus.operations import function_for
from isthmus.operations.call import Call
from isthmus.operations.path_texts import Probed, verdict
from workbench import CATALOG, NoEngines, Workbench, workbench

__all__ = ["workbench"]

EGRESS = ["10.0.0.250", "10.0.0.251"]
TESTED = Probed("nginx-demo", "vpc-a", "connector", "10.0.0.11", 80, EGRESS)


def stop(name: str, source: str | None = None, problem: str | None = None, detail: str = "what") -> dict[str, Any]:
    return {"name": name, "source": source, "microseconds": 41, "problem": problem, "detail": detail}


class OneEngine(NoEngines):
    def __init__(self, *stops: Mapping[str, Any]) -> None:
        self.stops = stops
        self.asked: Mapping[str, Any] = {}

    def egress_addresses(self, network_id: str, instance_id: str | None = None) -> list[str]:
        return EGRESS

    def ask(self, node: str, wanted: Mapping[str, Any], seconds: float) -> tuple[str, dict[str, Any] | None]:
        self.asked = wanted
        return node or "n1", {"stops": list(self.stops)}


def ask(workbench: Workbench, engine: NoEngines, name: str, **params: str) -> dict[str, Any]:
    version = "2026-11-01" if name == "TestVpcAccess" else "2016-07-14"
    operation, function = CATALOG.find(name, version), function_for(name)
    assert operation is not None and function is not None
    with workbench.store.read() as transaction:
        call = Call(transaction, workbench.settings, "key", engine)
        return operation.render(function(call, operation.check(params)))


@pytest.fixture
def access_id(workbench: Workbench) -> str:
    attachment = {"mode": "connector", "socket": "/run/a.sock"}
    workbench.call("CreateNetwork", NetworkId="vpc-a", Attachment=attachment, Cidrs="10.0.0.0/24")
    access = {"Name": "nginx-demo", "VpcId": "vpc-a", "InstanceId": "10.0.0.11", "Port": 80}
    return str(workbench.call("SetVpcAccess", **access)["VpcAccessId"])


def test_shows_every_stop_with_its_time(workbench: Workbench, access_id: str) -> None:
    engine = OneEngine(stop("access"), stop("connect", EGRESS[0]), stop("http", EGRESS[0], detail="status 200"))
    found = ask(workbench, engine, "TestVpcAccess", Name="nginx-demo", Path="/healthz")
    assert (found["Passed"], found["Verdict"], found["Engine"], found["EgressAddresses"]) == (True, "OK", "n1", EGRESS)
    assert engine.asked == {"access": "nginx-demo", "scheme": "http", "path": "/healthz", "timeout_ms": 3000}
    shown = {"Stop": "http", "Source": EGRESS[0], "Microseconds": 41, "Passed": True, "Detail": "status 200"}
    assert {name: value for name, value in found["Stops"][2].items() if value is not None} == shown


def test_says_which_egress_addresses_a_security_group_keeps_out(workbench: Workbench, access_id: str) -> None:
    stops = [stop("connect", EGRESS[0]), stop("http", EGRESS[0]), stop("connect", EGRESS[1], "timeout")]
    found = ask(workbench, OneEngine(*stops), "TestVpcAccess", Name="nginx-demo")
    assert (found["Passed"], found["Verdict"]) == (False, "CONNECT_TIMEOUT")
    assert found["Text"].startswith("From 10.0.0.250 it works, but not from 10.0.0.251: No answer from 10.0.0.11:80")
    assert found["Hint"].endswith("allow TCP 80 from 10.0.0.250, 10.0.0.251.")


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        ("timeout", "CONNECT_TIMEOUT"),
        ("unreachable", "NO_SUCH_HOST"),
        ("refused", "CONNECT_REFUSED"),
        ("reset", "RESET_BY_PEER"),
        ("access_missing", "VPC_ACCESS_MISSING"),
        ("unresolved", "NAME_UNRESOLVED"),
        ("address_refused", "ADDRESS_REFUSED"),
        ("refused_by_connector", "CONNECTOR_REFUSED"),
        ("connector_gone", "VPC_DETACHED"),
        ("no_source_address", "EGRESS_IP_MISSING"),
        ("tls", "TLS_FAILED"),
        ("no_http", "NO_HTTP"),
        ("silent", "NO_ANSWER"),
        ("something new", "FAILED"),
    ],
)
def test_every_problem_has_its_words(problem: str, code: str) -> None:
    found = verdict(TESTED, [stop("access"), stop("connect", None, problem, "{} as the engine said")])
    assert found.code == code and "{place}" not in found.text + found.hint
    assert found.hint or code == "FAILED"


def test_a_bastion_has_its_own_words() -> None:
    bastion = Probed("a", "vpc-a", "socks5", "10.0.0.11", 80, [])
    assert verdict(bastion, [stop("connect", None, "connector_gone")]).code == "BASTION_UNREACHABLE"


def test_the_vendors_question_is_answered_by_the_connection_alone(workbench: Workbench, access_id: str) -> None:
    given = {"InstanceId": "api-shared-vpc-001", "VpcAccessId": access_id}
    connected = OneEngine(stop("connect", EGRESS[0], None, "10.0.0.11:80"), stop("http", EGRESS[0], "no_http"))
    assert ask(workbench, connected, "ValidateVpcConnectivity", **given) == {"Connected": True, "IpType": "IPV4"}
    blocked = OneEngine(stop("connect", EGRESS[0]), stop("connect", EGRESS[1], "timeout"))
    assert ask(workbench, blocked, "ValidateVpcConnectivity", **given)["Connected"] is False
    assert ask(workbench, OneEngine(), "ValidateVpcConnectivity", **given)["Connected"] is False


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Name": "nobody"}, "NotFoundVpcAccess"),
        ({"Scheme": "FTP"}, "InvalidScheme"),
        ({"Path": "x"}, "InvalidPath"),
        ({"Path": "/a b"}, "InvalidPath"),
        ({"Timeout": "0"}, "InvalidTimeout"),
    ],
)
def test_refuses_what_cannot_be_tested(workbench: Workbench, access_id: str, change: dict[str, str], code: str) -> None:
    with pytest.raises(ApiError) as refused:
        ask(workbench, OneEngine(), "TestVpcAccess", **{"Name": "nginx-demo", **change})
    assert refused.value.code == code


def test_says_when_no_engine_is_there(workbench: Workbench, access_id: str) -> None:
    with pytest.raises(ApiError) as refused:
        ask(workbench, NoEngines(), "TestVpcAccess", Name="nginx-demo")
    assert refused.value.code == "EngineUnreachable" and "No engine is connected" in refused.value.message
