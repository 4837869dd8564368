"""The vendor's extension keys of OpenAPI documents, and how a value of one is found.

Used by everything else here. A key may stand at the operation, at its path, or at the root for all; the misspelt key of
most documents in the wild counts like the right one. Invariant: keys are compared as they are, as the vendor does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

PREFIX = "x-aliyun-apigateway-"

_ALIASES = {
    "parameter-handling": ("paramater-handling",),
    "open-id-connect-config": ("openid-connect-config",),
    "websocket-api-type": ("web-socket-api-type",),
    "force-nonce-check": ("api-force-nonce-check",),
}

# What an operation can say, besides the methods that OpenAPI has no field for.
OPERATION_KEYS = frozenset(
    {
        "allow-signature-method",
        "api-name",
        "app-code-auth-type",
        "auth-type",
        "backend",
        "backend-enable",
        "backend-id",
        "constant-parameters",
        "description",
        "disable-internet",
        "error-code-samples",
        "force-nonce-check",
        "open-id-connect-config",
        "parameter-handling",
        "request-config",
        "request-parameters",
        "result-config",
        "result-descriptions",
        "service-config",
        "service-parameters",
        "service-parameters-map",
        "system-parameters",
        "visibility",
        "websocket-api-type",
    }
)
PARAMETER_KEYS = frozenset({"backend-location", "backend-name", "parameter"})
# Where it is accepted without an effect: there is no marketplace.
WITHOUT_EFFECT = frozenset({"api-market-enable"})
_EXTRA_METHOD = re.compile(r"x-aliyun-apigateway-(any|trace|connect)-method")

_OAS_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def method_of(key: str, version: str) -> str | None:
    """The method, upper case, when a member of a path is an operation."""
    extra = _EXTRA_METHOD.fullmatch(key)
    if extra is not None:
        return extra[1].upper()
    if key in _OAS_METHODS and not (key == "trace" and version == "2.0"):
        return key.upper()
    return None


def member_of(method: str, version: str) -> str:
    """The member of a path under which an operation stands."""
    name = method.lower()
    return name if method_of(name, version) else f"{PREFIX}{name}-method"


def find(name: str, places: Sequence[Mapping[str, Any]]) -> Any:
    """The value of a key at the first place that has it."""
    for place in places:
        for spelling in (name, *_ALIASES.get(name, ())):
            if PREFIX + spelling in place:
                return place[PREFIX + spelling]
    return None


def unknown_keys(place: Mapping[str, Any], known: frozenset[str]) -> list[str]:
    """Keys of the vendor's that mean nothing here."""
    spellings = known | {alias for name in known for alias in _ALIASES.get(name, ())}
    return [
        key
        for key in place
        if key.startswith(PREFIX) and key[len(PREFIX) :] not in spellings and not _EXTRA_METHOD.fullmatch(key)
    ]
