"""CPU per request: our engine beside nginx doing the same, interleaved in one run.

`python bench/compare.py [--rounds 8] [--seconds 3]` first checks that both do the work (refuse without an AppCode,
forward with one, write a record, set a request id), then loads them in turn with wrk from loopback and prints the
median CPU time per request with its spread, and the ratio round by round. Times of a shared machine are worth little
alone; the ratio inside one run is the figure.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import parts

LOGS = {"isthmus": "access.log", "nginx": "peer-access.log"}


def check(name: str, port: int, log: Path) -> None:
    """Both must do the whole work: permission, forwarding, a request id, a record."""
    status, received = parts.answer(port, parts.request())
    if status != 200 or b"x-ca-request-id" not in received.lower():
        raise parts.BenchError(f"{name} does not forward an authorised call: {received[:200]!r}")
    for authorization in ("APPCODE wrong", "Basic eDp5"):
        status, _ = parts.answer(port, parts.request(authorization=authorization))
        if status not in (400, 403):
            raise parts.BenchError(f"{name} answers {status} to {authorization!r}")
    if parts.answer(port, parts.request("/other"))[0] not in (403, 404):
        raise parts.BenchError(f"{name} forwards a path that has no API")
    deadline = time.monotonic() + 10
    while not log.exists() or log.read_text().count("\n") < 4:
        if time.monotonic() > deadline:
            raise parts.BenchError(f"{name} does not write a record for each call")
        time.sleep(0.05)


def load(port: int, seconds: int, connections: int) -> int:
    """Requests answered with 200 in `seconds`."""
    program = shutil.which("wrk")
    if program is None:
        raise parts.BenchError("wrk is not installed (Debian package wrk)")
    headers = [
        "-H",
        f"Host: {parts.HOST}",
        "-H",
        f"Authorization: APPCODE {parts.APP_CODE}",
    ]
    command = [
        program,
        "-t1",
        f"-c{connections}",
        f"-d{seconds}",
        *headers,
        f"http://127.0.0.1:{port}/nginx",
    ]
    output = subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds + 30).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        raise parts.BenchError(f"calls failed under load: {output}")
    match = re.search(r"(\d+) requests in", output)
    if match is None:
        raise parts.BenchError(f"wrk printed no count: {output}")
    return int(match[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=32)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="isthmus-bench-") as name:
        folder = Path(name)
        figures = measure(folder, options)
    ours, peer = figures["isthmus"], figures["nginx"]
    ratios = [one / other for one, other in zip(ours, peer, strict=True)]
    for name, values in (("isthmus", ours), ("nginx", peer)):
        print(
            f"{name:8} CPU/request µs: median {statistics.median(values):.2f}  min {min(values):.2f}  max {max(values):.2f}"
        )
    summary = {
        "ratio_median": statistics.median(ratios),
        "ratio_min": min(ratios),
        "ratio_max": max(ratios),
    }
    print(f"ratio isthmus/nginx: median {summary['ratio_median']:.3f}  min {min(ratios):.3f}  max {max(ratios):.3f}")
    print(json.dumps({"rounds": options.rounds, "seconds": options.seconds, **summary}))


def measure(folder: Path, options: argparse.Namespace) -> dict[str, list[float]]:
    backend, peer_port = parts.free_port(), parts.free_port()
    values = {
        "app_code": parts.APP_CODE,
        "app_id": parts.APP_ID,
        "group": parts.GROUP,
        "api": parts.API,
    }
    figures: dict[str, list[float]] = {"isthmus": [], "nginx": []}
    with (
        parts.nginx("backend.conf.template", folder, port=backend, page="x" * 1024),
        parts.nginx(
            "peer.conf.template",
            folder,
            port=peer_port,
            backend=backend,
            host=parts.HOST,
            **values,
        ) as peer,
        parts.engine(folder, backend) as (engine, port),
    ):
        sides = {"isthmus": (engine, port), "nginx": (peer, peer_port)}
        for name, (_, side) in sides.items():
            check(name, side, folder / LOGS[name])
            load(side, 1, options.connections)
        for number in range(options.rounds):
            for name, (process, side) in sides.items():
                before = parts.cpu_ns(process)
                requests = load(side, options.seconds, options.connections)
                figures[name].append((parts.cpu_ns(process) - before) / requests / 1000)
            print(
                f"round {number + 1}: isthmus {figures['isthmus'][-1]:.2f} µs, nginx {figures['nginx'][-1]:.2f} µs",
                flush=True,
            )
    return figures


if __name__ == "__main__":
    try:
        main()
    except (parts.BenchError, subprocess.SubprocessError) as error:
        sys.exit(f"bench: {error}")
