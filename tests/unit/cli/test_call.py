"""What `isthmus call` signs, and what it refuses to send."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from isthmus.call_signature import CallKey, sign, signed_resource
from isthmus.cli import isthmus

VECTORS = Path(__file__).resolve().parents[3] / "spec" / "vectors" / "signatures.json"


def documented_vectors() -> list[dict[str, Any]]:
    vectors = json.loads(VECTORS.read_text())["vectors"]
    return [one for one in vectors if one["kind"] == "client-signature" and one.get("matches_documented_rules")]


@pytest.mark.parametrize("vector", documented_vectors(), ids=lambda vector: vector["id"])
def test_the_resource_is_that_of_the_vendors_clients(vector: dict[str, Any]) -> None:
    headers = {name.lower(): value for name, value in vector["headers"]}
    is_form = headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    form = vector.get("body_utf8", "") if is_form else ""
    assert signed_resource(vector["target"], form) == vector["string_to_sign"].split("\n")[-1]


def test_the_signature_covers_the_sent_headers_and_the_bodys_digest() -> None:
    headers = {"accept": "application/json", "content-type": "application/json", "x-ca-stage": "TEST"}
    sign("POST", "/a?b=2&a=", headers, b"{}", CallKey("key", "secret"))
    assert headers["x-ca-signature-headers"] == "x-ca-key,x-ca-nonce,x-ca-stage,x-ca-timestamp"
    digest = base64.b64encode(hashlib.md5(b"{}").digest()).decode()
    signed = f"POST\napplication/json\n{digest}\napplication/json\n\nx-ca-key:key\nx-ca-nonce:{headers['x-ca-nonce']}\n"
    signed += f"x-ca-stage:TEST\nx-ca-timestamp:{headers['x-ca-timestamp']}\n/a?a&b=2"
    expected = base64.b64encode(hmac.new(b"secret", signed.encode(), hashlib.sha256).digest()).decode()
    assert headers["x-ca-signature"] == expected


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["GET", "http://[bad/x"], "is not a URL"),
        (["GET", "ftp://127.0.0.1/x"], "is not a URL"),
        (["GET", "http://127.0.0.1:99999/"], "is not a URL"),
        (["GET", "nginx"], "is not a URL"),
        (["GET", "/nginx", "--host", "a.example"], "No gateway runs here"),
        (["GET", "http://127.0.0.1:9/", "--app-key", "key"], "needs both --app-key and --app-secret"),
        (["GET", "http://127.0.0.1:9/", "--app-code", "ключ"], "only printable ASCII"),
        (["GET", "http://127.0.0.1:9/", "-H", "no header"], "is not a header"),
        (["GET", "http://127.0.0.1:9/", "-H", "a b: c"], "is not a header"),
        (["GET", "http://127.0.0.1:9/", "-H", "a: b\nc"], "control character"),
        (["GET", "http://127.0.0.1:9/", "--host", "a b\n"], "is not a host"),
        (["POST", "http://127.0.0.1:9/", "-d", "@no-such-file"], "cannot be read"),
    ],
)
def test_what_cannot_be_called_is_told_before_anything_is_sent(arguments: list[str], told: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(isthmus, ["call", *arguments, "--state", str(tmp_path)])
    assert (done.exit_code, done.exception.__class__) == (2, SystemExit)
    assert told in done.output


@pytest.mark.parametrize("method", ["GET", "G T"])
def test_a_call_that_is_not_answered_is_one_line(method: str) -> None:
    done = CliRunner().invoke(isthmus, ["call", method, "http://127.0.0.1:9/ü", "-H", "X-Name: 杭州"])
    assert done.exit_code == 1
    assert done.output.startswith("isthmus: http://127.0.0.1:9/") and len(done.output.splitlines()) == 1
