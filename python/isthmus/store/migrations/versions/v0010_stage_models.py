"""Stages of one's own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stage_models",
        sa.Column("stage_model_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("alias", sa.String(length=50), nullable=False),
        sa.Column("description", sa.String(length=180), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("modified_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("stage_model_id", name="pk_stage_models"),
        sa.UniqueConstraint("name", name="uq_stage_models_name"),
    )
