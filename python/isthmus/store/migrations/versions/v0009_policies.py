"""Older policy objects and what they are bound to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "policies",
        sa.Column("policy_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=False),
        sa.Column("sealed_content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("modified_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("policy_id", name="pk_policies"),
        sa.UniqueConstraint("kind", "name", name="uq_policies_kind_name"),
    )
    op.create_table(
        "policy_bindings",
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("api_id", sa.String(length=32), nullable=False),
        sa.Column("stage", sa.String(length=32), nullable=False),
        sa.Column("policy_id", sa.String(length=32), nullable=False),
        sa.Column("bound_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["api_id"], ["apis.api_id"], name="fk_policy_bindings_api_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["policy_id"], ["policies.policy_id"], name="fk_policy_bindings_policy_id"),
        sa.PrimaryKeyConstraint("kind", "api_id", "stage", name="pk_policy_bindings"),
    )
    op.create_index("ix_policy_bindings_policy_id", "policy_bindings", ["policy_id"])
