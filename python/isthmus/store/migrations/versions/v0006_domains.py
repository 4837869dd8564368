"""Domains of one's own, their certificates, instances and access lists. The shared instance is there from the start."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _domains()
    _instances()
    _access_lists()


def _domains() -> None:
    op.create_table(
        "domains",
        sa.Column("name", sa.String(length=253), nullable=False),
        sa.Column("group_id", sa.String(length=32), nullable=False),
        sa.Column("stage", sa.String(length=32), nullable=False),
        sa.Column("domain_type", sa.String(length=16), nullable=False),
        sa.Column("https_redirect", sa.Boolean(), nullable=False),
        sa.Column("patterns", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.group_id"], name="fk_domains_group_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("name", name="pk_domains"),
    )
    op.create_index("ix_domains_group_id", "domains", ["group_id"])
    op.create_table(
        "domain_certificates",
        sa.Column("certificate_id", sa.String(length=32), nullable=False),
        sa.Column("domain_name", sa.String(length=253), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("valid_start", sa.BigInteger(), nullable=False),
        sa.Column("valid_end", sa.BigInteger(), nullable=False),
        sa.Column("client_authorities", sa.Text(), nullable=False),
        sa.Column("verify_depth", sa.Integer(), nullable=False),
        sa.Column("subject_passed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["domain_name"], ["domains.name"], name="fk_domain_certificates_domain_name", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("certificate_id", name="pk_domain_certificates"),
        sa.UniqueConstraint("domain_name", name="uq_domain_certificates_domain_name"),
    )


def _instances() -> None:
    instances = op.create_table(
        "instances",
        sa.Column("instance_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("https_policy", sa.String(length=64), nullable=False),
        sa.Column("configuration", sa.Text(), nullable=False),
        sa.Column("token", sa.String(length=128), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("instance_id", name="pk_instances"),
        sa.UniqueConstraint("token", name="uq_instances_token"),
    )
    shared = {"instance_id": "api-shared-vpc-001", "name": "api-shared-vpc-001", "https_policy": "HTTPS2_TLS1_2"}
    op.bulk_insert(instances, [{**shared, "configuration": "{}", "token": None, "created_at": 0}])


def _access_lists() -> None:
    op.create_table(
        "access_lists",
        sa.Column("acl_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=30), nullable=False),
        sa.Column("ip_version", sa.String(length=4), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("acl_id", name="pk_access_lists"),
    )
    op.create_table(
        "access_list_entries",
        sa.Column("acl_id", sa.String(length=32), nullable=False),
        sa.Column("entry", sa.String(length=255), nullable=False),
        sa.Column("comment", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["acl_id"], ["access_lists.acl_id"], name="fk_access_list_entries_acl_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("acl_id", "entry", name="pk_access_list_entries"),
    )
    op.create_table(
        "instance_access_lists",
        sa.Column("instance_id", sa.String(length=64), nullable=False),
        sa.Column("ip_version", sa.String(length=4), nullable=False),
        sa.Column("acl_id", sa.String(length=32), nullable=False),
        sa.Column("acl_type", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(
            ["instance_id"],
            ["instances.instance_id"],
            name="fk_instance_access_lists_instance_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["acl_id"], ["access_lists.acl_id"], name="fk_instance_access_lists_acl_id"),
        sa.PrimaryKeyConstraint("instance_id", "ip_version", name="pk_instance_access_lists"),
    )
    op.create_index("ix_instance_access_lists_acl_id", "instance_access_lists", ["acl_id"])
