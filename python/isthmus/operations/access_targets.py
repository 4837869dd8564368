"""Our own parameters of VPC accesses: further targets, balance, health checks, whether certificates are
verified, and whether HTTP/2 is spoken.

Called by `vpc_access.py`. A parameter that is left out keeps its value; an empty list or object takes it away. Invariant:
every target of an access is checked as its own `InstanceId` is, so that further targets open nothing more.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from isthmus.errors import Problem
from isthmus.model.targets import AccessOptions, AccessTarget, HealthCheck
from isthmus.operations.fields import raise_problems
from isthmus.operations.json_text import JsonReader
from isthmus.operations.targets import target_problems
from isthmus.publish.target_set import balance_problem, status_range
from isthmus.store.networks import Network, VpcAccess

_MOST_TARGETS = 255
_MOST_WEIGHT = 100
_LONGEST_MS = 3_600_000


def read_options(params: Any, before: AccessOptions) -> AccessOptions:
    """Raises: ApiError."""
    reader, options = JsonReader(), before
    if params.targets is not None:
        options = replace(options, targets=reader.read_list("Targets", params.targets, AccessTarget))
    if params.health_check is not None:
        check = reader.read_object("HealthCheck", params.health_check, HealthCheck)
        options = replace(options, health_check=None if check == HealthCheck() else check)
    given = {
        "weight": params.weight,
        "balance": params.balance,
        "balance_header": params.balance_header,
        "when_all_down": params.when_all_down,
    }
    options = replace(options, **{name: value for name, value in given.items() if value is not None})
    if params.tls_verify is not None:
        # Said or not, that is the same.
        options = replace(options, tls_verify=None if params.tls_verify else False)
    if params.http2 is not None:
        options = replace(options, http2=True if params.http2 else None)
    _check(reader, options)
    raise_problems(reader.problems)
    return options


def check_targets(network: Network, access: VpcAccess, options: AccessOptions, loopback_is_allowed: bool) -> None:
    """Raises: ApiError when a target cannot be one in this network."""
    problems = []
    seen = {(access.instance_id, access.port)}
    for index, one in enumerate(options.targets):
        target, port = one.instance_id or "", one.port or access.port
        path = f"Targets[{index}].InstanceId"
        problems += [Problem(path, found.text) for found in target_problems(network, target, loopback_is_allowed)]
        if (target, port) in seen:
            problems.append(Problem(path, f"{target[:60]!r} with port {port} is a target already."))
        seen.add((target, port))
    raise_problems(problems[:20])


def show_options(options: AccessOptions) -> dict[str, Any]:
    check = options.health_check
    return {
        "targets": [vars(one) for one in options.targets] or None,
        "weight": options.weight,
        "balance": options.balance,
        "balance_header": options.balance_header,
        "health_check": None if check is None else vars(check),
        "when_all_down": options.when_all_down,
        "tls_verify": options.tls_verify,
        "http2": options.http2,
    }


def _check(reader: JsonReader, options: AccessOptions) -> None:
    if len(options.targets) > _MOST_TARGETS:
        reader.report("Targets", f"has more than {_MOST_TARGETS} entries.")
    for index, one in enumerate(options.targets[:_MOST_TARGETS]):
        path = f"Targets[{index}]"
        if not one.instance_id or len(one.instance_id) > 255:
            reader.report(f"{path}.InstanceId", "is required: an address or an instance of the network.")
        if one.port is not None and not 1 <= one.port <= 65535:
            reader.report(f"{path}.Port", f"{one.port} is not a port.")
        _weight(reader, f"{path}.Weight", one.weight)
    _weight(reader, "Weight", options.weight)
    if options.weight == 0 and all(one.weight == 0 for one in options.targets):
        reader.report("Weight", "is 0 for every target, so none would get a request.")
    problem = balance_problem(options.balance, options.balance_header)
    if problem is not None:
        reader.report(*problem)
    down = (options.when_all_down or "").upper()
    if down and down not in ("SERVE", "REFUSE"):
        reader.report("WhenAllDown", f"{down[:40]!r} is neither SERVE nor REFUSE.")
    if options.health_check is not None:
        _check_health(reader, options.health_check)


def _check_health(reader: JsonReader, check: HealthCheck) -> None:
    kind = (check.type or "").upper()
    if kind not in ("TCP", "HTTP", "HTTPS"):
        reader.report("HealthCheck.Type", f"{kind[:40]!r} is not TCP, HTTP or HTTPS.")
    path = check.path or "/"
    if not path.startswith("/") or len(path) > 1024 or not all("!" <= one <= "~" for one in path):
        reader.report("HealthCheck.Path", f"{path[:60]!r} is no path.")
    if check.status and status_range(check.status) is None:
        reader.report("HealthCheck.Status", f"{check.status[:40]!r} is no status, nor two such as 200-399.")
    for name, value in (("Interval", check.interval), ("Timeout", check.timeout)):
        if value is not None and not 10 <= value <= _LONGEST_MS:
            reader.report(f"HealthCheck.{name}", f"must be between 10 and {_LONGEST_MS} milliseconds.")
    for name, value in (
        ("UnhealthyThreshold", check.unhealthy_threshold),
        ("HealthyThreshold", check.healthy_threshold),
    ):
        if value is not None and not 1 <= value <= 100:
            reader.report(f"HealthCheck.{name}", "must be between 1 and 100.")


def _weight(reader: JsonReader, path: str, weight: int | None) -> None:
    if weight is not None and not 0 <= weight <= _MOST_WEIGHT:
        reader.report(path, f"must be between 0 and {_MOST_WEIGHT}.")
