"""The certificate of the automatic domains: self-signed, made at the first start, part of the plan.

It lets HTTPS work on one machine at once. Domains of one's own get certificates of their own.
"""

from __future__ import annotations

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from isthmus.store import Transaction

_ID = "default"
_DAYS = 825


def ensure_default_certificate(transaction: Transaction, suffix: str) -> None:
    """Makes one when there is none for this suffix. Needs a write transaction."""
    hosts = [f"*.{suffix}"]
    stored = transaction.records.body("certificate", _ID)
    if stored is not None and stored["hosts"] == hosts:
        return
    chain, key = _self_signed(suffix, transaction.now)
    body = {"certificate_id": _ID, "hosts": hosts, "chain_pem": chain, "key_pem": key}
    transaction.records.put("certificate", _ID, body)


def _self_signed(suffix: str, now: int) -> tuple[str, str]:
    """Chain and key in PEM, for one label in front of the suffix and for localhost."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Isthmus {suffix}"[:64])])
    start = datetime.datetime.fromtimestamp(now / 1000, datetime.UTC) - datetime.timedelta(hours=1)
    names = [x509.DNSName(f"*.{suffix}"), x509.DNSName(suffix), x509.DNSName("localhost")]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=_DAYS))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8
    private = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), private.decode()
