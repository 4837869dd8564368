"""The management API in a world of 10,000 APIs: every page of DescribeApis, and an import of 500 paths.

`python bench/management.py [--database postgresql://…]` starts a control plane of its own in a temporary folder, fills
it by importing documents, then reads all pages over HTTP with signed calls. Beside the median of all pages it prints
what the database itself takes for the rows of the same pages, asked in this process (SQLite only). Times are of the
wall, which on a machine that does something else say little; so the processor's time of the control plane is there too.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from isthmus.processes.state import store_path

GROUPS, APIS, PAGE = 200, 10_000, 100
DEADLINE = 120
OF_THE_PAGE = "SELECT api_id FROM apis ORDER BY modified_at DESC, api_id DESC LIMIT ? OFFSET ?"
ROWS = f"SELECT * FROM apis WHERE api_id IN ({OF_THE_PAGE})"


class Caller:
    """Signs calls as the vendor's older clients do, on one kept connection."""

    def __init__(self, url: str, key: str, secret: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=DEADLINE, trust_env=False)
        self._key, self._secret = key, secret

    def call(self, action: str, **form: str) -> dict[str, Any]:
        query = {
            "Action": action,
            "Version": "2016-07-14",
            "Format": "json",
            "AccessKeyId": self._key,
            "SignatureMethod": "HMAC-SHA1",
            "SignatureVersion": "1.0",
            "SignatureNonce": uuid.uuid4().hex,
            "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        joined = "&".join(f"{quote(k, safe='~')}={quote(v, safe='~')}" for k, v in sorted({**query, **form}.items()))
        digest = hmac.new(f"{self._secret}&".encode(), f"POST&%2F&{quote(joined, safe='~')}".encode(), hashlib.sha1)
        query["Signature"] = base64.b64encode(digest.digest()).decode()
        answer = self._client.post("/", params=query, data=form)
        if answer.status_code != 200:
            raise SystemExit(f"{action}: {answer.text[:500]}")
        return dict(answer.json())


def document(group: int, paths: int) -> str:
    """An OpenAPI document with a path parameter and a backend for each path."""
    parameter = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    backend = {"type": "HTTP", "address": "http://10.0.0.1:8080", "path": "/things/{id}", "method": "get"}
    served = {
        f"/g{group}/things/{number}/{{id}}": {
            "get": {
                "operationId": f"thing_{number}",
                "parameters": [parameter],
                "responses": {"200": {"description": "ok"}},
                "x-aliyun-apigateway-backend": backend,
            }
        }
        for number in range(paths)
    }
    return json.dumps({"openapi": "3.0.0", "info": {"title": "things", "version": "1"}, "paths": served})


def fill(caller: Caller, group: int, paths: int) -> float:
    """Seconds that the import took."""
    group_id = caller.call("CreateApiGroup", GroupName=f"things_{group}")["GroupId"]
    given = {"OASVersion": "OAS3", "AuthType": "APP", "RequestMode": "MAPPING", "Overwrite": "false"}
    started = time.perf_counter()
    done = caller.call(
        "ImportOAS", GroupId=group_id, Data=document(group, paths), SkipDryRun="false", IgnoreWarning="true", **given
    )
    taken = time.perf_counter() - started
    if len(done["SuccessApis"]["SuccessApi"]) != paths:
        raise SystemExit(f"only {done['SuccessApis']} were imported")
    return taken


def timed(pages: int, ask: Callable[[int], int]) -> list[float]:
    """Milliseconds of each page; `ask` gives the number of its rows."""
    taken = []
    for number in range(1, pages + 1):
        started = time.perf_counter()
        rows = ask(number)
        taken.append((time.perf_counter() - started) * 1000)
        if rows != PAGE:
            raise SystemExit(f"page {number} has {rows} rows")
    return taken


def processor_seconds(pid: int) -> float:
    """What the process has used so far, in itself and in the system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(caller: Caller, control: int, database: Path | None) -> None:
    imports = [fill(caller, group, APIS // GROUPS) for group in range(GROUPS)]
    print(f"{APIS} APIs in {GROUPS} groups imported; {statistics.median(imports) * 1000:.0f} ms a group at the median")
    pages = APIS // PAGE

    def page(number: int) -> int:
        answer = caller.call("DescribeApis", PageSize=str(PAGE), PageNumber=str(number))
        return len(answer["ApiSummarys"]["ApiSummary"])

    before = processor_seconds(control)
    taken = sorted(timed(pages, page))
    used = (processor_seconds(control) - before) * 1000 / pages
    told = f"median {statistics.median(taken):.1f} ms, worst {taken[-1]:.1f} ms"
    print(f"DescribeApis, {pages} pages of {PAGE}: {told}; of the processor {used:.1f} ms each")
    if database is not None:
        connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
        own = timed(pages, lambda number: len(connection.execute(ROWS, (PAGE, (number - 1) * PAGE)).fetchall()))
        print(
            f"SQLite itself, the rows of the same pages: median {statistics.median(own):.2f} ms, worst {max(own):.2f} ms"
        )
    print(f"an import of 500 paths, checked before it is written: {fill(caller, GROUPS, 500):.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", help="a PostgreSQL database in the place of SQLite; it is filled")
    address = parser.parse_args().database
    with tempfile.TemporaryDirectory(prefix="isthmus-bench-") as folder:
        state, ready_file = Path(folder) / "state", Path(folder) / "ready.json"
        command = [sys.executable, "-m", "isthmus", "up", "--state", str(state), "--ready-file", str(ready_file)]
        for flag in ("--http", "--https", "--admin"):
            command += [flag, "127.0.0.1:0"]
        command += ["--groups-limit", str(GROUPS + 1)]
        if address:
            command += ["--database", address]
        with open(Path(folder) / "log", "wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + DEADLINE
            while not ready_file.exists():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit((Path(folder) / "log").read_text())
                time.sleep(0.05)
            ready = json.loads(ready_file.read_text())
            caller = Caller(ready["management"], ready["access_key_id"], ready["access_key_secret"])
            measure(caller, ready["control_pid"], None if address else store_path(state))
        finally:
            process.terminate()
            process.wait(DEADLINE)


if __name__ == "__main__":
    main()
