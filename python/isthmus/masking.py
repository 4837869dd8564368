"""What of a management call may be kept where people read it: secrets become `***`, and what is long is cut.

Called by `operations/recording.py` for the audit trail. Secret is what is named here, and what a rule test finds in the
specification by its name must be here or be known as harmless. A plug-in's content shows only for types that have no
place for a secret.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from isthmus.difference import Difference

MASK = "***"

# Parameters, by their inside names.
SECRET_PARAMETERS = frozenset(
    [
        "app_code",
        "app_secret",
        "auth_app_code",
        "certificate_private_key",
        "headers",
        "new_app_code",
        "new_app_secret",
        "new_password",
        "old_password",
        "password",
        "plugin_data",
        "signature_secret",
    ]
)

# What a request is sent with: only its size is kept.
_SENT = frozenset({"body", "body_base64"})

# Types of plug-ins whose content may be shown.
_OPEN_PLUGINS = frozenset(["accessControl", "cors", "ipControl", "trafficControl", "caching", "circuitBreaker"])
_SECRET_PATHS = {
    "app": re.compile(r"Keys\[[^\]]*\]\.Secret|Codes"),
    "certificate": re.compile(r"KeyPem"),
    "network": re.compile(r"Attachment\.Password"),
}
_LONGEST_TEXT = 2000
_MOST_ENTRIES = 100


def shows_secret(plugins: Sequence[Mapping[str, Any]] | None) -> bool:
    """Whether an answer of an operation that may show secrets shows one; `plugins` are those in it, if it lists some."""
    return plugins is None or any(one["plugin_type"] not in _OPEN_PLUGINS for one in plugins)


def masked_parameters(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _masked_parameter(name, value) for name, value in values.items()}


def _masked_parameter(name: str, value: Any) -> Any:
    if name in SECRET_PARAMETERS:
        return MASK
    if name in _SENT and isinstance(value, str):
        return f"({len(value)} characters)"
    # What callers put into queries is theirs.
    return value.partition("?")[0] if name in ("path", "url") and isinstance(value, str) else _cut(value)


def masked_differences(kind: str, plugin_type: str, found: list[Difference]) -> list[Difference]:
    """`plugin_type` is that of a record of a plug-in, else empty."""
    pattern = _SECRET_PATHS.get(kind)
    hides_content = kind == "plugin" and plugin_type not in _OPEN_PLUGINS
    shown: list[Difference] = []
    for one in found[:_MOST_ENTRIES]:
        is_secret = pattern is not None and pattern.fullmatch(one.path) is not None
        is_secret = is_secret or (hides_content and one.path.startswith("Definition"))
        sides = (_masked(one.before), _masked(one.after)) if is_secret else (_cut(one.before), _cut(one.after))
        path = "Definition" if is_secret and kind == "plugin" else one.path
        if not shown or path != shown[-1].path:
            shown.append(Difference(path, *sides))
    return shown


def _masked(value: Any) -> Any:
    return None if value is None else MASK


def _cut(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= _LONGEST_TEXT else f"{value[:_LONGEST_TEXT]}… ({len(value)} characters)"
    if isinstance(value, Mapping):
        return {str(name): _secret_or_cut(str(name), inner) for name, inner in list(value.items())[:_MOST_ENTRIES]}
    if isinstance(value, list | tuple):
        return [_cut(inner) for inner in value[:_MOST_ENTRIES]]
    return value


def _secret_or_cut(name: str, value: Any) -> Any:
    return MASK if name in SECRET_PARAMETERS else _cut(value)
