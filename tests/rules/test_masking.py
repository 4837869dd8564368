"""Every parameter whose name sounds like a secret is masked in the audit trail, or known to be none."""

from __future__ import annotations

import re

from isthmus.catalog import Catalog
from isthmus.masking import SECRET_PARAMETERS

HARMLESS = {
    "allow_signature_method": "names of algorithms",
    "app_code_auth_type": "where an AppCode may stand",
    "app_key": "the public half",
    "backend_model_data": "an address",
    "ca_certificate_body": "public",
    "certificate_body": "public",
    "certificate_id": "an id",
    "certificate_name": "a name",
    "client_cert_s_dn_pass_through": "a switch",
    "custom_app_code_config": "where an AppCode may stand",
    "error_code": "the code of a refusal",
    "filter_app_code_for_backend": "a switch",
    "new_app_key": "the public half",
    "passthrough_headers": "names of headers",
    "next_token": "a place in a list",
    "signature_id": "an id",
    "signature_key": "the public half",
    "signature_name": "a name",
    "special_key": "an id",
    "tag_key": "a label",
    "token": "makes a call idempotent",
    "error_code_samples": "documentation",
}
SOUNDS_SECRET = re.compile(r"secret|password|private|code|token|cert|key|signature|headers", re.IGNORECASE)


def test_secrets_are_masked() -> None:
    names = {parameter.inside_name for operation in Catalog.load().operations for parameter in operation.params}
    assert names >= SECRET_PARAMETERS - {"headers"}
    unknown = {name for name in names if SOUNDS_SECRET.search(name)} - SECRET_PARAMETERS - set(HARMLESS)
    assert not unknown, f"mask {sorted(unknown)} (isthmus/masking.py), or say why they are harmless"
