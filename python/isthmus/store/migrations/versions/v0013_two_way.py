"""Which domains take two-way connections."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("domains", sa.Column("two_way", sa.String(length=16), nullable=False, server_default="closed"))
