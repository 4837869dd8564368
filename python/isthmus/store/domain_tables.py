"""The tables of domains, certificates, instances and access lists, beside those of `schema.py` and in its manner.

Read by `store/domains.py` and `store/instances.py`. A certificate belongs to one domain and goes with it.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, LargeBinary, String, Table, Text

from isthmus.store.schema import metadata

domains = Table(
    "domains",
    metadata,
    Column("name", String(253), primary_key=True),
    Column("group_id", ForeignKey("groups.group_id", ondelete="CASCADE"), nullable=False, index=True),
    # Empty: the caller's X-Ca-Stage chooses.
    Column("stage", String(32), nullable=False),
    # INTERNET or INTRANET, as it was given.
    Column("domain_type", String(16), nullable=False),
    Column("https_redirect", Boolean, nullable=False),
    # JSON list.
    Column("patterns", Text, nullable=False),
    # closed, plain or plain_and_tls.
    Column("two_way", String(16), nullable=False, server_default="closed"),
    Column("created_at", BigInteger, nullable=False),
)

domain_certificates = Table(
    "domain_certificates",
    metadata,
    Column("certificate_id", String(32), primary_key=True),
    Column("domain_name", ForeignKey("domains.name", ondelete="CASCADE"), nullable=False, unique=True),
    Column("name", String(128), nullable=False),
    Column("chain", Text, nullable=False),
    Column("sealed_key", LargeBinary, nullable=False),
    Column("valid_start", BigInteger, nullable=False),
    Column("valid_end", BigInteger, nullable=False),
    # Authorities of callers' certificates in PEM; empty: callers are not asked for one.
    Column("client_authorities", Text, nullable=False),
    Column("verify_depth", Integer, nullable=False),
    Column("subject_passed", Boolean, nullable=False),
)

instances = Table(
    "instances",
    metadata,
    Column("instance_id", String(64), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("https_policy", String(64), nullable=False),
    # What was ordered and is shown again (InstanceSpec, ChargeType, ZoneId, …), as JSON text by snake-case name.
    Column("configuration", Text, nullable=False),
    # Makes a repeated CreateInstance the same one; null for the shared instance.
    Column("token", String(128), nullable=True, unique=True),
    Column("created_at", BigInteger, nullable=False),
)

access_lists = Table(
    "access_lists",
    metadata,
    Column("acl_id", String(32), primary_key=True),
    Column("name", String(30), nullable=False),
    # ipv4 or ipv6.
    Column("ip_version", String(4), nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

access_list_entries = Table(
    "access_list_entries",
    metadata,
    Column("acl_id", ForeignKey("access_lists.acl_id", ondelete="CASCADE"), primary_key=True),
    # As it was given: clients look for their own text.
    Column("entry", String(255), primary_key=True),
    Column("comment", String(255), nullable=False),
)

instance_access_lists = Table(
    "instance_access_lists",
    metadata,
    Column("instance_id", ForeignKey("instances.instance_id", ondelete="CASCADE"), primary_key=True),
    Column("ip_version", String(4), primary_key=True),
    Column("acl_id", ForeignKey("access_lists.acl_id"), nullable=False, index=True),
    # black or white.
    Column("acl_type", String(8), nullable=False),
)
