"""Servers that sources of instances are read from: Docker's on a Unix socket, Kubernetes' by TLS, with answers as these
systems give them.
"""

from __future__ import annotations

import copy
import json
import socket
import socketserver
import ssl
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from certificates import self_signed

TOKEN = "eyJhbGciOiJSUzI1NiJ9.c2VjcmV0.c2lnbmF0dXJl"


class _Threading(socketserver.ThreadingMixIn, HTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A caller that ends the connection, as one does that does not trust the certificate."""


class _OnUnixSocket(_Threading):
    address_family = socket.AF_UNIX

    def server_bind(self) -> None:
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = "docker", 0

    def get_request(self) -> Any:
        return self.socket.accept()[0], ("docker", 0)


class RecordedServer:
    """Answers by path; `instead` is what all get while it is set: a status with a body, or None for no answer at all."""

    def __init__(self, server: HTTPServer) -> None:
        self.answers: dict[str, Any] = {}
        self.instead: tuple[int, bytes] | None = None
        self.is_silent = False
        self.asked: list[tuple[str, dict[str, str], str]] = []
        self._released = threading.Event()
        self._server = server
        server.RequestHandlerClass = self._handler()
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._released.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, query: dict[str, str], authorization: str) -> tuple[int, bytes]:
        self.asked.append((path, query, authorization))
        if self.is_silent:
            self._released.wait(60)
        if self.instead is not None:
            return self.instead
        if path not in self.answers:
            return 404, b'{"message":"page not found"}'
        found = self.answers[path]
        return 200, json.dumps(found(query) if callable(found) else found).encode()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        recorded = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                url = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(url.query).items()}
                status, body = recorded.answer(url.path, query, self.headers.get("authorization", ""))
                try:
                    self.send_response(status)
                    self.send_header("content-type", "application/json")
                    self.send_header("content-length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    pass  # The one that asked has given up.

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("content-length") or 0))
                self.do_GET()

            def log_message(self, *_: object) -> None:
                pass

        return Handler


class DockerServer(RecordedServer):
    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(_OnUnixSocket(str(path), BaseHTTPRequestHandler))
        self.run()

    def run(self, *containers: dict[str, Any]) -> None:
        self.answers["/containers/json"] = list(containers)


def container(name: str, address: str, network: str = "shop", **changes: Any) -> dict[str, Any]:
    """One entry of `GET /containers/json`, as Docker 28 gives it."""
    entry = {
        "Id": (name.encode().hex() + "0" * 64)[:64],
        "Names": [f"/{name}"],
        "Image": "nginx:1.27",
        "ImageID": "sha256:" + "a" * 64,
        "Command": "/docker-entrypoint.sh nginx -g 'daemon off;'",
        "Created": 1_795_000_000,
        "Ports": [{"PrivatePort": 80, "Type": "tcp"}],
        "Labels": {"com.docker.compose.project": "shop"},
        "State": "running",
        "Status": "Up 3 hours",
        "HostConfig": {"NetworkMode": network},
        "NetworkSettings": {
            "Networks": {
                "other": {"NetworkID": "b" * 64, "IPAddress": "172.30.0.9", "GlobalIPv6Address": ""},
                network: {
                    "IPAMConfig": None,
                    "NetworkID": "c" * 64,
                    "EndpointID": "d" * 64,
                    "Gateway": "172.20.0.1",
                    "IPAddress": address,
                    "IPPrefixLen": 16,
                    "GlobalIPv6Address": "",
                    "MacAddress": "02:42:ac:14:00:02",
                },
            }
        },
        "Mounts": [],
    }
    return {**entry, **changes}


class EcsServer(RecordedServer):
    """The vendor's ECS, by HTTP."""

    def __init__(self) -> None:
        server = _Threading(("127.0.0.1", 0), BaseHTTPRequestHandler)
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        super().__init__(server)

    def run(self, *instances: dict[str, Any]) -> None:
        """In pages of two."""

        def page(query: dict[str, str]) -> dict[str, Any]:
            start = int(query.get("NextToken", "0"))
            following = str(start + 2) if len(instances) > start + 2 else ""
            shown = {"Instance": list(instances[start : start + 2])}
            return {"RequestId": "473469C7-AA6F", "NextToken": following, "TotalCount": 0, "Instances": shown}

        self.answers["/"] = page

    def run_balancers(self, total: int, *balancers: dict[str, Any]) -> None:
        """The vendor's SLB, in pages of two."""

        def page(query: dict[str, str]) -> dict[str, Any]:
            start = (int(query["PageNumber"]) - 1) * 2
            shown = {"LoadBalancer": list(balancers[start : start + 2])}
            return {"RequestId": "365F4154", "TotalCount": total, "PageSize": 2, "LoadBalancers": shown}

        self.answers["/"] = page


def balancer(balancer_id: str, address: str) -> dict[str, Any]:
    """One entry of DescribeLoadBalancers."""
    return {
        "LoadBalancerId": balancer_id,
        "LoadBalancerStatus": "active",
        "Address": address,
        "AddressType": "intranet",
        "AddressIPVersion": "ipv4",
        "NetworkType": "vpc",
        "VpcId": "vpc-bp1",
    }


def ecs_instance(instance_id: str, *addresses: str) -> dict[str, Any]:
    """One entry of DescribeInstances."""
    return {
        "InstanceId": instance_id,
        "InstanceName": "shop",
        "Status": "Running",
        "RegionId": "cn-hangzhou",
        "InstanceNetworkType": "vpc",
        "PublicIpAddress": {"IpAddress": ["203.0.113.9"]},
        "VpcAttributes": {
            "VpcId": "vpc-bp1",
            "VSwitchId": "vsw-bp1",
            "NatIpAddress": "",
            "PrivateIpAddress": {"IpAddress": list(addresses)},
        },
    }


class KubernetesServer(RecordedServer):
    """By TLS with a certificate of an authority of its own (`ca_file`), for who has `TOKEN`."""

    def __init__(self, folder: Path) -> None:
        self.ca_file = folder / "ca.crt"
        certificate, key = self_signed("127.0.0.1")
        self.ca_file.write_text(certificate)
        key_file = folder / "tls.key"
        key_file.write_text(key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca_file, key_file)
        server = _Threading(("127.0.0.1", 0), BaseHTTPRequestHandler)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://127.0.0.1:{server.server_address[1]}"
        super().__init__(server)

    def answer(self, path: str, query: dict[str, str], authorization: str) -> tuple[int, bytes]:
        status, body = super().answer(path, query, authorization)
        if status == 200 and authorization != f"Bearer {TOKEN}":
            failure = {"kind": "Status", "status": "Failure", "message": "Unauthorized", "reason": "Unauthorized"}
            return 401, json.dumps({**failure, "code": 401}).encode()
        return status, body

    def run(self, services: list[dict[str, Any]], slices: list[dict[str, Any]]) -> None:
        """In pages of two."""
        for path, kind, items in (
            ("/api/v1/services", "ServiceList", services),
            ("/apis/discovery.k8s.io/v1/endpointslices", "EndpointSliceList", slices),
        ):
            self.answers[path] = _paged(kind, items)


def service(name: str, address: str, balancer: str | None = None) -> dict[str, Any]:
    """As `GET /api/v1/services` lists it."""
    ingress = [] if balancer is None else [{"ip": balancer, "ipMode": "VIP"}]
    return {
        "metadata": {"name": name, "namespace": "shop", "uid": "0a1b", "resourceVersion": "71"},
        "spec": {
            "clusterIP": address,
            "clusterIPs": [address],
            "ports": [{"name": "http", "protocol": "TCP", "port": 80, "targetPort": 8080}],
            "selector": {"app": name},
            "type": "ClusterIP" if balancer is None else "LoadBalancer",
        },
        "status": {"loadBalancer": {"ingress": ingress} if ingress else {}},
    }


def endpoint_slice(name: str, *endpoints: dict[str, Any], family: str = "IPv4") -> dict[str, Any]:
    """As `GET /apis/discovery.k8s.io/v1/endpointslices` lists it."""
    return {
        "metadata": {
            "name": f"{name}-x7x2k",
            "namespace": "shop",
            "labels": {"kubernetes.io/service-name": name, "endpointslice.kubernetes.io/managed-by": "controller"},
        },
        "addressType": family,
        "endpoints": list(copy.deepcopy(endpoints)) or None,
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
    }


def endpoint(address: str, host_name: str | None = None, **conditions: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "addresses": [address],
        "conditions": {"ready": True, "serving": True, "terminating": False, **conditions},
        "targetRef": {"kind": "Pod", "namespace": "shop", "name": f"pod-{address}"},
    }
    return {**found, **({"hostname": host_name} if host_name else {})}


def _paged(kind: str, items: list[dict[str, Any]]) -> Any:
    def page(query: dict[str, str]) -> dict[str, Any]:
        start = int(query.get("continue", "0"))
        more = {"continue": str(start + 2)} if len(items) > start + 2 else {}
        return {"kind": kind, "metadata": {"resourceVersion": "7100", **more}, "items": items[start : start + 2]}

    return page
