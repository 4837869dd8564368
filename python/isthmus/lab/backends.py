"""The instances' web servers: a real nginx each, or (without namespaces) a small server that plays the security group."""

from __future__ import annotations

import http.server
import json
import socketserver
import sys
from pathlib import Path
from typing import Any

from isthmus.lab import topology


def nginx_configuration(folder: Path, text: str, port_lines: str, virtual_host: str | None) -> str:
    """Pages tell which instance answered, on which port, to whom, for which Host; every call is logged."""
    temporary = " ".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    told = "port=$server_port peer=$remote_addr host=$host path=$request_uri"
    shop = (
        f'server {{ {port_lines} server_name {virtual_host}; location / {{ return 200 "shop on {text} {told}\\n"; }} }}'
        if virtual_host
        else ""
    )
    return (
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;\n"
        f"events {{ worker_connections 256; }}\n"
        f"http {{ {temporary} default_type text/plain; keepalive_timeout 60s;\n"
        f"  log_format told '$remote_addr $server_port $host $request_uri';\n"
        f"  access_log {folder}/access.log told;\n"
        f'  server {{ {port_lines} server_name _; location / {{ return 200 "{text} {told}\\n"; }} }}\n'
        f"  {shop}\n}}\n"
    )


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    text = ""
    admitted_file = Path()
    log_file = Path()
    network = ""

    def handle(self) -> None:
        # In place of a security group: who is not admitted gets a reset instead of silence.
        port = self._port()
        if [self._peer(), port] in json.loads(self.admitted_file.read_text()):
            super().handle()

    def do_GET(self) -> None:
        port = self._port()
        host = self.headers.get("host", "").split(":")[0]
        shop = "shop on " if host == topology.VIRTUAL_HOST else ""
        body = f"{shop}{self.text} port={port} peer={self._peer()} host={host} path={self.path}\n".encode()
        with open(self.log_file, "a", encoding="utf-8") as log:
            log.write(f"{self._peer()} {port} {host} {self.path}\n")
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Calls are in the file; nothing else is worth a line."""

    def _port(self) -> int:
        """As the network knows it."""
        return int(self.connection.getsockname()[1]) - topology.LOOPBACK_PORT_OFFSET

    def _peer(self) -> str:
        return "10.0.0." + self.client_address[0].rsplit(".", 1)[1]


class _Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    allow_reuse_address = True


def serve_loopback(network: str, instance: str, folder: Path) -> None:
    """Serves both ports of an instance for ever; a process of its own."""
    import threading

    handler = type("Handler", (_Handler,), {})
    handler.text, handler.network = topology.page(network, instance), network  # type: ignore[attr-defined]
    handler.admitted_file, handler.log_file = folder / "admitted.json", folder / "access.log"  # type: ignore[attr-defined]
    address = topology.loopback(network, topology.INSTANCES[instance])
    ports = [topology.LOOPBACK_PORT_OFFSET + port for port in (topology.WEB_PORT, topology.OTHER_PORT)]
    servers = [_Server((address, port), handler) for port in ports]
    for server in servers[1:]:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    servers[0].serve_forever()


if __name__ == "__main__":
    serve_loopback(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
