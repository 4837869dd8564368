"""Binding state as plan records, from its rows: groups, domains, apps, grants, networks, VPC accesses, plug-ins and so
on.

Called by the operations, which put the result into the transaction: what is here acts at once, without publishing.
Pure: no statement, no clock. Invariant: kind, key and body are exactly what the engine's plan types read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from isthmus.model.policy import AddressRules, PolicyContent, SigningKey, TrafficLimits
from isthmus.model.targets import AccessOptions
from isthmus.publish.recorded_parts import recorded_parts
from isthmus.publish.target_set import target_set
from isthmus.store.apps import App, AppCode, AppKey
from isthmus.store.datasets import Dataset, DatasetItem
from isthmus.store.domains import Certificate, Domain
from isthmus.store.grants import Grant
from isthmus.store.groups import Group, Stage
from isthmus.store.networks import Network, VpcAccess
from isthmus.store.plugins import Binding, Plugin
from isthmus.store.policies import Policy, PolicyBinding
from isthmus.store.stage_variables import StageVariable

# No caller has it: it stands where there is no item, so that ALLOW lets nobody in and REFUSE keeps nobody out.
_NOBODY = "0.0.0.0"


class RecordBody(NamedTuple):
    """The arguments of `RecordWriter.put`."""

    kind: str
    key: str
    body: dict[str, Any]


def group_record(group: Group, stages: Sequence[Stage], region: str, app_code: dict[str, Any]) -> RecordBody:
    """`app_code` is what the group says of AppCodes, or nothing."""
    headers = group.configuration.get("passthrough_headers", "").lower().split(",")
    body = {
        "group_id": group.group_id,
        "name": group.name,
        "instance_id": group.instance_id,
        "region": region,
        "stages": [stage.name for stage in stages],
        "passthrough_headers": [name.strip() for name in headers if name.strip()],
        **app_code,
    }
    if group.configuration.get("default_domain"):
        body["default_domain"] = group.configuration["default_domain"]
    recorded = recorded_parts(group.configuration.get("user_log_config") or "")
    if recorded:
        body["recorded"] = recorded
    if int(group.configuration.get("rps_limit_for_serverless") or 0):
        body["requests_per_second"] = int(group.configuration["rps_limit_for_serverless"])
    if group.configuration.get("left_instance_id"):
        left = group.configuration["left_instance_id"]
        body["leaving"] = {"instance_id": left, "until": int(group.configuration["left_until"])}
    return RecordBody("group", group.group_id, body)


def automatic_host(group_id: str, region: str, suffix: str) -> str:
    """The domain that a group has without anybody binding one."""
    return f"{group_id}-{region}.{suffix}".lower()


def automatic_domain_record(group_id: str, region: str, suffix: str) -> RecordBody:
    host = automatic_host(group_id, region, suffix)
    return RecordBody("domain", host, {"host": host, "group_id": group_id, "stage": None, "automatic": True})


def inner_host(group_id: str, region: str, suffix: str) -> str:
    """The domain for callers inside the private network."""
    return f"{group_id}-{region}-vpc.{suffix}".lower()


def inner_domain_record(group_id: str, region: str, suffix: str) -> RecordBody:
    host = inner_host(group_id, region, suffix)
    return RecordBody("domain", host, {"host": host, "group_id": group_id, "stage": None})


def domain_record(domain: Domain, certificate: Certificate | None) -> RecordBody:
    asks = certificate is not None and certificate.client_authorities
    body = {
        "host": domain.name,
        "group_id": domain.group_id,
        "stage": domain.stage or None,
        "https_redirect": domain.https_redirect,
        "client_certificate": certificate.certificate_id if certificate is not None and asks else None,
        "patterns": domain.patterns,
        "two_way": domain.two_way,
    }
    return RecordBody("domain", domain.name, body)


def certificate_record(certificate: Certificate) -> RecordBody:
    client = {
        "roots_pem": certificate.client_authorities,
        "depth": certificate.verify_depth,
        "subject_passed": certificate.subject_passed,
    }
    body = {
        "certificate_id": certificate.certificate_id,
        "hosts": [certificate.domain_name],
        "chain_pem": certificate.chain,
        "key_pem": certificate.key,
        "client": client if certificate.client_authorities else None,
    }
    return RecordBody("certificate", certificate.certificate_id, body)


def instance_record(instance_id: str, oldest_tls: str, limit: int | None, access: list[dict[str, Any]]) -> RecordBody:
    body = {"instance_id": instance_id, "oldest_tls": oldest_tls, "requests_per_second": limit, "access": access}
    return RecordBody("instance", instance_id, body)


def app_record(app: App, keys: Sequence[AppKey], codes: Sequence[AppCode], owner: str | None) -> RecordBody:
    body: dict[str, Any] = {
        "app_id": app.app_id,
        "name": app.name,
        "disabled": app.disabled,
        # In an order of their own, so that the same credentials are the same record.
        "keys": [{"key": key.app_key, "secret": key.secret} for key in sorted(keys, key=lambda key: key.app_key)],
        "codes": sorted(code.code for code in codes),
    }
    if owner is not None:
        body["user_id"] = owner
    if app.extend:
        body["extend"] = app.extend
    return RecordBody("app", str(app.app_id), body)


def grant_key(api_id: str, stage: str, app_id: int) -> str:
    return f"{api_id}/{stage}/{app_id}"


def grant_record(grant: Grant) -> RecordBody:
    body = {
        "api_id": grant.api_id,
        "stage": grant.stage,
        "app_id": grant.app_id,
        "expires_at": grant.expires_at,
    }
    return RecordBody("grant", grant_key(grant.api_id, grant.stage, grant.app_id), body)


def network_record(network: Network) -> RecordBody:
    body: dict[str, Any] = {
        "network_id": network.network_id,
        "attachment": _for_engines(network.attachment),
        "instances": network.known_instances,
        "cidrs": network.cidrs,
    }
    if network.special_addresses:
        body["special_addresses"] = network.special_addresses
    return RecordBody("network", network.network_id, body)


def _for_engines(attachment: dict[str, Any]) -> dict[str, Any]:
    """Through a tunnel an engine comes by the connector's socket; of the tunnel itself it knows nothing."""
    if attachment["mode"] != "wireguard":
        return attachment
    return {"mode": "connector", "socket": attachment["socket"]}


