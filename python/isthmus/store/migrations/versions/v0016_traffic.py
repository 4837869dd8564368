"""What engines counted, by the minute and by the hour."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_COUNTS = (
    "answers_1xx",
    "answers_2xx",
    "answers_3xx",
    "answers_4xx",
    "answers_5xx",
    "bytes_in",
    "bytes_out",
    "total_us",
    "backend_calls",
    "backend_us",
)


def upgrade() -> None:
    op.create_table(
        "api_traffic",
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("node", sa.String(length=128), nullable=False),
        sa.Column("api_id", sa.String(length=64), nullable=False),
        sa.Column("stage", sa.String(length=64), nullable=False),
        sa.Column("group_id", sa.String(length=64), nullable=False),
        sa.Column("instance_id", sa.String(length=64), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _COUNTS),
        sa.PrimaryKeyConstraint("step", "at", "node", "api_id", "stage", name="pk_api_traffic"),
    )
    op.create_index("ix_api_traffic_api_id_at", "api_traffic", ["api_id", "at"])
    op.create_index("ix_api_traffic_group_id_at", "api_traffic", ["group_id", "at"])
    op.create_table(
        "app_traffic",
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("node", sa.String(length=128), nullable=False),
        sa.Column("app_id", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _COUNTS),
        sa.PrimaryKeyConstraint("step", "at", "node", "app_id", name="pk_app_traffic"),
    )
    op.create_index("ix_app_traffic_app_id_at", "app_traffic", ["app_id", "at"])
