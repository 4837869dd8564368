"""Instances of networks that sources report, and addresses that a network may reach although they are special."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("networks") as table:
        table.add_column(sa.Column("special_addresses", sa.Text(), nullable=False, server_default="[]"))
    op.create_table(
        "network_instances",
        sa.Column("network_id", sa.String(length=64), nullable=False),
        sa.Column("instance_id", sa.String(length=255), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("fresh_for", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["network_id"], ["networks.network_id"], name="fk_network_instances_network_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("network_id", "instance_id", name="pk_network_instances"),
    )
