"""`isthmus lab test`: a lab of its own, and whether its networks and connectors keep what they promise.

Each check is a function that says in its first words what is true when it returns. Checks run in order in one lab and
build on each other's security groups; what a lab without namespaces cannot show is skipped and said to be. Last comes
a gateway in front of it all (`matrix.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from isthmus.lab.client import ConnectorRefusal, Page, get
from isthmus.lab.matrix import run_matrix
from isthmus.lab.report import Failed, Report, Skipped, expect
from isthmus.lab.running import Lab
from isthmus.lab.topology import EGRESS, METADATA, OTHER_PORT, VIRTUAL_HOST, page, shop_page, vpcs

NETWORKS = tuple(vpc.name for vpc in vpcs())
ECS1, ECS2 = vpcs()[0].instances
FIRST, SECOND = EGRESS
DEADLINE_SECONDS = 10.0
# Long enough for a machine that is there to answer, short enough to wait for one that is not.
SHORT_MS = 300
UNLISTED = ((ECS1.address, OTHER_PORT), ("10.0.0.13", 80), ("10.0.0.1", 80), ("192.168.0.1", 443))
FORBIDDEN = (METADATA, "100.100.100.200", "127.0.0.1", "0.0.0.0", "224.0.0.1", "::ffff:169.254.169.254")


Check = Callable[[Lab], None]


def fetch(lab: Lab, vpc: str, port: int = 80, source: str | None = FIRST, host: str = "lab") -> Page:
    """The page of the first instance."""
    with lab.client(vpc) as client:
        return get(client.connect(ECS1.address, port, source, SHORT_MS), host)


def refusal(lab: Lab, vpc: str, address: str, port: int, source: str | None = None) -> str:
    """The kind of failure of a connection that must not come about."""
    with lab.client(vpc) as client:
        try:
            client.connect(address, port, source, SHORT_MS).close()
        except ConnectorRefusal as refused:
            return refused.kind
    return "connected"


def is_blocked(lab: Lab, vpc: str, source: str) -> bool:
    """Whether the security group of the first instance keeps an egress address out."""
    if lab.mode != "loopback":
        return refusal(lab, vpc, ECS1.address, 80, source) == "timeout"
    try:
        fetch(lab, vpc, source=source)
    except ConnectionError:
        return True
    return False


def needs_namespaces(lab: Lab) -> None:
    if lab.mode == "loopback":
        raise Skipped("needs network namespaces")


def each_connector_serves_its_own_network(lab: Lab) -> None:
    """both networks have a connector, and it names its egress addresses"""
    for vpc in NETWORKS:
        with lab.client(vpc) as client:
            hello = client.hello()
        expect(hello["egress"], list(EGRESS), f"egress addresses of {vpc}")
        expect(hello["allow_count"], len(lab.allowed(vpc)), f"length of the list of {vpc}")


def connectors_have_no_rights(lab: Lab) -> None:
    """a connector holds no capability and can get none back"""
    for vpc, rights in lab.status()["connectors"].items():
        expect(int(rights["CapEff"], 16) | int(rights["CapPrm"], 16), 0, f"capabilities in {vpc}")
        expect(rights["NoNewPrivs"], "1", f"no_new_privs in {vpc}")
        if lab.mode == "root":
            expect(rights["Uid"], "65534", f"user in {vpc}")


def groups_admit_nothing_at_first(lab: Lab) -> None:
    """a security group that admits nobody keeps both egress addresses out"""
    for source in EGRESS:
        expect(is_blocked(lab, "vpc-a", source), True, f"{source} is kept out")
    if lab.mode != "loopback" and lab.count("dropped", "vpc-a", ECS1.name) == 0:
        raise Failed("the security group dropped no packet")


def groups_admit_one_address(lab: Lab) -> None:
    """a security group admits exactly the egress address and port that it names"""
    lab.security_group("vpc-a", ECS1.name).allow(FIRST, 80)
    expect(fetch(lab, "vpc-a", source=FIRST).status, 200, "answer to the admitted address")
    expect(is_blocked(lab, "vpc-a", SECOND), True, f"{SECOND} is kept out")
    if lab.mode != "loopback":
        target = f"{ECS1.address}:{OTHER_PORT}"
        lab.allow("vpc-a", target)
        expect(refusal(lab, "vpc-a", ECS1.address, OTHER_PORT, FIRST), "timeout", "the other port")
        lab.disallow("vpc-a", target)


def groups_of_networks_are_apart(lab: Lab) -> None:
    """a rule in one network opens nothing in the other one"""
    expect(is_blocked(lab, "vpc-b", FIRST), True, f"{FIRST} in vpc-b is kept out")


def same_address_is_another_machine(lab: Lab) -> None:
    """the same address is another machine in each network, 200 times in turn"""
    for source in EGRESS:
        for vpc in NETWORKS:
            lab.security_group(vpc, ECS1.name).allow(source, 80)
    for turn in range(200):
        vpc = NETWORKS[turn % 2]
        found = fetch(lab, vpc, source=None).text
        if not found.startswith(page(vpc, ECS1.name) + " "):
            raise Failed(f"asked in {vpc}, got {found!r}")


def backends_see_egress_addresses(lab: Lab) -> None:
    """backends see the egress addresses and nothing else, in their pages and in their logs"""
    seen = {fetch(lab, "vpc-a", source=None).text.split("peer=")[1].split()[0] for _ in range(4)}
    expect(seen, set(EGRESS), "peers that pages name")
    peers = {line.split()[0] for line in lab.backend_log("vpc-a", ECS1.name)}
    expect(peers, set(EGRESS), "peers in the log")


def hosts_choose_pages(lab: Lab) -> None:
    """the Host header chooses the page and not the machine"""
    found = fetch(lab, "vpc-b", host=VIRTUAL_HOST).text
    expect(found.startswith(shop_page("vpc-b", ECS1.name)), True, f"the page {found!r} is the shop's")


def lists_name_everything(lab: Lab) -> None:
    """a port or a machine that the list lacks is refused"""
    for address, port in UNLISTED:
        expect(refusal(lab, "vpc-a", address, port), "refused_by_connector", f"{address}:{port}")


def metadata_is_never_reached(lab: Lab) -> None:
    """the metadata service and the connector's own machine are refused even when the list names them"""
    for address in FORBIDDEN:
        target = f"[{address}]:80" if ":" in address else f"{address}:80"
        lab.allow("vpc-a", target)
        expect(refusal(lab, "vpc-a", address, 80), "refused_by_connector", target)
        lab.disallow("vpc-a", target)


