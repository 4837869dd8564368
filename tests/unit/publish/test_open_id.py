"""Public keys in the forms that people have them in."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from isthmus.model import Draft, OpenIdConnectConfig, RequestParameter
from isthmus.publish.open_id import compile_open_id, open_id_problems

RSA = rsa.generate_private_key(65537, 2048).public_key()


def token_api(key: str) -> Draft:
    config = OpenIdConnectConfig(open_id_api_type="IdToken", public_key_id="k1", public_key=key)
    return Draft(auth_type="APPOPENID", open_id_connect_config=config)


def spki(key: rsa.RSAPublicKey, encoding: Encoding) -> bytes:
    return key.public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)


def test_pem_der_and_json_give_the_same_key() -> None:
    pem, der = spki(RSA, Encoding.PEM).decode(), base64.b64encode(spki(RSA, Encoding.DER)).decode()
    compiled = compile_open_id(token_api(pem))
    assert compiled is not None and compiled["jwk"]["kid"] == "k1"
    jwk = json.dumps({**compiled["jwk"], "kid": "another", "d": "private"})
    assert compile_open_id(token_api(der)) == compiled
    assert compile_open_id(token_api("\n".join(der[at : at + 64] for at in range(0, len(der), 64)))) == compiled
    assert compile_open_id(token_api(jwk)) == compiled, "the key id names the key; private parts stay outside"


def test_curves_are_read_too() -> None:
    for key in (ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1())):
        text = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        compiled = compile_open_id(token_api(text))
        assert compiled is not None and compile_open_id(token_api(json.dumps(compiled["jwk"]))) == compiled
    edwards = ed25519.Ed25519PrivateKey.generate().public_key()
    text = edwards.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    compiled = compile_open_id(token_api(text))
    assert compiled is not None and compile_open_id(token_api(json.dumps(compiled["jwk"]))) == compiled


@pytest.mark.parametrize(
    "key",
    [
        "",
        "not a key",
        "{",
        "[1]",
        "{}",
        '{"kty": "RSA", "n": 5, "e": "AQAB"}',
        '{"kty": "RSA", "n": "é", "e": "AQAB"}',
        '{"kty": "oct", "k": "AAAA"}',
        '{"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ"}',
        spki(rsa.generate_private_key(65537, 1024).public_key(), Encoding.PEM).decode(),
        "é" * 40,
    ],
)
def test_what_is_no_key_is_a_problem_of_its_field(key: str) -> None:
    assert [problem.parameter for problem in open_id_problems(token_api(key))] == ["OpenIdConnectConfig.PublicKey"]


def test_the_token_parameter_is_declared_unless_everything_passes_through() -> None:
    config = OpenIdConnectConfig(open_id_api_type="BUSINESS", id_token_param_name="token")
    draft = Draft(auth_type="OPENID", open_id_connect_config=config)
    assert len(list(open_id_problems(draft))) == 1
    body = Draft(
        auth_type="OPENID",
        open_id_connect_config=config,
        request_parameters=(RequestParameter(api_parameter_name="token", location="BODY"),),
    )
    assert len(list(open_id_problems(body))) == 1
    assert len(list(open_id_problems(Draft(auth_type="OPENID")))) == 1
