"""The way into the engine that runs beside this control plane, for requests that the debug page sends.

Made by `control/process.py`, used by `debug.py`. Invariant: a request goes to a listener of our own engine and nowhere
else, whatever host, path or header it carries; and nobody sends more than a person would.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

_PER_MINUTE = 60
_MOST_CALLERS = 10_000


class Entrance:
    """`find` gives the URLs of the engine's listeners by scheme, as `isthmus up` has noted them."""

    def __init__(
        self, find: Callable[[], Mapping[str, str | None]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._find = find
        self._clock = clock
        self._lock = threading.Lock()
        # Requests that a caller may still send, and when that was so.
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def address(self, scheme: str) -> tuple[str, int] | None:
        """Host and port of the listener for `http` or `https`; None when there is none on this machine."""
        url = self._find().get(scheme)
        parts = urlsplit(url or "")
        if not parts.hostname or not parts.port:
            return None
        return parts.hostname, parts.port

    def admits(self, caller: str) -> bool:
        """Whether the caller may send one more now; counts it."""
        now = self._clock()
        with self._lock:
            left, then = self._left.pop(caller, (float(_PER_MINUTE), now))
            left = min(_PER_MINUTE, left + (now - then) * _PER_MINUTE / 60)
            self._left[caller] = (max(0.0, left - 1) if left >= 1 else left, now)
            while len(self._left) > _MOST_CALLERS:
                self._left.popitem(last=False)
            return left >= 1


NOWHERE = Entrance(dict)
