"""Every way in which a management call is refused before an operation sees it: one clear envelope each."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving import Clock, Recorder, api_error, exchange, serving


@pytest.fixture(scope="module")
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture(scope="module")
def port(recorder: Recorder) -> Iterator[int]:
    with serving(recorder, Clock(), body_limit=100_000) as port:
        yield port


@pytest.fixture(autouse=True)
def fresh(recorder: Recorder) -> None:
    recorder.calls.clear()
    recorder.result, recorder.error = {}, None


def percent(text: str) -> str:
    return quote(text, safe="-_.~")


def signed(
    parameters: dict[str, str],
    secret: str = "testsecret",
    method: str = "GET",
    form: str = "",
) -> bytes:
    """An RPC call, signed by an implementation of the test's own."""
    common = {
        "Version": "2016-07-14",
        "AccessKeyId": "testid",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "SignatureNonce": uuid.uuid4().hex,
        "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    query = {name: value for name, value in (common | parameters).items() if value is not None}
    in_form = dict(pair.split("=", 1) for pair in form.split("&") if pair)
    canonical = "&".join(f"{percent(name)}={percent(value)}" for name, value in sorted((query | in_form).items()))
    text = f"{method}&%2F&{percent(canonical)}"
    digest = hmac.new(f"{secret}&".encode(), text.encode(), hashlib.sha1).digest()
    query["Signature"] = base64.b64encode(digest).decode()
    target = "/?" + "&".join(f"{percent(name)}={percent(value)}" for name, value in query.items())
    head = f"{method} {target} HTTP/1.1\r\nHost: gateway\r\n"
    if form:
        head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(form)}\r\n"
    return (head + "\r\n" + form).encode()


def refusal(port: int, message: bytes) -> tuple[int, str, str]:
    status, _, body = exchange(port, message)
    answer = json.loads(body)
    assert set(answer) == {"RequestId", "HostId", "Code", "Message", "Recommend"}
    assert all(isinstance(value, str) for value in answer.values()) and answer["Code"]
    return status, answer["Code"], answer["Message"]


@pytest.mark.parametrize(
    ("parameters", "status", "code"),
    [
        ({"Action": "NoSuchOperation"}, 404, "InvalidApi.NotFound"),
        (
            {"Action": "DescribeApiGroups", "Version": "1999-01-01"},
            400,
            "InvalidVersion",
        ),
        ({}, 400, "MissingAction"),
        (
            {"Action": "DescribeApiGroups", "AccessKeyId": "nobody"},
            400,
            "InvalidAccessKeyId.NotFound",
        ),
        (
            {"Action": "DescribeApiGroups", "AccessKeyId": "disabled"},
            400,
            "InvalidAccessKeyId.Inactive",
        ),
        (
            {"Action": "DescribeApiGroups", "AccessKeyId": ""},
            400,
            "IncompleteSignature",
        ),
        (
            {"Action": "DescribeApiGroups", "SignatureMethod": "RSA"},
            400,
            "InvalidSignatureMethod",
        ),
        (
            {"Action": "DescribeApiGroups", "Timestamp": "now"},
            400,
            "InvalidTimeStamp.Format",
        ),
        (
            {"Action": "DescribeApiGroups", "Timestamp": "2020-01-01T00:00:00Z"},
            400,
            "InvalidTimeStamp.Expired",
        ),
        (
            {"Action": "DescribeApiGroups", "Format": "YAML"},
            400,
            "InvalidParameter.Format",
        ),
        (
            {"Action": "DescribeApiGroups", "SecurityToken": "x"},
            400,
            "InvalidSecurityToken",
        ),
        ({"Action": "DescribeApiGroups", "SignatureNonce": ""}, 400, "IncompleteSignature"),
        ({"Action": "DescribeApiGroups", "Timestamp": ""}, 400, "IncompleteSignature"),
        ({"Action": "CreateApiGroup"}, 400, "MissingGroupName"),
        ({"Action": "DescribeApiGroups", "PageSize": "ten"}, 400, "InvalidPageSize"),
        (
            {"Action": "CreateApiGroup", "GroupName": "g", "Tag.999999999.Key": "k"},
            400,
            "InvalidTag",
        ),
    ],
)
def test_refuses_with_the_vendors_code(
    port: int, recorder: Recorder, parameters: dict[str, str], status: int, code: str
) -> None:
    assert refusal(port, signed(parameters))[:2] == (status, code)
    assert recorder.calls == []


def test_names_every_bad_parameter_at_once(port: int) -> None:
    _, code, message = refusal(
        port,
        signed({"Action": "DescribeApiGroups", "PageSize": "x", "PageNumber": "y"}),
    )
    assert code in ("InvalidPageSize", "InvalidPageNumber")
    assert "PageSize" in message and "PageNumber" in message


def test_shows_the_server_string_to_sign_behind_one_colon(port: int) -> None:
    status, code, message = refusal(port, signed({"Action": "DescribeApiGroups"}, secret="another"))
    assert (status, code) == (400, "SignatureDoesNotMatch")
    assert message.split(":")[0].endswith("server string to sign is")
    assert message.split(":", 1)[1].startswith("GET&%2F&AccessKeyId%3Dtestid%26Action%3DDescribeApiGroups")


def test_refuses_a_replay(port: int) -> None:
    message = signed({"Action": "DescribeApiGroups"})
    assert exchange(port, message)[0] == 200
    assert refusal(port, message)[:2] == (400, "SignatureNonceUsed")


def test_a_wrong_signature_does_not_use_up_the_nonce(port: int) -> None:
    nonce = {"Action": "DescribeApiGroups", "SignatureNonce": "mine"}
    assert refusal(port, signed(nonce, secret="another"))[1] == "SignatureDoesNotMatch"
    assert exchange(port, signed(nonce))[0] == 200


