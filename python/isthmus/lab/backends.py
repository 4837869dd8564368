"""The web servers of a lab with namespaces: nginx on every instance, and a metadata service in every network.

Each answers with a page that says where it is and whom it saw, and writes one line per request, which is the proof of
who connected. The keeper starts them and ends with them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

from isthmus.lab.modes import LabError
from isthmus.lab.namespaces import ENVIRONMENT, Namespaces
from isthmus.lab.topology import METADATA, PORTS, VIRTUAL_HOST, Vpc, page, shop_page

START_SECONDS = 10.0
BIG_BYTES = 64 << 20
CONFIGURATION = """daemon off; {process}
worker_processes 1; pid {directory}/nginx.pid; error_log {directory}/error.log;
events {{ worker_connections 512; }}
http {{
    log_format seen '$remote_addr $host $server_port "$request" $status';
    access_log {directory}/access.log seen;
    client_body_temp_path {directory}/tmp; proxy_temp_path {directory}/tmp; fastcgi_temp_path {directory}/tmp;
    uwsgi_temp_path {directory}/tmp; scgi_temp_path {directory}/tmp;
    keepalive_timeout 60s; default_type text/plain; server_tokens off;
{servers}
}}
"""
SERVER = """    server {{
        {listen}
        server_name {name};
        location ~ /big$ {{ alias {big}; }}
        location / {{ return 200 "{text} peer=$remote_addr host=$host port=$server_port uri=$request_uri\\n"; }}
    }}"""


class Backends:
    """The web servers of one lab."""

    def __init__(self, directory: Path, namespaces: Namespaces, is_root: bool) -> None:
        self._directory = directory
        self._namespaces = namespaces
        # In a user namespace there is one user only, and no other one to become.
        self._process = "user nobody nogroup;" if is_root else "user root root; master_process off;"
        # What a path that ends with /big leads to: more than all buffers on the way hold.
        self._big = directory / "big"
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self, vpc: Vpc) -> None:
        """Raises `LabError` when one does not start."""
        self._big.touch()
        os.truncate(self._big, BIG_BYTES)
        for instance in vpc.instances:
            listen = " ".join(f"listen {port} default_server;" for port in PORTS)
            usual = SERVER.format(big=self._big, listen=listen, name="_", text=page(vpc.name, instance.name))
            plain = " ".join(f"listen {port};" for port in PORTS)
            shop = SERVER.format(
                big=self._big, listen=plain, name=VIRTUAL_HOST, text=shop_page(vpc.name, instance.name)
            )
            self._start(vpc.name, instance.name, usual + "\n" + shop)
        metadata = SERVER.format(
            big=self._big, listen=f"listen {METADATA}:80;", name="_", text=f"metadata of {vpc.name}"
        )
        self._start(vpc.name, "switch", metadata)

    def _start(self, vpc: str, place: str, servers: str) -> None:
        directory = self._directory / vpc / place
        (directory / "tmp").mkdir(parents=True)
        file = directory / "nginx.conf"
        file.write_text(
            CONFIGURATION.format(process=self._process, directory=directory, servers=servers), encoding="utf-8"
        )
        command = ["nginx", "-c", str(file), "-p", str(directory), "-e", str(directory / "error.log")]
        process = subprocess.Popen(
            [*self._namespaces.inside(vpc, place), *command], env=ENVIRONMENT, stdin=subprocess.DEVNULL
        )
        self._processes.append(process)
        deadline = time.monotonic() + START_SECONDS
        # nginx writes its process id after it listens.
        while not (directory / "nginx.pid").exists():
            if process.poll() is not None or time.monotonic() > deadline:
                log = directory / "error.log"
                said = log.read_text(encoding="utf-8").strip() if log.exists() else "no reason given"
                raise LabError(f"nginx of {vpc} {place} ({shutil.which('nginx')}) did not start: {said}")
            time.sleep(0.005)
