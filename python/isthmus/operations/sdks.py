"""Operations that make clients of published APIs, and the links under which they are downloaded.

A link names what the client is of, and carries an expiry and a keyed hash, so that nothing is stored and nobody without
the answer can guess one. The client is written when it is fetched (`control/downloads.py`), from what runs in RELEASE
at that moment. Invariant: a client has nothing of a backend.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from typing import Any

from isthmus import errors
from isthmus.errors import Problem
from isthmus.operations.apis import draft_of
from isthmus.operations.call import Call
from isthmus.operations.credentials import require_app
from isthmus.operations.groups import automatic_host_of, require_group
from isthmus.sdk.archive import LANGUAGES, language_of, write_archive
from isthmus.sdk.methods import describe
from isthmus.sealing import Keyring
from isthmus.store.editions import EditionRow, online_of_apis, online_of_group
from isthmus.store.grants import grants_of_app

_STAGE = "RELEASE"
_VALID_MS = 3600 * 1000
_MOST_APIS = 1000


def sdk_generate_by_group(call: Call, params: Any) -> Mapping[str, Any]:
    return _link(call, "group", str(params.group_id), params.language)


def sdk_generate_by_app(call: Call, params: Any) -> Mapping[str, Any]:
    return _link(call, "app", str(params.app_id), params.language)


def sdk_generate_by_app_for_region(call: Call, params: Any) -> Mapping[str, Any]:
    """There is one region."""
    return _link(call, "app", str(params.app_id), params.language)


def write_sdk(call: Call, kind: str, owner: str, language: str) -> bytes:
    """The archive. Raises: ApiError when there is nothing to make a client of."""
    methods = []
    for edition in _editions(call, kind, owner):
        group = require_group(call.transaction, edition.group_id)
        host = automatic_host_of(call, group.group_id)
        methods.append(describe(draft_of(edition.definition), group.base_path, host, edition.stage))
    return write_archive(language, sorted(methods, key=lambda method: (method.name, method.host, method.path)))


def link_is_valid(keyring: Keyring, place: str, expires: str, signature: str, now: int) -> bool:
    """Whether a link was made here and holds. `place` is its path."""
    if not expires.isascii() or not expires.isdigit() or len(expires) > 15 or int(expires) < now:
        return False
    return hmac.compare_digest(_signature(keyring, place, expires).encode(), signature.encode())


def _link(call: Call, kind: str, owner: str, language: str) -> dict[str, str]:
    known = language_of(language)
    if known is None:
        text = f"{language[:40]!r} is none of {', '.join(LANGUAGES)}, the languages that clients are written in."
        raise errors.invalid([Problem("Language", text)])
    # Told now rather than to whoever follows the link.
    _editions(call, kind, owner)
    place = f"/sdk/{kind}/{owner}/{known}"
    expires = str(call.transaction.now + _VALID_MS)
    signature = _signature(call.transaction.keyring, place, expires)
    return {"download_link": f"http://{call.settings.admin}{place}?expires={expires}&signature={signature}"}


def _signature(keyring: Keyring, place: str, expires: str) -> str:
    return hmac.new(keyring.derive("sdk/link"), f"{place}\n{expires}".encode(), hashlib.sha256).hexdigest()


def _editions(call: Call, kind: str, owner: str) -> list[EditionRow]:
    """What runs in RELEASE of a group, or of the APIs that an app may call there."""
    found: Iterable[EditionRow]
    if kind == "group":
        group = require_group(call.transaction, owner)
        found = online_of_group(call.transaction, group.group_id, _STAGE)
        what = f"the group {group.group_id}"
    else:
        app = require_app(call.transaction, int(owner))
        granted = [grant.api_id for grant in grants_of_app(call.transaction, app.app_id) if grant.stage == _STAGE]
        found = online_of_apis(call.transaction, granted[:_MOST_APIS], _STAGE)
        what = f"the app {app.app_id}"
    editions = list(found)
    if not editions:
        raise errors.not_found("Api", f"No API of {what} runs in {_STAGE}, so there is nothing to make a client of.")
    return editions
