"""How many writing calls one caller may make in a second of the clock.

Called by `dispatch` before anything of a call is looked at. Counts live in this process alone; those of a past second
are dropped whole, so what is kept is bounded by who called in this one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from isthmus import errors


class Pace:
    """`limit` 0 admits everything. `clock` gives seconds."""

    def __init__(self, limit: int, clock: Callable[[], float] = time.time) -> None:
        self._limit = limit
        self._clock = clock
        self._lock = threading.Lock()
        self._second = 0
        self._counts: dict[str, int] = {}

    def admit(self, caller: str) -> None:
        """Raises: ApiError when this caller has used up this second. Source: vendor page "Limits", calls a second."""
        if not self._limit:
            return
        with self._lock:
            second = int(self._clock())
            if second != self._second:
                self._second, self._counts = second, {}
            count = self._counts.get(caller, 0) + 1
            self._counts[caller] = count
        if count > self._limit:
            text = (
                f"{caller} may make {self._limit} writing calls a second (the setting writes_limit): call again later."
            )
            raise errors.single("Throttling.User", text)
