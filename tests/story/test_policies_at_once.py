"""The older policy objects by the vendor's SDK: an engine enforces each from its binding on."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from alibabacloud_cloudapi20160714 import models

from running import Nginx, Running
from walk import Walk


@pytest.fixture(scope="module")
def walk(gateway: Running, nginx: Nginx) -> Walk:
    walk = Walk(gateway.client(), "-policies")
    walk.authorise_vpc("vpc-policies", "127.0.0.1", nginx.port)
    walk.create_group()
    walk.create_api(auth_type="ANONYMOUS")
    walk.publish()
    return walk


class Echo(BaseHTTPRequestHandler):
    """Answers with the headers that it gets."""

    def do_GET(self) -> None:
        body = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a backend that shows what it gets."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def place(walk: Walk) -> dict[str, str]:
    return {"group_id": walk.group_id, "stage_name": "RELEASE", "api_ids": walk.api_id}


def code(gateway: Running, walk: Walk) -> str:
    return gateway.get("/nginx", walk.domain).headers.get("x-ca-error-code", "OK")


def test_a_traffic_control_limits_the_calls_of_an_api(gateway: Running, walk: Walk) -> None:
    client = walk.client
    made = models.CreateTrafficControlRequest(
        traffic_control_name="two_a_day", traffic_control_unit="DAY", api_default=2, description="few"
    )
    policy_id = client.create_traffic_control(made).body.traffic_control_id
    assert code(gateway, walk) == "OK"
    client.set_traffic_control_apis(models.SetTrafficControlApisRequest(traffic_control_id=policy_id, **place(walk)))
    assert [code(gateway, walk) for _ in range(3)] == ["OK", "OK", "T429PA"]
    client.modify_traffic_control(models.ModifyTrafficControlRequest(traffic_control_id=policy_id, api_default=3))
    assert [code(gateway, walk) for _ in range(2)] == ["OK", "T429PA"]
    found = client.describe_api_traffic_controls(models.DescribeApiTrafficControlsRequest(**place(walk))).body
    assert [one.traffic_control_name for one in found.api_traffic_controls.api_traffic_control_item] == ["two_a_day"]
    gone = models.RemoveTrafficControlApisRequest(traffic_control_id=policy_id, **place(walk))
    client.remove_traffic_control_apis(gone)
    assert code(gateway, walk) == "OK"
    client.delete_traffic_control(models.DeleteTrafficControlRequest(traffic_control_id=policy_id))


def test_an_ip_control_turns_addresses_away(gateway: Running, walk: Walk) -> None:
    client = walk.client
    item = models.CreateIpControlRequestIpControlPolicys(cidr_ip="10.0.0.0/8;192.168.0.0/16")
    made = models.CreateIpControlRequest(ip_control_name="inside", ip_control_type="ALLOW", ip_control_policys=[item])
    policy_id = client.create_ip_control(made).body.ip_control_id
    client.set_ip_control_apis(models.SetIpControlApisRequest(ip_control_id=policy_id, **place(walk)))
    assert code(gateway, walk) == "A403IP"
    added = models.AddIpControlPolicyItemRequest(ip_control_id=policy_id, cidr_ip="127.0.0.0/8")
    item_id = client.add_ip_control_policy_item(added).body.policy_item_id
    assert code(gateway, walk) == "OK"
    items = client.describe_ip_control_policy_items(
        models.DescribeIpControlPolicyItemsRequest(ip_control_id=policy_id, policy_item_id=item_id)
    ).body.ip_control_policy_items.ip_control_policy_item
    assert [one.cidr_ip for one in items] == ["127.0.0.0/8"]
    client.remove_ip_control_policy_item(
        models.RemoveIpControlPolicyItemRequest(ip_control_id=policy_id, policy_item_ids=item_id)
    )
    assert code(gateway, walk) == "A403IP"
    client.remove_ip_control_apis(models.RemoveIpControlApisRequest(ip_control_id=policy_id, **place(walk)))
    assert code(gateway, walk) == "OK"
    client.delete_ip_control(models.DeleteIpControlRequest(ip_control_id=policy_id))


def test_a_backend_sees_the_signature(gateway: Running, walk: Walk, echo: int) -> None:
    client = walk.client
    made = models.CreateSignatureRequest(
        signature_name="backend", signature_key="backend_key", signature_secret="backend_secret"
    )
    policy_id = client.create_signature(made).body.signature_id
    client.set_vpc_access(
        models.SetVpcAccessRequest(name="echo-policies", vpc_id="vpc-policies", instance_id="127.0.0.1", port=echo)
    )
    walk.access = "echo-policies"
    walk.modify_api(auth_type="ANONYMOUS")
    walk.publish()
    assert "x-ca-proxy-signature" not in seen(gateway, walk)
    client.set_signature_apis(models.SetSignatureApisRequest(signature_id=policy_id, **place(walk)))
    headers = seen(gateway, walk)
    assert headers["x-ca-proxy-signature-secret-key"] == "backend_key" and headers["x-ca-proxy-signature"]
    request = models.DescribeApisBySignatureRequest(signature_id=policy_id)
    found = client.describe_apis_by_signature(request).body.api_infos.api_info
    assert [(one.api_id, one.stage_name) for one in found] == [(walk.api_id, "RELEASE")]
    client.remove_signature_apis(models.RemoveSignatureApisRequest(signature_id=policy_id, **place(walk)))
    assert "x-ca-proxy-signature" not in seen(gateway, walk)
    client.delete_signature(models.DeleteSignatureRequest(signature_id=policy_id))


def seen(gateway: Running, walk: Walk) -> dict[str, str]:
    """What the backend got."""
    answer = gateway.get("/nginx", walk.domain)
    assert answer.status_code == 200, answer.headers
    return dict(json.loads(answer.text))
