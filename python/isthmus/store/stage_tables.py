"""The table of stage models: stages that every group has beside RELEASE, PRE and TEST.

Read by `store/stage_models.py`. The stages themselves are rows of `stages`, one for each group.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, String, Table

from isthmus.store.schema import metadata

stage_models = Table(
    "stage_models",
    metadata,
    Column("stage_model_id", String(32), primary_key=True),
    # Upper case.
    Column("name", String(32), nullable=False, unique=True),
    Column("alias", String(50), nullable=False),
    Column("description", String(180), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("modified_at", BigInteger, nullable=False),
)
