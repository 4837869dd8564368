"""Operations on tags, for the resources that can carry them.

Tagging is all or nothing: every resource must exist. A list pages by a token, which is the place where it stopped.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Any

from isthmus import errors
from isthmus.errors import Problem
from isthmus.operations.call import Call
from isthmus.operations.fields import MOST_TAGS, raise_problems, tag_problems
from isthmus.store import Transaction
from isthmus.store.tags import TAGGED_TYPES, existing_resources, list_tags, put_tags, remove_tags, tags_of

_MOST_RESOURCES = 50
_PAGE = 100
_TYPES = {name.lower(): name for name in TAGGED_TYPES}


def tag_resources(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    resource_type, resource_ids = _resources(params)
    given = params.tag or ()
    raise_problems(tag_problems(given) or ([] if given else [Problem("Tag", "is required.")]))
    _check_exist(transaction, resource_type, resource_ids)
    present = tags_of(transaction, resource_type, resource_ids)
    for resource_id in resource_ids:
        keys = {tag["key"] for tag in present[resource_id]} | {tag["key"] for tag in given}
        if len(keys) > MOST_TAGS:
            text = f"{resource_id} would have {len(keys)} tags; a resource has at most {MOST_TAGS}."
            raise errors.exceed_limit("Tag", text)
        put_tags(transaction, resource_type, resource_id, given)
    return {}


def untag_resources(call: Call, params: Any) -> Mapping[str, Any]:
    """Takes the named keys, or all of them when `All` is set; with neither it changes nothing."""
    transaction = call.transaction
    resource_type, resource_ids = _resources(params)
    keys = list(params.tag_key or ())
    if not keys and params.all:
        present = tags_of(transaction, resource_type, resource_ids)
        keys = list({tag["key"]: None for found in present.values() for tag in found})
    remove_tags(transaction, resource_type, resource_ids, keys)
    return {}


def list_tag_resources(call: Call, params: Any) -> Mapping[str, Any]:
    """A resource that is not there has no tags: clients ask before they know that it is gone."""
    resource_type = _resource_type(params.resource_type)
    resource_ids = None if not params.resource_id else list(dict.fromkeys(params.resource_id))
    wanted = params.tag or ()
    if resource_ids is None and not wanted:
        raise errors.missing("ResourceId", "Send ResourceId or Tag.")
    raise_problems(tag_problems(wanted) + _count_problems(resource_ids or ()))
    after = None if params.next_token is None else _read_token(params.next_token)
    found = list_tags(call.transaction, resource_type, resource_ids, wanted, after, _PAGE + 1)
    rows = [
        {"resource_type": resource_type, "resource_id": resource_id, "tag_key": key, "tag_value": value}
        for resource_id, key, value in found[:_PAGE]
    ]
    more = len(found) > _PAGE
    return {"tag_resources": rows, "next_token": _token(found[_PAGE - 1]) if more else ""}


def _resources(params: Any) -> tuple[str, list[str]]:
    resource_type = _resource_type(params.resource_type)
    resource_ids = list(dict.fromkeys(params.resource_id or ()))
    if not resource_ids:
        raise errors.missing("ResourceId")
    raise_problems(_count_problems(resource_ids))
    return resource_type, resource_ids


def _resource_type(text: str) -> str:
    known = _TYPES.get(text.lower())
    if known is None:
        names = ", ".join(_TYPES.values())
        raise errors.invalid([Problem("ResourceType", f"{text[:40]!r} cannot carry tags; use one of {names}.")])
    return known


def _count_problems(resource_ids: Sequence[str]) -> list[Problem]:
    if len(resource_ids) <= _MOST_RESOURCES:
        return []
    text = f"has {len(resource_ids)} entries; send at most {_MOST_RESOURCES} in one call."
    return [Problem("ResourceId", text)]


def _check_exist(transaction: Transaction, resource_type: str, resource_ids: Sequence[str]) -> None:
    existing = existing_resources(transaction, resource_type, resource_ids)
    lacking = [resource_id for resource_id in resource_ids if resource_id not in existing]
    if lacking:
        raise errors.not_found("ResourceId", f"There is no {resource_type} {', '.join(lacking)[:400]}.")


def _token(place: tuple[str, str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(place[:2]).encode()).decode()


def _read_token(text: str) -> tuple[str, str]:
    try:
        resource_id, key = json.loads(base64.urlsafe_b64decode(text.encode()))
        if isinstance(resource_id, str) and isinstance(key, str):
            return resource_id, key
    except (ValueError, TypeError, binascii.Error, RecursionError):
        pass
    raise errors.invalid([Problem("NextToken", "is not a token of this operation; leave it out to start again.")])
