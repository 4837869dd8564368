"""OpenID Connect settings of an API: what is wrong with them, and what the engine is told.

Called by `check.py` and `compile.py`. An API of the type IDTOKEN hands out tokens and brings the key that verifies them; one
of the type BUSINESS asks for a token in a parameter. Invariant: the key that an edition carries is a public key as a JSON
Web Key that the engine reads, whatever form it was given in.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_public_key,
)

from isthmus.errors import Problem
from isthmus.model import Draft

_CURVES = {"secp256r1": ("P-256", 32), "secp384r1": ("P-384", 48)}
_LOCATIONS = {"HEAD": "head", "QUERY": "query"}


def asks_for_token(draft: Draft) -> bool:
    return draft.auth_type.upper() in ("APPOPENID", "OPENID")


def open_id_problems(draft: Draft) -> Iterator[Problem]:
    if not asks_for_token(draft):
        return
    config = draft.open_id_connect_config
    kind = ((config.open_id_api_type if config is not None else None) or "").strip().upper()
    if config is None or kind not in ("IDTOKEN", "BUSINESS"):
        yield Problem("OpenIdConnectConfig.OpenIdApiType", "must be IDTOKEN or BUSINESS for this AuthType.")
    elif kind == "IDTOKEN":
        if not config.public_key_id:
            yield Problem("OpenIdConnectConfig.PublicKeyId", "is required: tokens name their key by it (kid).")
        try:
            _public_key(config.public_key or "")
        except ValueError as error:
            yield Problem("OpenIdConnectConfig.PublicKey", str(error))
    elif not config.id_token_param_name:
        yield Problem("OpenIdConnectConfig.IdTokenParamName", "is required: the parameter that has the token.")
    elif _location(draft, config.id_token_param_name) is None:
        text = f"{config.id_token_param_name[:60]!r} is not declared in RequestParameters as HEAD or QUERY."
        yield Problem("OpenIdConnectConfig.IdTokenParamName", text)


def compile_open_id(draft: Draft) -> dict[str, Any] | None:
    config = draft.open_id_connect_config
    if not asks_for_token(draft) or config is None:
        return None
    if (config.open_id_api_type or "").strip().upper() == "IDTOKEN":
        return {"type": "id_token", "jwk": {**_public_key(config.public_key or ""), "kid": config.public_key_id}}
    name = config.id_token_param_name or ""
    return {"type": "business", "parameter": name, "location": _location(draft, name)}


def _location(draft: Draft, name: str) -> str | None:
    for parameter in draft.request_parameters:
        if parameter.api_parameter_name == name:
            return _LOCATIONS.get((parameter.location or "").upper())
    # Passing through, a header needs no declaration.
    return "head" if draft.request_mode == "PASSTHROUGH" else None


def _public_key(text: str) -> dict[str, str]:
    """The key as a JSON Web Key. Raises: ValueError with what is wrong, in words for the caller."""
    text = text.strip()
    if not text:
        raise ValueError("is required.")
    try:
        return _as_jwk(_from_jwk(text) if text.startswith("{") else _from_pem_or_der(text))
    except (ValueError, TypeError, KeyError, binascii.Error, UnsupportedAlgorithm, RecursionError):
        what = "a JSON Web Key, PEM or base64 of DER; RSA from 2048 bits, EC on P-256 or P-384, or Ed25519"
        raise ValueError(f"is not a public key ({what}).") from None


def _from_pem_or_der(text: str) -> Any:
    if text.startswith("-----"):
        return load_pem_public_key(text.encode())
    return load_der_public_key(base64.b64decode("".join(text.split()), validate=True))


def _from_jwk(text: str) -> Any:
    jwk = json.loads(text)
    if jwk["kty"] == "RSA":
        return rsa.RSAPublicNumbers(_number(jwk["e"]), _number(jwk["n"])).public_key()
    if jwk["kty"] == "EC":
        curve = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1}[jwk["crv"]]
        return ec.EllipticCurvePublicNumbers(_number(jwk["x"]), _number(jwk["y"]), curve()).public_key()
    if jwk["kty"] == "OKP" and jwk["crv"] == "Ed25519":
        return ed25519.Ed25519PublicKey.from_public_bytes(_bytes(jwk["x"]))
    raise ValueError


def _as_jwk(key: Any) -> dict[str, str]:
    if isinstance(key, rsa.RSAPublicKey) and 2048 <= key.key_size <= 8192:
        numbers = key.public_numbers()
        return {"kty": "RSA", "n": _text(numbers.n), "e": _text(numbers.e)}
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        name, length = _CURVES[key.curve.name]
        point = key.public_numbers()
        return {"kty": "EC", "crv": name, "x": _text(point.x, length), "y": _text(point.y, length)}
    if isinstance(key, ed25519.Ed25519PublicKey):
        raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return {"kty": "OKP", "crv": "Ed25519", "x": _encoded(raw)}
    raise ValueError


def _number(text: str) -> int:
    return int.from_bytes(_bytes(text))


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _text(number: int, length: int | None = None) -> str:
    return _encoded(number.to_bytes(length or (number.bit_length() + 7) // 8))


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
