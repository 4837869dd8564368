"""The hub as a child of `isthmus up` or of a control plane that runs alone.

Called by `supervisor.py` and `cli/serving.py`. A process of its own, so that a fault in it touches no call. Invariant:
it listens only where the setting `hub` says, and comes back on the port it had.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from isthmus.hub.register import PULSE
from isthmus.processes import state
from isthmus.processes.child import Child, StartError
from isthmus.settings import Settings

_ROUND_SECONDS = 0.05
_STOP_SECONDS = 10


def hub_child(settings: Settings) -> Child | None:
    """Not started yet; None when no connector may come in."""
    if settings.hub is None:
        return None
    ready = state.ready_path(settings.state, "hub")
    # What a killed one left would name a port that is not ours.
    ready.unlink(missing_ok=True)
    child = Child("connector hub", hub_arguments(settings, str(settings.hub)), ready)
    child.pulse = state.hub_path(settings.state) / PULSE
    return child


def hub_arguments(settings: Settings, listen: str) -> list[str]:
    return ["--state", str(state.hub_path(settings.state)), "--listen", listen]


@contextmanager
def beside_hub(settings: Settings) -> Iterator[None]:
    """A hub runs while the block does, if the settings want one. Raises: OSError, ValueError when it does not start."""
    child = hub_child(settings)
    if child is None:
        yield
        return
    stopping = threading.Event()
    child.start()
    try:
        child.wait_ready(stopping)
        child.arguments = hub_arguments(settings, child.ready["hub"])
    except StartError as error:
        child.stop()
        raise ValueError(str(error) or "the hub did not start") from error
    tending = threading.Thread(target=_tend, args=(child, stopping), daemon=True)
    tending.start()
    try:
        yield
    finally:
        stopping.set()
        tending.join()
        child.stop()
        if child.process is not None:
            child.process.wait(_STOP_SECONDS)
        child.ready_file.unlink(missing_ok=True)


def _tend(child: Child, stopping: threading.Event) -> None:
    while not stopping.wait(_ROUND_SECONDS):
        child.tend()
