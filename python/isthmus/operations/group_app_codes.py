"""AppCodes of groups: a code for every API of one, one more place to send codes in, and hiding them from backends.

Called by `groups.py`, which writes the group and its record. Invariant: the group's own code is kept sealed, like those of
apps, and is no app's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from isthmus import errors
from isthmus.errors import Problem
from isthmus.operations.credentials import credential_problems
from isthmus.store import Transaction
from isthmus.store.apps import find_code
from isthmus.store.groups import Group

_OWN = "auth_app_code"
_PLACE = "custom_app_code_config"
_HIDDEN = "filter_app_code_for_backend"
_LOCATIONS = {"HEADER": "header", "HEAD": "header", "QUERY": "query"}
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")


def app_code_problems(params: Any) -> list[Problem]:
    """What is wrong with the fields of `ModifyApiGroup`."""
    problems: list[Problem] = []
    text = getattr(params, _PLACE, None)
    if text and isinstance(read := _place(text), str):
        problems.append(Problem("CustomAppCodeConfig", read))
    hidden = getattr(params, _HIDDEN, None)
    if hidden is not None and str(hidden).strip().lower() not in ("true", "false", ""):
        problems.append(Problem("FilterAppCodeForBackend", "must be true or false."))
    return problems


def with_app_code_fields(configuration: Mapping[str, str], params: Any) -> dict[str, str]:
    """The configuration after `ModifyApiGroup`; an empty text takes a setting away."""
    changed = dict(configuration)
    for name in (_PLACE, _HIDDEN):
        given = getattr(params, name, None)
        if given is not None:
            changed[name] = str(given).strip()
    return changed


def with_own_code(transaction: Transaction, group: Group, code: str) -> Group:
    """An empty code takes the old one away. Raises: ApiError when an app has the code."""
    configuration = {name: value for name, value in group.configuration.items() if name != _OWN}
    if code:
        if find_code(transaction, code) is not None:
            raise errors.repeated("AppCode", "This AuthAppCode is the AppCode of an app; choose another one.")
        configuration[_OWN] = transaction.keyring.seal("group_app_code", code).hex()
    return replace(group, configuration=configuration)


def own_code_problems(code: str) -> list[Problem]:
    return credential_problems("Auth", app_code=code) if code else []


def app_code_fields(group: Group) -> dict[str, Any]:
    """What `DescribeApiGroup` has a member for; never the code."""
    return {_PLACE: group.configuration.get(_PLACE)}


def record_fields(transaction: Transaction, group: Group) -> dict[str, Any]:
    """The part of the group's plan record; nothing when there is nothing to say."""
    found: dict[str, Any] = {}
    sealed = group.configuration.get(_OWN)
    if sealed:
        found["code"] = transaction.keyring.open("group_app_code", bytes.fromhex(sealed))
    place = _place(group.configuration.get(_PLACE) or "null")
    if isinstance(place, dict):
        found["place"] = place
    if group.configuration.get(_HIDDEN, "").lower() == "true":
        found["hidden"] = True
    return {"app_code": found} if found else {}


def _place(text: str) -> dict[str, str] | str:
    """The place, or what is wrong with it."""
    wrong = 'must be JSON like {"location": "HEADER", "name": "myAppCode"}; location is HEADER or QUERY.'
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return wrong
    if not isinstance(read, dict):
        return wrong
    location, name = _LOCATIONS.get(str(read.get("location")).upper()), read.get("name")
    if location is None or not isinstance(name, str) or not 1 <= len(name) <= 128 or not name.isprintable():
        return wrong
    if location == "header" and not _HEADER_NAME.fullmatch(name):
        return f"{name[:60]!r} is not a header name."
    return {location: name}
