"""`isthmus instance`: what the machines that serve look like from a backend. Calls a running gateway."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from isthmus.cli.calling import VENDOR, ask, pages, places
from isthmus.cli.egress_rules import FORMATS, Admission
from isthmus.cli.options import state_option

_ACCESSES = ("VpcAccessAttributes", "VpcAccessAttribute")


@click.group()
def instance() -> None:
    """The gateway's instances."""


@instance.command()
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="plain", show_default=True)
@click.option("--network", help="Of one network alone.")
@click.option("--instance", "instance_id", help="Of one instance's engines alone.")
@click.option("--access", help="For the backend of one VPC access alone: its network and its port.")
@state_option
def egress(form: str, network: str | None, instance_id: str | None, access: str | None, state_dir: Path | None) -> None:
    """Print the addresses that backends see, or the rules that admit them to the ports of today's VPC accesses."""
    accesses = list(pages(state_dir, "DescribeVpcAccesses", _ACCESSES, {"Name": access} if access else {}, VENDOR))
    if access and not accesses:
        _fail(f"there is no VPC access {access}")
    if access:
        network = accesses[0]["VpcId"]
    wanted = {"NetworkId": network} if network else {}
    if instance_id:
        wanted["InstanceId"] = instance_id
    admissions = []
    for one in pages(state_dir, "DescribeNetworks", ("Networks", "Network"), wanted):
        of_network = [each for each in accesses if each["VpcId"] == one["NetworkId"]]
        ports = sorted({port for each in of_network for _, port in places(each)})
        admissions.append(Admission(one["NetworkId"], one.get("EgressAddresses", []), ports))
    if network and not admissions:
        _fail(f"there is no network {network}: isthmus vpc list")
    unknown = [one.network_id for one in admissions if not one.addresses]
    if unknown:
        # What is printed is piped into other programs: this must not be a part of it.
        click.echo(f"isthmus: no address is known yet for {', '.join(unknown)}: isthmus vpc show", err=True)
    text = FORMATS[form](admissions)
    if text:
        click.echo(text)
    sys.exit(1 if unknown and len(unknown) == len(admissions) else 0)


@instance.command("list")
@state_option
def show_all(state_dir: Path | None) -> None:
    """Show the instances, a line for each."""
    for one in ask(state_dir, "DescribeInstances", VENDOR, PageSize="100")["Instances"]["InstanceAttribute"]:
        addresses = one.get("VpcEgressAddress") or "not known yet"
        click.echo(f"{one['InstanceId']}  {one['Status']}  {one['InstanceType']}  egress {addresses}")


def _fail(text: str) -> None:
    click.echo(f"isthmus: {text}", err=True)
    sys.exit(1)
