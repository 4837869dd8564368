"""Certificates for tests: an authority, and what it issues; and the records that come of them."""

from __future__ import annotations

import datetime
import json
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from isthmus.store.records import all_records
from workbench import Workbench


class Authority:
    """`now` is Unix seconds; what it issues is valid around it unless `days` says otherwise."""

    def __init__(self, now: float, name: str = "root") -> None:
        self._now = datetime.datetime.fromtimestamp(now, datetime.UTC)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(name)
        self.certificate = self._signed(name, self._key.public_key(), (-1, 365), x509.BasicConstraints(True, None))

    def issue(self, host: str, days: tuple[int, int] = (-1, 30), key: Any = None) -> tuple[str, str]:
        """Certificate and key in PEM."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        extension = x509.SubjectAlternativeName([x509.DNSName(host)])
        return pem(self._signed(host, key.public_key(), days, extension)), private_pem(key)

    def _signed(self, name: str, key: Any, days: tuple[int, int], extension: Any) -> x509.Certificate:
        return (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now + datetime.timedelta(days=days[0]))
            .not_valid_after(self._now + datetime.timedelta(days=days[1]))
            .add_extension(extension, critical=False)
            .sign(self._key, hashes.SHA256())
        )


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def private_pem(key: Any, password: bytes | None = None) -> str:
    sealed: Any = serialization.NoEncryption()
    if password is not None:
        sealed = serialization.BestAvailableEncryption(password)
    return str(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, sealed).decode())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def records(bench: Workbench, kind: str) -> dict[str, dict[str, Any]]:
    """The plan's records of one kind by key."""
    with bench.store.read() as transaction:
        found = all_records(transaction.connection, bench.store.keyring)
        return {record.key: json.loads(record.body or "") for record in found if record.kind == kind}
