"""The vendor's own Python SDKs against the wire layer: calls arrive, errors become the SDKs' exceptions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from alibabacloud_cloudapi20160714 import models
from alibabacloud_cloudapi20160714.client import Client
from alibabacloud_tea_openapi.models import Config
from aliyunsdkcloudapi.request.v20160714.CreateApiGroupRequest import (
    CreateApiGroupRequest,
)
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient

from serving import Clock, Recorder, api_error, serving


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def port(recorder: Recorder) -> Iterator[int]:
    with serving(recorder, Clock()) as port:
        yield port


def new_client(port: int, secret: str = "testsecret", **more: Any) -> Client:
    config = Config(
        access_key_id="testid",
        access_key_secret=secret,
        endpoint=f"127.0.0.1:{port}",
        protocol="http",
        **more,
    )
    return Client(config)


@pytest.mark.parametrize("options", [{}, {"signature_algorithm": "v2"}], ids=["ACS3", "RPC"])
def test_the_current_sdk_creates_a_group(port: int, recorder: Recorder, options: dict[str, Any]) -> None:
    recorder.result = {"group_id": "g", "group_name": "nginx_demo", "tag_status": True}
    tags = [
        models.CreateApiGroupRequestTag(key="env", value=""),
        models.CreateApiGroupRequestTag(key="团队", value="a b"),
    ]
    request = models.CreateApiGroupRequest(group_name="nginx_demo", description="hello *+~/中文", tag=tags)
    body = new_client(port, **options).create_api_group(request).body
    assert (body.group_id, body.tag_status) == ("g", True) and len(body.request_id) == 36
    params = recorder.calls[0][1]
    assert params.description == "hello *+~/中文"
    assert params.tag == [{"key": "env", "value": ""}, {"key": "团队", "value": "a b"}]


def test_the_current_sdk_raises_its_exception_with_code_message_and_status(port: int, recorder: Recorder) -> None:
    recorder.error = api_error("NotFoundApiGroup", "no group g", 404)
    with pytest.raises(Exception) as raised:
        new_client(port).describe_api_group(models.DescribeApiGroupRequest(group_id="g"))
    assert getattr(raised.value, "code", "") == "NotFoundApiGroup"
    assert "no group g" in str(raised.value)


def test_a_wrong_secret_is_told_as_a_signature_that_does_not_match(port: int) -> None:
    with pytest.raises(Exception) as raised:
        new_client(port, secret="wrong").describe_regions(models.DescribeRegionsRequest())
    assert getattr(raised.value, "code", "") == "SignatureDoesNotMatch"


def old_call(port: int, secret: str) -> Any:
    request = CreateApiGroupRequest()
    request.set_endpoint("127.0.0.1")
    request.set_protocol_type("http")
    request.set_GroupName("nginx_demo")
    return AcsClient("testid", secret, "cn-hangzhou", port=port).do_action_with_exception(request)


def test_the_older_sdk_calls_and_compares_strings_to_sign(port: int, recorder: Recorder) -> None:
    assert b"RequestId" in old_call(port, "testsecret")
    assert recorder.calls[0][1].group_name == "nginx_demo"
    with pytest.raises(ServerException) as raised:
        old_call(port, "wrong")
    # It found the server's string in the message and saw that both sides signed the same text.
    assert raised.value.get_error_code() == "InvalidAccessKeySecret"
