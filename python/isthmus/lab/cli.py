"""`isthmus lab`: private networks on this machine, to try the gateway with.

Thin: each verb is a call of `running.py` or `acceptance.py`, and every problem is one line and exit code 1.
"""

from __future__ import annotations

import functools
import json
import shlex
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import click

from isthmus.lab import acceptance, bastion, topology
from isthmus.lab.modes import MODES, LabError
from isthmus.lab.running import Lab

Command = Callable[..., Any]

name_option = click.option("--name", default="default", show_default=True, help="Several labs can run at once.")
mode_option = click.option("--mode", type=click.Choice(MODES), default="auto", show_default=True, help="Kind of lab.")
wireguard_option = click.option(
    "--wireguard", help="The WireGuard program, where everybody may run it, when wireguard-go is not installed."
)
command_option = click.option(
    "--connector-command", default=None, help="Another connector; its configuration is added as the last word."
)


def clear_errors(command: Command) -> Command:
    """A lab that cannot do what was asked says so in one line."""

    @functools.wraps(command)
    def run(*arguments: Any, **options: Any) -> Any:
        try:
            return command(*arguments, **options)
        except LabError as error:
            raise click.ClickException(str(error)) from error

    return run


@click.group()
def lab() -> None:
    """Private networks on this machine, to try the gateway with."""


@lab.command()
@name_option
@mode_option
@command_option
@wireguard_option
@clear_errors
def up(name: str, mode: str, connector_command: str | None, wireguard: str | None) -> None:
    """Start networks with the same addresses, and leave them running."""
    started = Lab.start(name, mode, split(connector_command), is_detached=True, wireguard=wireguard)
    if started.note:
        click.echo(f"{started.note}. The web server plays the security group and closes instead of dropping.")
    show(started)
    next_steps(started)


@lab.command()
@name_option
@clear_errors
def down(name: str) -> None:
    """End a lab, or remove what a crash left of one."""
    was_there = Lab.end(name)
    click.echo(f"The lab {name!r} has ended." if was_there else f"There is no lab {name!r}.")


@lab.command()
@name_option
@clear_errors
def status(name: str) -> None:
    """Show networks, connectors and security groups."""
    show(Lab.find(name))


@lab.command("sg-allow")
@click.argument("vpc")
@click.argument("instance")
@click.argument("address")
@click.argument("port", type=int, default=topology.WEB_PORT)
@name_option
@clear_errors
def sg_allow(vpc: str, instance: str, address: str, port: int, name: str) -> None:
    """Let the security group of INSTANCE in VPC admit ADDRESS to PORT."""
    Lab.find(name).security_group(vpc, instance).allow(address, port)
    click.echo(f"{vpc} {instance} admits {address} to port {port}.")


@lab.command("sg-revoke")
@click.argument("vpc")
@click.argument("instance")
@click.argument("address")
@click.argument("port", type=int, default=topology.WEB_PORT)
@name_option
@clear_errors
def sg_revoke(vpc: str, instance: str, address: str, port: int, name: str) -> None:
    """Take a rule out of the security group of INSTANCE in VPC."""
    Lab.find(name).security_group(vpc, instance).revoke(address, port)
    click.echo(f"{vpc} {instance} does not admit {address} to port {port}.")


@lab.command()
@click.option("--name", default="test", show_default=True, help="Name of the lab that the checks run in.")
@mode_option
@command_option
@wireguard_option
@clear_errors
def test(name: str, mode: str, connector_command: str | None, wireguard: str | None) -> None:
    """Start a lab, check that networks and connectors keep what they promise, and end it."""
    signal.signal(signal.SIGTERM, end_in_order)
    command = split(connector_command)
    sys.exit(0 if acceptance.run_all(lambda: Lab.start(name, mode, command, wireguard=wireguard), click.echo) else 1)


def end_in_order(number: int, frame: FrameType | None) -> None:
    """A SIGTERM ends the lab as an error would."""
    sys.exit(128 + number)


def split(command: str | None) -> list[str] | None:
    return shlex.split(command) if command else None


def show(running: Lab) -> None:
    """What a reader needs to attach the gateway."""
    found = running.status()
    click.echo(f"lab {running.name}, mode {running.mode}, {running.directory}")
    for name, network in running.networks.items():
        click.echo(f"\n{name}  {topology.CIDR}, connector {'serves' if found['connectors'][name] else 'does not run'}")
        click.echo(f"  socket  {network.socket}")
        click.echo(f"  egress  {', '.join(network.egress)}")
        click.echo(f"  list    {', '.join(running.allowed(name))}   ({network.allow_file})")
        for instance, address in topology.INSTANCES.items():
            rules = found["rules"][f"{name} {instance}"]
            admitted = ", ".join(f"{peer} to {port}" for peer, port in rules) or "nobody"
            click.echo(f"  {instance}    {address}, admits {admitted}")
    show_bastion(running)


def show_bastion(running: Lab) -> None:
    """A second way into one of the networks."""
    found = running.bastion("socks5")
    click.echo(f"\nbastion  {found['host']}:{found['port']}, SOCKS5 and HTTP CONNECT, leads into {bastion.NETWORK}")
    click.echo(f"  user {bastion.USER}, password {bastion.PASSWORD}")


def next_steps(running: Lab) -> None:
    """Commands to copy: the networks as the gateway has to know them, and what the lab itself can do."""
    suffix = "" if running.name == "default" else f" --name {running.name}"
    click.echo("\nRegister the networks:")
    for name, network in running.networks.items():
        attachment, instances = shlex.quote(json.dumps(network.attachment)), shlex.quote(json.dumps(network.instances))
        click.echo(
            f"  isthmus api CreateNetwork --NetworkId {name} --Cidrs {topology.CIDR} --Attachment {attachment}"
            f" --Instances {instances}"
        )
    if running.has_tunnel:
        attachment = shlex.quote(json.dumps(running.tunnel_attachment()))
        name = topology.TUNNEL_NAME
        click.echo(f"  isthmus api CreateNetwork --NetworkId {name} --Cidrs {topology.CIDR} --Attachment {attachment}")
    click.echo(f"  isthmus vpc create vpc-p --cidr {topology.CIDR} --password-file - --attach socks5://…  (see above)")
    click.echo(
        f"Admit the gateway:\n  isthmus lab sg-allow vpc-a ecs1 {topology.EGRESS[0]} {topology.WEB_PORT}{suffix}"
    )
    click.echo(f"End the lab:\n  isthmus lab down{suffix}")
