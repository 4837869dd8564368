"""Several targets of a VPC access as the plan has them (`crates/plan/src/targets.rs`).

Called by `bindings.py` with options that `operations/access_targets.py` found nothing wrong with. Pure.
"""

from __future__ import annotations

import re
from typing import Any

from isthmus.model.targets import AccessOptions, HealthCheck

BALANCES = ("ROUND_ROBIN", "LEAST_REQUESTS", "CLIENT_ADDRESS", "HEADER")
_HEADER = re.compile(r"[A-Za-z0-9_-]{1,128}")
_BALANCE = {"LEAST_REQUESTS": "least_requests", "CLIENT_ADDRESS": "client_address"}


def target_set(instance_id: str, port: int, options: AccessOptions) -> dict[str, Any] | None:
    """None when there is one target, and nothing to be known of it."""
    if not options.targets and options.health_check is None:
        return None
    targets = [{"target": instance_id, "port": port, "weight": _weight(options.weight)}]
    for one in options.targets:
        targets.append({"target": one.instance_id or "", "port": one.port or port, "weight": _weight(one.weight)})
    found: dict[str, Any] = {"targets": targets}
    balance = balance_of(options.balance, options.balance_header)
    if balance is not None:
        found["balance"] = balance
    if options.health_check is not None:
        found["check"] = _check(options.health_check)
    if (options.when_all_down or "").upper() == "REFUSE":
        found["when_all_down"] = "refuse"
    return found


def balance_of(balance: str | None, header: str | None) -> dict[str, str] | None:
    """None is round robin."""
    kind = (balance or "").upper()
    if kind == "HEADER":
        return {"by": "header", "name": header or ""}
    return {"by": _BALANCE[kind]} if kind in _BALANCE else None


def balance_problem(balance: str | None, header: str | None) -> tuple[str, str] | None:
    """The parameter, and what is wrong with it."""
    kind, name = (balance or "").upper(), header or ""
    if kind and kind not in BALANCES:
        return "Balance", f"{kind[:40]!r} is not one of {', '.join(BALANCES)}."
    if kind == "HEADER" and not _HEADER.fullmatch(name):
        return "BalanceHeader", f"{name[:60]!r} is not a header name; HEADER needs one."
    return None


def status_range(text: str) -> tuple[int, int] | None:
    """200-399 or 204; None for anything else."""
    first, _, last = text.partition("-")
    parts = (first.strip(), (last or first).strip())
    if not all(part.isascii() and part.isdigit() and len(part) == 3 for part in parts):
        return None
    low, high = int(parts[0]), int(parts[1])
    return (low, high) if 100 <= low <= high <= 599 else None


def _weight(weight: int | None) -> int:
    return 1 if weight is None else weight


def _check(check: HealthCheck) -> dict[str, Any]:
    found: dict[str, Any] = {
        "kind": (check.type or "TCP").lower(),
        "interval_ms": check.interval or 5000,
        "timeout_ms": check.timeout or 2000,
        "unhealthy_after": check.unhealthy_threshold or 3,
        "healthy_after": check.healthy_threshold or 2,
    }
    if check.path:
        found["path"] = check.path
    statuses = status_range(check.status or "")
    if statuses is not None:
        found["statuses"] = list(statuses)
    return found
