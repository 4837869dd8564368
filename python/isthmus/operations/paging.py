"""Pages of list operations: what the caller asks for, within bounds.

Called by every list operation. A size above the maximum is lowered, as clients ask for more than they need.
"""

from __future__ import annotations

import re
from typing import Any

from isthmus import errors
from isthmus.errors import Problem
from isthmus.store.selection import Page

DEFAULT_SIZE = 10
LARGEST_SIZE = 100


def page_of(params: Any, largest: int = LARGEST_SIZE) -> Page:
    """Raises: ApiError; two operations take the numbers as texts."""
    number = _number("PageNumber", params.page_number, 1)
    size = _number("PageSize", params.page_size, DEFAULT_SIZE)
    return Page(max(1, number), min(max(1, size), largest))


def _number(parameter: str, value: str | int | None, default: int) -> int:
    if value is None:
        return default
    text = str(value).strip()
    if not re.fullmatch(r"-?[0-9]{1,19}", text, re.ASCII):
        raise errors.invalid([Problem(parameter, f"{text[:40]!r} is not a whole number.")])
    return int(text)


def page_fields(page: Page, total: int) -> dict[str, int]:
    """The part of the response that says which page it is."""
    return {"page_number": page.number, "page_size": page.size, "total_count": total}
