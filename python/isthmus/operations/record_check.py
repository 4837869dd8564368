"""What a transaction is about to give the engines, read as they will read it.

Called by `dispatch.py` before a write commits. Invariant: a record that an engine of this version would refuse is never
stored; operations check what they are given, so one that is refused here is an input that they have overlooked.
"""

from __future__ import annotations

from isthmus import errors, native
from isthmus.store import Transaction

_SHOWN = 5


def check_records(transaction: Transaction) -> None:
    """Raises: ApiError, naming record and field."""
    refused = []
    for kind, key, text in transaction.records.put_so_far():
        try:
            native.check_record(kind, key, text)
        except ValueError as error:
            refused.append(f"{kind} {key}: {error}")
    if refused:
        listed = "; ".join(refused[:_SHOWN])
        raise errors.single("RefusedByEngine", f"Engines could not serve this, so nothing was changed: {listed}.")
