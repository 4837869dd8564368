"""The tables of the older policy objects (traffic control, IP control, signature), beside those of `schema.py`.

Read by `store/policies.py`. A binding goes with its API; a policy that is bound stays.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, LargeBinary, String, Table, UniqueConstraint

from isthmus.store.schema import metadata

policies = Table(
    "policies",
    metadata,
    Column("policy_id", String(32), primary_key=True),
    # The type of plug-in that does the same: trafficControl, ipControl or backendSignature.
    Column("kind", String(32), nullable=False),
    Column("name", String(50), nullable=False),
    Column("description", String(200), nullable=False),
    # JSON text (model/policy.py); a signature's has its secret in it.
    Column("sealed_content", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("modified_at", BigInteger, nullable=False),
    UniqueConstraint("kind", "name"),
)

policy_bindings = Table(
    "policy_bindings",
    metadata,
    Column("kind", String(32), primary_key=True),
    Column("api_id", ForeignKey("apis.api_id", ondelete="CASCADE"), primary_key=True),
    # Upper case.
    Column("stage", String(32), primary_key=True),
    Column("policy_id", ForeignKey("policies.policy_id"), nullable=False, index=True),
    Column("bound_at", BigInteger, nullable=False),
)
