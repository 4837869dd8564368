"""Plays the demo, or stops what it left running (`--stop`). `--folder` and `--name` keep two of them apart."""

from __future__ import annotations

import argparse
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
    """Ends gateway and laboratory; False when neither ran."""
    running = state.read_json(folder / "ready.json")
    stopped = False
    if running is not None:
        try:
            os.kill(int(running["pid"]), signal.SIGTERM)
            stopped = True
        except (ProcessLookupError, KeyError, ValueError):
            (folder / "ready.json").unlink(missing_ok=True)
    deadline = time.monotonic() + _STOP_SECONDS
    while stopped and (folder / "ready.json").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    return Lab.end(name) or stopped


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m isthmus.demo", description=__doc__)
    parser.add_argument("--stop", action="store_true")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--name", default="demo")
    options = parser.parse_args()
    if options.stop:
        print("The demo is stopped." if stop(options.folder, options.name) else "No demo runs.")
        return
    try:
        stop(options.folder, options.name)
        play(options.folder, options.name)
    except (DemoError, LabError) as error:
        print(f"\n✗ {error}", file=sys.stderr)
        stop(options.folder, options.name)
        sys.exit(1)
    except KeyboardInterrupt:
        stop(options.folder, options.name)
        sys.exit(130)


main()
