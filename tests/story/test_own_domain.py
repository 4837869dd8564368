"""A domain with a certificate, bound with the vendor's SDK and called by its name over verified HTTPS."""

from __future__ import annotations

import datetime
import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest
from alibabacloud_cloudapi20160714 import models
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from running import Nginx, Running
from walk import Walk

HOST = "shop.example.com"


class Authority:
    """One that the tests trust."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
        self.pem = self._sign(self._name, self._key, x509.BasicConstraints(ca=True, path_length=None))

    def issue(self, name: str) -> tuple[str, str]:
        """A certificate and its key, in PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = self._sign(subject, key, x509.SubjectAlternativeName([x509.DNSName(name)]))
        form = serialization.PrivateFormat.PKCS8
        private = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
        return certificate, private.decode()

    def _sign(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, extension: x509.ExtensionType) -> str:
        start = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1)
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name)
        builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(start).not_valid_after(start + datetime.timedelta(days=30))
        certificate = builder.add_extension(extension, critical=False).sign(self._key, hashes.SHA256())
        return certificate.public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture(scope="module")
def walk(gateway: Running, nginx: Nginx) -> Walk:
    walk = Walk(gateway.client())
    walk.authorise_vpc("vpc-here", "127.0.0.1", nginx.port)
    walk.create_group()
    walk.create_api(auth_type="ANONYMOUS")
    walk.publish()
    bound = models.SetDomainRequest(group_id=walk.group_id, domain_name=HOST, is_http_redirect_to_https=True)
    assert walk.client.set_domain(bound).body.domain_name == HOST
    return walk


def set_certificate(walk: Walk, **fields: Any) -> None:
    request = models.SetDomainCertificateRequest(
        group_id=walk.group_id, domain_name=HOST, certificate_name="shop", **fields
    )
    walk.client.set_domain_certificate(request)


def call(gateway: Running, trusted: str, shown: tuple[str, str] | None = None) -> httpx.Response:
    context = ssl.create_default_context(cadata=trusted)
    if shown is not None:
        context.load_cert_chain(*shown)
    url = gateway.ready["https"] + "/nginx"
    with httpx.Client(verify=context) as client:
        return client.get(url, headers={"host": HOST}, extensions={"sni_hostname": HOST})


def test_a_domain_is_called_by_its_name_over_verified_https(
    gateway: Running, walk: Walk, nginx: Nginx, tmp_path: Path
) -> None:
    authority = Authority()
    certificate, key = authority.issue(HOST)
    set_certificate(walk, certificate_body=certificate, certificate_private_key=key)
    assert call(gateway, authority.pem).text == nginx.page
    redirected = gateway.get("/nginx", HOST)
    assert (redirected.status_code, redirected.headers["location"].startswith(f"https://{HOST}")) == (301, True)
    shown = walk.client.describe_domain(models.DescribeDomainRequest(group_id=walk.group_id, domain_name=HOST)).body
    assert (shown.certificate_body, shown.certificate_private_key) == (certificate, None)
    files = [tmp_path / name for name in ("caller.pem", "caller.key")]
    caller = authority.issue("caller")
    for file, text in zip(files, caller, strict=True):
        file.write_text(text)
    set_certificate(walk, ca_certificate_body=authority.pem)
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        call(gateway, authority.pem)
    assert call(gateway, authority.pem, (str(files[0]), str(files[1]))).text == nginx.page


def test_an_access_list_of_the_instance_acts_at_once(gateway: Running, walk: Walk) -> None:
    client = walk.client
    made = client.create_access_control_list(models.CreateAccessControlListRequest(acl_name="nobody")).body
    entries = '[{"Entry":"127.0.0.0/8","Comment":"here"}]'
    client.add_access_control_list_entry(
        models.AddAccessControlListEntryRequest(acl_id=made.acl_id, acl_entrys=entries)
    )
    shared: dict[str, str] = {"instance_id": "api-shared-vpc-001", "acl_id": made.acl_id}
    client.enable_instance_access_control(models.EnableInstanceAccessControlRequest(**shared, acl_type="black"))
    refused = gateway.get("/nginx", walk.domain)
    assert (refused.status_code, refused.headers["X-Ca-Error-Code"]) == (403, "A403IP")
    client.disable_instance_access_control(models.DisableInstanceAccessControlRequest(**shared))
    assert gateway.get("/nginx", walk.domain).status_code == 200