@pytest.mark.parametrize(
    ("message", "status", "code"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "IncompleteSignature"),
        (b"DELETE / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "UnsupportedHTTPMethod"),
        (b"GET /?a=%ff HTTP/1.1\r\nHost: a\r\n\r\n", 400, "InvalidParameter.Encoding"),
        (b"GET /?a=%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400, "InvalidParameter.Encoding"),
        (b"GET /?a=% HTTP/1.1\r\nHost: a\r\n\r\n", 400, "InvalidParameter.Encoding"),
        (b"GET /?a=1&%61=2 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "InvalidParameter.Duplicate"),
        (b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "UnsupportedHTTPMethod"),
        (
            b"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: ACS3-RSA-SHA256 x\r\n\r\n",
            400,
            "InvalidSignatureMethod",
        ),
        (
            b"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: ACS3-HMAC-SHA256 x\r\n\r\n",
            400,
            "IncompleteSignature",
        ),
        (
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100001\r\n\r\n",
            413,
            "RequestBodyTooLarge",
        ),
        (
            b"GET /?" + b"a&" * 6000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
            400,
            "ExceedLimitParameters",
        ),
    ],
)
def test_refuses_what_is_not_a_signed_call(port: int, message: bytes, status: int, code: str) -> None:
    assert refusal(port, message)[:2] == (status, code)


def test_a_body_exchanged_after_signing_is_refused(port: int) -> None:
    body = "GroupName=b"
    authorization = "ACS3-HMAC-SHA256 Credential=testid,SignedHeaders=host,Signature=00"
    head = f"POST / HTTP/1.1\r\nHost: a\r\nAuthorization: {authorization}\r\nx-acs-content-sha256: {'0' * 64}\r\n"
    message = f"{head}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    assert refusal(port, message.encode())[:2] == (400, "SignatureDoesNotMatch")


def test_long_request_lines_are_read(port: int, recorder: Recorder) -> None:
    text = "x" * 100_000
    assert exchange(port, signed({"Action": "DescribeApiGroups", "GroupName": text}))[0] == 200
    assert recorder.calls[0][1].group_name == text


def test_the_form_wins_over_the_query_and_may_come_with_get(port: int, recorder: Recorder) -> None:
    form = "GroupName=fromform"
    assert exchange(port, signed({"Action": "DescribeApiGroups"}, form=form))[0] == 200
    assert recorder.calls[0][1].group_name == "fromform"


def test_an_operation_named_only_where_nothing_is_signed_is_refused(port: int) -> None:
    message = signed({}).replace(b"Host: gateway\r\n", b"Host: gateway\r\nx-acs-action: DescribeApiGroups\r\n")
    assert refusal(port, message)[:2] == (400, "MissingAction")


def test_a_long_string_to_sign_is_not_sent_back_whole(port: int) -> None:
    form = "GroupName=" + "%E4%B8%AD" * 10_000
    status, code, message = refusal(
        port, signed({"Action": "CreateApiGroup"}, secret="another", method="POST", form=form)
    )
    assert (status, code) == (400, "SignatureDoesNotMatch")
    assert 65_000 < len(message) < 66_000


@pytest.mark.parametrize(
    "message",
    [
        b"NOT HTTP\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        b"GET /" + b"x" * (1 << 20) + b" HTTP/1.1\r\n\r\n",
    ],
)
def test_malformed_http_is_refused_and_the_next_call_served(port: int, message: bytes) -> None:
    assert exchange(port, message)[0] == 400
    assert exchange(port, signed({"Action": "DescribeApiGroups"}))[0] == 200


def test_a_defect_tells_its_request_id_and_nothing_else(port: int, recorder: Recorder) -> None:
    recorder.error = RuntimeError("secret detail")
    status, code, message = refusal(port, signed({"Action": "DescribeApiGroups"}))
    assert (status, code) == (500, "InternalError")
    assert "secret detail" not in message


def test_errors_and_results_come_as_xml_when_asked(port: int, recorder: Recorder) -> None:
    recorder.result = {
        "api_group_attributes": [{"group_name": "a<b", "traffic_limit": 500}],
        "total_count": 1,
    }
    _, headers, body = exchange(port, signed({"Action": "DescribeApiGroups", "Format": "XML"}))
    assert headers["content-type"] == "text/xml;charset=utf-8"
    assert b"<DescribeApiGroupsResponse><ApiGroupAttributes><ApiGroupAttribute><GroupName>a&lt;b</GroupName>" in body
    recorder.error = api_error("NotFoundApp", "no \x00 app", 404)
    status, _, body = exchange(port, signed({"Action": "DescribeApp", "AppId": "1", "Format": "xml"}))
    assert status == 404 and b"<Error>" in body and b"<Code>NotFoundApp</Code>" in body


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(min_size=1, max_size=20), st.text(max_size=40), max_size=6))
def test_any_signed_parameters_verify(port: int, extra: dict[str, str]) -> None:
    reserved = {
        "Signature",
        "Action",
        "Version",
        "Format",
        "SecurityToken",
        "AccessKeyId",
        "Timestamp",
    }
    harmless = {name: value for name, value in extra.items() if name not in reserved and not _lone(name + value)}
    message = signed(
        {
            **harmless,
            "Action": "DescribeRegions",
            "SignatureMethod": "HMAC-SHA1",
            "SignatureNonce": uuid.uuid4().hex,
        }
    )
    status, _, body = exchange(port, message)
    assert status == 200 or json.loads(body)["Code"].startswith("Invalid"), body


def _lone(text: Any) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)
