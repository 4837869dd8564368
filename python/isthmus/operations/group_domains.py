"""The domains that a group has without anybody binding one: the automatic one, and the one inside a private network.

Used by `groups.py` and `domains.py`, and the operations on the inner domain are here. Invariant: the plan has exactly
the domain records that groups and their domains say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from isthmus import errors
from isthmus.operations.call import Call
from isthmus.publish.bindings import automatic_domain_record, automatic_host, inner_domain_record, inner_host
from isthmus.settings import Settings
from isthmus.store import Transaction
from isthmus.store.groups import Group, find_group, update_group

# Keys of a group's configuration.
INNER_DOMAIN = "inner_domain"
NO_AUTOMATIC_DOMAIN = "no_automatic_domain"
# What ModifyApiGroupNetworkPolicy carries besides.
_UNSUPPORTED = {
    "https_policy": "HttpsPolicy",
    "internet_enable": "InternetEnable",
    "internet_ipv6_enable": "InternetIPV6Enable",
    "vpc_slb_intranet_enable": "VpcSlbIntranetEnable",
}


def create_intranet_domain(call: Call, params: Any) -> Mapping[str, Any]:
    group = require_group(call.transaction, params.group_id)
    _set_inner_domain(call, group, True)
    return {"domain_name": _inner_host_of(call.settings, group)}


def modify_intranet_domain_policy(call: Call, params: Any) -> Mapping[str, Any]:
    group = require_group(call.transaction, params.group_id)
    _set_inner_domain(call, group, params.vpc_intranet_enable)
    return {}


def modify_api_group_network_policy(call: Call, params: Any) -> Mapping[str, Any]:
    """Partial: which of the two domains the group has by itself. From where it may be reached is not a group's here."""
    given = [wire_name for name, wire_name in _UNSUPPORTED.items() if getattr(params, name) is not None]
    if given:
        text = f"This gateway does not implement {', '.join(given)} for one group; instances have it, and access lists."
        raise errors.single("NotImplemented", text)
    group = require_group(call.transaction, params.group_id)
    if params.inner_domain_enable is not None:
        group = _configured(call, group, NO_AUTOMATIC_DOMAIN, not params.inner_domain_enable)
    if params.vpc_intranet_enable is not None:
        _set_inner_domain(call, group, params.vpc_intranet_enable)
    return {}


def require_group(transaction: Transaction, group_id: str) -> Group:
    """Raises: ApiError."""
    group = find_group(transaction, group_id)
    if group is None:
        raise errors.not_found("ApiGroup", f"There is no API group {group_id}.")
    return group


def automatic_host_of(call: Call, group_id: str) -> str:
    return automatic_host(group_id, call.settings.region, call.settings.automatic_domain_suffix)


def inner_host_shown(settings: Settings, group: Group) -> str:
    """Empty without one: clients tell by it whether there is one."""
    return _inner_host_of(settings, group) if group.configuration.get(INNER_DOMAIN) else ""


def put_group_domains(transaction: Transaction, settings: Settings, group: Group) -> set[str]:
    """Puts and removes the records of both domains; the hosts that lead to the group now."""
    region, suffix = settings.region, settings.automatic_domain_suffix
    wanted = {}
    if not group.configuration.get(NO_AUTOMATIC_DOMAIN):
        wanted[automatic_host(group.group_id, region, suffix)] = automatic_domain_record(group.group_id, region, suffix)
    if group.configuration.get(INNER_DOMAIN):
        wanted[_inner_host_of(settings, group)] = inner_domain_record(group.group_id, region, suffix)
    for host in (automatic_host(group.group_id, region, suffix), _inner_host_of(settings, group)):
        if host in wanted:
            transaction.records.put(*wanted[host])
        else:
            transaction.records.remove("domain", host)
    return set(wanted)


def remove_group_domains(transaction: Transaction, settings: Settings, group: Group) -> None:
    for host in (
        automatic_host(group.group_id, settings.region, settings.automatic_domain_suffix),
        _inner_host_of(settings, group),
    ):
        transaction.records.remove("domain", host)


def _inner_host_of(settings: Settings, group: Group) -> str:
    return inner_host(group.group_id, settings.region, settings.automatic_domain_suffix)


def _set_inner_domain(call: Call, group: Group, wanted: bool) -> None:
    _configured(call, group, INNER_DOMAIN, wanted)


def _configured(call: Call, group: Group, name: str, wanted: bool) -> Group:
    configuration = {**group.configuration, name: "true"}
    if not wanted:
        del configuration[name]
    changed = replace(group, configuration=configuration)
    update_group(call.transaction, changed)
    put_group_domains(call.transaction, call.settings, changed)
    return changed
