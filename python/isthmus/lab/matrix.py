"""Every way into a network against everything that can go wrong on it, through a whole gateway.

For each the answer and code that a caller gets are checked, and with the backend's own log that nothing was reached that
should not be. Called by `acceptance.py`, at the end of its checks.
"""

from __future__ import annotations

import http.server
import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from isthmus.client import ClientError
from isthmus.lab import gateway_checks, remote_checks, tunnel_checks
from isthmus.lab.bastion import NETWORK as BASTION_NETWORK
from isthmus.lab.gateway import OWN, Gateway, Said
from isthmus.lab.modes import LabError
from isthmus.lab.report import Failed, Report, Skipped, expect
from isthmus.lab.running import Lab
from isthmus.lab.topology import (
    AGENT,
    CIDR,
    EGRESS,
    INSTANCES,
    REMOTE_NAME,
    TUNNEL_EGRESS,
    VIRTUAL_HOST,
    WEB_PORT,
    page,
    shop_page,
)

CLOSED_PORT = 81
_LOG_SECONDS = 5.0


class OwnBackend:
    """A web server of this machine: what a network attached as `host` leads to."""

    def __init__(self) -> None:
        seen: list[str] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                seen.append(self.path)
                shop = (self.headers.get("host") or "").startswith(VIRTUAL_HOST)
                body = (shop_page("host", "own") if shop else page_of_host()).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """The paths that were asked for are enough."""

        self.seen = seen
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def page_of_host() -> str:
    return "hello from this machine"


@dataclass(frozen=True)
class Way:
    """A mode, the network that is attached by it, and where that leads in the lab (nothing: this machine)."""

    mode: str
    network_id: str
    vpc: str | None
    target: str
    port: int
    first_words: str


@dataclass(frozen=True)
class Stage:
    """What a check works on."""

    lab: Lab
    gateway: Gateway
    own: OwnBackend
    way: Way
    case: str

    @property
    def path(self) -> str:
        return f"/{self.way.mode}/{self.case}"

    @property
    def access(self) -> str:
        return f"{self.way.mode}-{self.case}"

    def authorise(self, target: str | None = None, port: int | None = None, host: str = "") -> None:
        way = self.way
        given = {"InstanceId": target or way.target, "Port": str(port or way.port)}
        # A target is authorised once: each check gives its access back.
        self.gateway.manage("SetVpcAccess", Name=self.access, VpcId=way.network_id, VpcTargetHostName=host, **given)

    def take_back(self, target: str | None = None, port: int | None = None) -> None:
        way = self.way
        given = {"InstanceId": target or way.target, "Port": str(port or way.port)}
        self.gateway.manage("RemoveVpcAccess", VpcId=way.network_id, **given)

    def ask(self) -> Said:
        return self.gateway.get(self.path)

    def reached(self, vpc: str | None) -> int:
        """How often the path of this check is in a backend's own log."""
        if vpc is None:
            return self.own.seen.count(self.path)
        return sum(f" {self.path} " in line for name in INSTANCES for line in self.lab.backend_log(vpc, name))

    def wait_reached(self, count: int) -> None:
        deadline = time.monotonic() + _LOG_SECONDS
        while self.reached(self.way.vpc) != count:
            if time.monotonic() > deadline:
                raise Failed(f"the backend's log has {self.path} {self.reached(self.way.vpc)} times, not {count}")
            time.sleep(0.01)


def right_network(stage: Stage) -> None:
    stage.authorise()
    stage.gateway.publish(stage.access, stage.path)
    answer = stage.ask()
    expect((answer.status, answer.text.startswith(stage.way.first_words)), (200, True), f"the answer {answer}")
    stage.wait_reached(1)
    stage.take_back()


def wrong_network(stage: Stage) -> None:
    if stage.way.vpc is None:
        raise Skipped("this machine is one network")
    stage.authorise()
    stage.gateway.publish(stage.access, stage.path)
    for _ in range(5):
        expect(stage.ask().text.startswith(stage.way.first_words), True, "the page is of the right network")
    stage.wait_reached(5)
    other = next(name for name in stage.lab.networks if name != stage.way.vpc)
    expect(stage.reached(other), 0, f"requests in the log of {other}, which has the same addresses")
    stage.take_back()


def no_access(stage: Stage) -> None:
    try:
        stage.gateway.publish(stage.access, stage.path)
    except ClientError:
        # An API that names an access nobody has given is not even published.
        stage.authorise()
        stage.gateway.publish(stage.access, f"{stage.path}-later")
        stage.take_back()
        answer = stage.gateway.get(f"{stage.path}-later")
    else:
        answer = stage.ask()
    expect((answer.status, answer.code), (504, "X504VE"), "the answer")
    expect(stage.reached(stage.way.vpc), 0, "requests in the backend's log")


def closed_port(stage: Stage) -> None:
    port = CLOSED_PORT
    if stage.way.vpc is None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
    stage.authorise(port=port)
    stage.gateway.publish(stage.access, stage.path)
    answer = stage.ask()
    expect((answer.status, answer.code), (504, "D504CO"), "the answer")
    stage.take_back(port=port)


