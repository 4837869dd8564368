"""`isthmus lab`: a laboratory from the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import TypeVar

import click

from isthmus.lab import topology
from isthmus.lab.client import Lab, LabError, lab_folder

Result = TypeVar("Result")

_NAME = click.option(
    "--name", default="lab", show_default=True, help="Name of the laboratory; several can run at once."
)
_MODE = click.option(
    "--mode",
    type=click.Choice(["auto", "root", "userns", "loopback"]),
    default="auto",
    show_default=True,
    help="Namespaces as root, in a user namespace, or loopback addresses without isolation.",
)


@click.group()
def lab() -> None:
    """Private networks on this machine, to try the gateway with."""


@lab.command()
@_NAME
@_MODE
def up(name: str, mode: str) -> None:
    """Build two networks with the same addresses and leave them running."""
    running = _tell(lambda: Lab.start(name, mode))
    if running.mode == "loopback":
        click.echo("Without network namespaces: loopback addresses, the backends play the security group.")
    click.echo(f"The laboratory {name} is up ({running.mode}).")
    for network in running.networks.values():
        click.echo(f"  {network.network_id}  {topology.CIDR}  egress {', '.join(topology.EGRESS)}  {network.socket}")
        click.echo(f"    isthmus api CreateNetwork --NetworkId {network.network_id} --Cidrs {topology.CIDR}"
                   f" --Attachment '{json.dumps(network.attachment)}' --Instances '{json.dumps(network.instances)}'")  # fmt: skip
    click.echo(f"  isthmus lab admit vpc-a ecs1 {topology.EGRESS[0]}      open the security group")
    click.echo("  isthmus lab down")


@lab.command()
@_NAME
def down(name: str) -> None:
    """Take a laboratory down, and what a killed one left."""
    click.echo(f"The laboratory {name} is down." if Lab.end(name) else f"No laboratory {name} runs.")


@lab.command()
@_NAME
def status(name: str) -> None:
    """Show the processes of a laboratory."""
    shown = _tell(lambda: Lab(lab_folder(name)).ask("status"))
    click.echo(json.dumps(shown, indent=2))
    sys.exit(1 if shown["dead"] else 0)


@lab.command()
@_NAME
@click.argument("network", type=click.Choice(topology.NETWORKS))
@click.argument("instance", type=click.Choice(list(topology.INSTANCES)))
@click.argument("address")
@click.option("--port", default=topology.WEB_PORT, show_default=True)
@click.option("--revoke", is_flag=True, help="Close it again.")
def admit(name: str, network: str, instance: str, address: str, port: int, revoke: bool) -> None:
    """Let an address into the security group of an instance."""
    group = _tell(lambda: Lab(lab_folder(name)).security_group(network, instance))
    _tell(lambda: (group.revoke if revoke else group.allow)(address, port))
    click.echo(f"{network} {instance}: {address} {'may no longer' if revoke else 'may'} reach port {port}.")


@lab.command("test")
@_MODE
def check(mode: str) -> None:
    """Build a laboratory, play its checks, take it down."""
    from isthmus.lab.acceptance import play

    with _tell(lambda: Lab.start("test", mode)) as running:
        click.echo(f"mode {running.mode}")
        failed = play(running, click.echo)
    sys.exit(1 if failed else 0)


def _tell(action: Callable[[], Result]) -> Result:
    """The action's result; a failure is one clear line."""
    try:
        return action()
    except LabError as error:
        click.echo(f"isthmus: {error}", err=True)
        sys.exit(1)
