"""Operations on the credentials of apps: AppKey/AppSecret pairs and AppCodes.

An AppKey and an AppCode are unique in the gateway. What is not chosen by the caller is random. Each write puts the
app's plan record, so the engines take the new credential at once and the old one no longer.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from itertools import zip_longest
from typing import Any

from isthmus import errors
from isthmus.errors import ApiError, Problem
from isthmus.operations.call import Call
from isthmus.operations.fields import raise_problems, read_app_id
from isthmus.operations.times import utc_text
from isthmus.publish.bindings import app_record
from isthmus.store import Transaction
from isthmus.store.app_owners import owner_of
from isthmus.store.apps import (
    App,
    AppCode,
    AppKey,
    codes_of_app,
    find_app,
    find_code,
    find_key,
    keys_of_app,
    put_code,
    put_key,
    remove_code,
    remove_key,
)

_SMALLEST_KEY, _KEYS = 100_000_000, 900_000_000
# A shorter secret could be guessed.
_SHORTEST_SECRET = 6


def describe_app_security(call: Call, params: Any) -> Mapping[str, Any]:
    """The newest pair and the newest code."""
    app = require_app(call.transaction, params.app_id)
    return next(iter(_securities(call.transaction, app.app_id)), {})


def describe_app_securities(call: Call, params: Any) -> Mapping[str, Any]:
    app = require_app(call.transaction, params.app_id)
    return {"app_securitys": _securities(call.transaction, app.app_id)}


def create_app_key(call: Call, params: Any) -> Mapping[str, Any]:
    app = require_app(call.transaction, read_app_id("AppId", params.app_id))
    raise_problems(credential_problems(app_key=params.app_key, app_secret=params.app_secret))
    add_key(call.transaction, app.app_id, params.app_key, params.app_secret)
    put_app_record(call.transaction, app)
    return {}


def delete_app_key(call: Call, params: Any) -> Mapping[str, Any]:
    app = require_app(call.transaction, read_app_id("AppId", params.app_id))
    key = find_key(call.transaction, params.app_key)
    if key is None or key.app_id != app.app_id:
        raise _no_such_key(params.app_key)
    remove_key(call.transaction, key.app_key)
    put_app_record(call.transaction, app)
    return {}


def create_app_code(call: Call, params: Any) -> Mapping[str, Any]:
    app = require_app(call.transaction, read_app_id("AppId", params.app_id))
    raise_problems(credential_problems(app_code=params.app_code))
    add_code(call.transaction, app.app_id, params.app_code)
    put_app_record(call.transaction, app)
    return {}


def delete_app_code(call: Call, params: Any) -> Mapping[str, Any]:
    app = require_app(call.transaction, read_app_id("AppId", params.app_id))
    code = find_code(call.transaction, params.app_code)
    if code is None or code.app_id != app.app_id:
        raise _no_such_code()
    remove_code(call.transaction, code.code)
    put_app_record(call.transaction, app)
    return {}


def reset_app_secret(call: Call, params: Any) -> Mapping[str, Any]:
    """A new secret for a pair, and a new key when one is given."""
    transaction = call.transaction
    raise_problems(credential_problems("New", app_key=params.new_app_key, app_secret=params.new_app_secret))
    key = find_key(transaction, params.app_key)
    if key is None:
        raise _no_such_key(params.app_key)
    changed = replace(
        key,
        app_key=params.new_app_key or key.app_key,
        secret=params.new_app_secret or secrets.token_hex(16),
        modified_at=transaction.now,
    )
    if changed.app_key != key.app_key:
        _check_key_is_free(transaction, changed.app_key)
    remove_key(transaction, key.app_key)
    put_key(transaction, changed)
    put_app_record(transaction, require_app(transaction, key.app_id))
    return {}


def reset_app_code(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    raise_problems(credential_problems("New", app_code=params.new_app_code))
    code = find_code(transaction, params.app_code)
    if code is None:
        raise _no_such_code()
    changed = replace(code, code=params.new_app_code or secrets.token_hex(16), modified_at=transaction.now)
    if changed.code != code.code:
        _check_code_is_free(transaction, changed.code)
    remove_code(transaction, code.code)
    put_code(transaction, changed)
    put_app_record(transaction, require_app(transaction, code.app_id))
    return {}


def credential_problems(
    prefix: str = "", app_key: str | None = None, app_secret: str | None = None, app_code: str | None = None
) -> list[Problem]:
    """What is wrong with chosen credentials; they travel in headers and queries."""
    problems = _problems(f"{prefix}AppKey", app_key, 1, 64)
    problems += _problems(f"{prefix}AppSecret", app_secret, _SHORTEST_SECRET, 128)
    return problems + _problems(f"{prefix}AppCode", app_code, _SHORTEST_SECRET, 128)


def add_key(transaction: Transaction, app_id: int, app_key: str | None, secret: str | None) -> None:
    """Raises: ApiError when the key is taken."""
    if app_key is None:
        app_key = _free_key(transaction)
    else:
        _check_key_is_free(transaction, app_key)
    put_key(transaction, AppKey(app_key, app_id, secret or secrets.token_hex(16), transaction.now, transaction.now))


def add_code(transaction: Transaction, app_id: int, code: str | None) -> None:
    """Raises: ApiError when the code is taken."""
    if code is not None:
        _check_code_is_free(transaction, code)
    put_code(transaction, AppCode(code or secrets.token_hex(16), app_id, transaction.now, transaction.now))


def put_app_record(transaction: Transaction, app: App) -> None:
    keys, codes = keys_of_app(transaction, app.app_id), codes_of_app(transaction, app.app_id)
    transaction.records.put(*app_record(app, keys, codes, owner_of(transaction, app.app_id)))


def require_app(transaction: Transaction, app_id: int) -> App:
    """Raises: ApiError."""
    # Larger numbers are no integers of the database.
    app = find_app(transaction, app_id) if 0 < app_id < 2**63 else None
    if app is None:
        raise errors.not_found("App", f"There is no app {app_id}.")
    return app


def _securities(transaction: Transaction, app_id: int) -> list[dict[str, Any]]:
    rows = []
    for key, code in zip_longest(keys_of_app(transaction, app_id), codes_of_app(transaction, app_id)):
        times = key or code
        rows.append(
            {
                "app_key": key and key.app_key,
                "app_secret": key and key.secret,
                "app_code": code and code.code,
                "created_time": utc_text(times.created_at),
                "modified_time": utc_text(times.modified_at),
            }
        )
    return rows


def _problems(parameter: str, value: str | None, shortest: int, longest: int) -> list[Problem]:
    if value is None:
        return []
    if not shortest <= len(value) <= longest:
        return [Problem(parameter, f"has {len(value)} characters; {shortest} to {longest} are allowed.")]
    if not all("!" <= character <= "~" for character in value):
        return [Problem(parameter, "may have printable ASCII characters only, and no space.")]
    return []


def _free_key(transaction: Transaction) -> str:
    while True:
        key = str(_SMALLEST_KEY + secrets.randbelow(_KEYS))
        if find_key(transaction, key) is None:
            return key


def _check_key_is_free(transaction: Transaction, app_key: str) -> None:
    if find_key(transaction, app_key) is not None:
        raise errors.repeated("AppKey", f"The AppKey {app_key} is already used; choose another one.")


def _check_code_is_free(transaction: Transaction, code: str) -> None:
    if find_code(transaction, code) is not None:
        # The code itself is a secret: it stays out of the message.
        raise errors.repeated("AppCode", "The AppCode is already used; choose another one.")


def _no_such_key(app_key: str) -> ApiError:
    return errors.not_found("AppKey", f"There is no AppKey {app_key[:64]}.")


def _no_such_code() -> ApiError:
    return errors.not_found("AppCode", "There is no such AppCode.")