def refusals_send_nothing(lab: Lab) -> None:
    """what a connector refuses sends no packet into the network"""
    needs_namespaces(lab)
    before = lab.count("attempts", "vpc-a")
    lists_name_everything(lab)
    metadata_is_never_reached(lab)
    expect(lab.count("attempts", "vpc-a"), before, "connection attempts")
    expect(lab.count("metadata", "vpc-a"), 0, "packets to the metadata service")


def closed_ports_are_refused(lab: Lab) -> None:
    """a port on which nothing listens is told from a group that drops"""
    lab.allow("vpc-a", f"{ECS1.address}:81")
    lab.security_group("vpc-a", ECS1.name).allow(FIRST, 81)
    expect(refusal(lab, "vpc-a", ECS1.address, 81, FIRST), "refused", "the closed port")


def missing_machines_are_unreachable(lab: Lab) -> None:
    """an address without a machine is told from a group that drops"""
    needs_namespaces(lab)
    lab.allow("vpc-a", "10.0.0.99:80")
    expect(refusal(lab, "vpc-a", "10.0.0.99", 80), "unreachable", "the address without a machine")


def source_addresses_are_its_own(lab: Lab) -> None:
    """a connector opens nothing from an address that is not its own"""
    expect(refusal(lab, "vpc-a", ECS1.address, 80, "10.0.0.12"), "no_source_address", "a foreign source")


def lists_are_followed(lab: Lab) -> None:
    """what is taken off the list is refused from the next connection on"""
    target = f"{ECS1.address}:80"
    lab.disallow("vpc-a", target)
    expect(refusal(lab, "vpc-a", ECS1.address, 80), "refused_by_connector", "after it was taken off")
    lab.allow("vpc-a", target)
    expect(fetch(lab, "vpc-a").status, 200, "after it was put back")


