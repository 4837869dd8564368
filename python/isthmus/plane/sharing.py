"""Telling other control planes of the same database what engines report here, and hearing what they report there.

Started by `Plane` on a store that is shared. It writes a report as soon as it comes, and looks for others a few times a
second. Invariant: a database that is away for a while costs news, and nothing else.
"""

from __future__ import annotations

import logging
import threading

from sqlalchemy.exc import DBAPIError

from isthmus.plane.bell import Bell
from isthmus.plane.reports import EngineReport, ReportError, Reports
from isthmus.store.engine_reports import StoredReports

log = logging.getLogger("isthmus.plane")

_EVERY_SECONDS = 0.1


class Sharing:
    """A thread; `note` is called from any other."""

    def __init__(self, stored: StoredReports, reports: Reports, heard: Bell) -> None:
        self._stored = stored
        self._reports = reports
        self._heard = heard
        self._lock = threading.Lock()
        self._pending: dict[str, str] = {}
        self._wake = threading.Event()
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name="engine-reports", daemon=True)
        self._thread.start()

    def note(self, node: str, text: str) -> None:
        """For the others."""
        with self._lock:
            self._pending[node] = text
        self._wake.set()

    def close(self) -> None:
        self._is_over = True
        self._wake.set()
        self._thread.join(5)

    def _run(self) -> None:
        is_away = False
        while not self._is_over:
            self._wake.wait(_EVERY_SECONDS)
            self._wake.clear()
            try:
                self._exchange()
            except DBAPIError as error:
                if not is_away:
                    log.warning("reports of engines cannot be shared: %s", error.orig)
                is_away = True
                continue
            is_away = False

    def _exchange(self) -> None:
        with self._lock:
            pending, self._pending = self._pending, {}
        if pending:
            self._stored.put(pending)
        for shared in self._stored.news(self._reports.healthy_for):
            try:
                report = EngineReport.read(shared.text.encode())
            except ReportError as error:
                # Of another version, perhaps.
                log.warning("a report shared by another control plane cannot be read: %s", error)
                continue
            self._reports.note(report, shared.age)
            self._heard.ring()
