"""`isthmus vpc`: the private networks in which backends stand, how they are attached, and a test of the way there.

Thin: each verb is one or two calls of the management API of a running gateway.
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from isthmus.cli.calling import VENDOR, ask, pages, places
from isthmus.cli.options import state_option
from isthmus.cli.vpc_attachment import FORMS, attachment, instances, tunnel_part

Command = Callable[..., Any]
_NETWORKS = ("Networks", "Network")
# Options that say more about --attach.
_ATTACHED = ("source", "device", "peer_key", "endpoint", "addresses")


def _network_options(command: Command) -> Command:
    """What a network is made of; the same words make and change one."""
    options = (
        click.option("--attach", metavar="FORM", help=f"How it is reached: {FORMS}."),
        click.option("--source", help="With --attach host: the source address of this machine."),
        click.option("--device", help="With --attach host: the interface; needed when another network overlaps."),
        click.option("--peer-key", help="With --attach wireguard: the other end's public key."),
        click.option("--endpoint", metavar="HOST:PORT", help="With --attach wireguard: where the other end listens."),
        click.option(
            "--address", "addresses", multiple=True, help="With --attach wireguard: this end's; again for more."
        ),
        click.option("--password-file", type=click.File("r"), help="The bastion's password; - for standard input."),
        click.option("--name", help="For people."),
        click.option("--cidr", "cidrs", multiple=True, help="An address range; again for more."),
        click.option("--instance", "pairs", multiple=True, metavar="ID=ADDRESS", help="An instance; again for more."),
        click.option("--egress", multiple=True, help="An address that backends see, where no engine reports it."),
        click.option("--special", multiple=True, help="An address of a kind that is refused, to be allowed here."),
        state_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group()
def vpc() -> None:
    """Private networks: make, list, show, change, delete, and test the way to a backend."""


@vpc.command()
@click.argument("network")
@_network_options
def create(network: str, state_dir: Path | None, **options: Any) -> None:
    """Register a network, for example: isthmus vpc create vpc-a --attach host --cidr 10.0.0.0/24."""
    if options["attach"] is None:
        raise click.UsageError(f"--attach is needed: {FORMS}.")
    ask(state_dir, "CreateNetwork", NetworkId=network, **_parameters(options))
    click.echo(f"{network} is registered.")
    if options["attach"].startswith(("connector", "wireguard")):
        click.echo(f"Start its connector where the network is: isthmus vpc connect-command {network}")


@vpc.command()
@click.argument("network")
@_network_options
def update(network: str, state_dir: Path | None, **options: Any) -> None:
    """Change what is given and keep the rest. Ranges, instances and addresses are replaced as a whole."""
    given = _parameters(options)
    if not given:
        raise click.UsageError("Nothing is to be changed: isthmus vpc update --help.")
    ask(state_dir, "ModifyNetwork", NetworkId=network, **given)
    click.echo(f"{network} is changed.")


@vpc.command()
@click.argument("network")
@state_option
def delete(network: str, state_dir: Path | None) -> None:
    """Delete a network that no VPC access needs any more."""
    ask(state_dir, "DeleteNetwork", NetworkId=network)
    click.echo(f"{network} is deleted.")


@vpc.command("list")
@state_option
def show_all(state_dir: Path | None) -> None:
    """Show the networks, a line for each."""
    for one in pages(state_dir, "DescribeNetworks", _NETWORKS, {}):
        mode = json.loads(one["Attachment"])["mode"]
        cidrs, egress = ",".join(one.get("Cidrs", [])) or "-", ",".join(one.get("EgressAddresses", [])) or "-"
        click.echo(f"{one['NetworkId']}  {one['State']}  {mode}  {cidrs}  egress {egress}")


@vpc.command()
@click.argument("network")
@state_option
def show(network: str, state_dir: Path | None) -> None:
    """Show a network with its instances and VPC accesses."""
    one = _find(state_dir, network)
    state = f"{one['State']}{' (' + one['StateReason'] + ')' if one.get('StateReason') else ''}"
    lines = [("network", f"{one['NetworkId']}  {one.get('Name', '')}".rstrip()), ("state", state)]
    lines += [("attached", one["Attachment"]), ("ranges", ", ".join(one.get("Cidrs", [])) or "not given")]
    lines.append(("egress", ", ".join(one.get("EgressAddresses", [])) or "not known yet"))
    if one.get("SpecialAddresses"):
        lines.append(("ALLOWED ALTHOUGH SPECIAL", ", ".join(one["SpecialAddresses"])))
    known = ask(state_dir, "DescribeNetworkInstances", NetworkId=network)
    for each in known.get("Instances", []):
        seen = f"  seen {each['SeenTime']}" if each.get("SeenTime") else ""
        stale = "  STALE" if each["Stale"] else ""
        lines.append(("instance", f"{each['InstanceId']}  {each['Address']}  {each['Source']}{seen}{stale}"))
    for each in known.get("Sources", []):
        lines += _source_lines(each)
    for access in _accesses(state_dir, network):
        lines.append(("access", f"{access['Name']}  {access['InstanceId']}:{access['Port']}"))
    for label, text in lines:
        click.echo(f"{label:9} {text}")


def _source_lines(source: dict[str, Any]) -> list[tuple[str, str]]:
    """How a source of instances does."""
    read = f"read {source['RefreshTime']}" if source.get("RefreshTime") else "never read"
    failing = f"  FAILS since then, tried {source['TriedTime']}: {source['Error']}" if source["Failing"] else ""
    lines = [("source", f"{source['Source']}  {source['Kind']}  {read}{failing}")]
    return [*lines, *([("left out", source["LeftOut"])] if source.get("LeftOut") else [])]


@vpc.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def sources(file: Path) -> None:
    """Read each source of an inventory FILE once, and show what it tells; no gateway is asked or changed."""
    from isthmus.inventory.source import SourceError
    from isthmus.inventory.sources_file import read_sources

    failed = False
    try:
        configured = read_sources(file)
    except (OSError, ValueError) as error:
        click.echo(f"isthmus: {error}", err=True)
        sys.exit(1)
    for one in configured:
        try:
            reading = one.source.read({})
        except SourceError as error:
            click.echo(f"{one.name}  {one.kind}  {one.network_id}  FAILS: {error}")
            failed = True
            continue
        click.echo(f"{one.name}  {one.kind}  {one.network_id}  {len(reading.instances)} instances")
        for instance_id, address in sorted(reading.instances.items()):
            click.echo(f"  {instance_id}  {address}")
        for text in reading.left_out:
            click.echo(f"  left out: {text}")
    sys.exit(1 if failed else 0)


@vpc.command("connect-command")
@click.argument("network")
@click.option("--netns", help="Name or path of the network namespace that the connector stands in.")
@click.option("--key-file", help="With wireguard: this end's private key. [default: /etc/isthmus/NETWORK.key]")
@state_option
def connect_command(network: str, netns: str | None, key_file: str | None, state_dir: Path | None) -> None:
    """Print the command that starts the network's connector, with today's VPC accesses as its own list.

    For a network behind the hub it holds a one-time token, good for ten minutes: run it in that network.
    """
    one = _find(state_dir, network)
    attached = json.loads(one["Attachment"])
    if attached["mode"] not in ("connector", "wireguard"):
        click.echo(f"isthmus: {network} is attached as {attached['mode']}; it needs no connector.", err=True)
        sys.exit(1)
    if one["IsRemote"]:
        click.echo(ask(state_dir, "CreateConnectorToken", NetworkId=network)["Command"])
        return
    seen = ask(state_dir, "DescribeNetworkInstances", NetworkId=network).get("Instances", [])
    addresses = {each["InstanceId"]: each["Address"] for each in seen}
    allow = []
    for target, port in (place for access in _accesses(state_dir, network) for place in places(access)):
        address = addresses.get(target, target)
        allow.append(f"[{address}]:{port}" if ":" in address else f"{address}:{port}")
    configuration: dict[str, Any] = {"socket": attached["socket"], "allow": sorted(set(allow))}
    if one.get("EgressAddresses") or attached["mode"] == "connector":
        configuration["egress"] = one.get("EgressAddresses", [])
    command = ["isthmus", "connector", "local"]
    if attached["mode"] == "wireguard":
        command = ["isthmus", "connector", "wireguard", "--key-file", key_file or f"/etc/isthmus/{network}.key"]
        configuration["wireguard"] = tunnel_part(attached, one.get("Cidrs", []))
    command += ["--config", json.dumps(configuration)]
    if netns is not None:
        place = netns if "/" in netns else f"/run/netns/{netns}"
        command = ["nsenter", f"--net={place}", *command]
    click.echo(shlex.join(command))


def _parameters(options: dict[str, Any]) -> dict[str, str]:
    """Those that were given."""
    found: dict[str, str] = {}
    file = options["password_file"]
    password = None if file is None else file.read().rstrip("\r\n")
    if options["attach"] is not None:
        parts = {name: options[name] or None for name in _ATTACHED}
        found["Attachment"] = json.dumps(attachment(options["attach"], parts, password))
    elif password is not None or any(options[name] for name in _ATTACHED):
        raise click.UsageError(
            "--source, --device, --peer-key, --endpoint, --address and --password-file belong to --attach."
        )
    if options["name"] is not None:
        found["Name"] = options["name"]
    if options["pairs"]:
        found["Instances"] = json.dumps(instances(options["pairs"]))
    lists = (("cidrs", "Cidrs"), ("egress", "EgressAddresses"), ("special", "SpecialAddresses"))
    return {**found, **{wire: ",".join(options[name]) for name, wire in lists if options[name]}}


def _find(state_dir: Path | None, network: str) -> dict[str, Any]:
    for one in pages(state_dir, "DescribeNetworks", _NETWORKS, {"NetworkId": network}):
        return one
    click.echo(f"isthmus: there is no network {network}: isthmus vpc list", err=True)
    sys.exit(1)


def _accesses(state_dir: Path | None, network: str) -> list[dict[str, Any]]:
    path = ("VpcAccessAttributes", "VpcAccessAttribute")
    return list(pages(state_dir, "DescribeVpcAccesses", path, {"VpcId": network}, VENDOR))


@vpc.command()
@click.argument("access")
@click.option("--https", "is_https", is_flag=True, help="Speak TLS on the way.")
@click.option("--path", default="/", show_default=True, help="What is asked for.")
@click.option("--engine", default="", help="Which engine tries; any without it.")
@state_option
def test(access: str, is_https: bool, path: str, engine: str, state_dir: Path | None) -> None:
    """Let an engine try the way to the backend of a VPC ACCESS, and say at which stop it ends and why."""
    parameters = {"Name": access, "Scheme": "HTTPS" if is_https else "HTTP", "Path": path}
    found = ask(state_dir, "TestVpcAccess", **parameters, **({"Engine": engine} if engine else {}))
    click.echo(f"{access}: {found['InstanceId']}:{found['Port']} in {found['NetworkId']}, tried by {found['Engine']}")
    for stop in found["Stops"]:
        mark, source = "ok" if stop["Passed"] else "FAILED", stop.get("Source") or ""
        click.echo(f"  {stop['Stop']:8} {source:15} {stop['Microseconds']:>9} µs  {mark:6} {stop['Detail']}")
    click.echo(f"{found['Verdict']}: {found['Text']}")
    if found.get("Hint"):
        click.echo(found["Hint"])
    sys.exit(0 if found["Passed"] else 1)
