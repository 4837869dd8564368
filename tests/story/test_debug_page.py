"""The debug page's request through a real engine: a refusal with its fix, and then the first 200."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from isthmus.client import ClientError, call, find_endpoint

from running import Running

OWN = "2026-11-01"


class Management:
    def __init__(self, gateway: Running) -> None:
        self.gateway = gateway
        self._endpoint = find_endpoint({}, gateway.state)

    def __call__(self, action: str, version: str = "2016-07-14", **params: Any) -> dict[str, Any]:
        raw = {key: value if isinstance(value, str) else json.dumps(value) for key, value in params.items()}
        return call(self._endpoint, action, version, raw)


@pytest.fixture(scope="module")
def management(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Management]:
    running = Running.start(tmp_path_factory.mktemp("debug"))
    yield Management(running)
    running.stop()


def test_from_not_found_over_unauthorized_to_the_first_200(management: Management) -> None:
    group = management("CreateApiGroup", GroupName="shop", BasePath="/v1")["GroupId"]
    api = management(
        "CreateApi",
        GroupId=group,
        ApiName="hello",
        AuthType="APP",
        AppCodeAuthType="HEADER",
        Visibility="PRIVATE",
        RequestConfig={"RequestProtocol": "HTTP,HTTPS", "RequestHttpMethod": "GET", "RequestPath": "/hello"},
        ServiceConfig={"ServiceProtocol": "HTTP", "Mock": "TRUE", "MockResult": "hello"},
    )["ApiId"]
    app = management("CreateApp", AppName="demo_app")["AppId"]
    wanted = {"ApiId": api, "AppId": str(app), "Authentication": "APPCODE"}
    absent = management("DebugApi", OWN, **wanted)
    assert (absent["Status"], absent["Refusal"]["Code"], absent["Refusal"]["Link"]) == (404, "I404NF", "api.publish")
    management("DeployApi", ApiId=api, GroupId=group, StageName="RELEASE", Description="d")
    refused = management("DebugApi", OWN, **wanted)
    assert (refused["Status"], refused["Refusal"]["Link"]) == (403, "api.authorize")
    management("SetAppsAuthorities", ApiId=api, GroupId=group, StageName="RELEASE", AppIds=str(app))
    good = management("DebugApi", OWN, **wanted)
    assert (good["Status"], good["Body"], good["AnsweredBy"]) == (200, "hello", "backend")
    assert good["Sent"].startswith("GET /v1/hello HTTP/1.1\r\n") and "APPCODE ***" in good["Sent"]
    for scheme in ("HTTP", "HTTPS"):
        signed = management("DebugApi", OWN, **{**wanted, "Authentication": "APPKEY"}, Scheme=scheme)
        assert signed["Status"] == 200, signed
    steps = {one["Step"]: one["Done"] for one in management("DescribeOverview", OWN)["Steps"]}
    assert [step for step, done in steps.items() if not done] == ["VPC_ACCESS"]
    elsewhere = management("DebugApi", OWN, ApiId=api, Host="169.254.169.254")
    assert elsewhere["Refusal"]["Code"] == "I404DO"
    events = management("DescribeAuditEvents", OWN, Subject=good["GatewayRequestId"])["AuditEvents"]
    assert [event["Operation"] for event in events] == ["DebugApi"]


def test_a_refused_debug_request_is_kept(management: Management) -> None:
    with pytest.raises(ClientError, match="no API"):
        management("DebugApi", OWN, ApiId="nowhere")
    (event,) = management("DescribeAuditEvents", OWN, Outcome="NotFoundApi")["AuditEvents"]
    assert event["Client"] == "isthmus"


def test_a_draft_is_tried_out_and_nothing_that_is_published_changes(management: Management) -> None:
    group = management("CreateApiGroup", GroupName="drafts", BasePath="/d")["GroupId"]
    service = {"ServiceProtocol": "HTTP", "Mock": "TRUE", "MockResult": "live"}
    sent = {
        "GroupId": group,
        "ApiName": "hello",
        "AuthType": "APP",
        "AppCodeAuthType": "HEADER",
        "Visibility": "PRIVATE",
        "RequestConfig": {"RequestProtocol": "HTTP", "RequestHttpMethod": "GET", "RequestPath": "/hello"},
    }
    api = management("CreateApi", **sent, ServiceConfig=service)["ApiId"]
    app = str(management("CreateApp", AppName="draft_app")["AppId"])
    wanted = {"ApiId": api, "AppId": app, "Authentication": "APPCODE"}
    management("SetAppsAuthorities", ApiId=api, GroupId=group, StageName="TEST", AppIds=app)
    # Not published anywhere: the draft answers, with the grants of the stage it stands in for.
    assert management("DebugApi", OWN, **wanted, StageName="TEST", Draft="true")["Body"] == "live"
    assert management("DebugApi", OWN, **wanted, Draft="true")["Refusal"]["Code"] == "I403AA"
    assert management("DebugApi", OWN, **wanted, StageName="TEST")["Refusal"]["Code"] == "I404NF"
    management("DeployApi", ApiId=api, GroupId=group, StageName="TEST", Description="d")
    management("ModifyApi", ApiId=api, **sent, ServiceConfig={**service, "MockResult": "draft"})
    tried = management("DebugApi", OWN, **wanted, StageName="TEST", Draft="true")
    assert (tried["Status"], tried["Body"]) == (200, "draft")
    assert management("DebugApi", OWN, **wanted, StageName="TEST")["Body"] == "live"
    # Whoever keeps the name reaches nothing: it was for that call.
    name = next(line for line in tried["Sent"].splitlines() if line.lower().startswith("x-ca-stage"))
    again = management("DebugApi", OWN, **wanted, Headers={"X-Ca-Stage": name.partition(": ")[2]}, StageName="TEST")
    assert again["Body"] == "live"
    host = next(line for line in tried["Sent"].splitlines() if line.lower().startswith("host")).partition(": ")[2]
    late = management.gateway.get("/d/hello", host, **{"x-ca-stage": name.partition(": ")[2]})
    assert late.headers["x-ca-error-code"] == "I404NF"
    # What could not be published cannot be tried, and the reason is told.
    broken = {"ServiceProtocol": "HTTP", "ServiceVpcEnable": "TRUE", "VpcConfig": {"Name": "absent"}}
    management("ModifyApi", ApiId=api, **sent, ServiceConfig=broken)
    with pytest.raises(ClientError, match="absent"):
        management("DebugApi", OWN, **wanted, StageName="TEST", Draft="true")
    with pytest.raises(ClientError, match="automatic domain"):
        management("DebugApi", OWN, **wanted, Draft="true", Host="shop.example.com")
