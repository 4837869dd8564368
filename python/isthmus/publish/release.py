"""History versions: 17 digits, `yyyyMMddHHmmssSSS`, the time of publishing."""

from __future__ import annotations

from datetime import UTC, datetime


def next_version(now: int, newest: str | None) -> str:
    """The version for a publish at `now` (Unix milliseconds), later than `newest` even when the clock is not."""
    version = _version(now)
    while newest is not None and version <= newest:
        now = max(now, _moment(newest)) + 1
        version = _version(now)
    return version


def _version(moment: int) -> str:
    time = datetime.fromtimestamp(moment // 1000, UTC)
    return time.strftime("%Y%m%d%H%M%S") + f"{moment % 1000:03d}"


def _moment(version: str) -> int:
    time = datetime.strptime(version[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return int(time.timestamp()) * 1000 + int(version[14:])
