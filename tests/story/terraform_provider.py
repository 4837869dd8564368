"""Terraform's provider as its calls and its judgement of answers show it; the two resources that others stand on.

The calls and the fields that it compares are those of provider 1.289.0: RPC signatures over a form body, reads that must
find at once what was written, and codes by which it knows that something is gone.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from typing import Any
from urllib.parse import quote

import httpx

from running import DEADLINE, Running


class Provider:
    """Calls as the provider makes them."""

    def __init__(self, gateway: Running) -> None:
        self._url = gateway.ready["management"]
        self._key = gateway.ready["access_key_id"]
        self._secret = gateway.ready["access_key_secret"]
        self._client = httpx.Client(timeout=DEADLINE, limits=httpx.Limits(max_connections=16))

    def send(self, action: str, **form: str) -> tuple[int, dict[str, Any]]:
        answer = self.post("2016-07-14", action, form)
        body = answer.json()
        # The provider ends with a panic on anything else.
        assert isinstance(body, dict) and isinstance(body["RequestId"], str)
        return answer.status_code, body

    def post(self, version: str, action: str, form: dict[str, str]) -> httpx.Response:
        query = {
            "Action": action,
            "Version": version,
            "Format": "json",
            "AccessKeyId": self._key,
            "SignatureMethod": "HMAC-SHA1",
            "SignatureVersion": "1.0",
            "SignatureNonce": uuid.uuid4().hex,
            "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        signed = sorted({**query, **form}.items())
        joined = "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in signed)
        text = f"POST&%2F&{quote(joined, safe='~')}"
        digest = hmac.new(f"{self._secret}&".encode(), text.encode(), hashlib.sha1).digest()
        query["Signature"] = base64.b64encode(digest).decode()
        return self._client.post(f"{self._url}/", params=query, data=form)

    def call(self, action: str, **form: str) -> dict[str, Any]:
        status, body = self.send(action, **form)
        assert status == 200, (action, body)
        assert not {"Code", "Success", "Message"} & set(body), body
        return body

    def gone(self, code: str, action: str, **form: str) -> None:
        """By this the provider knows that a resource is no more."""
        status, body = self.send(action, **form)
        assert (status, body["Code"]) == (404, code), body
        assert all(isinstance(body[name], str) for name in ("Code", "Message", "RequestId", "HostId", "Recommend"))


def unique(kind: str) -> str:
    return f"tf_{kind}_{uuid.uuid4().hex[:12]}"


def group(provider: Provider) -> str:
    name, tags = unique("group"), {"Description": "made", "BasePath": "/"}
    group_id = str(provider.call("CreateApiGroup", GroupName=name, **tags)["GroupId"])
    read = provider.call("DescribeApiGroup", GroupId=group_id)
    assert (read["GroupName"], read["Description"], read["BasePath"]) == (name, "made", "/") and read["SubDomain"]
    return group_id


def api(provider: Provider, group_id: str) -> str:
    """With a constant and a system parameter among the ordinary ones, as the provider sends them."""
    request = {
        "requestProtocol": "HTTP",
        "requestHttpMethod": "GET",
        "requestPath": f"/{uuid.uuid4().hex}",
        "requestMode": "MAPPING",
        "bodyFormat": "",
    }
    service = {
        "serviceProtocol": "HTTP",
        "serviceAddress": "http://127.0.0.1:1",
        "serviceHttpMethod": "GET",
        "servicePath": "/web",
        "serviceTimeout": 12,
        "mock": "FALSE",
        "serviceVpcEnable": "FALSE",
        "contentTypeCatagory": "CLIENT",
        "functionComputeConfig": {},
        "vpcConfig": {"name": "", "vpcScheme": ""},
        "aoneAppName": "",
    }
    names = {"q": "", "const": "CONSTANT", "sys": "SYSTEM"}
    declared = [
        {"parameterType": "STRING", "name": name, "apiParameterName": name, "location": "QUERY", "required": "OPTIONAL", "defaultValue": "v" if name == "const" else ""}
        for name in ("q", "const", "CaClientIp")
    ]  # fmt: skip
    served = [
        {"serviceParameterName": name, "location": "QUERY", "parameterType": "STRING" if not kind else "", "parameterCatalog": kind or "REQUEST"}
        for name, kind in names.items()
    ]  # fmt: skip
    mapped = [
        {"requestParameterName": source, "serviceParameterName": name}
        for source, name in (("q", "q"), ("const", "const"), ("CaClientIp", "sys"))
    ]
    given = {
        "ApiName": unique("api"),
        "GroupId": group_id,
        "AuthType": "APP",
        "ResultType": "JSON",
        "ResultSample": "Result Sample",
        "Visibility": "PRIVATE",
        "AllowSignatureMethod": "HmacSHA256",
        "WebSocketApiType": "COMMON",
        "RequestConfig": json.dumps(request),
        "ServiceConfig": json.dumps(service),
        "RequestParameters": json.dumps(declared),
        "ServiceParameters": json.dumps(served),
        "ServiceParametersMap": json.dumps(mapped),
    }
    api_id = str(provider.call("CreateApi", **given)["ApiId"])
    place = {"GroupId": group_id, "ApiId": api_id}

    def plan() -> None:
        read = provider.call("DescribeApi", **place)
        shown = [one["ApiParameterName"] for one in read["RequestParameters"]["RequestParameter"]]
        maps = [one["RequestParameterName"] for one in read["ServiceParametersMap"]["ServiceParameterMap"]]
        assert (shown, maps) == (["q"], ["q"])
        (constant,) = read["ConstantParameters"]["ConstantParameter"]
        (system,) = read["SystemParameters"]["SystemParameter"]
        assert (constant["ServiceParameterName"], constant["ConstantValue"]) == ("const", "v")
        assert (system["ParameterName"], system["ServiceParameterName"]) == ("CaClientIp", "sys")
        assert read["RequestParameters"]["RequestParameter"][0]["ParameterType"] == "STRING"
        assert read["ServiceConfig"]["ServiceTimeout"] == 12

    plan()
    for stage in ("RELEASE", "TEST"):
        provider.call("DeployApi", StageName=stage, Description="Terraform Deploy", **place)
        provider.call("DescribeDeployedApi", StageName=stage, **place)
    provider.call("ModifyApi", **{**given, "ApiId": api_id, "Description": "changed"})
    provider.call("DeployApi", StageName="RELEASE", Description="Terraform Deploy", **place)
    provider.call("AbolishApi", StageName="TEST", **place)
    provider.gone("NotFoundStage", "DescribeDeployedApi", StageName="TEST", **place)
    plan()
    return api_id


def destroy_api(provider: Provider, group_id: str, api_id: str) -> None:
    place = {"GroupId": group_id, "ApiId": api_id}
    for stage in ("RELEASE", "PRE", "TEST"):
        provider.call("AbolishApi", StageName=stage, **place)
        provider.gone("NotFoundStage", "DescribeDeployedApi", StageName=stage, **place)
    provider.call("DeleteApi", **place)
    provider.gone("NotFoundApi", "DescribeApi", **place)


def destroy_group(provider: Provider, group_id: str) -> None:
    provider.call("DeleteApiGroup", GroupId=group_id)
    provider.gone("NotFoundApiGroup", "DescribeApiGroup", GroupId=group_id)
