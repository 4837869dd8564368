"""Rows of `stage_variables`: what `#Name#` stands for in the backends of one stage.

Called by `operations/stage_variables.py` and `operations/stages.py`. Invariant: a name is there once in a stage, and
names that differ in case are different names.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select

from isthmus.store.database import Transaction
from isthmus.store.schema import stage_variables


@dataclass(frozen=True)
class StageVariable:
    stage_id: str
    name: str
    value: str
    # The old way to choose a value by a parameter of the request; as `operations/stage_variables.py` reads it.
    route: dict[str, Any] | None = None


def variables_of_stage(transaction: Transaction, stage_id: str) -> list[StageVariable]:
    """By name."""
    query = select(stage_variables).where(stage_variables.c.stage_id == stage_id).order_by(stage_variables.c.name)
    return [
        StageVariable(row.stage_id, row.name, row.value, json.loads(row.route) if row.route else None)
        for row in transaction.connection.execute(query)
    ]


def put_variable(transaction: Transaction, variable: StageVariable) -> None:
    remove_variable(transaction, variable.stage_id, variable.name)
    row = {**vars(variable), "route": json.dumps(variable.route) if variable.route else ""}
    transaction.connection.execute(insert(stage_variables).values(row))


def remove_variable(transaction: Transaction, stage_id: str, name: str) -> bool:
    """Whether it was there."""
    same = (stage_variables.c.stage_id == stage_id, stage_variables.c.name == name)
    return transaction.connection.execute(delete(stage_variables).where(*same)).rowcount > 0
