"""`isthmus connector`: both ends of what reaches into a network, on this machine or far away."""

from __future__ import annotations

import errno
import json
import sys
from pathlib import Path
from typing import Any

import click

from isthmus.cli.calling import ask
from isthmus.cli.connector_config import read_configuration
from isthmus.cli.options import state_option
from isthmus.cli.serving import without_traceback
from isthmus.cli.wireguard import wireguard, wireguard_key

_FOLDER = click.option(
    "--hub-state",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Of a hub that runs alone (isthmus connector hub); else the gateway is asked.",
)


@click.group()
def connector() -> None:
    """Reach into networks: a connector stands there, on this machine or behind a hub."""


connector.add_command(wireguard)
connector.add_command(wireguard_key)


@connector.command()
@click.option("--config", "text", required=True, help="JSON text, or @file: socket, allow or allow_file, egress, …")
def local(text: str) -> None:
    """A connector for an engine on this machine, reached through a Unix socket; it keeps no privilege."""
    from isthmus import native

    def run() -> None:
        configuration = read_configuration(text)
        try:
            native.run_connector(configuration)
        except KeyboardInterrupt:
            # Ctrl-C has ended it in order; Python notes the signal as well and only now says so.
            return

    sys.exit(without_traceback(run))


@connector.command()
@click.option("--hub", required=True, metavar="HOST:PORT", help="Where the gateway's hub listens.")
@click.option("--token-file", type=click.File("r"), help="Holds the one-time token; - for standard input.")
@click.option("--token", help="The same as a word, which others on this machine can see in the list of processes.")
@click.option("--allow", "allowed", multiple=True, metavar="IP:PORT", help="What may be reached from here; repeat it.")
@click.option("--allow-file", type=click.Path(path_type=Path, dir_okay=False), help="The same as a JSON list.")
@click.option("--egress", multiple=True, metavar="IP", help="Source addresses, used in turn.")
@click.option("--name", default="connector", show_default=True, help="Shown in the gateway's list.")
@click.option(
    "--state",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="A directory for key and certificate.",
)
@click.option("--user", default="65534:65534", show_default=True, metavar="UID:GID", help="Whom it becomes as root.")
def join(**options: Any) -> None:
    """A connector in another network: dials out to the hub, listens nowhere, keeps no privilege."""
    from isthmus import native

    def run() -> None:
        uid, gid = _user(options["user"])
        folder: Path = options["folder"].absolute()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _hand_over(folder, uid, gid)
        configuration: dict[str, Any] = {
            "hub": options["hub"],
            "token": _token(options),
            "name": options["name"],
            "state": str(folder),
            "egress": list(options["egress"]),
            "run_as": {"uid": uid, "gid": gid},
        }
        if options["allow_file"] is not None:
            configuration["allow_file"] = str(options["allow_file"].absolute())
        if options["allowed"] or options["allow_file"] is None:
            configuration["allow"] = list(options["allowed"])
        native.run_join(configuration)

    sys.exit(without_traceback(run))


@connector.command()
@click.option(
    "--state",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default="hub-state",
    show_default=True,
    help="Where the hub keeps its authority and who may come in.",
)
@click.option("--listen", default="0.0.0.0:7443", show_default=True, help="Where connectors come in, by TLS.")
@click.option("--ready-file", type=click.Path(path_type=Path, dir_okay=False), help="Written once it listens.")
def hub(folder: Path, listen: str, ready_file: Path | None) -> None:
    """The gateway's end of connectors in other networks, alone beside an engine; `isthmus up --hub` has one in it."""
    from isthmus.hub.service import Service

    sys.exit(without_traceback(lambda: Service(folder.absolute()).run(listen, ready_file)))


@connector.command()
@_FOLDER
@state_option
@click.option("--network", required=True, help="The network that the connector will stand in.")
def token(folder: Path | None, state_dir: Path | None, network: str) -> None:
    """Print a one-time token for one connector, good for ten minutes."""
    if folder is None:
        click.echo(ask(state_dir, "CreateConnectorToken", NetworkId=network)["Token"])
        return
    from isthmus.hub.service import Service

    service = Service(folder.absolute())
    sys.exit(without_traceback(lambda: click.echo(service.register.new_token(network, service.authority.fingerprint))))


@connector.command(name="list")
@_FOLDER
@state_option
@click.option("--network", default="", help="Of one network alone.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON document.")
def list_connectors(folder: Path | None, state_dir: Path | None, network: str, as_json: bool) -> None:
    """Show who may come in, and who is there."""
    given = {"NetworkId": network} if network else {}
    if folder is None:
        rows = ask(state_dir, "DescribeConnectors", **given)["Connectors"]
    else:
        rows = [one for one in _known_to(folder) if network in ("", one["NetworkId"])]
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return
    for one in rows:
        egress = ", ".join(one.get("EgressAddresses") or []) or "-"
        seen = f"  seen {one['SeenTime']}" if one.get("SeenTime") and one["State"] != "CONNECTED" else ""
        state = one["State"].lower().replace("_", " ")
        click.echo(f"{one['ConnectorId']}  {one['NetworkId']}  {one['Name']}  {state}  from {egress}{seen}")


@connector.command()
@_FOLDER
@state_option
@click.argument("connector_id")
def revoke(folder: Path | None, state_dir: Path | None, connector_id: str) -> None:
    """Take a connector's right away: its connections end within a second or two."""
    if folder is None:
        ask(state_dir, "RevokeConnector", ConnectorId=connector_id)
        return
    from isthmus.hub.register import Register

    sys.exit(without_traceback(lambda: Register(folder.absolute()).revoke(connector_id)))


def _known_to(folder: Path) -> list[dict[str, Any]]:
    """As the management API shows them."""
    from isthmus.hub.desk import Desk, shown_connector

    listed = Desk(folder.absolute(), dict, "").connectors()
    rows = [shown_connector(connector_id, one) for connector_id, one in sorted(listed.items())]
    return [{"".join(part.title() for part in name.split("_")): value for name, value in row.items()} for row in rows]


def _token(options: dict[str, Any]) -> str | None:
    """Raises: ValueError."""
    if options["token_file"] is None:
        given: str | None = options["token"]
        return given
    if options["token"] is not None:
        raise ValueError("give either --token-file or --token")
    return str(options["token_file"].read()).strip() or None


def _user(text: str) -> tuple[int, int]:
    """Raises: ValueError."""
    uid, separator, gid = text.partition(":")
    if not separator or not uid.isdigit() or not gid.isdigit():
        raise ValueError(f"--user {text!r}: write two numbers, for example 65534:65534")
    return int(uid), int(gid)


def _hand_over(folder: Path, uid: int, gid: int) -> None:
    """The directory is the user's whom the process becomes."""
    import os

    if os.getuid() == 0:
        for path in (folder, *folder.iterdir()):
            try:
                os.chown(path, uid, gid)
            except OSError as error:
                # In a user namespace with one user there is no other one to become.
                if error.errno != errno.EINVAL:
                    raise
