"""`DescribeOverview`: the first page of the console in one answer.

Everything is read from the state as it is, nothing is remembered: a step of the checklist is done when what it makes is
there. Drift comes from `drift.py`, so that it is the same everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cryptography import x509

from isthmus.operations.call import Call
from isthmus.operations.drift import StageDrift, drifted_apis
from isthmus.operations.times import utc_text
from isthmus.store import Transaction
from isthmus.store.apis import Api
from isthmus.store.overview import count_everything, count_running, expiring_grants, has_event_about
from isthmus.store.records import head, records_of_kind

_DAY = 24 * 60 * 60 * 1000
_GRANTS_WITHIN, _CERTIFICATES_WITHIN = 7 * _DAY, 30 * _DAY
_MOST_LISTED = 20


def describe_overview(call: Call, _params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    counts, running = count_everything(transaction), count_running(transaction)
    drifted = drifted_apis(transaction, None, None)
    newest = head(transaction.connection).revision
    return {
        "counts": {**counts, "running": sum(running.values()), "drifted": len(drifted)},
        "running": [{"stage_name": stage, "apis": number} for stage, number in sorted(running.items())],
        "steps": [{"step": step, "done": done} for step, done in _steps(transaction, counts, running).items()],
        "drift": [_drift_row(api, drifts) for api, drifts in drifted[:_MOST_LISTED]],
        "expiring": [*_grants(transaction), *_certificates(transaction)],
        "engines": [_engine(entry, newest) for entry in call.nodes.engines()],
        "store_revision": newest,
    }


def _steps(transaction: Transaction, counts: Mapping[str, int], running: Mapping[str, int]) -> dict[str, bool]:
    """The walk-through, in its order."""
    return {
        "VPC_ACCESS": counts["vpc_accesses"] > 0,
        "GROUP": counts["groups"] > 0,
        "API": counts["apis"] > 0,
        "PUBLISH": running.get("RELEASE", 0) > 0,
        "APP": counts["apps"] > 0,
        "AUTHORIZE": counts["grants"] > 0,
        # Traffic is not in the store; what the debug page sent is.
        "CALL": has_event_about(transaction, "DebugApi 200"),
    }


def _drift_row(api: Api, drifts: list[StageDrift]) -> dict[str, Any]:
    stages = [
        {"stage_name": one.edition.stage, "state": one.state, "differences": len(one.differences)} for one in drifts
    ]
    return {"api_id": api.api_id, "api_name": api.name, "group_id": api.group_id, "stages": stages}


def _grants(transaction: Transaction) -> list[dict[str, Any]]:
    found = expiring_grants(transaction, transaction.now + _GRANTS_WITHIN, _MOST_LISTED)
    return [
        {
            "kind": "grant",
            "id": f"{one.api_id}/{one.stage}/{one.app_id}",
            "name": f"{one.app_name} → {one.api_name} ({one.stage})",
            "expires": utc_text(one.expires_at),
        }
        for one in found
    ]


def _certificates(transaction: Transaction) -> Iterator[dict[str, Any]]:
    """Those that end soon or have ended, by the certificate itself."""
    for body in _certificate_bodies(transaction):
        try:
            certificate = x509.load_pem_x509_certificate(str(body.get("chain_pem")).encode())
        except ValueError:
            continue
        ends = int(certificate.not_valid_after_utc.timestamp() * 1000)
        if ends <= transaction.now + _CERTIFICATES_WITHIN:
            name = ", ".join(str(host) for host in body.get("hosts", []))
            yield {"kind": "certificate", "id": body.get("certificate_id"), "name": name, "expires": utc_text(ends)}


def _certificate_bodies(transaction: Transaction) -> list[dict[str, Any]]:
    keys = [one.key for one in records_of_kind(transaction.connection, transaction.keyring, "certificate")]
    found = (transaction.records.body("certificate", key) for key in keys)
    return [body for body in found if body is not None]


def _engine(entry: Mapping[str, Any], newest: int) -> dict[str, Any]:
    return {
        "node": entry["node"],
        "state": entry["state"],
        "revision": entry["revision"],
        "lag": max(0, newest - entry["revision"]),
        "last_seen": utc_text(entry["last_seen"]),
        "refused": len(entry["refused"]),
    }
