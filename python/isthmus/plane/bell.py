"""Waking coroutines from any thread.

The store commits on worker threads, feeds and publishes wait on event loops; each waiter gets an event of its own.
Invariant: whatever happened before a waiter last cleared its event, it sees; whatever happens after, wakes it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Bell:
    """Rings for everyone who waits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiters: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}

    @contextmanager
    def waiting(self) -> Iterator[asyncio.Event]:
        """An event that is set at each ring; the waiter clears it before it looks at what it waits for."""
        event = asyncio.Event()
        with self._lock:
            self._waiters[event] = asyncio.get_running_loop()
        try:
            yield event
        finally:
            with self._lock:
                del self._waiters[event]

    def ring(self) -> None:
        with self._lock:
            waiters = list(self._waiters.items())
        for event, loop in waiters:
            try:
                loop.call_soon_threadsafe(event.set)
            except RuntimeError:
                continue  # that loop is closed, and with it went whoever waited there
