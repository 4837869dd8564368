"""Who sent a management call: recognises the scheme, verifies signature, time and nonce.

`Verifier.verify` is called by `app.py` for every call; nothing reaches an operation without it. A nonce is remembered
only after the signature held. Comparisons take the same time wherever the difference is.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from isthmus import errors
from isthmus.roles import OWNER
from isthmus.wire import acs3, rpc
from isthmus.wire.nonces import NonceMemory, Nonces
from isthmus.wire.request import WireRequest

_TIME = "%Y-%m-%dT%H:%M:%SZ"
# Of a longer string to sign a client gets the start: an answer must not be many times as long as the request.
_SHOWN_STRING_TO_SIGN = 64 * 1024


@dataclass(frozen=True)
class AccessKey:
    access_key_id: str
    secret: str = field(repr=False)
    active: bool = True
    role: str = OWNER


@dataclass(frozen=True)
class _Signed:
    """What a scheme says about a call."""

    access_key_id: str
    time: str
    nonce: str
    string_to_sign: str
    sent: str
    expected: Callable[[str], str]


class Verifier:
    """`keys` finds an access key by its id, `clock` is Unix time in seconds; without `nonces`, memory has them."""

    def __init__(
        self,
        keys: Callable[[str], AccessKey | None],
        clock: Callable[[], float],
        skew_seconds: float,
        nonces: NonceMemory | None = None,
    ) -> None:
        self._keys = keys
        self._clock = clock
        self._skew = skew_seconds
        self._nonces = nonces or Nonces()

    def verify(self, request: WireRequest) -> AccessKey:
        """The access key of the caller. Raises: ApiError."""
        if request.parameter("SecurityToken") or request.header("x-acs-security-token"):
            raise errors.single(
                "InvalidSecurityToken",
                "Temporary credentials are not issued by this gateway.",
            )
        signed = _read(request)
        key = self._keys(signed.access_key_id)
        if key is None:
            # Without the words "not found": Terraform would take a mistyped key for a vanished resource.
            raise errors.single(
                "InvalidAccessKeyId.NotFound",
                f"The access key {signed.access_key_id[:64]} does not exist.",
            )
        if not key.active:
            raise errors.single("InvalidAccessKeyId.Inactive", "The access key is disabled.")
        moment = self._check_time(signed.time)
        if not hmac.compare_digest(signed.expected(key.secret).encode(), signed.sent.encode()):
            # One colon and this phrase: older SDKs split the message there.
            shown = signed.string_to_sign[:_SHOWN_STRING_TO_SIGN]
            text = f"The signature does not match; server string to sign is:{shown}"
            raise errors.single("SignatureDoesNotMatch", text)
        if not self._nonces.first_use(signed.access_key_id, signed.nonce, moment + self._skew, self._clock()):
            raise errors.single(
                "SignatureNonceUsed",
                "The nonce was used before: sign every request anew.",
            )
        return key

    def _check_time(self, text: str) -> float:
        try:
            moment = datetime.strptime(text, _TIME).replace(tzinfo=UTC).timestamp()
        except ValueError as error:
            raise errors.single(
                "InvalidTimeStamp.Format",
                "The time must have the form YYYY-MM-DDThh:mm:ssZ, in UTC.",
            ) from error
        now = self._clock()
        if abs(now - moment) > self._skew:
            shown = datetime.fromtimestamp(now, UTC).strftime(_TIME)
            text = f"The time {text} differs by more than {self._skew:.0f} s from this gateway's clock, {shown}."
            raise errors.single("InvalidTimeStamp.Expired", text)
        return moment


def _read(request: WireRequest) -> _Signed:
    """Raises: ApiError when a part is missing, or for an algorithm that is not supported."""
    if request.is_signed_by_header:
        signed = _read_acs3(request)
        names = ("Credential", "x-acs-date", "x-acs-signature-nonce")
    elif request.parameter("Signature"):
        signed = _read_rpc(request)
        names = ("AccessKeyId", "Timestamp", "SignatureNonce")
    else:
        text = "The request is not signed: send an Authorization header (ACS3-HMAC-SHA256) or the parameter Signature."
        raise errors.single("IncompleteSignature", text)
    values = (signed.access_key_id, signed.time, signed.nonce)
    absent = [name for name, value in zip(names, values, strict=True) if not value]
    if absent:
        raise errors.single("IncompleteSignature", f"The signature is incomplete without {', '.join(absent)}.")
    return signed


def _read_acs3(request: WireRequest) -> _Signed:
    authorization = acs3.parse(request)
    acs3.check_body(request)
    acs3.check_signed_headers(request, authorization)
    text = acs3.string_to_sign(request, authorization)
    return _Signed(
        authorization.access_key_id,
        request.header("x-acs-date"),
        request.header("x-acs-signature-nonce"),
        text,
        authorization.signature.lower(),
        lambda secret: acs3.signature(secret, text),
    )


def _read_rpc(request: WireRequest) -> _Signed:
    algorithm = rpc.hash_of(request)
    text = rpc.string_to_sign(request)
    return _Signed(
        request.parameter("AccessKeyId"),
        request.parameter("Timestamp"),
        request.parameter("SignatureNonce"),
        text,
        request.parameter("Signature"),
        lambda secret: rpc.signature(secret, text, algorithm),
    )
