"""The first shape of the database, with its one row of identity."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# SQLite gives only a column of exactly this type its fast integer key.
_APP_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_access_keys()
    _create_apps()
    _create_editions()
    _create_groups()
    _create_networks()
    _create_records()
    _create_store_identity()
    _create_tags()
    _create_apis()
    _create_app_codes()
    _create_app_keys()
    _create_stages()
    _create_vpc_accesses()
    _create_grants()
    identity = sa.table("store_identity", *(sa.column(name) for name in ("id", "store_id", "revision", "floor")))
    op.execute(identity.insert().values(id=1, store_id=uuid.uuid4().hex, revision=0, floor=0))


def _create_access_keys() -> None:
    op.create_table(
        "access_keys",
        sa.Column("access_key_id", sa.String(length=64), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("description", sa.String(length=180), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("access_key_id", name="pk_access_keys"),
    )


def _create_apps() -> None:
    op.create_table(
        "apps",
        sa.Column("app_id", _APP_ID, autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("description", sa.String(length=180), nullable=False),
        sa.Column("extend", sa.Text(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("modified_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("app_id", name="pk_apps"),
    )
    op.create_index("ix_apps_modified_at", "apps", ["modified_at"])


def _create_editions() -> None:
    op.create_table(
        "editions",
        sa.Column("api_id", sa.String(length=32), nullable=False),
        sa.Column("stage", sa.String(length=32), nullable=False),
        sa.Column("version", sa.String(length=17), nullable=False),
        sa.Column("group_id", sa.String(length=32), nullable=False),
        sa.Column("online", sa.Boolean(), nullable=False),
        sa.Column("remarks", sa.String(length=200), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("deployed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("api_id", "stage", "version", name="pk_editions"),
    )
    op.create_index("ix_editions_group_id", "editions", ["group_id"])
    op.create_index("ix_editions_online", "editions", ["group_id", "stage", "online"])


def _create_groups() -> None:
    op.create_table(
        "groups",
        sa.Column("group_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("description", sa.String(length=180), nullable=False),
        sa.Column("base_path", sa.String(length=255), nullable=False),
        sa.Column("instance_id", sa.String(length=64), nullable=False),
        sa.Column("configuration", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("modified_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("group_id", name="pk_groups"),
        sa.UniqueConstraint("name", name="uq_groups_name"),
    )
    op.create_index("ix_groups_modified_at", "groups", ["modified_at"])


def _create_networks() -> None:
    op.create_table(
        "networks",
        sa.Column("network_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("attachment", sa.Text(), nullable=False),
        sa.Column("cidrs", sa.Text(), nullable=False),
        sa.Column("instances", sa.Text(), nullable=False),
        sa.Column("egress_addresses", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("modified_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("network_id", name="pk_networks"),
    )


def _create_records() -> None:
    op.create_table(
        "records",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("sealed_body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("kind", "key", name="pk_records"),
    )
    op.create_index("ix_records_revision", "records", ["revision"])


def _create_store_identity() -> None:
    op.create_table(
        "store_identity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("store_id", sa.String(length=32), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("floor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_store_identity"),
    )


def _create_tags() -> None:
    op.create_table(
        "tags",
        sa.Column("resource_type", sa.String(length=16), nullable=False),
        sa.Column("resource_id", sa.String(length=64), nullable=False),
        sa.Column("tag_key", sa.String(length=128), nullable=False),
        sa.Column("tag_value", sa.String(length=256), nullable=False),
        sa.PrimaryKeyConstraint("resource_type", "resource_id", "tag_key", name="pk_tags"),
    )


def _create_apis() -> None:
    op.create_table(
        "apis",
        sa.Column("api_id", sa.String(length=32), nullable=False),
        sa.Column("group_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("description", sa.String(length=180), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("path", sa.String(length=1024), nullable=False),
        sa.Column("visibility", sa.String(length=8), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("draft_revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("modified_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.group_id"], name="fk_apis_group_id"),
        sa.PrimaryKeyConstraint("api_id", name="pk_apis"),
        sa.UniqueConstraint("group_id", "method", "path", name="uq_apis_group_id_method_path"),
        sa.UniqueConstraint("group_id", "name", name="uq_apis_group_id_name"),
    )
    op.create_index("ix_apis_group_id", "apis", ["group_id"])
    op.create_index("ix_apis_modified_at", "apis", ["modified_at"])


def _create_app_codes() -> None:
    op.create_table(
        "app_codes",
        sa.Column("code_digest", sa.String(length=64), nullable=False),
        sa.Column("app_id", _APP_ID, nullable=False),
        sa.Column("sealed_code", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("modified_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["app_id"], ["apps.app_id"], name="fk_app_codes_app_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("code_digest", name="pk_app_codes"),
    )
    op.create_index("ix_app_codes_app_id", "app_codes", ["app_id"])


def _create_app_keys() -> None:
    op.create_table(
        "app_keys",
        sa.Column("app_key", sa.String(length=64), nullable=False),
        sa.Column("app_id", _APP_ID, nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("modified_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["app_id"], ["apps.app_id"], name="fk_app_keys_app_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("app_key", name="pk_app_keys"),
    )
    op.create_index("ix_app_keys_app_id", "app_keys", ["app_id"])


def _create_stages() -> None:
    op.create_table(
        "stages",
        sa.Column("stage_id", sa.String(length=32), nullable=False),
        sa.Column("group_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("description", sa.String(length=180), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.group_id"], name="fk_stages_group_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("stage_id", name="pk_stages"),
        sa.UniqueConstraint("group_id", "name", name="uq_stages_group_id_name"),
    )
    op.create_index("ix_stages_group_id", "stages", ["group_id"])


def _create_vpc_accesses() -> None:
    op.create_table(
        "vpc_accesses",
        sa.Column("access_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("network_id", sa.String(length=64), nullable=False),
        sa.Column("instance_id", sa.String(length=255), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("description", sa.String(length=180), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["network_id"], ["networks.network_id"], name="fk_vpc_accesses_network_id"),
        sa.PrimaryKeyConstraint("access_id", name="pk_vpc_accesses"),
        sa.UniqueConstraint("name", name="uq_vpc_accesses_name"),
        sa.UniqueConstraint("network_id", "instance_id", "port", name="uq_vpc_accesses_network_id_instance_id_port"),
    )
    op.create_index("ix_vpc_accesses_network_id", "vpc_accesses", ["network_id"])


def _create_grants() -> None:
    op.create_table(
        "grants",
        sa.Column("api_id", sa.String(length=32), nullable=False),
        sa.Column("stage", sa.String(length=32), nullable=False),
        sa.Column("app_id", _APP_ID, nullable=False),
        sa.Column("operator", sa.String(length=16), nullable=False),
        sa.Column("description", sa.String(length=180), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("granted_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["api_id"], ["apis.api_id"], name="fk_grants_api_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["app_id"], ["apps.app_id"], name="fk_grants_app_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("api_id", "stage", "app_id", name="pk_grants"),
    )
    op.create_index("ix_grants_app_id", "grants", ["app_id"])
    # ### end Alembic commands ###
