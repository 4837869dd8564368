"""Rows of `networks` and `vpc_accesses`, and which published APIs use an access.

Called by `operations/networks.py`, `vpc_access.py` and `instances.py`. What the rows mean is checked before they come
here (`operations/targets.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Row, delete, insert, select, update

from isthmus.store.database import Transaction
from isthmus.store.inventories import seen_instances
from isthmus.store.schema import apis, editions, groups, networks, stages, vpc_accesses
from isthmus.store.selection import Page, contains_text, select_page
from isthmus.store.tags import carries_tags, remove_all_tags

TAG_TYPE = "vpcAccess"
_SEAL = "network_password"


@dataclass(frozen=True)
class Network:
    network_id: str
    name: str
    # `mode` and what belongs to it; perhaps with a password.
    attachment: dict[str, Any] = field(repr=False)
    cidrs: list[str]
    # Instance id to address, as a person has said it.
    instances: dict[str, str]
    egress_addresses: list[str]
    created_at: int
    modified_at: int
    # Addresses that may be reached although they are of a kind that never is.
    special_addresses: list[str] = field(default_factory=list)
    # Instance id to address, as sources report it.
    seen: dict[str, str] = field(default_factory=dict)

    @property
    def known_instances(self) -> dict[str, str]:
        """What a person has said comes before what a source reports."""
        return {**self.seen, **self.instances}


@dataclass(frozen=True)
class VpcAccess:
    access_id: str
    name: str
    network_id: str
    instance_id: str
    port: int
    host: str
    description: str
    created_at: int


class Networks(NamedTuple):
    networks: list[Network]
    total: int


class VpcAccesses(NamedTuple):
    accesses: list[VpcAccess]
    total: int


@dataclass(frozen=True)
class AccessFilter:
    access_id: str | None = None
    name: str | None = None
    name_part: str | None = None
    network_id: str | None = None
    instance_id: str | None = None
    port: int | None = None
    tags: Iterable[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class AccessUser:
    """A published API whose backend is an access."""

    api_id: str
    api_name: str
    description: str
    method: str
    path: str
    group_id: str
    group_name: str
    stage: str
    stage_id: str


def find_network(transaction: Transaction, network_id: str) -> Network | None:
    row = transaction.connection.execute(select(networks).where(networks.c.network_id == network_id)).first()
    return None if row is None else _network(transaction, row)


def all_networks(transaction: Transaction) -> list[Network]:
    rows = transaction.connection.execute(select(networks).order_by(networks.c.network_id))
    return [_network(transaction, row) for row in rows]


def list_networks(transaction: Transaction, network_id: str | None, page: Page) -> Networks:
    query = select(networks)
    if network_id is not None:
        query = query.where(networks.c.network_id == network_id)
    found = select_page(transaction, query, [networks.c.modified_at.desc(), networks.c.network_id], page)
    return Networks([_network(transaction, row) for row in found.rows], found.total)


def add_network(transaction: Transaction, network: Network) -> None:
    transaction.connection.execute(insert(networks).values(_network_values(transaction, network)))


def update_network(transaction: Transaction, network: Network) -> None:
    values = {**_network_values(transaction, network), "modified_at": transaction.now}
    for fixed in ("network_id", "created_at"):
        del values[fixed]
    transaction.connection.execute(update(networks).where(networks.c.network_id == network.network_id).values(values))


def remove_network(transaction: Transaction, network_id: str) -> None:
    transaction.connection.execute(delete(networks).where(networks.c.network_id == network_id))


def find_access(transaction: Transaction, name: str) -> VpcAccess | None:
    row = transaction.connection.execute(select(vpc_accesses).where(vpc_accesses.c.name == name)).first()
    return None if row is None else _access(row)


def find_access_to(transaction: Transaction, network_id: str, instance_id: str, port: int) -> VpcAccess | None:
    query = select(vpc_accesses).where(
        vpc_accesses.c.network_id == network_id,
        vpc_accesses.c.instance_id == instance_id,
        vpc_accesses.c.port == port,
    )
    row = transaction.connection.execute(query).first()
    return None if row is None else _access(row)


def accesses_of_network(transaction: Transaction, network_id: str) -> list[VpcAccess]:
    query = select(vpc_accesses).where(vpc_accesses.c.network_id == network_id).order_by(vpc_accesses.c.name)
    return [_access(row) for row in transaction.connection.execute(query)]


def list_accesses(transaction: Transaction, wanted: AccessFilter, page: Page) -> VpcAccesses:
    """Newest first."""
    query = select(vpc_accesses).where(*carries_tags(TAG_TYPE, vpc_accesses.c.access_id, wanted.tags))
    for column, value in (
        (vpc_accesses.c.access_id, wanted.access_id),
        (vpc_accesses.c.name, wanted.name),
        (vpc_accesses.c.network_id, wanted.network_id),
        (vpc_accesses.c.instance_id, wanted.instance_id),
        (vpc_accesses.c.port, wanted.port),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.name_part is not None:
        query = query.where(contains_text(vpc_accesses.c.name, wanted.name_part))
    order = [vpc_accesses.c.created_at.desc(), vpc_accesses.c.access_id]
    found = select_page(transaction, query, order, page)
    return VpcAccesses([_access(row) for row in found.rows], found.total)


def add_access(transaction: Transaction, access: VpcAccess) -> None:
    transaction.connection.execute(insert(vpc_accesses).values(vars(access)))


def update_access(transaction: Transaction, access: VpcAccess) -> None:
    values = {name: value for name, value in vars(access).items() if name not in ("access_id", "name", "created_at")}
    same = vpc_accesses.c.access_id == access.access_id
    transaction.connection.execute(update(vpc_accesses).where(same).values(values))


def remove_access(transaction: Transaction, access_id: str) -> None:
    transaction.connection.execute(delete(vpc_accesses).where(vpc_accesses.c.access_id == access_id))
    remove_all_tags(transaction, TAG_TYPE, access_id)


def users_of_access(transaction: Transaction, name: str) -> list[AccessUser]:
    """Published APIs that reach their backend through this access, newest publish first."""
    query = (
        select(
            editions.c.api_id,
            editions.c.stage,
            editions.c.definition,
            apis.c.name,
            apis.c.description,
            apis.c.method,
            apis.c.path,
            groups.c.group_id,
            groups.c.name.label("group_name"),
            stages.c.stage_id,
        )
        .join(apis, apis.c.api_id == editions.c.api_id)
        .join(groups, groups.c.group_id == editions.c.group_id)
        .join(stages, (stages.c.group_id == editions.c.group_id) & (stages.c.name == editions.c.stage))
        .where(editions.c.online, editions.c.definition.contains(json.dumps(name)[1:-1], autoescape=True))
        .order_by(editions.c.deployed_at.desc(), editions.c.api_id, editions.c.stage)
    )
    rows = transaction.connection.execute(query)
    return [_user(row) for row in rows if _access_name(row.definition) == name]


def _access_name(definition: str) -> str | None:
    found = json.loads(definition)["body"]["backend"]["target"].get("access")
    return found if isinstance(found, str) else None


def _user(row: Any) -> AccessUser:
    return AccessUser(
        api_id=row.api_id,
        api_name=row.name,
        description=row.description,
        method=row.method,
        path=row.path,
        group_id=row.group_id,
        group_name=row.group_name,
        stage=row.stage,
        stage_id=row.stage_id,
    )


def _network_values(transaction: Transaction, network: Network) -> dict[str, Any]:
    names = ("cidrs", "instances", "egress_addresses", "special_addresses")
    texts = {name: _json(getattr(network, name)) for name in names}
    attachment = dict(network.attachment)
    if "password" in attachment:
        attachment["sealed_password"] = transaction.keyring.seal(_SEAL, attachment.pop("password")).hex()
    values = {**vars(network), **texts, "attachment": _json(attachment)}
    del values["seen"]
    return values


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _network(transaction: Transaction, row: Row[Any]) -> Network:
    attachment = json.loads(row.attachment)
    if "sealed_password" in attachment:
        sealed = bytes.fromhex(attachment.pop("sealed_password"))
        attachment["password"] = transaction.keyring.open(_SEAL, sealed)
    return Network(
        network_id=row.network_id,
        name=row.name,
        attachment=attachment,
        cidrs=json.loads(row.cidrs),
        instances=json.loads(row.instances),
        egress_addresses=json.loads(row.egress_addresses),
        created_at=row.created_at,
        modified_at=row.modified_at,
        special_addresses=json.loads(row.special_addresses),
        seen={one.instance_id: one.address for one in seen_instances(transaction, row.network_id)},
    )


def _access(row: Row[Any]) -> VpcAccess:
    return VpcAccess(
        access_id=row.access_id,
        name=row.name,
        network_id=row.network_id,
        instance_id=row.instance_id,
        port=row.port,
        host=row.host,
        description=row.description,
        created_at=row.created_at,
    )
