"""Several targets of a VPC access; who made an app."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "vpc_access_options",
        sa.Column("access_id", sa.String(length=32), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["access_id"],
            ["vpc_accesses.access_id"],
            name="fk_vpc_access_options_access_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("access_id", name="pk_vpc_access_options"),
    )
    op.create_table(
        "app_owners",
        sa.Column("app_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owner", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(["app_id"], ["apps.app_id"], name="fk_app_owners_app_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("app_id", name="pk_app_owners"),
    )
