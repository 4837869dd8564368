"""Backend objects and their models."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "backends",
        sa.Column("backend_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("backend_type", sa.String(length=16), nullable=False),
        sa.Column("description", sa.String(length=180), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("modified_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("backend_id", name="pk_backends"),
        sa.UniqueConstraint("name", name="uq_backends_name"),
    )
    op.create_table(
        "backend_models",
        sa.Column("backend_model_id", sa.String(length=32), nullable=False),
        sa.Column("backend_id", sa.String(length=32), nullable=False),
        sa.Column("stage", sa.String(length=32), nullable=False),
        sa.Column("description", sa.String(length=180), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("modified_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["backend_id"], ["backends.backend_id"], name="fk_backend_models_backend_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("backend_model_id", name="pk_backend_models"),
        sa.UniqueConstraint("backend_id", "stage", name="uq_backend_models_backend_id_stage"),
    )
