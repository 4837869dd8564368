"""The tables of what VPC accesses and apps have beyond the vendor's fields, beside those of `schema.py`.

Read by `store/access_options.py` and `store/app_owners.py`. A row goes with its access or app, and no row means that
nothing was said.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, String, Table, Text

from isthmus.store.schema import metadata

vpc_access_options = Table(
    "vpc_access_options",
    metadata,
    Column("access_id", ForeignKey("vpc_accesses.access_id", ondelete="CASCADE"), primary_key=True),
    # JSON of `model/targets.py`.
    Column("options", Text, nullable=False),
)

app_owners = Table(
    "app_owners",
    metadata,
    Column("app_id", ForeignKey("apps.app_id", ondelete="CASCADE"), primary_key=True),
    # An access key's id, or user:NAME.
    Column("owner", String(128), nullable=False),
)
