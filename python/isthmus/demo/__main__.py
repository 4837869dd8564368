"""Plays the demo, or stops what it left running (`--stop`)."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from isthmus.demo.play import DemoError, play
from isthmus.lab import Lab, LabError
from isthmus.processes import state

NAME = "demo"
_STOP_SECONDS = 45


def folder() -> Path:
    """Below the repository, like everything else that is built."""
    return Path(__file__).resolve().parents[3] / ".cache" / "demo"


def stop() -> bool:
    """Ends gateway and laboratory; False when neither ran."""
    running = state.read_json(folder() / "ready.json")
    stopped = False
    if running is not None:
        try:
            os.kill(int(running["pid"]), signal.SIGTERM)
            stopped = True
        except (ProcessLookupError, KeyError, ValueError):
            (folder() / "ready.json").unlink(missing_ok=True)
    deadline = time.monotonic() + _STOP_SECONDS
    while stopped and (folder() / "ready.json").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    return Lab.end(NAME) or stopped


def main() -> None:
    if "--stop" in sys.argv:
        print("The demo is stopped." if stop() else "No demo runs.")
        return
    try:
        stop()
        play(folder(), NAME)
    except (DemoError, LabError) as error:
        print(f"\n✗ {error}", file=sys.stderr)
        stop()
        sys.exit(1)
    except KeyboardInterrupt:
        stop()
        sys.exit(130)


main()
