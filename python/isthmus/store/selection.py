"""One page of a query, with the number of all rows: what every list operation needs from SQL.

Called by the other modules of `store`. Invariant: the order that the caller gives must be total, or rows get lost
between pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, and_, false, func

from isthmus.store.database import Transaction

# No column that is searched holds a longer one, and SQLite refuses to look for it.
_LONGEST_TEXT = 4096
# Of 64 bits, with room for a page.
_LARGEST_OFFSET = 2**62


@dataclass(frozen=True)
class Page:
    """Which rows are wanted: pages count from 1."""

    number: int = 1
    size: int = 10


class Rows(NamedTuple):
    rows: Sequence[Row[Any]]
    total: int


def select_page(
    transaction: Transaction,
    query: Select[Any],
    order: Sequence[ColumnElement[Any]],
    page: Page,
    keys: Sequence[ColumnElement[Any]] = (),
) -> Rows:
    """`keys` are the columns by which a row is found again: with them, long rows are read for the page alone.

    A page that is not full is the last, and tells the number of all rows: then nothing is counted.
    """
    offset = (page.number - 1) * page.size
    # A page number can be so large that the offset is no integer of the database.
    if offset > _LARGEST_OFFSET:
        return Rows([], _count(transaction, query))
    wanted = query.order_by(*order).limit(page.size).offset(offset)
    if keys:
        picked = wanted.with_only_columns(*keys, maintain_column_froms=True).subquery("picked")
        same = [key == picked.c[str(key.key)] for key in keys]
        wanted = query.join(picked, and_(*same)).order_by(*order)
    rows = transaction.connection.execute(wanted).all()
    if len(rows) < page.size and (rows or offset == 0):
        return Rows(rows, offset + len(rows))
    return Rows(rows, _count(transaction, query))


def _count(transaction: Transaction, query: Select[Any]) -> int:
    counted = query.with_only_columns(func.count(), maintain_column_froms=True).order_by(None)
    return int(transaction.connection.execute(counted).scalar_one())


def contains_text(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """Whether the text occurs, whatever the case, on every database."""
    if len(text) > _LONGEST_TEXT:
        return false()
    return func.lower(column).contains(text.lower(), autoescape=True)
