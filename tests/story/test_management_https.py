"""The management API and the console by HTTPS, beside the plain port that stays on the machine."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alibabacloud_cloudapi20160714 import models
from alibabacloud_cloudapi20160714.client import Client
from alibabacloud_tea_openapi.models import Config
from test_own_domain import Authority

from running import DEADLINE, Running, wait_for

HOST = "localhost"


class Files:
    """Chain and key of a server, and the authority that a client trusts."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority()
        self.chain, self.key, self.trusted = folder / "chain.pem", folder / "key.pem", folder / "authority.pem"
        self.renew()
        self.trusted.write_text(self.authority.pem)

    def renew(self) -> None:
        for path, text in zip((self.chain, self.key), self.authority.issue(HOST), strict=True):
            # In one step, as those who renew certificates do it.
            beside = path.with_suffix(".new")
            beside.write_text(text)
            beside.rename(path)

    def serial(self, port: int) -> int:
        """Of the certificate that is shown now."""
        context = ssl.create_default_context(cafile=str(self.trusted))
        with (
            socket.create_connection((HOST, port), DEADLINE) as plain,
            context.wrap_socket(plain, server_hostname=HOST) as one,
        ):
            return int(str((one.getpeercert() or {})["serialNumber"]), 16)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@pytest.fixture
def running(tmp_path: Path, files: Files) -> Iterator[Running]:
    flags = ("--admin-certificate-file", str(files.chain), "--admin-key-file", str(files.key))
    running = Running.start(tmp_path, "--admin-https", "127.0.0.1:0", *flags)
    yield running
    assert running.stop() == 0


def port_of(running: Running) -> int:
    return int(str(running.ready["management_https"]).rpartition(":")[2])


def test_the_vendors_sdk_calls_it_by_https_and_verifies_the_certificate(running: Running, files: Files) -> None:
    config = Config(
        access_key_id=running.ready["access_key_id"],
        access_key_secret=running.ready["access_key_secret"],
        endpoint=f"{HOST}:{port_of(running)}",
        protocol="https",
        ca=str(files.trusted),
    )
    made = Client(config).create_api_group(models.CreateApiGroupRequest(group_name="secured"))
    rows = running.client().describe_api_groups(models.DescribeApiGroupsRequest())
    groups = rows.body.api_group_attributes.api_group_attribute
    assert [group.group_id for group in groups] == [made.body.group_id], "both ports are one gateway"


def test_a_renewed_certificate_is_shown_without_a_restart(running: Running, files: Files) -> None:
    first = files.serial(port_of(running))
    files.key.write_text("half a fi")
    log = running.ready_file.with_name("up.log")
    wait_for(lambda: "the former certificate stays in use" in log.read_text(), "the broken file is said")
    assert files.serial(port_of(running)) == first
    files.renew()
    wait_for(lambda: files.serial(port_of(running)) != first, "the new certificate is shown")


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ((), "admin_https needs a certificate: set admin_certificate_file and admin_key_file"),
        (("--admin-certificate-file", "{chain}", "--admin-key-file", "{folder}/none.pem"), "cannot read"),
        (("--admin-certificate-file", "{key}", "--admin-key-file", "{key}"), "are no certificate and its key"),
    ],
)
def test_what_it_cannot_serve_with_is_said_at_the_start(
    tmp_path: Path, files: Files, flags: tuple[str, ...], said: str
) -> None:
    shown = [flag.format(chain=files.chain, key=files.key, folder=tmp_path) for flag in flags]
    command = [sys.executable, "-m", "isthmus", "control", "--state", str(tmp_path / "state"), "--admin", "127.0.0.1:0"]
    ended = subprocess.run(
        [*command, "--admin-https", "127.0.0.1:0", *shown],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        env={name: value for name, value in os.environ.items() if not name.startswith("ISTHMUS_")},
    )
    assert ended.returncode == 1 and said in ended.stderr and "Traceback" not in ended.stderr, ended.stderr
