"""Counts per request that do not vary with the machine: instructions, system calls, allocations.

`python bench/counts.py [--check]` serves the pass-through API of `compare.py`, once with few and once with many
requests on one kept connection, and divides the difference: what a start costs falls out. With `--check` it compares
with `budgets.json` and fails when a count is over its budget; budgets may only fall. Instructions are user
instructions of the engine process under callgrind, system calls are counted by strace, allocations by the engine's
allocator itself. Records with their traces and the access log are kept; what each of them adds is printed too.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import socket
import sys
import tempfile
from pathlib import Path

import parts

FEW, MANY = 200, 1200
BUDGETS = Path(__file__).parent / "budgets.json"


def play(port: int, requests: int) -> None:
    """Sends requests one after the other on one connection."""
    message = parts.request()
    with socket.create_connection(("127.0.0.1", port), 60) as stream:
        for _ in range(requests):
            stream.sendall(message)
            received = b""
            while b"\r\n\r\n" not in received or len(received.split(b"\r\n\r\n", 1)[1]) < 1024:
                more = stream.recv(65536)
                if not more:
                    raise parts.BenchError("the engine closed the connection")
                received += more
            if not received.startswith(b"HTTP/1.1 200"):
                raise parts.BenchError(f"not a 200: {received[:100]!r}")


def run(folder: Path, backend: int, requests: int, wrapper: list[str], kept: tuple[bool, bool] = (True, True)) -> str:
    """What the engine printed at its end."""
    # A ring that was there before would be read at the start.
    state = folder / "state"
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir()
    with parts.engine(state, backend, wrapper, kept) as (process, port):
        play(port, requests)
        assert process.stdin is not None and process.stdout is not None
        process.stdin.close()
        output = process.stdout.read().decode()
        if process.wait(120) != 0:
            raise parts.BenchError(f"the engine ended with code {process.returncode}")
    return output


def instructions(folder: Path, backend: int, requests: int, kept: tuple[bool, bool] = (True, True)) -> int:
    out = folder / "callgrind.out"
    command = ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={out}"]
    run(folder, backend, requests, command, kept)
    match = re.search(r"^(?:summary|totals): (\d+)", out.read_text(), re.MULTILINE)
    if match is None:
        raise parts.BenchError("callgrind wrote no total")
    return int(match[1])


def added(folder: Path, backend: int, kept: tuple[bool, bool]) -> float:
    """Instructions of one request more."""
    few, many = (instructions(folder, backend, requests, kept) for requests in (FEW, MANY))
    return (many - few) / (MANY - FEW)


def system_calls(folder: Path, backend: int, requests: int) -> int:
    out = folder / "strace.out"
    run(folder, backend, requests, ["strace", "-f", "-c", "-o", str(out)])
    total = out.read_text().strip().splitlines()[-1].split()
    return int(total[3] if total[-1] == "total" and len(total) >= 5 else total[2])


def allocations(folder: Path, backend: int, requests: int) -> int:
    return int(json.loads(run(folder, backend, requests, []))["allocations"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="fail when a count is over its budget")
    options = parser.parse_args()
    missing = [tool for tool in ("valgrind", "strace") if shutil.which(tool) is None]
    if missing:
        raise parts.BenchError(f"not installed: {', '.join(missing)} (Debian packages of the same names)")
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="isthmus-counts-") as name:
        folder = Path(name)
        backend = parts.free_port()
        with parts.nginx("backend.conf.template", folder, port=backend, page="x" * 1024):
            for what, count in (
                ("instructions", instructions),
                ("system_calls", system_calls),
                ("allocations", allocations),
            ):
                few, many = count(folder, backend, FEW), count(folder, backend, MANY)
                figures[what] = round((many - few) / (MANY - FEW), 1)
            without, recording = (added(folder, backend, kept) for kept in ((False, False), (True, False)))
    budgets = json.loads(BUDGETS.read_text())
    logging = figures["instructions"] - recording
    share = (recording - without) / without
    over = [what for what, figure in figures.items() if figure > budgets[what]]
    for what, figure in figures.items():
        print(f"{what} per request: {figure} (budget {budgets[what]}){'  OVER' if what in over else ''}")
    print(f"of the instructions, records and traces cost {recording - without:.0f} ({share:.1%} of a request without)")
    print(f"the access log costs {logging:.0f} more, on its writer's thread")
    if options.check and over:
        raise parts.BenchError(f"over budget: {', '.join(over)}")


if __name__ == "__main__":
    try:
        main()
    except parts.BenchError as error:
        sys.exit(f"counts: {error}")
