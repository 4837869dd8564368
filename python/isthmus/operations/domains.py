"""Operations on domains of one's own: which host leads to which group, and to which of its stages.

Each write puts the domain's plan record, which acts at once. Whether the name resolves to this gateway is not checked:
it may become so later, or only somewhere else. Invariant: nobody binds a host below the suffix of automatic domains.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from isthmus import errors
from isthmus.errors import Problem
from isthmus.operations.call import Call
from isthmus.operations.fields import raise_problems
from isthmus.operations.group_domains import automatic_host_of, require_group
from isthmus.publish.bindings import certificate_record, domain_record
from isthmus.store import Transaction
from isthmus.store.domains import (
    CLOSED,
    PLAIN,
    PLAIN_AND_TLS,
    Domain,
    domains_of_group,
    find_certificate,
    find_domain,
    put_domain,
    remove_domain,
)
from isthmus.store.groups import find_stage

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"(?:\*\.)?(?:{_LABEL}\.)+(?![0-9]+$){_LABEL}")
_TYPES = ("INTERNET", "INTRANET")
_MOST_PATTERNS = 20
_PART = re.compile(r"\{([A-Za-z0-9_-]+)\}")


def set_domain(call: Call, params: Any) -> Mapping[str, Any]:
    """Binds a host to a group; what is absent has its default, also for a host that is bound already."""
    transaction = call.transaction
    group = require_group(transaction, params.group_id)
    name = params.domain_name.strip().lower()
    raise_problems(_problems(call, name, params))
    known = find_domain(transaction, name)
    if known is not None and known.group_id != group.group_id and not params.is_force:
        text = f"{name} is bound to the group {known.group_id}; send IsForce=true to move it."
        raise errors.repeated("Domain", text)
    is_new = known is None or known.group_id != group.group_id
    most = call.settings.domains_per_group_limit
    if is_new and len(domains_of_group(transaction, group.group_id)) >= most:
        text = f"The group has {most} domains already, the limit that domains_per_group_limit sets."
        raise errors.exceed_limit("Domain", text)
    changed = Domain(
        name,
        group.group_id,
        stage=_stage(call, group.group_id, params.bind_stage_name or ""),
        domain_type=(params.custom_domain_type or _TYPES[0]).upper(),
        https_redirect=bool(params.is_http_redirect_to_https),
        patterns=known.patterns if known is not None else [],
        two_way=known.two_way if known is not None and not is_new else CLOSED,
    )
    put_domain(transaction, changed)
    put_domain_records(transaction, changed)
    return {**domain_fields(changed), "group_id": group.group_id, "sub_domain": automatic_host_of(call, group.group_id)}


def describe_domain(call: Call, params: Any) -> Mapping[str, Any]:
    """The private key is never shown again: whoever has it does not need it from here."""
    domain = require_domain(call.transaction, params)
    certificate = find_certificate(call.transaction, domain.name)
    shown = (
        {}
        if certificate is None
        else {
            "certificate_id": certificate.certificate_id,
            "certificate_name": certificate.name,
            "certificate_body": certificate.chain,
            "certificate_valid_start": certificate.valid_start,
            "certificate_valid_end": certificate.valid_end,
        }
    )
    sub_domain = automatic_host_of(call, domain.group_id)
    return {**domain_fields(domain), **shown, "group_id": domain.group_id, "sub_domain": sub_domain}


def delete_domain(call: Call, params: Any) -> Mapping[str, Any]:
    """Succeeds when the group has no such domain, as clients repeat deletions."""
    name = params.domain_name.strip().lower()
    known = find_domain(call.transaction, name)
    if known is not None and known.group_id == params.group_id:
        remove_domain_with_records(call.transaction, name)
    return {}


def reactivate_domain(call: Call, params: Any) -> Mapping[str, Any]:
    """No domain is ever taken out of service here, so one that exists is active."""
    require_domain(call.transaction, params)
    return {}


def set_wildcard_domain_patterns(call: Call, params: Any) -> Mapping[str, Any]:
    """What hosts of a wildcard domain look like; plug-ins read the parts in braces as `Host:name`."""
    domain = require_domain(call.transaction, params)
    if not domain.name.startswith("*."):
        raise errors.invalid([Problem("DomainName", f"{domain.name} is not a wildcard domain.")])
    patterns = _read_patterns(params.wildcard_domain_patterns, domain.name)
    changed = replace(domain, patterns=patterns)
    put_domain(call.transaction, changed)
    put_domain_records(call.transaction, changed)
    return {}


def set_domain_web_socket_status(call: Call, params: Any) -> Mapping[str, Any]:
    """Whether devices may open two-way connections; what is open already is told to go when they may not."""
    domain = require_domain(call.transaction, params)
    action, tls = params.action_value.strip().upper(), (params.wss_enable or "").strip().lower()
    raise_problems(
        [
            *([] if action in ("OPEN", "CLOSE") else [Problem("ActionValue", "must be OPEN or CLOSE.")]),
            *([] if tls in ("", "true", "false") else [Problem("WSSEnable", "must be true or false.")]),
        ]
    )
    opened = PLAIN_AND_TLS if tls == "true" else PLAIN
    changed = replace(domain, two_way=opened if action == "OPEN" else CLOSED)
    put_domain(call.transaction, changed)
    put_domain_records(call.transaction, changed)
    return {}


def require_domain(transaction: Transaction, params: Any) -> Domain:
    """Raises: ApiError."""
    name = params.domain_name.strip().lower()
    domain = find_domain(transaction, name)
    if domain is None or domain.group_id != params.group_id:
        raise errors.not_found("Domain", f"The group {params.group_id[:64]} has no domain {name[:253]}.")
    return domain


def put_domain_records(transaction: Transaction, domain: Domain) -> None:
    """The domain's record, and its certificate's."""
    certificate = find_certificate(transaction, domain.name)
    transaction.records.put(*domain_record(domain, certificate))
    if certificate is not None:
        transaction.records.put(*certificate_record(certificate))


def remove_domain_with_records(transaction: Transaction, name: str) -> None:
    certificate = find_certificate(transaction, name)
    if certificate is not None:
        transaction.records.remove("certificate", certificate.certificate_id)
    transaction.records.remove("domain", name)
    remove_domain(transaction, name)


def domain_fields(domain: Domain) -> dict[str, Any]:
    """What every list of domains shows; the vendor calls a bound one BINDING."""
    return {
        "domain_name": domain.name,
        "domain_binding_status": "BINDING",
        "domain_legal_status": "NORMAL",
        "domain_web_socket_status": "CLOSE" if domain.two_way == CLOSED else "OPEN",
        "domain_remark": "",
    }


def _problems(call: Call, name: str, params: Any) -> list[Problem]:
    problems = []
    suffix = call.settings.automatic_domain_suffix
    if len(name) > 253 or not _NAME.fullmatch(name):
        text = (
            f"{name[:60]!r} is not a host name of at least two labels, such as api.example.com or *.example.com; "
            "write other letters in their xn-- form."
        )
        problems.append(Problem("DomainName", text))
    elif name.endswith(f".{suffix}") or name == suffix:
        problems.append(Problem("DomainName", f"names below {suffix} are for the automatic domains of groups."))
    if (params.custom_domain_type or _TYPES[0]).upper() not in _TYPES:
        problems.append(Problem("CustomDomainType", "must be INTERNET or INTRANET."))
    return problems


def _stage(call: Call, group_id: str, name: str) -> str:
    if not name:
        return ""
    stage = find_stage(call.transaction, group_id, name)
    if stage is None:
        raise errors.not_found("Stage", f"The group has no stage {name[:60]!r}.")
    return stage.name


def _read_patterns(text: str | None, domain: str) -> list[str]:
    """Raises: ApiError."""
    parameter = "WildcardDomainPatterns"
    try:
        read = json.loads(text or "[]")
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, list) or not all(isinstance(pattern, str) for pattern in read):
        raise errors.invalid([Problem(parameter, 'must be a JSON list of texts, such as ["{svc}.example.com"].')])
    if len(read) > _MOST_PATTERNS:
        raise errors.invalid([Problem(parameter, f"has {len(read)} patterns; at most {_MOST_PATTERNS} are allowed.")])
    problems = []
    for number, pattern in enumerate(read):
        names = _PART.findall(pattern)
        # A part next to a part has no border between them; what is left must be a host of the domain.
        bare = _PART.sub("x", pattern)
        fits = not re.search(r"\}\{", pattern) and len(set(names)) == len(names) and _NAME.fullmatch(bare)
        if not (fits and names and bare.split(".", 1)[-1] == domain.removeprefix("*.")):
            text = f"{pattern[:80]!r} must be a host of {domain} with parts such as {{svc}}, each name once."
            problems.append(Problem(f"{parameter}[{number}]", text))
    raise_problems(problems)
    return read
