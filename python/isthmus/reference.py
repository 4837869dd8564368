"""Writes the generated reference pages: `python -m isthmus.reference FOLDER`, or `--check FOLDER`.

Settings, refusals, operations and the verbs of the command line are each defined once, in code or specification; these
pages only show them. A rule test runs the check.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from isthmus import native
from isthmus.catalog import Catalog, spec_folder
from isthmus.cli import isthmus
from isthmus.operations import function_for
from isthmus.settings import Settings

_NOTE = "This page is generated (`make generate`).\n"


def settings_page() -> str:
    rows = ["| setting | flag | variable | form | default | meaning |", "|---|---|---|---|---|---|"]
    for row in Settings.reference():
        cells = (row.name, row.flag, row.variable, row.form, row.default or "none", row.help)
        rows.append("| " + " | ".join(f"`{cell}`" if cell in cells[:3] else cell for cell in cells) + " |")
    text = "A flag wins over a variable, a variable over a key of the TOML file (`--config`), that over the default."
    return f"# Settings\n\n{_NOTE}\n{text}\n\n" + "\n".join(rows) + "\n"


def refusals_page() -> str:
    rows = ["| code | status | message | whose | try again |", "|---|---|---|---|---|"]
    for one in sorted(native.refusals(), key=lambda listed: str(listed["code"])):
        again = "yes" if one["retryable"] else "no"
        rows.append(f"| {one['code']} | {one['status']} | {one['message']} | {one['fault']} | {again} |")
    text = (
        "Answers the gateway makes itself carry `X-Ca-Error-Code` and `X-Ca-Error-Message`; `{}` stands for the reason."
    )
    return f"# Refusals\n\n{_NOTE}\n{text}\n\n" + "\n".join(rows) + "\n"


def operations_page() -> str:
    operations = sorted(Catalog.load().operations, key=lambda operation: (operation.version, operation.name))
    implemented = [one for one in operations if function_for(one.name) is not None]
    walked = _walked()
    rows = ["| operation | version | tier | implemented | walked by |", "|---|---|---|---|---|"]
    for one in operations:
        made, clients = "yes" if one in implemented else "no", ", ".join(walked.get(one.name, ()))
        rows.append(f"| {one.name} | {one.version} | {one.tier} | {made} | {clients} |")
    text = (
        f"{len(implemented)} of {len(operations)} operations are implemented; the others answer `NotImplemented`.\n"
        "The last column names the vendor's management clients that call the operation, unmodified, in the test suite\n"
        "(`tests/clients`)."
    )
    return f"# Operations\n\n{_NOTE}\n{text}\n\n" + "\n".join(rows) + "\n"


def _walked() -> dict[str, list[str]]:
    """Each operation, and the clients that call it in the walks of the tests."""
    walks = json.loads((spec_folder() / "walks.json").read_text(encoding="utf-8"))
    found: dict[str, list[str]] = {}
    for client in sorted(walks):
        for name in {name for called in walks[client].values() for name in called}:
            found.setdefault(name, []).append(client)
    return found


def command_line_page() -> str:
    text = (
        "Clients (`status`, `api`) call the gateway of `ISTHMUS_ENDPOINT` with `ISTHMUS_ACCESS_KEY_ID` and "
        "`ISTHMUS_ACCESS_KEY_SECRET`;\nwithout these, the one that runs with the state directory (`--state`, "
        "`ISTHMUS_STATE`) on this machine. Results go to standard\noutput, everything else to standard error. The exit "
        "code is 0, 1 when the verb failed, or 2 when it was used wrongly."
    )
    sections = list(_verbs("isthmus", isthmus))
    return f"# Command line\n\n{_NOTE}\n{text}\n\n" + "\n".join(sections)


def _verbs(path: str, command: click.Command) -> Iterator[str]:
    context = click.Context(command)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _verbs(f"{path} {name}", inner)
        return
    settings = {row.name for row in Settings.reference()}
    shown = [one for one in command.params if isinstance(one, click.Option) and one.name not in settings | {"config"}]
    pieces = command.collect_usage_pieces(context)
    section = f"## {path}\n\n`{' '.join([path, *pieces])}`\n\n{inspect.cleandoc(command.help or '')}\n"
    rows = [f"- `{', '.join([*one.opts, *one.secondary_opts])}`: {one.help}\n" for one in shown]
    if len(shown) < len([one for one in command.params if isinstance(one, click.Option)]):
        rows.append("- `--config` and a flag for every [setting](settings.md)\n")
    yield section + ("\n" + "".join(rows) if rows else "")


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "refusals.md": refusals_page,
    "operations.md": operations_page,
    "command-line.md": command_line_page,
}


def main() -> None:
    folder = Path(sys.argv[-1])
    folder.mkdir(parents=True, exist_ok=True)
    stale = []
    for name, page in PAGES.items():
        path, text = folder / name, page()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if "--check" not in sys.argv:
                path.write_text(text, encoding="utf-8")
    if "--check" in sys.argv and stale:
        sys.exit(f"out of date: {', '.join(stale)}; run `make generate`")


if __name__ == "__main__":
    main()
