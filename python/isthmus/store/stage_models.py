"""Rows of `stage_models`, and of the stages that groups have because of them.

Called by `operations/stage_models.py`; `store/groups.py` asks it for the stages of a new group. Invariant: every group
has a stage for each model.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import Column, delete, func, insert, select, update

from isthmus.store.database import Transaction
from isthmus.store.domain_tables import domains
from isthmus.store.policy_tables import policy_bindings
from isthmus.store.schema import backend_models, editions, grants, groups, plugin_bindings, stages
from isthmus.store.stage_tables import stage_models


@dataclass(frozen=True)
class StageModel:
    stage_model_id: str
    # Upper case.
    name: str
    alias: str
    description: str
    created_at: int
    modified_at: int


def all_stage_models(transaction: Transaction) -> list[StageModel]:
    """Newest first."""
    query = select(stage_models).order_by(stage_models.c.created_at.desc(), stage_models.c.stage_model_id)
    return [StageModel(**row._mapping) for row in transaction.connection.execute(query)]


def add_stage_model(transaction: Transaction, model: StageModel) -> None:
    """Gives every group the stage."""
    transaction.connection.execute(insert(stage_models).values(vars(model)))
    group_ids = transaction.connection.execute(select(groups.c.group_id)).scalars().all()
    rows = [
        {"stage_id": uuid.uuid4().hex, "group_id": one, "name": model.name, "description": model.description}
        for one in group_ids
    ]
    if rows:
        transaction.connection.execute(insert(stages), rows)


def update_stage_model(transaction: Transaction, model: StageModel) -> None:
    """Alias and description; the stages of groups show the description too."""
    values = {"alias": model.alias, "description": model.description, "modified_at": model.modified_at}
    changed = update(stage_models).where(stage_models.c.stage_model_id == model.stage_model_id).values(values)
    transaction.connection.execute(changed)
    shown = update(stages).where(stages.c.name == model.name).values(description=model.description)
    transaction.connection.execute(shown)


def remove_stage_model(transaction: Transaction, model: StageModel) -> None:
    """Takes the stage from every group; nothing may use it."""
    transaction.connection.execute(delete(stages).where(stages.c.name == model.name))
    gone = delete(stage_models).where(stage_models.c.stage_model_id == model.stage_model_id)
    transaction.connection.execute(gone)


def uses_of_stage(transaction: Transaction, name: str) -> dict[str, int]:
    """How many things of each kind are about the stages of this name; kinds with none are left out."""
    columns: dict[str, Column[str]] = {
        "published API": editions.c.stage,
        "authorization": grants.c.stage,
        "plug-in binding": plugin_bindings.c.stage,
        "policy binding": policy_bindings.c.stage,
        "backend model": backend_models.c.stage,
        "domain": domains.c.stage,
    }
    found = {}
    for kind, column in columns.items():
        query = select(func.count()).where(column == name)
        if column is editions.c.stage:
            query = query.where(editions.c.online)
        found[kind] = transaction.connection.execute(query).scalar_one()
    return {kind: number for kind, number in found.items() if number}
