"""Recorded requests of real signing clients, through a gateway that was set up by the vendor's SDK."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alibabacloud_cloudapi20160714 import models

from running import DEADLINE, Nginx, Running
from walk import Walk, request_config, service_config

VECTORS = json.loads((Path(__file__).resolve().parents[2] / "spec" / "vectors" / "signatures.json").read_text())[
    "vectors"
]
SIGNED = [vector for vector in VECTORS if vector["kind"] == "client-signature"]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    # The recordings are old and share their nonces.
    environment = {"ISTHMUS_SIGNATURE_WINDOW": "10000d", "ISTHMUS_NONCE_WINDOW": "0s"}
    running = Running.start(tmp_path_factory.mktemp("vectors"), environment=environment)
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def domain(gateway: Running, nginx: Nginx) -> str:
    walk = Walk(gateway.client())
    walk.authorise_vpc("vpc-here", "127.0.0.1", nginx.port)
    walk.create_group()
    walk.create_api(
        request_config=request_config("/*", "ANY"),
        service_config=service_config(walk.access, "/*").replace('"GET"', '"ANY"'),
        allow_signature_method="HmacSHA1,HmacSHA256",
    )
    for stage in ("RELEASE", "PRE", "TEST"):
        walk.publish(stage=stage)
    for number, (key, secret) in enumerate(sorted({(one["app_key"], one["app_secret"]) for one in SIGNED})):
        request = models.CreateAppRequest(app_name=f"recorded-{number}", app_key=key, app_secret=secret)
        walk.app_id = walk.client.create_app(request).body.app_id
        for stage in ("RELEASE", "PRE", "TEST"):
            walk.authorise_app(stage)
    return walk.domain


def replay(gateway: Running, domain: str, vector: dict[str, Any]) -> tuple[int, str]:
    body = vector["body_utf8"].encode()
    framing = {"host", "connection", "content-length", "transfer-encoding"}
    lines = [f"{vector['method']} {vector['target']} HTTP/1.1", f"Host: {domain}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in vector["headers"] if name.lower() not in framing]
    message = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body
    host, port = gateway.ready["http"].removeprefix("http://").rsplit(":", 1)
    with socket.create_connection((host, int(port)), DEADLINE) as connection:
        connection.sendall(message)
        answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode(errors="replace")
    return int(answer.split(" ")[1]), answer


@pytest.mark.parametrize("vector", SIGNED, ids=lambda vector: vector["id"])
def test_a_recorded_signed_request_is_accepted(gateway: Running, domain: str, vector: dict[str, Any]) -> None:
    status, answer = replay(gateway, domain, vector)
    # nginx's static pages know GET and HEAD only; what counts is that the gateway made no refusal.
    assert status in (200, 405) and "X-Ca-Error-Code" not in answer, answer


def test_a_changed_request_is_refused_with_the_string_to_sign(gateway: Running, domain: str) -> None:
    vector = {**SIGNED[0], "target": SIGNED[0]["target"] + "&forged=1"}
    status, answer = replay(gateway, domain, vector)
    assert status == 403 and "X-Ca-Error-Code: A403IS" in answer
    assert "Invalid Signature, Server StringToSign:`GET#" in answer
