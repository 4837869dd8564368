"""The words in which the lab's checks report: passed, failed with what was found, or skipped with the reason.

Used by `acceptance.py` and `matrix.py`.
"""

from __future__ import annotations

from collections.abc import Callable


class Failed(Exception):
    """A check found something else than it promises."""


class Skipped(Exception):
    """A check that this kind of lab cannot show."""


def expect(found: object, wanted: object, what: str) -> None:
    """Raises `Failed` unless both are equal."""
    if found != wanted:
        raise Failed(f"{what}: {found!r} instead of {wanted!r}")


class Report:
    """Prints a line per check and keeps count."""

    def __init__(self, echo: Callable[[str], None]) -> None:
        self._echo = echo
        self._number = 0
        self.passed = self.failed = self.skipped = 0

    def run(self, what: str, check: Callable[[], None]) -> None:
        self._number += 1
        try:
            check()
        except Skipped as reason:
            self.skipped += 1
            self._echo(f"skipped {self._number} {what} ({reason})")
        except Exception as error:  # the outermost loop: one broken check must not hide the others
            self.failed += 1
            reason_text = str(error) if isinstance(error, Failed) else f"{type(error).__name__}: {error}"
            self._echo(f"not ok {self._number} {what}: {reason_text}")
        else:
            self.passed += 1
            self._echo(f"ok {self._number} {what}")

    def summary(self) -> str:
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"
