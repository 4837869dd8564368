"""Whom the command line calls, and how it tells that it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from isthmus.cli import isthmus
from isthmus.client import ClientError, find_endpoint, uses_proxies

KEY = {"ISTHMUS_ACCESS_KEY_ID": "ISTHkey", "ISTHMUS_ACCESS_KEY_SECRET": "secret"}


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("127.0.0.1:7080", "http://127.0.0.1:7080"),
        ("http://127.0.0.1:7080/", "http://127.0.0.1:7080"),
        ("https://gateway.example", "https://gateway.example"),
        ("http://[::1]:7080", "http://[::1]:7080"),
    ],
)
def test_an_endpoint_is_read_as_people_write_it(given: str, url: str, tmp_path: Path) -> None:
    endpoint = find_endpoint({"ISTHMUS_ENDPOINT": given, **KEY}, tmp_path)
    assert endpoint.url == url
    assert "secret" not in repr(endpoint)


@pytest.mark.parametrize("given", ["http://[bad", "http://127.0.0.1:99999", "ftp://a", "http://a/path", "http://", "ü"])
def test_a_wrong_endpoint_is_told_with_an_example(given: str, tmp_path: Path) -> None:
    with pytest.raises(ClientError, match="which is no address: write http://127.0.0.1:7080"):
        find_endpoint({"ISTHMUS_ENDPOINT": given, **KEY}, tmp_path)


def test_a_missing_gateway_and_a_missing_or_wrong_key_are_told(tmp_path: Path) -> None:
    with pytest.raises(ClientError, match="isthmus up"):
        find_endpoint({}, tmp_path)
    with pytest.raises(ClientError, match="There is no access key"):
        find_endpoint({"ISTHMUS_ENDPOINT": "127.0.0.1:7080"}, tmp_path)
    with pytest.raises(ClientError, match="letters and digits only"):
        find_endpoint({"ISTHMUS_ENDPOINT": "127.0.0.1:7080", **KEY, "ISTHMUS_ACCESS_KEY_ID": "ключ"}, tmp_path)


def test_calls_on_this_machine_never_go_through_a_proxy() -> None:
    own = ["localhost", "group.isthmus.localhost", "127.0.0.1", "127.9.9.9", "::1"]
    others = ["192.0.2.1", "gateway.example", "localhost.example"]
    assert [host for host in own + others if uses_proxies(host)] == others


@pytest.mark.parametrize("verb", [["status"], ["api", "DescribeApis"]])
def test_a_servers_wrong_setting_does_not_stop_a_client(verb: list[str], tmp_path: Path) -> None:
    environment = {"ISTHMUS_NONCE_WINDOW": "soon", "XDG_DATA_HOME": str(tmp_path), "ISTHMUS_STATE": ""}
    done = CliRunner().invoke(isthmus, verb, env=environment)
    assert done.exit_code == 1
    assert done.output == (
        f"isthmus: No gateway runs with the state directory {tmp_path}/isthmus: "
        "start one (isthmus up) or set ISTHMUS_ENDPOINT.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["DescribeApiGrup"], "Did you mean DescribeApiGroup"),
        (["DescribeApis", "--GroupIdd", "a"], "Did you mean --GroupId"),
        (["DescribeApis", "--GroupId"], "--GroupId needs a value"),
        (["DescribeApis", "GroupId"], "is not a parameter"),
        (["DescribeApis", "--GroupId", "@no-such-file"], "cannot be read"),
    ],
)
def test_a_wrong_operation_or_parameter_is_told_with_what_is_near(arguments: list[str], told: str) -> None:
    done = CliRunner().invoke(isthmus, ["api", *arguments])
    assert done.exit_code == 2
    assert told in done.output


def test_help_of_an_operation_lists_its_parameters_and_marks_the_required() -> None:
    done = CliRunner().invoke(isthmus, ["api", "DeployApi", "--help"])
    assert done.exit_code == 0
    assert "--ApiId  required" in done.output
    assert "isthmus" not in done.output
