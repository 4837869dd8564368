"""Rows of `users`, `sessions` and `setup_links`: who may use the console.

Called by `control/sessions.py` (sign-in), `operations/users.py` and `isthmus user`. Passwords are argon2id hashes;
tokens of sessions and links are random, and only their SHA-256 is stored. Invariant: a user who is disabled or has a new
password has no session.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from dataclasses import dataclass
from typing import NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import Row, delete, func, insert, select, update

from isthmus.store.database import Transaction
from isthmus.store.records import Change
from isthmus.store.schema import sessions, setup_links, users
from isthmus.store.selection import Page, contains_text, select_page

# RFC 9106's second choice: 64 MB, three passes.
_HASHER = PasswordHasher()
# Checked when there is no such user, so that an answer takes as long as for one that is there.
_NOBODY = _HASHER.hash(secrets.token_urlsafe(16))

_DAY = 24 * 60 * 60 * 1000
IDLE_LIMIT = _DAY // 2
SESSION_LIMIT = 7 * _DAY
LINK_LIMIT = _DAY


@dataclass(frozen=True)
class User:
    user_id: str
    name: str
    role: str
    disabled: bool
    created_at: int
    modified_at: int


class Users(NamedTuple):
    users: list[User]
    total: int


@dataclass(frozen=True)
class Session:
    user: User
    csrf: str


def count_users(transaction: Transaction) -> int:
    return transaction.connection.execute(select(func.count()).select_from(users)).scalar_one()


def count_owners(transaction: Transaction) -> int:
    """Owners who may sign in."""
    query = select(func.count()).select_from(users).where(users.c.role == "owner", ~users.c.disabled)
    return transaction.connection.execute(query).scalar_one()


def list_users(transaction: Transaction, name_part: str | None, page: Page) -> Users:
    query = select(users)
    if name_part is not None:
        query = query.where(contains_text(users.c.name, name_part))
    found = select_page(transaction, query, [users.c.name.asc()], page)
    return Users([_user(row) for row in found.rows], found.total)


def find_user_by_name(transaction: Transaction, name: str) -> User | None:
    row = transaction.connection.execute(select(users).where(users.c.name == name)).first()
    return None if row is None else _user(row)


def add_user(transaction: Transaction, name: str, role: str, password: str) -> User:
    """The caller has checked that the name is free."""
    user = User(uuid.uuid4().hex, name, role, False, transaction.now, transaction.now)
    values = {**vars(user), "password_hash": _HASHER.hash(password)}
    transaction.connection.execute(insert(users).values(values))
    transaction.note(Change("user", name, None, _told(user)))
    return user


def change_user(
    transaction: Transaction, user: User, role: str | None, disabled: bool | None, password: str | None
) -> None:
    """What is None stays. A disabled user, and one with a new password, is signed out everywhere."""
    values: dict[str, object] = {"modified_at": transaction.now}
    if role is not None:
        values["role"] = role
    if disabled is not None:
        values["disabled"] = disabled
    if password is not None:
        values["password_hash"] = _HASHER.hash(password)
    transaction.connection.execute(update(users).where(users.c.user_id == user.user_id).values(values))
    after = {**_told(user), **{name: value for name, value in values.items() if name in ("role", "disabled")}}
    if password is not None:
        after["password_set_at"] = transaction.now
    transaction.note(Change("user", user.name, _told(user), after))
    if disabled or password is not None:
        transaction.connection.execute(delete(sessions).where(sessions.c.user_id == user.user_id))


def remove_user(transaction: Transaction, user: User) -> None:
    """Takes the sessions with it."""
    transaction.connection.execute(delete(users).where(users.c.user_id == user.user_id))
    transaction.note(Change("user", user.name, _told(user), None))


def password_of(transaction: Transaction, name: str) -> tuple[User | None, str]:
    """The user who may sign in under this name, and the hash to check; one of nobody when there is none."""
    row = transaction.connection.execute(select(users).where(users.c.name == name)).first()
    if row is None or row.disabled:
        return None, _NOBODY
    return _user(row), row.password_hash


def is_password(password_hash: str, password: str) -> bool:
    """Takes a while, whatever the outcome: call it on a worker thread."""
    try:
        return _HASHER.verify(password_hash, password)
    except VerificationError:
        return False


def open_session(transaction: Transaction, user: User) -> tuple[str, Session]:
    """The session's token, which is not stored. Ends sessions that are over."""
    over = (sessions.c.used_at < transaction.now - IDLE_LIMIT) | (
        sessions.c.created_at < transaction.now - SESSION_LIMIT
    )
    transaction.connection.execute(delete(sessions).where(over))
    token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    row = {
        "token_digest": _digest(token),
        "user_id": user.user_id,
        "csrf": csrf,
        "created_at": transaction.now,
        "used_at": transaction.now,
    }
    transaction.connection.execute(insert(sessions).values(row))
    return token, Session(user, csrf)


def find_session(transaction: Transaction, token: str) -> tuple[Session, int] | None:
    """The session and when it was used last; None when it is over."""
    query = select(users, sessions.c.csrf, sessions.c.used_at, sessions.c.created_at.label("opened_at")).join(
        sessions, sessions.c.user_id == users.c.user_id
    )
    row = transaction.connection.execute(query.where(sessions.c.token_digest == _digest(token))).first()
    if row is None or row.disabled:
        return None
    if row.used_at < transaction.now - IDLE_LIMIT or row.opened_at < transaction.now - SESSION_LIMIT:
        return None
    return Session(_user(row), row.csrf), row.used_at


def touch_session(transaction: Transaction, token: str) -> None:
    used = update(sessions).where(sessions.c.token_digest == _digest(token)).values(used_at=transaction.now)
    transaction.connection.execute(used)


def close_session(transaction: Transaction, token: str) -> None:
    transaction.connection.execute(delete(sessions).where(sessions.c.token_digest == _digest(token)))


def make_setup_link(transaction: Transaction) -> str:
    """The token of a link that makes one owner within a day. Earlier links stop working."""
    token = secrets.token_urlsafe(24)
    transaction.connection.execute(delete(setup_links))
    row = {"token_digest": _digest(token), "expires_at": transaction.now + LINK_LIMIT}
    transaction.connection.execute(insert(setup_links).values(row))
    return token


def use_setup_link(transaction: Transaction, token: str) -> bool:
    """Whether the link was good; it is used up then."""
    good = (setup_links.c.token_digest == _digest(token)) & (setup_links.c.expires_at > transaction.now)
    return transaction.connection.execute(delete(setup_links).where(good)).rowcount > 0


def _told(user: User) -> dict[str, object]:
    """What the audit trail tells about a user."""
    return {"role": user.role, "disabled": user.disabled}


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _user(row: Row[tuple[object, ...]]) -> User:
    return User(row.user_id, row.name, row.role, row.disabled, row.created_at, row.modified_at)
