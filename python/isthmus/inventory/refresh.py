"""Reading every source again and again, each on a thread of its own.

Started and stopped by the control plane (`control/inventories.py`), which says what is known and keeps what is read. A
source that hangs holds up no other. Invariant: a source that fails is heard of, and says nothing about instances.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from typing import Protocol

from isthmus.inventory.source import Reading, SourceError
from isthmus.inventory.sources_file import ConfiguredSource

log = logging.getLogger("isthmus.inventory")

_STOP_SECONDS = 2.0


class Keeper(Protocol):
    """Where readings go. None of these raises."""

    def known(self, configured: ConfiguredSource) -> Mapping[str, str]:
        """What the source said last."""

    def keep(self, configured: ConfiguredSource, reading: Reading) -> None: ...

    def keep_failure(self, configured: ConfiguredSource, text: str) -> None: ...


class Refresher:
    """A thread for each source, until `stop`."""

    def __init__(self, configured: Sequence[ConfiguredSource], keeper: Keeper) -> None:
        self._keeper = keeper
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(one,), name=f"inventory-{one.name}", daemon=True)
            for one in configured
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(_STOP_SECONDS)

    def _run(self, configured: ConfiguredSource) -> None:
        failing = False
        while not self._stopping.is_set():
            text = self._round(configured)
            if text and not failing:
                log.warning("the source %s of instances fails: %s", configured.name, text)
            if failing and not text:
                log.info("the source %s of instances answers again", configured.name)
            failing = bool(text)
            self._stopping.wait(configured.interval.total_seconds())

    def _round(self, configured: ConfiguredSource) -> str:
        """Why it failed; empty when it did not."""
        try:
            reading = configured.source.read(self._keeper.known(configured))
        except SourceError as error:
            text = str(error)
        except Exception as error:
            # A defect of ours must not end the thread, and must be seen.
            log.exception("reading the source %s of instances", configured.name)
            text = f"cannot be read: {type(error).__name__}"
        else:
            if not self._stopping.is_set():
                self._keeper.keep(configured, reading)
            return ""
        if not self._stopping.is_set():
            self._keeper.keep_failure(configured, text)
        return text
