"""How long requests took, beside what engines counted by the minute and by the hour."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_STEPS = 12


def upgrade() -> None:
    for number in range(_STEPS):
        op.add_column("api_traffic", sa.Column(f"took_{number}", sa.BigInteger(), nullable=False, server_default="0"))
