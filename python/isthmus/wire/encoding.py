"""The percent-encoding that both signature schemes use (RFC 3986: unreserved characters stay, a space is %20)."""

from __future__ import annotations

from urllib.parse import quote


def percent(text: str) -> str:
    return quote(text, safe="-_.~")


def canonical_query(pairs: list[tuple[str, str]]) -> str:
    """Sorted by name, then value; a blank value keeps its `=`."""
    return "&".join(f"{percent(name)}={percent(value)}" for name, value in sorted(pairs))
