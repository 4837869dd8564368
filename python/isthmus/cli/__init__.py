"""The command `isthmus`: one module per verb, imported when its verb is used, so that each process holds only its own."""

from __future__ import annotations

from importlib import import_module

import click

from isthmus import __version__

# Verb → module; the command in it has the verb's name, with an underscore for a hyphen.
VERBS = {
    "up": "isthmus.cli.serving",
    "status": "isthmus.cli.status",
    "top": "isthmus.cli.top",
    "api": "isthmus.cli.api",
    "call": "isthmus.cli.call",
    "why": "isthmus.cli.why",
    "vpc": "isthmus.cli.vpc",
    "instance": "isthmus.cli.instance",
    "access-key": "isthmus.cli.access_key",
    "user": "isthmus.cli.user",
    "audit": "isthmus.cli.audit",
    "lab": "isthmus.lab.cli",
    "control": "isthmus.cli.serving",
    "engine": "isthmus.cli.serving",
    "connector": "isthmus.cli.connector",
}


class _Verbs(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        command = getattr(import_module(VERBS[cmd_name]), cmd_name.replace("-", "_"))
        assert isinstance(command, click.Command)
        return command


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="isthmus")
def isthmus() -> None:
    """Isthmus, a self-hosted API gateway compatible with Alibaba Cloud API Gateway."""


def main() -> None:
    """Entry point of the command."""
    isthmus(prog_name="isthmus")
