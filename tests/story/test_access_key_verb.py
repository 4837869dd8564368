"""Keys made and disabled on the command line act at once on a running gateway."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from alibabacloud_cloudapi20160714 import models

from running import DEADLINE, Running


def access_key(*arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ISTHMUS_")}
    command = [sys.executable, "-m", "isthmus", "access-key", *arguments]
    return subprocess.run(command, env=kept, capture_output=True, text=True, timeout=DEADLINE)


def calls_with(gateway: Running, key: dict[str, str]) -> str:
    """The code of the refusal, or nothing."""
    ready = {**gateway.ready, "access_key_id": key["AccessKeyId"], "access_key_secret": key["AccessKeySecret"]}
    client = Running(gateway.state, gateway.ready_file, gateway.process, ready).client()
    try:
        client.describe_regions(models.DescribeRegionsRequest())
    except Exception as error:
        return str(getattr(error, "code", error))
    return ""


def test_a_key_is_made_listed_disabled_and_enabled_while_the_gateway_runs(gateway: Running) -> None:
    here = ("--state", str(gateway.state))
    made = access_key("create", "--description", "pipeline", *here)
    assert made.returncode == 0, made.stderr
    key = json.loads(made.stdout)
    assert calls_with(gateway, key) == ""
    listed = access_key("list", *here).stdout
    assert [line.split()[1] for line in listed.splitlines()] == ["active", "active"]
    assert "administrator" in listed and "pipeline" in listed and key["AccessKeySecret"] not in listed
    assert "may no longer call" in access_key("disable", key["AccessKeyId"], *here).stdout
    assert "InvalidAccessKeyId" in calls_with(gateway, key)
    assert access_key("enable", key["AccessKeyId"], *here).returncode == 0
    assert calls_with(gateway, key) == ""


def test_a_disabled_administrators_key_is_replaced_at_the_next_start(tmp_path: Path) -> None:
    first = Running.start(tmp_path)
    assert access_key("disable", first.ready["access_key_id"], "--state", str(first.state)).returncode == 0
    assert first.stop() == 0
    second = Running.start(tmp_path)
    try:
        assert second.ready["access_key_id"] != first.ready["access_key_id"]
        assert len(second.client().describe_regions(models.DescribeRegionsRequest()).body.regions.region) > 0
    finally:
        assert second.stop() == 0


def test_an_unknown_key_and_a_directory_without_a_gateway_are_one_line(gateway: Running, tmp_path: Path) -> None:
    unknown = access_key("disable", "ISTHnone", "--state", str(gateway.state))
    assert (unknown.returncode, unknown.stderr) == (
        1,
        "isthmus: there is no access key ISTHnone: isthmus access-key list\n",
    )
    empty = access_key("list", "--state", str(tmp_path))
    assert empty.returncode == 1 and empty.stderr.startswith(f"isthmus: there is no gateway in {tmp_path}")
    assert list(tmp_path.iterdir()) == []
