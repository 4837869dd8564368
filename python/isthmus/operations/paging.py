"""Pages of list operations: what the caller asks for, within bounds.

Called by every list operation. A size above the maximum is lowered, as clients ask for more than they need.
"""

from __future__ import annotations

from typing import Any

from isthmus.store.selection import Page

DEFAULT_SIZE = 10
LARGEST_SIZE = 100


def page_of(params: Any, largest: int = LARGEST_SIZE) -> Page:
    number = params.page_number if params.page_number is not None else 1
    size = params.page_size if params.page_size is not None else DEFAULT_SIZE
    return Page(max(1, int(number)), min(max(1, int(size)), largest))


def page_fields(page: Page, total: int) -> dict[str, int]:
    """The part of the response that says which page it is."""
    return {"page_number": page.number, "page_size": page.size, "total_count": total}
