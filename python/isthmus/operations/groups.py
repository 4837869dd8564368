"""Operations on API groups.

A group's name is unique in the gateway. Each write puts the group's plan record; the automatic domain comes and goes
with the group. A new base path concerns drafts: what is published keeps its path until it is published again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from isthmus import errors
from isthmus.errors import ApiError, Problem
from isthmus.operations.call import Call
from isthmus.operations.domains import domain_fields, remove_domain_with_records
from isthmus.operations.fields import name_problems, raise_problems, tag_problems, text_problems
from isthmus.operations.group_app_codes import (
    app_code_fields,
    app_code_problems,
    own_code_problems,
    record_fields,
    with_app_code_fields,
    with_own_code,
)
from isthmus.operations.group_domains import (
    NO_AUTOMATIC_DOMAIN,
    inner_host_shown,
    put_group_domains,
    remove_group_domains,
)
from isthmus.operations.group_domains import automatic_host_of as automatic_host_of
from isthmus.operations.group_domains import require_group as require_group
from isthmus.operations.instances import instance_type, require_instance
from isthmus.operations.paging import page_fields, page_of
from isthmus.operations.times import utc_text
from isthmus.publish.bindings import binding_key, group_record, stage_variables_key
from isthmus.publish.recorded_parts import recorded_problems
from isthmus.settings import Settings
from isthmus.store import Transaction
from isthmus.store.domains import (
    Domain,
    all_domain_names,
    domains_of_group,
    find_certificate,
    find_domain,
)
from isthmus.store.groups import (
    TAG_TYPE,
    Group,
    GroupFilter,
    add_group,
    all_groups,
    count_apis_of_group,
    count_groups,
    find_group,
    find_group_by_name,
    list_groups,
    remove_group,
    stages_of_group,
    update_group,
)
from isthmus.store.instances import SHARED_INSTANCE
from isthmus.store.plugins import remove_bindings_of
from isthmus.store.records import records_of_kind
from isthmus.store.tags import put_tags, tags_of

# The documented maximum of DescribeApiGroups.
_LARGEST_PAGE = 50
_TRAFFIC_LIMIT = 500
_BASE_PATH = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")
# Accepted by the vendor, without an effect here: an error is better than a setting that does nothing.
_UNSUPPORTED = {
    "compatible_flags": "CompatibleFlags",
    "custom_trace_config": "CustomTraceConfig",
    "customer_configs": "CustomerConfigs",
    "rpc_pattern": "RpcPattern",
    "support_sse": "SupportSSE",
}

# What ModifyApiGroup sets and DescribeApiGroup shows as it was given.
_PLAIN_FIELDS = ("user_log_config", "passthrough_headers", "default_domain", "rps_limit_for_serverless")


def create_api_group(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    raise_problems(_problems(params) + tag_problems(params.tag))
    instance = require_instance(transaction, params.instance_id or SHARED_INSTANCE)
    _check_name_is_free(transaction, params.group_name)
    if count_groups(transaction) >= call.settings.groups_limit:
        text = f"There are {call.settings.groups_limit} groups already, the limit that groups_limit sets."
        raise errors.exceed_limit("ApiGroup", text)
    group = add_group(
        transaction, params.group_name, params.description or "", params.base_path or "/", instance.instance_id
    )
    put_tags(transaction, TAG_TYPE, group.group_id, params.tag or ())
    _put_records(transaction, call.settings, group)
    return {
        **_names(call, group),
        "instance_id": group.instance_id,
        "instance_type": instance_type(group.instance_id),
        "tag_status": True,
    }


def modify_api_group(call: Call, params: Any) -> Mapping[str, Any]:
    """Partial: what is absent keeps its value."""
    transaction = call.transaction
    group = require_group(transaction, params.group_id)
    _refuse_unsupported(params)
    raise_problems(_problems(params))
    if params.group_name is not None and params.group_name != group.name:
        _check_name_is_free(transaction, params.group_name)
    configuration = with_app_code_fields(group.configuration, params)
    _check_default_domain(transaction, group, params.default_domain)
    for name in _PLAIN_FIELDS:
        if getattr(params, name) is not None:
            configuration[name] = getattr(params, name)
    if params.disable_inner_domain is not None:
        configuration[NO_AUTOMATIC_DOMAIN] = "true" if params.disable_inner_domain else ""
    changed = replace(
        group,
        name=params.group_name or group.name,
        description=group.description if params.description is None else params.description,
        base_path=params.base_path or group.base_path,
        configuration=configuration,
    )
    update_group(transaction, changed)
    _put_records(transaction, call.settings, changed)
    return _names(call, changed)


def set_group_auth_app_code(call: Call, params: Any) -> Mapping[str, Any]:
    """One code that is good for every API of the group that takes AppCodes; an empty one takes it away."""
    group = require_group(call.transaction, params.group_id)
    code = (params.auth_app_code or "").strip()
    raise_problems(own_code_problems(code))
    changed = with_own_code(call.transaction, group, code)
    update_group(call.transaction, changed)
    _put_records(call.transaction, call.settings, changed)
    return {}


def modify_api_group_instance(call: Call, params: Any) -> Mapping[str, Any]:
    """Moves a group; when the call answers, the new instance serves it. The old one goes on for a while."""
    group = require_group(call.transaction, params.group_id)
    instance = require_instance(call.transaction, params.target_instance_id)
    configuration = dict(group.configuration)
    if instance.instance_id != group.instance_id:
        overlap = call.settings.instance_overlap // timedelta(milliseconds=1)
        configuration["left_instance_id"] = group.instance_id
        configuration["left_until"] = str(call.transaction.now + overlap)
    changed = replace(group, instance_id=instance.instance_id, configuration=configuration)
    update_group(call.transaction, changed)
    _put_records(call.transaction, call.settings, changed)
    return {}


def delete_api_group(call: Call, params: Any) -> Mapping[str, Any]:
    """Succeeds when there is no such group, as clients repeat deletions."""
    transaction = call.transaction
    group = find_group(transaction, params.group_id)
    if group is None:
        return {}
    apis = count_apis_of_group(transaction, params.group_id)
    if apis:
        text = f"The group {params.group_id} still has {apis} API(s); delete them first."
        raise errors.dependency_violation("Api", text)
    for binding in remove_bindings_of(transaction, "group", params.group_id):
        transaction.records.remove("plugin_binding", binding_key(binding))
    for domain in domains_of_group(transaction, params.group_id):
        remove_domain_with_records(transaction, domain.name)
    for stage in stages_of_group(transaction, params.group_id):
        transaction.records.remove("stage_variables", stage_variables_key(params.group_id, stage.name))
    remove_group(transaction, params.group_id)
    transaction.records.remove("group", params.group_id)
    remove_group_domains(transaction, call.settings, group)
    return {}


def describe_api_group(call: Call, params: Any) -> Mapping[str, Any]:
    group = require_group(call.transaction, params.group_id)
    stages = [
        {"stage_id": stage.stage_id, "stage_name": stage.name, "description": stage.description}
        for stage in stages_of_group(call.transaction, group.group_id)
    ]
    return {
        **_attributes(call, group, _policies(call.transaction, [group])),
        **{
            name: group.configuration.get(name) for name in ("user_log_config", "passthrough_headers", "default_domain")
        },
        **app_code_fields(group),
        "status": "NORMAL",
        "disable_inner_domain": bool(group.configuration.get(NO_AUTOMATIC_DOMAIN)),
        "vpc_domain": inner_host_shown(call.settings, group),
        "cloud_market_commodity": False,
        "ipv6_status": "UNBIND",
        "stage_items": stages,
        "custom_domains": [domain_item(call, domain) for domain in domains_of_group(call.transaction, group.group_id)],
    }


def describe_api_groups(call: Call, params: Any) -> Mapping[str, Any]:
    page = page_of(params, _LARGEST_PAGE)
    wanted = GroupFilter(
        group_id=params.group_id,
        name_part=params.group_name,
        instance_id=params.instance_id,
        base_path=params.base_path,
        tags=params.tag or (),
        oldest_first=str(params.sort or "").lower() == "asc",
    )
    found = list_groups(call.transaction, wanted, page)
    tags = tags_of(call.transaction, TAG_TYPE, [group.group_id for group in found.groups])
    policies = _policies(call.transaction, found.groups)
    attributes = [{**_attributes(call, group, policies), "tags": tags[group.group_id]} for group in found.groups]
    return {"api_group_attributes": attributes, **page_fields(page, found.total)}


def align_groups(transaction: Transaction, settings: Settings) -> None:
    """Called when a control plane starts: its settings may name another region or another automatic domain than before.

    Needs a write transaction; writes nothing when all is as it was.
    """
    hosts = all_domain_names(transaction)
    for group in all_groups(transaction):
        hosts |= _put_records(transaction, settings, group)
    for record in records_of_kind(transaction.connection, transaction.keyring, "domain"):
        if record.key not in hosts:
            transaction.records.remove("domain", record.key)


def _problems(params: Any) -> list[Problem]:
    problems = name_problems("GroupName", params.group_name, 50)
    problems += text_problems("Description", params.description, 180)
    problems += _base_path_problems(params.base_path)
    headers = (getattr(params, "passthrough_headers", None) or "").split(",")
    for name in (name.strip() for name in headers):
        if name and not _HEADER_NAME.fullmatch(name):
            problems.append(Problem("PassthroughHeaders", f"{name[:60]!r} is not a header name."))
    problems += app_code_problems(params) + _limit_problems(getattr(params, "rps_limit_for_serverless", None))
    log = getattr(params, "user_log_config", None)
    return problems + (recorded_problems(log) if log else [])


def _limit_problems(limit: Any) -> list[Problem]:
    if limit is None or re.fullmatch(r"[0-9]{1,9}", str(limit)):
        return []
    return [Problem("RpsLimitForServerless", "must be a number of calls a second; 0 means no limit.")]


def _base_path_problems(path: str | None) -> list[Problem]:
    if path is None:
        return []
    if len(path) > 255 or not _BASE_PATH.fullmatch(path):
        text = "must start with '/' and have at most 255 characters that a URL path may have."
        return [Problem("BasePath", text)]
    if "//" in path or any(segment in (".", "..") for segment in path.split("/")):
        return [Problem("BasePath", "must have neither empty segments nor '.' or '..'.")]
    return []


def _refuse_unsupported(params: Any) -> None:
    given = [wire_name for name, wire_name in _UNSUPPORTED.items() if getattr(params, name) is not None]
    if given:
        text = f"This gateway does not implement {', '.join(given)} of ModifyApiGroup; send the call without it."
        raise ApiError("NotImplemented", text)


def _check_default_domain(transaction: Transaction, group: Group, name: str | None) -> None:
    domain = find_domain(transaction, name) if name else None
    if name and (domain is None or domain.group_id != group.group_id):
        raise errors.invalid([Problem("DefaultDomain", f"the group has no domain {name[:253]}; bind it first.")])


def domain_item(call: Call, domain: Domain) -> dict[str, Any]:
    certificate = find_certificate(call.transaction, domain.name)
    item: dict[str, Any] = {
        **domain_fields(domain),
        "custom_domain_type": domain.domain_type,
        "bind_stage_name": domain.stage,
        "is_http_redirect_to_https": domain.https_redirect,
        "wildcard_domain_patterns": json.dumps(domain.patterns) if domain.patterns else "",
    }
    if certificate is not None:
        item |= {
            "certificate_id": certificate.certificate_id,
            "certificate_name": certificate.name,
            "certificate_valid_start": certificate.valid_start,
            "certificate_valid_end": certificate.valid_end,
            "client_cert_s_dn_pass_through": certificate.subject_passed,
            "ssl_verify_depth": certificate.verify_depth,
        }
    return item


def _check_name_is_free(transaction: Transaction, name: str) -> None:
    if find_group_by_name(transaction, name) is not None:
        raise errors.repeated("GroupName", f"There is already a group {name}; choose another GroupName.")


def _put_records(transaction: Transaction, settings: Settings, group: Group) -> set[str]:
    """The hosts that lead to the group without anybody binding them."""
    put_group_record(transaction, settings, group)
    return put_group_domains(transaction, settings, group)


def put_group_record(transaction: Transaction, settings: Settings, group: Group) -> None:
    """After its stages have changed, too."""
    stages = stages_of_group(transaction, group.group_id)
    transaction.records.put(*group_record(group, stages, settings.region, record_fields(transaction, group)))


def _names(call: Call, group: Group) -> dict[str, Any]:
    return {
        "group_id": group.group_id,
        "group_name": group.name,
        "description": group.description,
        "base_path": group.base_path,
        "sub_domain": automatic_host_of(call, group.group_id),
    }


def _policies(transaction: Transaction, groups: Sequence[Group]) -> dict[str, str]:
    """The HTTPS policy of each instance that serves one of the groups."""
    return {one: require_instance(transaction, one).https_policy for one in {group.instance_id for group in groups}}


def _attributes(call: Call, group: Group, policies: Mapping[str, str]) -> dict[str, Any]:
    return {
        **_names(call, group),
        "instance_id": group.instance_id,
        "instance_type": instance_type(group.instance_id),
        "region_id": call.settings.region,
        "billing_status": "NORMAL",
        "illegal_status": "NORMAL",
        "traffic_limit": int(group.configuration.get("rps_limit_for_serverless") or 0) or _TRAFFIC_LIMIT,
        "https_policy": policies[group.instance_id],
        "created_time": utc_text(group.created_at),
        "modified_time": utc_text(group.modified_at),
    }
