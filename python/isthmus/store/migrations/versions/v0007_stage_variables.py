"""Stage variables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stage_variables",
        sa.Column("stage_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["stage_id"], ["stages.stage_id"], name="fk_stage_variables_stage_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("stage_id", "name", name="pk_stage_variables"),
    )
