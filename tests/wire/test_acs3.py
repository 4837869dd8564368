"""ACS3-HMAC-SHA256 on a real socket, against a signer that shares no code with the gateway's."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Iterator
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving import Clock, Recorder, exchange, serving


@pytest.fixture(scope="module")
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture(scope="module")
def port(recorder: Recorder) -> Iterator[int]:
    with serving(recorder, Clock()) as port:
        yield port


@pytest.fixture(autouse=True)
def fresh(recorder: Recorder) -> None:
    recorder.calls.clear()


class Call:
    """One call, its parts open to a test; `message` signs what is there at that moment."""

    def __init__(self, action: str = "DescribeApiGroups", query: dict[str, str] | None = None) -> None:
        self.query = query or {}
        self.body = b""
        self.headers = {
            "host": "gateway:7080",
            "x-acs-action": action,
            "x-acs-version": "2016-07-14",
            "x-acs-date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "x-acs-signature-nonce": uuid.uuid4().hex,
        }
        self.unsigned: set[str] = set()
        self.comma = ","
        self.spoil = str

    def message(self) -> bytes:
        if self.body:
            self.headers["content-type"] = "application/x-www-form-urlencoded"
        self.headers.setdefault("x-acs-content-sha256", hashlib.sha256(self.body).hexdigest())
        names = sorted(set(self.headers) - self.unsigned)
        query = "&".join(f"{quote(k, safe='~')}={quote(v, safe='~')}" for k, v in sorted(self.query.items()))
        lines = ["POST", "/", query, *(f"{name}:{self.headers[name]}" for name in names), "", ";".join(names)]
        canonical = "\n".join([*lines, self.headers["x-acs-content-sha256"]])
        to_sign = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
        digest = hmac.new(b"testsecret", to_sign.encode(), "sha256").hexdigest()
        parts = ["ACS3-HMAC-SHA256 Credential=testid", f"SignedHeaders={';'.join(names)}", f"Signature={digest}"]
        head = f"POST /?{urlencode(self.query)} HTTP/1.1\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        head += f"Authorization: {self.comma.join(parts)}\r\nContent-Length: {len(self.body)}\r\n\r\n"
        return self.spoil(head).encode() + self.body


def outcome(port: int, message: bytes) -> tuple[int, str | None, str]:
    status, _, body = exchange(port, message)
    answer = json.loads(body)
    return status, answer.get("Code"), answer.get("Message", "")


def test_accepts_spaces_behind_the_commas(port: int) -> None:
    call = Call()
    call.comma = ", "
    assert outcome(port, call.message())[0] == 200


def test_reads_parameters_of_query_and_form(port: int, recorder: Recorder) -> None:
    call = Call("CreateApiGroup", {"GroupName": "query", "Description": "a b"})
    call.body = b"GroupName=form"
    assert outcome(port, call.message())[0] == 200
    assert dict(recorder.calls[0][1]) == {"group_name": "form", "description": "a b"}


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain", "multipart/form-data; boundary=x", "???", ""]
)
def test_ignores_bodies_that_are_no_form(port: int, recorder: Recorder, content_type: str) -> None:
    call = Call(query={"GroupName": "query"})
    call.body = b'{"GroupName": "body"}\xff'
    call.spoil = lambda head: head.replace("application/x-www-form-urlencoded", content_type)
    call.unsigned = {"content-type"}
    assert outcome(port, call.message())[0] == 200
    assert recorder.calls[0][1].group_name == "query"


@pytest.mark.parametrize(
    "name", ["x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"]
)
def test_refuses_headers_that_decide_without_being_signed(port: int, name: str) -> None:
    call = Call()
    call.unsigned = {name}
    status, code, message = outcome(port, call.message())
    assert (status, code) == (400, "IncompleteSignature")
    assert name in message


@pytest.mark.parametrize("name", ["x-acs-date", "x-acs-signature-nonce"])
def test_refuses_calls_without_time_or_nonce(port: int, name: str) -> None:
    call = Call()
    del call.headers[name]
    status, code, message = outcome(port, call.message())
    assert (status, code, message) == (400, "IncompleteSignature", f"The signature is incomplete without {name}.")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("DescribeApiGroups", "DescribeApis"),
        ("gateway:7080", "gateway"),
        ("GroupName=a", "GroupName=b"),
        ("Signature=", "Signature=0"),
    ],
)
def test_refuses_what_was_changed_after_signing(port: int, recorder: Recorder, before: str, after: str) -> None:
    call = Call(query={"GroupName": "a"})
    call.spoil = lambda head: head.replace(before, after)
    status, code, message = outcome(port, call.message())
    assert (status, code) == (400, "SignatureDoesNotMatch")
    prefix, _, shown = message.partition(":")
    assert prefix.endswith("server string to sign is")
    assert shown.startswith("ACS3-HMAC-SHA256\n")
    assert recorder.calls == []


def test_refuses_a_body_exchanged_after_signing(port: int, recorder: Recorder) -> None:
    call = Call("CreateApiGroup")
    call.body = b"GroupName=mine"
    status, code, message = outcome(port, call.message().replace(b"mine", b"your"))
    assert (status, code) == (400, "SignatureDoesNotMatch")
    assert "server string to sign is:" in message
    assert recorder.calls == []


def test_verifies_headers_outside_of_ascii_in_either_encoding(port: int) -> None:
    for encoding in ("utf-8", "latin-1"):
        call = Call()
        call.headers["user-agent"] = "caf\u00e9"
        message = call.message().replace("caf\u00e9".encode(), "caf\u00e9".encode(encoding))
        assert outcome(port, message)[0] == 200, encoding


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(min_size=1, max_size=20), st.text(max_size=40), max_size=6), st.booleans())
def test_any_signed_parameters_verify(port: int, extra: dict[str, str], in_form: bool) -> None:
    harmless = {k: v for k, v in extra.items() if k not in {"Format", "SecurityToken"} and k.isprintable()}
    call = Call("DescribeRegions")
    if in_form:
        call.body = urlencode(harmless).encode()
    else:
        call.query = harmless
    status, code, _ = outcome(port, call.message())
    assert (status, code) == (200, None)