def stage_variables_key(group_id: str, stage: str) -> str:
    return f"{group_id}/{stage}"


def stage_variables_record(stage: Stage, variables: Sequence[StageVariable]) -> RecordBody:
    body = {
        "group_id": stage.group_id,
        "stage": stage.name,
        "variables": [_stage_variable(variable) for variable in variables],
    }
    return RecordBody("stage_variables", stage_variables_key(stage.group_id, stage.name), body)


def _stage_variable(variable: StageVariable) -> dict[str, Any]:
    route = variable.route
    if route is None:
        return {"name": variable.name, "value": variable.value}
    rules = [
        {
            "values": [part.strip() for part in rule["condition_value"].split(",") if part.strip()],
            "result": rule["result_value"],
        }
        for rule in route["route_rules"]
    ]
    found = {"parameter": route["service_parameter_name"], "location": route["location"].lower(), "rules": rules}
    return {"name": variable.name, "route": found}


def access_record(access: VpcAccess, options: AccessOptions) -> RecordBody:
    body: dict[str, Any] = {
        "access_id": access.access_id,
        "name": access.name,
        "network_id": access.network_id,
        "target": access.instance_id,
        "port": access.port,
        "host": access.host or None,
    }
    several = target_set(access.instance_id, access.port, options)
    if several is not None:
        body["set"] = several
    if options.tls_verify is False:
        body["verify_tls"] = False
    if options.http2:
        body["http2"] = True
    return RecordBody("vpc_access", access.name, body)


def plugin_record(plugin: Plugin, definition: dict[str, Any]) -> RecordBody:
    """`definition` is what the plug-in's text says."""
    body = {
        "plugin_id": plugin.plugin_id,
        "name": plugin.name,
        "type": plugin.plugin_type,
        "definition": definition,
    }
    return RecordBody("plugin", plugin.plugin_id, body)


def binding_key(binding: Binding) -> str:
    return f"{binding.scope}/{binding.target_id}/{binding.stage}/{binding.plugin_id}"


def binding_record(binding: Binding) -> RecordBody:
    body = {
        "scope": binding.scope,
        "target_id": binding.target_id,
        "stage": binding.stage,
        "plugin_id": binding.plugin_id,
    }
    return RecordBody("plugin_binding", binding_key(binding), body)


def dataset_record(dataset: Dataset, items: Sequence[DatasetItem]) -> RecordBody:
    body = {
        "dataset_id": dataset.dataset_id,
        "type": dataset.dataset_type,
        "items": [{"value": item.value, "expires_at": item.expires_at} for item in items],
    }
    return RecordBody("dataset", dataset.dataset_id, body)


def policy_record(policy: Policy) -> RecordBody:
    body = {
        "plugin_id": policy.policy_id,
        "name": policy.name,
        "type": policy.kind,
        "definition": _policy_definition(policy.content),
    }
    return RecordBody("plugin", policy.policy_id, body)


def policy_binding_key(binding: PolicyBinding) -> str:
    return f"api/{binding.api_id}/{binding.stage}/{binding.policy_id}"


def policy_binding_record(binding: PolicyBinding) -> RecordBody:
    body = {"scope": "api", "target_id": binding.api_id, "stage": binding.stage, "plugin_id": binding.policy_id}
    return RecordBody("plugin_binding", policy_binding_key(binding), body)


def blocks_of(cidr_ip: str) -> list[str]:
    return [part.strip() for part in cidr_ip.split(";") if part.strip()]


def _policy_definition(content: PolicyContent) -> dict[str, Any]:
    if isinstance(content, TrafficLimits):
        return _limits(content)
    if isinstance(content, AddressRules):
        return _addresses(content)
    return _signature(content)


def _limits(content: TrafficLimits) -> dict[str, Any]:
    limits = {"userDefault": content.user_default, "appDefault": content.app_default}
    definition: dict[str, Any] = {"unit": content.unit, "apiDefault": content.api_default}
    definition.update({name: value for name, value in limits.items() if value})
    specials: dict[str, list[dict[str, Any]]] = {}
    for special in content.specials:
        policy = {"key": special.special_key, "value": special.traffic_value}
        specials.setdefault(special.special_type, []).append(policy)
    if specials:
        definition["specials"] = [{"type": kind, "policies": found} for kind, found in sorted(specials.items())]
    return definition


def _addresses(content: AddressRules) -> dict[str, Any]:
    items: list[dict[str, Any]] = []
    for item in content.items:
        one: dict[str, Any] = {"blocks": blocks_of(item.cidr_ip)}
        items.append(one if item.app_id is None else {**one, "appId": item.app_id})
    return {"type": content.control_type, "items": items or [{"blocks": [_NOBODY]}]}


def _signature(content: SigningKey) -> dict[str, Any]:
    return {"type": "APIGW_BACKEND", "key": content.key, "secret": content.secret}
