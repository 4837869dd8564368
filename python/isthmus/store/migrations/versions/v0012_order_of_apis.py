"""Pages of APIs are read in their order, from an index alone."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_apis_modified_at_api_id_group_id", "apis", ["modified_at", "api_id", "group_id"])
    op.drop_index("ix_apis_modified_at", "apis")
