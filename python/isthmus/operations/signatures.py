"""Operations on signature objects: the key by which a backend tells that a request comes from this gateway.

The older form of the `backendSignature` plug-in; `policies.py` binds and lists. Each write acts at once.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any

from isthmus.errors import Problem
from isthmus.model.policy import SigningKey
from isthmus.operations import policies
from isthmus.operations.call import Call
from isthmus.operations.fields import name_problems, raise_problems
from isthmus.operations.times import utc_text
from isthmus.store import Transaction
from isthmus.store.policies import SIGNATURE, Policy, PolicyFilter

_KEY = re.compile(r"[A-Za-z0-9_]{6,20}")
_SECRET = re.compile(r"[A-Za-z0-9_@#!*]{6,30}")


def create_signature(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    raise_problems(_problems(params))
    policy = Policy(
        policy_id=uuid.uuid4().hex,
        kind=SIGNATURE,
        name=params.signature_name,
        description="",
        content=SigningKey(params.signature_key, params.signature_secret),
        created_at=transaction.now,
        modified_at=transaction.now,
    )
    policies.add_new(transaction, policy, call.settings.policies_limit)
    return _named(policy)


def modify_signature(call: Call, params: Any) -> Mapping[str, Any]:
    """Partial."""
    policy, key = _require(call.transaction, params)
    raise_problems(_problems(params))
    content = SigningKey(params.signature_key or key.key, params.signature_secret or key.secret)
    return _named(policies.change(call.transaction, policy, name=params.signature_name, content=content))


def delete_signature(call: Call, params: Any) -> Mapping[str, Any]:
    policies.delete(call.transaction, _require(call.transaction, params)[0])
    return {}


def describe_signatures(call: Call, params: Any) -> Mapping[str, Any]:
    wanted = PolicyFilter(SIGNATURE, params.signature_id, params.signature_name)
    found, page = policies.list_of_kind(call, wanted, params)
    return {"signature_infos": [_shown(call, policy) for policy in found], **page}


def set_signature_apis(call: Call, params: Any) -> Mapping[str, Any]:
    return policies.bind(call, _require(call.transaction, params)[0], params)


def remove_signature_apis(call: Call, params: Any) -> Mapping[str, Any]:
    return policies.unbind(call, _require(call.transaction, params)[0], params)


def describe_signatures_by_api(call: Call, params: Any) -> Mapping[str, Any]:
    rows = policies.policies_of_api(call, SIGNATURE, params)
    return {"signatures": policies.renamed(rows, "signature")}


def describe_apis_by_signature(call: Call, params: Any) -> Mapping[str, Any]:
    return policies.apis_of_policy(call, _require(call.transaction, params)[0], params)


def describe_api_signatures(call: Call, params: Any) -> Mapping[str, Any]:
    rows, page = policies.bound_in_group(call, SIGNATURE, params)
    return {"api_signatures": policies.renamed(rows, "signature"), **page}


def _require(transaction: Transaction, params: Any) -> tuple[Policy, SigningKey]:
    policy = policies.require_policy(transaction, SIGNATURE, params.signature_id)
    assert isinstance(policy.content, SigningKey)
    return policy, policy.content


def _problems(params: Any) -> list[Problem]:
    problems = name_problems("SignatureName", params.signature_name, 50)
    key, secret = params.signature_key, params.signature_secret
    if key is not None and not _KEY.fullmatch(key):
        problems.append(Problem("SignatureKey", "must be 6 to 20 letters, digits and _."))
    if secret is not None and not _SECRET.fullmatch(secret):
        problems.append(Problem("SignatureSecret", "must be 6 to 30 letters, digits and _@#!*."))
    return problems


def _named(policy: Policy) -> dict[str, Any]:
    return {"signature_id": policy.policy_id, "signature_name": policy.name}


def _shown(call: Call, policy: Policy) -> dict[str, Any]:
    key = policy.content
    assert isinstance(key, SigningKey)
    return {
        **_named(policy),
        "signature_key": key.key,
        "signature_secret": key.secret,
        "region_id": call.settings.region,
        "created_time": utc_text(policy.created_at),
        "modified_time": utc_text(policy.modified_at),
    }
