"""`isthmus top`: what the gateway does now, and who has most of it, refreshed in place.

Everything it shows is from `DescribeEngines` and `DescribeTraffic`, so that a script can have the same; `top_screen.py`
words it. Invariant: however it ends, the terminal is as it was.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from isthmus.cli.options import state_directory, state_option
from isthmus.cli.top_screen import KEYS, screen
from isthmus.client import ClientError, Endpoint, call, find_endpoint

_VERSION = "2026-11-01"
_MOST_SHARES = 100


@click.command()
@click.option("--by", type=click.Choice(list(KEYS.values())), default="api", show_default=True, help="Whose calls.")
@click.option("--interval", type=click.FloatRange(0.5, 3600), default=2.0, show_default=True, help="Seconds.")
@click.option("--once", is_flag=True, help="Show it once; so it is when the output is no terminal.")
@click.option("--json", "as_json", is_flag=True, help="Once, everything that is known, as one JSON object.")
@state_option
def top(by: str, interval: float, once: bool, as_json: bool, state_dir: Path | None) -> None:
    """Show rates, errors and latency now, by API, app, group, stage, instance or engine."""
    try:
        endpoint = find_endpoint(os.environ, state_directory(state_dir))
        if as_json or once or not (sys.stdout.isatty() and sys.stdin.isatty()):
            seen = look(endpoint, by)
            click.echo(json.dumps(seen, ensure_ascii=False, indent=2) if as_json else "\n".join(screen(seen, by, 120)))
            return
        _watch(endpoint, by, interval)
    except ClientError as error:
        click.echo(f"isthmus: {error.code + ': ' if error.code else ''}{error}", err=True)
        sys.exit(1)


def look(endpoint: Endpoint, by: str) -> dict[str, Any]:
    """Raises: ClientError."""
    engines = call(endpoint, "DescribeEngines", _VERSION, {})["Engines"]["Engine"]
    wanted = {"By": by.upper(), "PageSize": str(_MOST_SHARES)}
    traffic = call(endpoint, "DescribeTraffic", _VERSION, wanted)
    return {"Engines": engines, "Traffic": {name: traffic[name] for name in traffic if name != "RequestId"}}


def _watch(endpoint: Endpoint, by: str, interval: float) -> None:
    with _terminal() as key_within:
        while True:
            begun = time.monotonic()
            try:
                seen = look(endpoint, by)
                lines = screen(seen, by, shutil.get_terminal_size().columns)
            except ClientError as error:
                # A gateway that restarts is shown again when it is back.
                lines = [f"isthmus top: {error}"]
            _show(lines)
            while (left := begun + interval - time.monotonic()) > 0:
                key = key_within(left)
                if key == "q":
                    return
                if key in KEYS:
                    by = KEYS[key]
                    break


def _show(lines: list[str]) -> None:
    """Over what is there: a line is cleared behind its new text, never before, so nothing flickers."""
    size = shutil.get_terminal_size()
    kept = lines[: max(1, size.lines - 1)]
    text = "".join(f"{line[: size.columns]}\x1b[K\r\n" for line in kept)
    sys.stdout.write(f"\x1b[H{text}\x1b[J")
    sys.stdout.flush()


@contextmanager
def _terminal() -> Iterator[Callable[[float], str | None]]:
    """Another screen without a cursor, and a function that waits for a key so many seconds."""
    # Not everywhere where the rest of the command runs.
    import termios
    import tty

    stdin = sys.stdin.fileno()
    before = termios.tcgetattr(stdin)

    def key_within(seconds: float) -> str | None:
        ready, _, _ = select.select([stdin], [], [], seconds)
        return os.read(stdin, 1).decode("ascii", "replace") if ready else None

    try:
        tty.setcbreak(stdin)
        sys.stdout.write("\x1b[?1049h\x1b[?25l")
        yield key_within
    except KeyboardInterrupt:
        pass
    finally:
        sys.stdout.write("\x1b[?25h\x1b[?1049l")
        sys.stdout.flush()
        termios.tcsetattr(stdin, termios.TCSADRAIN, before)
