"""A laboratory leaves nothing, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest
from isthmus.lab import Lab
from isthmus.lab.client import lab_folder

MODES = ["root", "loopback"] if os.getuid() == 0 else ["loopback"]


def namespaces(name: str) -> list[str]:
    listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True).stdout
    return [line for line in listed.splitlines() if line.startswith(f"isthmus-{name}-")]


def alive(pids: list[int]) -> list[int]:
    found = []
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        found += [pid] if state != "Z" else []
    return found


@pytest.mark.parametrize("mode", MODES)
def test_an_orderly_end_leaves_no_process_and_no_namespace(mode: str) -> None:
    name = f"orderly-{mode}"
    with Lab.start(name, mode) as lab:
        pids = list(lab.ask("status")["pids"].values())
        assert alive(pids) == pids
    assert alive(pids) == [] and namespaces(name) == []
    assert Lab.end(name) is False


@pytest.mark.parametrize("mode", MODES)
def test_what_a_killed_keeper_left_is_removed(mode: str) -> None:
    name = f"killed-{mode}"
    lab = Lab.start(name, mode)
    pids = list(lab.ask("status")["pids"].values())
    subprocess.run(["pkill", "-KILL", "-f", f"isthmus.lab.keeper {lab_folder(name)} "], check=True)
    assert Lab.end(name) is True
    assert alive(pids) == [] and namespaces(name) == []
    with Lab.start(name, mode) as again:
        assert again.ask("status")["dead"] == []


def test_a_terminated_keeper_cleans_up() -> None:
    lab = Lab.start("terminated", MODES[0])
    pids = list(lab.ask("status")["pids"].values())
    found = subprocess.run(
        ["pgrep", "-f", f"isthmus.lab.keeper {lab_folder('terminated')} "], capture_output=True, text=True
    )
    os.kill(int(found.stdout.split()[0]), signal.SIGTERM)
    while (lab.folder / "keeper.sock").exists():
        os.sched_yield()
    assert alive(pids) == [] and namespaces("terminated") == []
