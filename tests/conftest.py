"""A real PostgreSQL for the tests that ask for one: an ordinary user's, in a temporary folder, gone afterwards."""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

_DEADLINE = 60


def _programs() -> Path | None:
    """Where the server's programs are; Debian keeps them out of the path."""
    found = shutil.which("postgres")
    if found and shutil.which("initdb"):
        return Path(found).resolve().parent
    folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
    return Path(folders[-1]) if folders else None


class PostgreSql:
    """One server; each database in it is a test's own."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        # The server refuses to run as root.
        self._user = "nobody" if os.geteuid() == 0 else None
        if self._user is not None:
            entry = pwd.getpwnam(self._user)
            os.chown(folder, entry.pw_uid, entry.pw_gid)
        command = [
            "initdb",
            "-D",
            "data",
            "-U",
            "isthmus",
            "--auth=trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ]
        self._run(command).check_returncode()

    def start(self) -> None:
        settings = [
            "listen_addresses=127.0.0.1",
            "fsync=off",
            "max_connections=200",
            f"unix_socket_directories={self.folder}",
        ]
        arguments = [part for setting in settings for part in ("-c", setting)]
        command = [self._programs / "postgres", "-D", self.folder / "data", "-p", str(self.port), *arguments]
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, user=self._user, group=self._group())
        deadline = time.monotonic() + _DEADLINE
        while self._run(["pg_isready", "-h", "127.0.0.1", "-p", str(self.port)]).returncode != 0:
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise AssertionError((self.folder / "log").read_text(errors="replace"))
            time.sleep(0.05)

    def stop(self) -> None:
        if self.process is not None:
            # Immediate: connections that tests left are cut.
            self.process.send_signal(3)
            self.process.wait(_DEADLINE)
            self.process = None

    def database(self) -> str:
        """The address of a new, empty one."""
        name = f"test_{uuid.uuid4().hex}"
        self._run(["createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "isthmus", name]).check_returncode()
        return f"postgresql://isthmus@127.0.0.1:{self.port}/{name}"

    def _group(self) -> int | None:
        return None if self._user is None else pwd.getpwnam(self._user).pw_gid

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[bytes]:
        program = [str(self._programs / command[0]), *command[1:]]
        return subprocess.run(
            program, cwd=self.folder, capture_output=True, timeout=_DEADLINE, user=self._user, group=self._group()
        )


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSql]:
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian's package postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="isthmus-postgresql-"))
    server = PostgreSql(programs, folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def new_database(postgresql: PostgreSql) -> Callable[[], str]:
    return postgresql.database
