"""One page of a query, with the number of all rows: what every list operation needs from SQL.

Called by the other modules of `store`. Invariant: the order that the caller gives must be total, or rows get lost
between pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, false, func, select

from isthmus.store.database import Transaction

# No column that is searched holds a longer one, and SQLite refuses to look for it.
_LONGEST_TEXT = 4096


@dataclass(frozen=True)
class Page:
    """Which rows are wanted: pages count from 1."""

    number: int = 1
    size: int = 10


class Rows(NamedTuple):
    rows: Sequence[Row[Any]]
    total: int


def select_page(transaction: Transaction, query: Select[Any], order: Sequence[ColumnElement[Any]], page: Page) -> Rows:
    total = transaction.connection.execute(select(func.count()).select_from(query.subquery())).scalar_one()
    offset = (page.number - 1) * page.size
    # A page number can be so large that the offset is no integer of the database.
    if offset >= total:
        return Rows([], total)
    rows = transaction.connection.execute(query.order_by(*order).limit(page.size).offset(offset)).all()
    return Rows(rows, total)


def contains_text(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """Whether the text occurs, whatever the case, on every database."""
    if len(text) > _LONGEST_TEXT:
        return false()
    return func.lower(column).contains(text.lower(), autoescape=True)
