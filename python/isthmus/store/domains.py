"""Rows of `domains` and `domain_certificates`.

Called by `operations/domains.py`, `operations/certificates.py` and `operations/groups.py`. Invariant: a domain leads to
one group, and has at most one certificate, whose private key is sealed.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Row, delete, insert, select, update

from isthmus.store.database import Transaction
from isthmus.store.domain_tables import domain_certificates, domains
from isthmus.store.schema import groups
from isthmus.store.selection import Page, contains_text, select_page

# Two-way connections that a domain takes.
CLOSED, PLAIN, PLAIN_AND_TLS = "closed", "plain", "plain_and_tls"

_PURPOSE = "domain_certificates.key"


@dataclass(frozen=True)
class Domain:
    """`stage` is empty when the caller's header chooses."""

    name: str
    group_id: str
    stage: str
    domain_type: str
    https_redirect: bool
    patterns: list[str]
    two_way: str = CLOSED
    created_at: int = 0


@dataclass(frozen=True)
class Certificate:
    """Times are Unix milliseconds."""

    domain_name: str
    name: str
    chain: str
    key: str = field(repr=False)
    valid_start: int
    valid_end: int
    client_authorities: str = ""
    verify_depth: int = 1
    subject_passed: bool = False
    certificate_id: str = ""


class GroupDomain(NamedTuple):
    domain: Domain
    group_name: str


class Domains(NamedTuple):
    """One page, and the number of all."""

    domains: Sequence[GroupDomain]
    total: int


def find_domain(transaction: Transaction, name: str) -> Domain | None:
    row = transaction.connection.execute(select(domains).where(domains.c.name == name)).first()
    return None if row is None else _domain(row)


def domains_of_group(transaction: Transaction, group_id: str) -> list[Domain]:
    """By name."""
    query = select(domains).where(domains.c.group_id == group_id).order_by(domains.c.name)
    return [_domain(row) for row in transaction.connection.execute(query)]


def list_domains(transaction: Transaction, name_part: str | None, page: Page) -> Domains:
    """Of all groups, by name."""
    query = select(domains, groups.c.name.label("group_name")).join(groups, groups.c.group_id == domains.c.group_id)
    if name_part:
        query = query.where(contains_text(domains.c.name, name_part))
    found = select_page(transaction, query, [domains.c.name], page)
    return Domains([_group_domain(row) for row in found.rows], found.total)


def all_domain_names(transaction: Transaction) -> set[str]:
    return set(transaction.connection.execute(select(domains.c.name)).scalars())


def put_domain(transaction: Transaction, domain: Domain) -> None:
    """Adds or replaces it; its certificate stays."""
    values = {**vars(domain), "patterns": json.dumps(domain.patterns), "created_at": transaction.now}
    if find_domain(transaction, domain.name) is None:
        transaction.connection.execute(insert(domains).values(values))
        return
    del values["created_at"]
    transaction.connection.execute(update(domains).where(domains.c.name == domain.name).values(values))


def remove_domain(transaction: Transaction, name: str) -> None:
    """Takes its certificate with it."""
    transaction.connection.execute(delete(domains).where(domains.c.name == name))


def find_certificate(transaction: Transaction, domain_name: str) -> Certificate | None:
    query = select(domain_certificates).where(domain_certificates.c.domain_name == domain_name)
    row = transaction.connection.execute(query).first()
    return None if row is None else _certificate(transaction, row)


def put_certificate(transaction: Transaction, certificate: Certificate) -> Certificate:
    """In the place of the domain's old one, if it has one; with a new id."""
    remove_certificate(transaction, certificate.domain_name)
    stored = Certificate(**{**vars(certificate), "certificate_id": uuid.uuid4().hex})
    values = {**vars(stored), "sealed_key": transaction.keyring.seal(_PURPOSE, stored.key)}
    del values["key"]
    transaction.connection.execute(insert(domain_certificates).values(values))
    return stored


def remove_certificate(transaction: Transaction, domain_name: str) -> None:
    transaction.connection.execute(delete(domain_certificates).where(domain_certificates.c.domain_name == domain_name))


def _domain(row: Row[Any]) -> Domain:
    return Domain(**{**row._asdict(), "patterns": json.loads(row.patterns)})


def _group_domain(row: Row[Any]) -> GroupDomain:
    values = row._asdict()
    name = values.pop("group_name")
    return GroupDomain(Domain(**{**values, "patterns": json.loads(row.patterns)}), name)


def _certificate(transaction: Transaction, row: Row[Any]) -> Certificate:
    values = row._asdict()
    key = transaction.keyring.open(_PURPOSE, values.pop("sealed_key"))
    return Certificate(**values, key=key)
