"""Rows of `vpc_access_options`: several targets of a VPC access, and how they are used.

Called by `operations/vpc_access.py` and `access_targets.py`. Invariant: an access without options has no row, so what
the vendor knows of an access is all there is of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from sqlalchemy import delete, insert, select

from isthmus.model import from_document, to_document
from isthmus.model.targets import AccessOptions
from isthmus.store.database import Transaction
from isthmus.store.target_tables import vpc_access_options


def options_of(transaction: Transaction, access_ids: Iterable[str]) -> dict[str, AccessOptions]:
    query = select(vpc_access_options).where(vpc_access_options.c.access_id.in_(set(access_ids)))
    rows = transaction.connection.execute(query)
    return {row.access_id: from_document(AccessOptions, json.loads(row.options)) for row in rows}


def find_options(transaction: Transaction, access_id: str) -> AccessOptions:
    return options_of(transaction, [access_id]).get(access_id, AccessOptions())


def put_options(transaction: Transaction, access_id: str, options: AccessOptions) -> None:
    table = vpc_access_options
    transaction.connection.execute(delete(table).where(table.c.access_id == access_id))
    if options != AccessOptions():
        document = json.dumps(to_document(options))
        transaction.connection.execute(insert(table).values(access_id=access_id, options=document))
