"""`isthmus connector wireguard` and `wireguard-key`: a connector at the inner end of a tunnel, and this end's key."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from isthmus.cli.connector_config import read_configuration
from isthmus.cli.serving import without_traceback


@click.command()
@click.option("--config", "text", required=True, help="JSON text, or @file: as of `local`, and the part wireguard.")
@click.option("--key-file", type=click.Path(path_type=Path, dir_okay=False), required=True, help="This end's key.")
@click.option("--program", default="wireguard-go", show_default=True, help="The WireGuard program.")
def wireguard(text: str, key_file: Path, program: str) -> None:
    """A connector for an engine on this machine, at the inner end of a WireGuard tunnel that it makes first.

    Run as root, who is left once the tunnel stands. `isthmus vpc connect-command` prints the whole command.
    """
    from isthmus import native
    from isthmus.tunnel import making, peer

    def run() -> None:
        configuration = read_configuration(text)
        described = configuration.pop("wireguard", None)
        if not isinstance(described, dict) or not isinstance(configuration.get("socket"), str):
            raise ValueError(
                "the configuration needs socket, and wireguard with peer_key, endpoint, addresses, allowed_ips"
            )
        other = peer.read(described)
        configuration.setdefault("egress", [str(one.ip) for one in other.addresses])
        wanted = making.Tunnel(configuration["socket"], other, key_file, program, _user(configuration))
        process = making.enter(wanted)
        try:
            native.run_connector(configuration)
        except KeyboardInterrupt:
            return
        if process.poll() is not None:
            raise OSError(f"the WireGuard program has ended with {process.returncode}, and the connector with it")

    sys.exit(without_traceback(run))


@click.command("wireguard-key")
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
def wireguard_key(path: Path) -> None:
    """Print the public key, for the other end, of the private key in PATH, which is made when it is not there."""
    from isthmus.tunnel import keys

    def run() -> None:
        click.echo(keys.public_key(path) if path.exists() else keys.make_key(path))

    sys.exit(without_traceback(run))


def _user(configuration: dict[str, Any]) -> tuple[int, int]:
    """Raises: ValueError."""
    given = configuration.get("run_as", {"uid": 65534, "gid": 65534})
    try:
        uid, gid = int(given["uid"]), int(given["gid"])
    except (KeyError, TypeError, ValueError):
        raise ValueError('run_as must have uid and gid, for example {"uid": 65534, "gid": 65534}') from None
    if uid <= 0:
        raise ValueError("run_as.uid must not be 0: a connector never serves as root")
    return uid, gid
