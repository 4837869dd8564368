"""Times as the vendor's clients write and read them.

Called by operations. Inside, a time is Unix milliseconds.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# The year 10000, which no form of a time can write.
_END = 253_402_300_800_000


def utc_text(milliseconds: int) -> str:
    """For example `2026-11-24T09:30:00Z`."""
    return datetime.fromtimestamp(milliseconds // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_time(text: str) -> int:
    """ISO 8601 (UTC when it names no offset) or the form of RFC 1123.

    Raises: ValueError.
    """
    try:
        read = datetime.fromisoformat(text.strip())
    except ValueError:
        read = _read_mail_date(text)
    if read.tzinfo is None:
        read = read.replace(tzinfo=UTC)
    milliseconds = int(read.timestamp() * 1000)
    if not 0 <= milliseconds < _END:
        raise ValueError("the year is out of range")
    return milliseconds


def _read_mail_date(text: str) -> datetime:
    try:
        return parsedate_to_datetime(text.strip())
    except (TypeError, IndexError, OverflowError) as error:
        raise ValueError("the time has neither of the two forms") from error
