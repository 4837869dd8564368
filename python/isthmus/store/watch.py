"""Seeing what other control planes have committed to the same database.

Started by the control plane on PostgreSQL, where there may be others. It asks for the newest revision a few times a
second, one row by its key, and tells the store's listeners when it has grown; an engine that is connected here then gets
what was published elsewhere. Invariant: a database that is away for a while is asked again, and nothing is missed.
"""

from __future__ import annotations

import logging
import threading

from sqlalchemy.exc import DBAPIError

from isthmus.store.database import Store

log = logging.getLogger("isthmus.store")

_EVERY_SECONDS = 0.2


class Watch:
    def __init__(self, store: Store, every: float = _EVERY_SECONDS) -> None:
        self._store = store
        self._every = every
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="store-watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def _run(self) -> None:
        seen = -1
        is_away = False
        while not self._stopping.wait(self._every):
            try:
                newest = self._store.revision()
            except DBAPIError as error:
                if not is_away:
                    log.warning("the database does not answer: %s", error.orig)
                is_away = True
                continue
            is_away = False
            if newest != seen:
                seen = newest
                self._store.announce(newest)