def blocked_by_group(stage: Stage) -> None:
    if stage.way.vpc is None:
        raise Skipped("this machine has no security group")
    second = INSTANCES["ecs2"]
    stage.authorise(target=second)
    stage.gateway.publish(stage.access, stage.path)
    answer = stage.ask()
    # Without namespaces the web server plays the group and closes instead of dropping.
    wanted = (502, "N502RE") if stage.lab.mode == "loopback" else (504, "D504CO")
    expect((answer.status, answer.code), wanted, "the answer")
    expect(second in answer.text, False, "an address is in the answer")
    expect(stage.reached(stage.way.vpc), 0, "requests in the backend's log")
    stage.take_back(target=second)


def wrong_host(stage: Stage) -> None:
    stage.authorise(host=VIRTUAL_HOST)
    stage.gateway.publish(stage.access, stage.path)
    answer = stage.gateway.get(stage.path, "elsewhere.example")
    expect((answer.status, answer.code), (404, "I404DO"), "the answer to a foreign host")
    expect(stage.reached(stage.way.vpc), 0, "requests in the backend's log")
    wanted = shop_page(stage.way.vpc or "host", "ecs1" if stage.way.vpc else "own")
    found = stage.ask()
    expect(found.text.startswith(wanted), True, f"the page {found} is the access's host's")
    stage.take_back()


def removed_in_use(stage: Stage) -> None:
    stage.authorise()
    stage.gateway.publish(stage.access, stage.path)
    for _ in range(5):
        expect(stage.ask().status, 200, "the answer before")
    stage.take_back()
    answer = stage.ask()
    expect((answer.status, answer.code), (504, "X504VE"), "the answer right after")
    stage.wait_reached(5)


CASES: dict[str, Callable[[Stage], None]] = {
    "right network": right_network,
    "wrong network": wrong_network,
    "no access": no_access,
    "closed port": closed_port,
    "blocked by group": blocked_by_group,
    "wrong Host": wrong_host,
    "removed in use": removed_in_use,
}


def ways(lab: Lab, own: OwnBackend) -> list[Way]:
    target = INSTANCES["ecs1"]
    inside = {"connector": "vpc-a", "socks5": BASTION_NETWORK, "http_connect": BASTION_NETWORK}
    found = [Way(mode, f"lab-{mode}", vpc, target, WEB_PORT, page(vpc, "ecs1") + " ") for mode, vpc in inside.items()]
    if lab.mode != "loopback":
        words = page(REMOTE_NAME, "ecs1") + " "
        found.append(Way("remote", remote_checks.NETWORK, REMOTE_NAME, target, WEB_PORT, words))
    if lab.has_tunnel:
        words = page(tunnel_checks.VPC, "ecs1") + " "
        found.append(Way("wireguard", tunnel_checks.NETWORK, tunnel_checks.VPC, target, WEB_PORT, words))
    return [*found, Way("host", "lab-host", None, "127.0.0.1", own.port, page_of_host())]


def prepare(lab: Lab, gateway: Gateway, way: Way) -> None:
    """Registers the network, and lets the lab's groups and lists admit what the checks need."""
    attachment = lab.networks[way.vpc].attachment if way.mode == "connector" and way.vpc else {"mode": "host"}
    if way.mode in ("socks5", "http_connect"):
        attachment = lab.bastion(way.mode)
    cidrs = {"Cidrs": CIDR} if way.vpc else {}
    # These are there already, with connectors that were let in for them and checks that were made in them.
    if way.mode not in ("remote", "wireguard"):
        gateway.manage("CreateNetwork", OWN, NetworkId=way.network_id, Attachment=json.dumps(attachment), **cidrs)
    if way.vpc is None:
        return
    closed = f"{way.target}:{CLOSED_PORT}"
    if closed not in lab.allowed(way.vpc):
        lab.allow(way.vpc, closed)
    for address in {"remote": (AGENT,), "wireguard": (TUNNEL_EGRESS,)}.get(way.mode, EGRESS):
        for port in (WEB_PORT, CLOSED_PORT):
            lab.security_group(way.vpc, "ecs1").allow(address, port)
        lab.security_group(way.vpc, "ecs2").revoke(address)


def run_matrix(lab: Lab, report: Report) -> None:
    """A line for each mode and case."""
    own = OwnBackend()
    try:
        with Gateway(lab.directory / "gateway") as gateway:
            front = gateway_checks.Front(lab, gateway)
            for whole in (*gateway_checks.CHECKS, *remote_checks.CHECKS, *tunnel_checks.CHECKS):
                report.run((whole.__doc__ or "").strip(), lambda whole=whole: whole(front))  # type: ignore[misc]
            for way in ways(lab, own):
                prepare(lab, gateway, way)
                for name, check in CASES.items():
                    stage = Stage(lab, gateway, own, way, name.lower().replace(" ", "-"))
                    report.run(f"{way.mode}: {name}", lambda check=check, stage=stage: check(stage))  # type: ignore[misc]
    except (LabError, ClientError) as error:
        reason = str(error)

        def broken() -> None:
            raise Failed(reason)

        report.run("a gateway in front of the lab", broken)
    finally:
        own.stop()
