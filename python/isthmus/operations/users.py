"""Operations on the users of the console.

A user has one role (`isthmus.roles`). Invariant: somebody who may sign in is always an owner, or nobody could make another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from isthmus import errors
from isthmus.errors import Problem
from isthmus.operations.call import Call
from isthmus.operations.fields import raise_problems
from isthmus.operations.paging import page_fields, page_of
from isthmus.operations.times import utc_text
from isthmus.roles import OWNER, ROLES
from isthmus.store import Transaction
from isthmus.store.users import (
    User,
    add_user,
    change_user,
    count_owners,
    find_user_by_name,
    is_password,
    list_users,
    password_of,
    remove_user,
)

LEAST_PASSWORD, MOST_PASSWORD = 12, 256


def create_user(call: Call, params: Any) -> Mapping[str, Any]:
    raise_problems(user_problems(params.user_name) + _role_problems(params.role) + password_problems(params.password))
    if find_user_by_name(call.transaction, params.user_name) is not None:
        raise errors.repeated("UserName", f"There is already a user {params.user_name}; choose another UserName.")
    user = add_user(call.transaction, params.user_name, params.role, params.password)
    return {"user_id": user.user_id}


def modify_user(call: Call, params: Any) -> Mapping[str, Any]:
    """Partial. A new password, or disabling, signs the user out everywhere."""
    user = _require_user(call.transaction, params.user_name)
    problems = [] if params.role is None else _role_problems(params.role)
    problems += [] if params.password is None else password_problems(params.password)
    raise_problems(problems)
    change_user(call.transaction, user, params.role, params.disabled, params.password)
    _check_an_owner_is_left(call.transaction, user)
    return {}


def change_password(call: Call, params: Any) -> Mapping[str, Any]:
    """One's own, whatever the role. It signs the user out everywhere, here too."""
    prefix, _, name = call.access_key_id.partition(":")
    if prefix != "user" or not name:
        text = "An access key has no password; sign in to the console as the user whose password it is."
        raise errors.single("Forbidden.Role", text)
    raise_problems([replace(one, parameter="NewPassword") for one in password_problems(params.new_password)])
    user, password_hash = password_of(call.transaction, name)
    if not is_password(password_hash, params.old_password) or user is None:
        raise errors.invalid([Problem("OldPassword", "is not the password that you sign in with.")])
    if params.new_password == params.old_password:
        raise errors.invalid([Problem("NewPassword", "is the old one; choose another.")])
    change_user(call.transaction, user, None, None, params.new_password)
    return {}


def delete_user(call: Call, params: Any) -> Mapping[str, Any]:
    user = _require_user(call.transaction, params.user_name)
    remove_user(call.transaction, user)
    _check_an_owner_is_left(call.transaction, user)
    return {}


def describe_users(call: Call, params: Any) -> Mapping[str, Any]:
    page = page_of(params)
    found = list_users(call.transaction, params.user_name, page)
    rows = [
        {
            "user_id": user.user_id,
            "user_name": user.name,
            "role": user.role,
            "disabled": user.disabled,
            "created_time": utc_text(user.created_at),
            "modified_time": utc_text(user.modified_at),
        }
        for user in found.users
    ]
    return {"users": rows, **page_fields(page, found.total)}


def user_problems(name: str) -> list[Problem]:
    if not 1 <= len(name) <= 64 or not name.isprintable() or name != name.strip() or " " in name:
        return [Problem("UserName", "must be 1 to 64 characters without spaces.")]
    return []


def password_problems(password: str) -> list[Problem]:
    if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
        return [Problem("Password", f"must have {LEAST_PASSWORD} to {MOST_PASSWORD} characters.")]
    return []


def _role_problems(role: str) -> list[Problem]:
    return [] if role in ROLES else [Problem("Role", f"{role[:40]!r} is not a role; use one of {', '.join(ROLES)}.")]


def _require_user(transaction: Transaction, name: str) -> User:
    user = find_user_by_name(transaction, name)
    if user is None:
        raise errors.not_found("User", f"There is no user {name[:64]}.")
    return user


def _check_an_owner_is_left(transaction: Transaction, user: User) -> None:
    """Within the transaction, so the change that would leave none is undone. Raises: ApiError."""
    if user.role == OWNER and count_owners(transaction) == 0:
        text = f"{user.name} is the last owner who can sign in; make another owner first."
        raise errors.dependency_violation("Owner", text)
