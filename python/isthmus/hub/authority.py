"""The authority of a hub and its connectors: made once, trusted by nobody else.

Called by `service.py` (certificates) and the command line (the fingerprint in a token). Invariant: a certificate's
subject is what the register says, whatever a request wishes.
"""

from __future__ import annotations

import datetime
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# The name that connectors expect, wherever the hub is reached (`crates/connector/src/remote/tls.rs`).
HUB_NAME = "hub.isthmus.internal"
_AUTHORITY_DAYS = 3650
_HUB_DAYS = 397
# Clocks differ.
_BEFORE = datetime.timedelta(minutes=5)


class RequestError(ValueError):
    """A certificate request that cannot be used; the text says why."""


@dataclass(frozen=True)
class Issued:
    certificate: str
    serial: str
    """Lower-case hexadecimal, as the hub reads it from the certificate."""


@dataclass(frozen=True)
class Authority:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def fingerprint(self) -> str:
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    def for_hub(self) -> tuple[str, str]:
        """Certificate and key in PEM; new at each start, so they are kept nowhere."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(_named(HUB_NAME), datetime.timedelta(days=_HUB_DAYS), ExtendedKeyUsageOID.SERVER_AUTH)
        names = x509.SubjectAlternativeName([x509.DNSName(HUB_NAME)])
        signed = (
            builder.public_key(key.public_key()).add_extension(names, critical=False).sign(self.key, hashes.SHA256())
        )
        return signed.public_bytes(serialization.Encoding.PEM).decode(), _private_pem(key)

    def issue(self, request: str, connector_id: str, network_id: str, lifetime: datetime.timedelta) -> Issued:
        """Raises: RequestError."""
        try:
            read = x509.load_pem_x509_csr(request.encode())
        except ValueError as error:
            raise RequestError(f"The certificate request cannot be read: {error}") from error
        key = read.public_key()
        if not read.is_signature_valid or not isinstance(key, ec.EllipticCurvePublicKey):
            raise RequestError("The certificate request must be signed by its own elliptic-curve key.")
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, connector_id),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, network_id),
            ]
        )
        builder = self._builder(subject, lifetime, ExtendedKeyUsageOID.CLIENT_AUTH)
        signed = builder.public_key(key).sign(self.key, hashes.SHA256())
        return Issued(signed.public_bytes(serialization.Encoding.PEM).decode(), _serial(signed.serial_number))

    def _builder(
        self, subject: x509.Name, lifetime: datetime.timedelta, usage: x509.ObjectIdentifier
    ) -> x509.CertificateBuilder:
        start = datetime.datetime.now(datetime.UTC) - _BEFORE
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.certificate.subject)
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + _BEFORE + lifetime)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        )


def open_authority(folder: Path) -> Authority:
    """Makes one (key readable by this user alone) when there is none. Raises: OSError, ValueError."""
    path = folder / "authority.pem"
    if not path.exists():
        _write_new(path)
    text = path.read_bytes()
    key = serialization.load_pem_private_key(text, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError(
            f"{path} does not hold the hub's authority: restore it, or remove it and enrol connectors anew"
        )
    return Authority(x509.load_pem_x509_certificate(text), key)


def _write_new(path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _named("Isthmus hub")
    start = datetime.datetime.now(datetime.UTC) - _BEFORE
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=_AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(certificate.public_bytes(serialization.Encoding.PEM) + _private_pem(key).encode())
        file.flush()
        os.fsync(file.fileno())
    try:
        # Of two processes that start at once, both end up with the same authority.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _private_pem(key: ec.EllipticCurvePrivateKey) -> str:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def _serial(number: int) -> str:
    """DER's bytes: a leading zero byte where the first bit is set."""
    return number.to_bytes(number.bit_length() // 8 + 1, "big").hex()