def groups_are_followed(lab: Lab) -> None:
    """a rule that is taken out of a security group ends new connections"""
    group = lab.security_group("vpc-a", ECS1.name)
    group.revoke(SECOND, 80)
    expect(is_blocked(lab, "vpc-a", SECOND), True, f"{SECOND} is kept out again")
    group.allow(SECOND, 80)


def killed_connectors_are_noticed(lab: Lab) -> None:
    """a killed connector ends its clients and leaves the other network alone; a new one serves"""
    with lab.client("vpc-a") as client:
        client.hello()
        lab.kill_connector("vpc-a")
        try:
            client.hello()
        except (ConnectionError, BrokenPipeError):
            pass
        else:
            raise Failed("the client of a killed connector got an answer")
    expect(fetch(lab, "vpc-b").status, 200, "the other network")
    lab.restart_connector("vpc-a")
    expect(fetch(lab, "vpc-a").status, 200, "after the new start")


def handed_over_sockets_live_on(lab: Lab) -> None:
    """a connection that was handed over does not need the connector any more"""
    with lab.client("vpc-a") as client:
        connected = client.connect(ECS1.address, 80, FIRST)
    lab.kill_connector("vpc-a")
    expect(get(connected, "lab").status, 200, "the answer without a connector")
    lab.restart_connector("vpc-a")


def second_instances_are_closed(lab: Lab) -> None:
    """the second instance of a network has a group of its own"""
    if lab.mode == "loopback":
        with lab.client("vpc-a") as client:
            connected = client.connect(ECS2.address, 80, FIRST)
        try:
            get(connected, "lab")
        except ConnectionError:
            return
        raise Failed("the second instance answered")
    expect(refusal(lab, "vpc-a", ECS2.address, 80, FIRST), "timeout", "the second instance")


CHECKS: tuple[Check, ...] = (
    each_connector_serves_its_own_network,
    connectors_have_no_rights,
    groups_admit_nothing_at_first,
    groups_admit_one_address,
    groups_of_networks_are_apart,
    same_address_is_another_machine,
    backends_see_egress_addresses,
    hosts_choose_pages,
    second_instances_are_closed,
    lists_name_everything,
    metadata_is_never_reached,
    refusals_send_nothing,
    closed_ports_are_refused,
    missing_machines_are_unreachable,
    source_addresses_are_its_own,
    lists_are_followed,
    groups_are_followed,
    handed_over_sockets_live_on,
    killed_connectors_are_noticed,
)


def own_network() -> tuple[str, ...]:
    """Interfaces and routes of the caller: what a lab must never change."""
    devices = [line.partition(":")[0].strip() for line in Path("/proc/net/dev").read_text().splitlines()[2:]]
    return (*sorted(devices), Path("/proc/net/route").read_text(), Path("/proc/net/ipv6_route").read_text())


def run_all(start: Callable[[], Lab], echo: Callable[[str], None]) -> bool:
    """Whether nothing failed."""
    report = Report(echo)
    before = own_network()
    with start() as lab:
        kind = {"loopback": "loopback addresses, the web server plays the security group"}.get(lab.mode, "namespaces")
        echo(f"# mode {lab.mode} ({kind}){'; ' + lab.note if lab.note else ''}")
        report.run("the network of the caller is as it was", lambda: expect(own_network(), before, "own network"))
        for check in CHECKS:
            report.run((check.__doc__ or "").strip(), lambda check=check: check(lab))  # type: ignore[misc]
        run_matrix(lab, report)
        directory = lab.directory
    report.run("nothing is left when the lab ends", lambda: left_nothing(directory, before))
    echo(report.summary())
    return report.failed == 0


def left_nothing(directory: Path, before: tuple[str, ...]) -> None:
    """No process, no file, no interface."""
    expect(directory.exists(), False, f"{directory} is there")
    deadline = time.monotonic() + DEADLINE_SECONDS
    while left := processes_of(directory):
        if time.monotonic() > deadline:
            raise Failed(f"processes are left: {left}")
        time.sleep(0.01)
    expect(own_network(), before, "own network")


def processes_of(directory: Path) -> list[str]:
    """Processes with the lab's directory in their command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if f"{directory}/" in words or words.rstrip("\0").endswith(str(directory)):
            found.append(path.parent.name)
    return found
