"""Operations on the certificate of a domain: HTTPS by its name, and certificates of its callers.

A new certificate takes the place of the old one at once; connections that are open keep what they began with.
Invariant: what is stored can be served, or the call says everything that is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from isthmus import errors
from isthmus.errors import ApiError, Problem
from isthmus.operations.call import Call
from isthmus.operations.certificate_rules import check_authorities, check_certificate
from isthmus.operations.domains import put_domain_records, require_domain
from isthmus.operations.fields import name_problems, raise_problems
from isthmus.store.domains import Certificate, find_certificate, put_certificate, remove_certificate

_DEEPEST = 5


def set_domain_certificate(call: Call, params: Any) -> Mapping[str, Any]:
    """Without body and key the old ones stay, and only what is said of callers' certificates changes."""
    domain = require_domain(call.transaction, params)
    old = find_certificate(call.transaction, domain.name)
    if params.ssl_ocsp_enable or params.ssl_ocsp_cache_enable:
        raise ApiError("NotImplemented", "This gateway does not staple OCSP answers; send the call without SslOcsp….")
    problems = name_problems("CertificateName", params.certificate_name, 128)
    if old is not None and not params.certificate_body and not params.certificate_private_key:
        fresh = replace(old, name=params.certificate_name)
    else:
        body, key = params.certificate_body or "", params.certificate_private_key or ""
        problems += [
            errors.missing_parameter(name)
            for name, value in (("CertificateBody", body), ("CertificatePrivateKey", key))
            if not value
        ]
        raise_problems(problems)
        checked = check_certificate(domain.name, body, key, call.transaction.now)
        problems += checked.problems
        fresh = Certificate(domain.name, params.certificate_name, body, key, checked.valid_start, checked.valid_end)
    fresh = replace(fresh, verify_depth=_depth(params, fresh, problems))
    if params.client_cert_s_dn_pass_through is not None:
        fresh = replace(fresh, subject_passed=params.client_cert_s_dn_pass_through)
    if params.ca_certificate_body is not None:
        problems += check_authorities(params.ca_certificate_body) if params.ca_certificate_body else []
        fresh = replace(fresh, client_authorities=params.ca_certificate_body)
    raise_problems(problems)
    if old is not None:
        call.transaction.records.remove("certificate", old.certificate_id)
    put_certificate(call.transaction, fresh)
    put_domain_records(call.transaction, domain)
    return {}


def delete_domain_certificate(call: Call, params: Any) -> Mapping[str, Any]:
    domain = require_domain(call.transaction, params)
    certificate = find_certificate(call.transaction, domain.name)
    if certificate is None or certificate.certificate_id != params.certificate_id:
        text = f"{domain.name} has no certificate {params.certificate_id[:64]}."
        raise errors.single("DomainCertificateNotFound", text)
    call.transaction.records.remove("certificate", certificate.certificate_id)
    remove_certificate(call.transaction, domain.name)
    put_domain_records(call.transaction, domain)
    return {}


def _depth(params: Any, certificate: Certificate, problems: list[Problem]) -> int:
    given = params.ssl_verify_depth
    if given is None or given == "":
        return certificate.verify_depth
    if not re.fullmatch(r"[0-9]", str(given)) or int(given) > _DEEPEST:
        problems.append(Problem("SslVerifyDepth", f"must be a number from 0 to {_DEEPEST}."))
        return certificate.verify_depth
    return int(given)
