"""Rows of `policies` and `policy_bindings`: the older traffic-control, IP-control and signature objects.

Called by `operations/policies.py` and the operations of the three kinds. A kind is the type of plug-in that does the
same. Invariant: an API has at most one policy of a kind in a stage.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Row, delete, func, insert, select, update

from isthmus.model import from_document, to_document
from isthmus.model.policy import AddressRules, PolicyContent, SigningKey, TrafficLimits
from isthmus.store.database import Transaction
from isthmus.store.policy_tables import policies, policy_bindings
from isthmus.store.schema import apis, groups
from isthmus.store.selection import Page, contains_text, select_page

TRAFFIC_CONTROL, IP_CONTROL, SIGNATURE = "trafficControl", "ipControl", "backendSignature"
KINDS: dict[str, type[PolicyContent]] = {
    TRAFFIC_CONTROL: TrafficLimits,
    IP_CONTROL: AddressRules,
    SIGNATURE: SigningKey,
}
_SEAL = "policy"


@dataclass(frozen=True)
class Policy:
    policy_id: str
    kind: str
    name: str
    description: str
    content: PolicyContent
    created_at: int
    modified_at: int


@dataclass(frozen=True)
class PolicyBinding:
    kind: str
    api_id: str
    # Upper case.
    stage: str
    policy_id: str
    bound_at: int


class Policies(NamedTuple):
    policies: list[Policy]
    total: int


class Bound(NamedTuple):
    """Rows with the columns of the API, `group_name`, and those of the binding and its policy."""

    rows: Sequence[Row[Any]]
    total: int


@dataclass(frozen=True)
class PolicyFilter:
    kind: str
    policy_id: str | None = None
    name_part: str | None = None
    # Those bound to this API in this stage.
    api_id: str | None = None
    stage: str | None = None


@dataclass(frozen=True)
class BoundFilter:
    kind: str
    policy_id: str | None = None
    group_id: str | None = None
    stage: str | None = None
    api_ids: Sequence[str] | None = None


def find_policy(transaction: Transaction, kind: str, policy_id: str) -> Policy | None:
    query = select(policies).where(policies.c.kind == kind, policies.c.policy_id == policy_id)
    row = transaction.connection.execute(query).first()
    return None if row is None else _policy(transaction, row)


def is_name_taken(transaction: Transaction, kind: str, name: str) -> bool:
    query = select(policies.c.policy_id).where(policies.c.kind == kind, policies.c.name == name)
    return transaction.connection.execute(query).first() is not None


def count_policies(transaction: Transaction, kind: str) -> int:
    query = select(func.count()).select_from(policies).where(policies.c.kind == kind)
    return transaction.connection.execute(query).scalar_one()


def list_policies(transaction: Transaction, wanted: PolicyFilter, page: Page) -> Policies:
    """Newest modified first."""
    query = select(policies).where(policies.c.kind == wanted.kind)
    if wanted.policy_id is not None:
        query = query.where(policies.c.policy_id == wanted.policy_id)
    if wanted.name_part is not None:
        query = query.where(contains_text(policies.c.name, wanted.name_part))
    if wanted.api_id is not None:
        bound = select(policy_bindings.c.policy_id).where(
            policy_bindings.c.kind == wanted.kind,
            policy_bindings.c.api_id == wanted.api_id,
            policy_bindings.c.stage == wanted.stage,
        )
        query = query.where(policies.c.policy_id.in_(bound))
    found = select_page(transaction, query, [policies.c.modified_at.desc(), policies.c.policy_id], page)
    return Policies([_policy(transaction, row) for row in found.rows], found.total)


def all_policies(transaction: Transaction, kind: str) -> list[Policy]:
    """For filters on what is sealed; there are few of a kind. Newest modified first."""
    query = select(policies).where(policies.c.kind == kind)
    rows = transaction.connection.execute(query.order_by(policies.c.modified_at.desc(), policies.c.policy_id))
    return [_policy(transaction, row) for row in rows]


def add_policy(transaction: Transaction, policy: Policy) -> None:
    transaction.connection.execute(insert(policies).values(_values(transaction, policy)))


def update_policy(transaction: Transaction, policy: Policy) -> None:
    values = _values(transaction, policy)
    for fixed in ("policy_id", "kind", "created_at"):
        del values[fixed]
    transaction.connection.execute(update(policies).where(policies.c.policy_id == policy.policy_id).values(values))


def remove_policy(transaction: Transaction, policy_id: str) -> None:
    """It must not be bound."""
    transaction.connection.execute(delete(policies).where(policies.c.policy_id == policy_id))


def find_policy_binding(transaction: Transaction, kind: str, api_id: str, stage: str) -> PolicyBinding | None:
    row = transaction.connection.execute(select(policy_bindings).where(*_place(kind, api_id, stage))).first()
    return None if row is None else PolicyBinding(**row._mapping)


def put_policy_binding(transaction: Transaction, binding: PolicyBinding) -> None:
    """Replaces what the API has of the same kind."""
    remove_policy_binding(transaction, binding)
    transaction.connection.execute(insert(policy_bindings).values(vars(binding)))


def remove_policy_binding(transaction: Transaction, binding: PolicyBinding) -> None:
    place = _place(binding.kind, binding.api_id, binding.stage)
    transaction.connection.execute(delete(policy_bindings).where(*place))


def take_policy_bindings(transaction: Transaction, api_id: str) -> list[PolicyBinding]:
    """For whoever deletes the API: removes its bindings and returns them."""
    of_api = policy_bindings.c.api_id == api_id
    rows = transaction.connection.execute(select(policy_bindings).where(of_api)).all()
    transaction.connection.execute(delete(policy_bindings).where(of_api))
    return [PolicyBinding(**row._mapping) for row in rows]


def list_bound(transaction: Transaction, wanted: BoundFilter, page: Page) -> Bound:
    """Newest bound first."""
    query = (
        select(
            apis.c.api_id,
            apis.c.name,
            apis.c.description,
            apis.c.visibility,
            apis.c.group_id,
            groups.c.name.label("group_name"),
            policy_bindings.c.stage,
            policy_bindings.c.bound_at,
            policies.c.policy_id,
            policies.c.name.label("policy_name"),
        )
        .join(policy_bindings, policy_bindings.c.api_id == apis.c.api_id)
        .join(policies, policies.c.policy_id == policy_bindings.c.policy_id)
        .join(groups, groups.c.group_id == apis.c.group_id)
        .where(policy_bindings.c.kind == wanted.kind)
    )
    for column, value in (
        (policy_bindings.c.policy_id, wanted.policy_id),
        (apis.c.group_id, wanted.group_id),
        (policy_bindings.c.stage, wanted.stage),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.api_ids is not None:
        query = query.where(policy_bindings.c.api_id.in_(wanted.api_ids))
    order = [policy_bindings.c.bound_at.desc(), apis.c.api_id, policy_bindings.c.stage]
    return Bound(*select_page(transaction, query, order, page))


def _place(kind: str, api_id: str, stage: str) -> list[Any]:
    return [policy_bindings.c.kind == kind, policy_bindings.c.api_id == api_id, policy_bindings.c.stage == stage]


def _values(transaction: Transaction, policy: Policy) -> dict[str, Any]:
    values = dict(vars(policy))
    text = json.dumps(to_document(values.pop("content")), ensure_ascii=False)
    values["sealed_content"] = transaction.keyring.seal(_SEAL, text)
    return values


def _policy(transaction: Transaction, row: Row[Any]) -> Policy:
    content = json.loads(transaction.keyring.open(_SEAL, row.sealed_content))
    return Policy(
        policy_id=row.policy_id,
        kind=row.kind,
        name=row.name,
        description=row.description,
        content=from_document(KINDS[row.kind], content),
        created_at=row.created_at,
        modified_at=row.modified_at,
    )
