"""Whether a certificate, its chain and its key can be served for a domain: every problem named, none twice.

Pure but for the clock that is handed in. Called by `operations/certificates.py`. Invariant: what passes here is what
the engine's TLS library serves (RSA of 2048 to 4096 bits, ECDSA on P-256 or P-384, Ed25519).
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from isthmus.errors import Problem

_BODY, _KEY, _AUTHORITIES = "CertificateBody", "CertificatePrivateKey", "CaCertificateBody"
_LARGEST = 64 * 1024
_PRIVATE_KEY = re.compile(r"-----BEGIN (?:RSA |EC )?PRIVATE KEY-----")


class Checked(NamedTuple):
    """Problems, and when the certificate begins and ends (Unix milliseconds)."""

    problems: list[Problem]
    valid_start: int = 0
    valid_end: int = 0


def check_certificate(domain: str, body: str, key: str, now: int) -> Checked:
    chain, problems = _read(_BODY, body)
    if not chain:
        return Checked(problems + _key_problems(None, key))
    leaf = chain[0]
    problems += _date_problems(chain, now) + _chain_problems(chain) + _name_problems(leaf, domain)
    problems += _key_problems(leaf, key)
    return Checked(problems, _milliseconds(leaf.not_valid_before_utc), _milliseconds(leaf.not_valid_after_utc))


def check_authorities(body: str) -> list[Problem]:
    """Certificates of those whose word on callers counts."""
    authorities, problems = _read(_AUTHORITIES, body)
    for number, authority in enumerate(authorities, start=1):
        if not _is_authority(authority):
            problems.append(Problem(_AUTHORITIES, f"certificate {number} is not one of an authority (CA)."))
    return problems


def _read(parameter: str, text: str) -> tuple[list[x509.Certificate], list[Problem]]:
    if len(text) > _LARGEST:
        return [], [Problem(parameter, f"has {len(text)} characters; at most {_LARGEST} are allowed.")]
    try:
        return x509.load_pem_x509_certificates(text.encode()), []
    except (ValueError, UnsupportedAlgorithm):
        return [], [Problem(parameter, "holds no certificate in PEM (-----BEGIN CERTIFICATE-----), or a broken one.")]


def _date_problems(chain: Sequence[x509.Certificate], now: int) -> list[Problem]:
    moment, problems = datetime.datetime.fromtimestamp(now / 1000, datetime.UTC), []
    for number, certificate in enumerate(chain, start=1):
        if certificate.not_valid_after_utc < moment:
            problems.append(
                Problem(_BODY, f"certificate {number} ended at {certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC.")
            )
        if certificate.not_valid_before_utc > moment:
            problems.append(
                Problem(_BODY, f"certificate {number} begins at {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC.")
            )
    return problems


def _chain_problems(chain: Sequence[x509.Certificate]) -> list[Problem]:
    for number, (certificate, issuer) in enumerate(zip(chain, chain[1:], strict=False), start=1):
        try:
            certificate.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            text = (
                f"certificate {number + 1} did not issue certificate {number}; put the domain's certificate first "
                "and behind each one its issuer."
            )
            return [Problem(_BODY, text)]
    return []


def _name_problems(leaf: x509.Certificate, domain: str) -> list[Problem]:
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        hosts = [host.lower() for host in names.get_values_for_type(x509.DNSName)]
    except (x509.ExtensionNotFound, ValueError):
        return [Problem(_BODY, "the certificate has no subject alternative names; clients accept no other.")]
    wildcard = "*." + domain.split(".", 1)[-1]
    if domain in hosts or wildcard in hosts:
        return []
    shown = ", ".join(hosts[:5]) or "no host"
    return [Problem(_BODY, f"the certificate is for {shown}, not for {domain}.")]


def _key_problems(leaf: x509.Certificate | None, text: str) -> list[Problem]:
    if len(text) > _LARGEST or not _PRIVATE_KEY.search(text):
        if "ENCRYPTED" in text:
            return [Problem(_KEY, "is encrypted; send it without a passphrase.")]
        return [Problem(_KEY, "is not a private key in PEM (-----BEGIN PRIVATE KEY-----).")]
    try:
        key = serialization.load_pem_private_key(text.encode(), password=None)
    except TypeError:
        return [Problem(_KEY, "is encrypted; send it without a passphrase.")]
    except (ValueError, UnsupportedAlgorithm):
        return [Problem(_KEY, "cannot be read as a private key.")]
    is_served = (
        (isinstance(key, rsa.RSAPrivateKey) and 2048 <= key.key_size <= 4096)
        or (isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in ("secp256r1", "secp384r1"))
        or isinstance(key, ed25519.Ed25519PrivateKey)
    )
    if not is_served:
        text = (
            "has a kind or size that is not served; use RSA of 2048 to 4096 bits, ECDSA on P-256 or P-384, or Ed25519."
        )
        return [Problem(_KEY, text)]
    if leaf is not None and key.public_key() != _public_key(leaf):
        return [Problem(_KEY, "does not belong to the first certificate.")]
    return []


def _public_key(leaf: x509.Certificate) -> object:
    try:
        return leaf.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return None


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False


def _milliseconds(moment: datetime.datetime) -> int:
    return int(moment.timestamp() * 1000)
