"""Plays the demo, or stops what it left running (`--stop`). `--folder` and `--name` keep two of them apart."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import time
from pathlib import Path

from isthmus.demo.play import DemoError, play
from isthmus.lab import Lab, LabError
from isthmus.processes import state

# Below the repository, like everything else that is built.
FOLDER = Path(__file__).resolve().parents[3] / ".cache" / "demo"
_STOP_SECONDS = 45


def stop(folder: Path, name: str) -> bool:
    """Ends gateway and laboratory; False when neither ran. Raises: DemoError."""
    gateway = state.holder(folder / "state")
    if gateway is not None:
        os.kill(gateway, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while state.holder(folder / "state") is not None:
        if time.monotonic() > deadline:
            raise DemoError(f"the gateway of an earlier demo (process {gateway}) does not stop; end it, then try again")
        time.sleep(0.05)
    return Lab.end(name) or gateway is not None


def _keep_calls_on_this_machine() -> None:
    """The vendor's SDK would go through a proxy of the environment, whatever `NO_PROXY` says."""
    for variable in [name for name in os.environ if name.lower() in ("http_proxy", "https_proxy", "all_proxy")]:
        del os.environ[variable]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m isthmus.demo", description=__doc__)
    parser.add_argument("--stop", action="store_true")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--name", default="demo")
    options = parser.parse_args()
    _keep_calls_on_this_machine()
    try:
        if options.stop:
            print("The demo is stopped." if stop(options.folder, options.name) else "No demo runs.")
            return
        stop(options.folder, options.name)
        play(options.folder, options.name)
    except (DemoError, LabError) as error:
        print(f"\n✗ {error}", file=sys.stderr)
        _clear_up(options.folder, options.name)
        sys.exit(1)
    except KeyboardInterrupt:
        _clear_up(options.folder, options.name)
        sys.exit(130)


def _clear_up(folder: Path, name: str) -> None:
    """After a failure that was told already."""
    with contextlib.suppress(DemoError, LabError):
        stop(folder, name)


main()
