"""Who sent a management call: recognises the scheme, verifies signature, time and nonce.

`Verifier.verify` is called by `app.py` for every call; nothing reaches an operation without it. A nonce is remembered
only after the signature held. Comparisons take the same time wherever the difference is.
"""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from isthmus import errors
from isthmus.wire import acs3, rpc
from isthmus.wire.request import WireRequest

_TIME = "%Y-%m-%dT%H:%M:%SZ"
# Nonces remembered at most; at the vendor's 50 calls a second a window holds 45,000.
MAX_NONCES = 200_000


@dataclass(frozen=True)
class AccessKey:
    access_key_id: str
    secret: str = field(repr=False)
    active: bool = True


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
    """`keys` finds an access key by its id, `clock` is Unix time in seconds."""

    def __init__(
        self,
        keys: Callable[[str], AccessKey | None],
        clock: Callable[[], float],
        skew_seconds: float,
    ) -> None:
        self._keys = keys
        self._clock = clock
        self._skew = skew_seconds
        self._nonces = Nonces()

    def verify(self, request: WireRequest) -> str:
        """The access key id of the caller. Raises: ApiError."""
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
            text = f"The signature does not match; server string to sign is:{signed.string_to_sign}"
            raise errors.single("SignatureDoesNotMatch", text)
        if signed.nonce and not self._nonces.first_use(
            (signed.access_key_id, signed.nonce), moment + self._skew, self._clock()
        ):
            raise errors.single(
                "SignatureNonceUsed",
                "The nonce was used before: sign every request anew.",
            )
        return key.access_key_id

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


class Nonces:
    """Nonces of the window, with the moment until which each may not come again."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    def first_use(self, nonce: tuple[str, str], until: float, now: float) -> bool:
        with self._lock:
            if self._until.get(nonce, 0) > now:
                return False
            if len(self._until) >= MAX_NONCES:
                self._until = {key: end for key, end in self._until.items() if end > now}
                if len(self._until) >= MAX_NONCES:
                    raise errors.single(
                        "Throttling.User",
                        "Too many requests in the window of the signatures: slow down.",
                    )
            self._until[nonce] = until
            return True


def _read(request: WireRequest) -> _Signed:
    if request.header("authorization").startswith("ACS3-"):
        authorization = acs3.parse(request)
        acs3.check_body(request)
        text = acs3.string_to_sign(request, authorization)
        return _Signed(
            authorization.access_key_id,
            request.header("x-acs-date"),
            request.header("x-acs-signature-nonce"),
            text,
            authorization.signature.lower(),
            lambda secret: acs3.signature(secret, text),
        )
    if request.parameter("Signature"):
        algorithm = rpc.hash_of(request)
        text = rpc.string_to_sign(request)
        access_key_id = request.parameter("AccessKeyId")
        if not access_key_id:
            raise errors.single("IncompleteSignature", "The parameter AccessKeyId is missing.")
        return _Signed(
            access_key_id,
            request.parameter("Timestamp"),
            request.parameter("SignatureNonce"),
            text,
            request.parameter("Signature"),
            lambda secret: rpc.signature(secret, text, algorithm),
        )
    text = "The request is not signed: send an Authorization header (ACS3-HMAC-SHA256) or the parameter Signature."
    raise errors.single("IncompleteSignature", text)
