"""The command line against a running gateway, in the places where a shell can be."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from alibabacloud_cloudapi20160714 import models

from running import DEADLINE, Nginx, Running, wait_for
from walk import Walk

# Whatever the machine's proxies are: this one answers nothing.
DEAD_PROXY = dict.fromkeys(("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"), "http://127.0.0.1:9")


def isthmus(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ISTHMUS_")}
    command = [sys.executable, "-m", "isthmus", *arguments]
    return subprocess.run(
        command, env={**kept, **environment}, capture_output=True, text=True, timeout=DEADLINE, cwd="/"
    )


@pytest.fixture(scope="module")
def walk(gateway: Running, nginx: Nginx) -> Walk:
    return Walk.played(gateway.client(), "vpc-here", nginx.port)


def test_verbs_find_the_gateway_of_a_state_directory_and_its_key(gateway: Running, walk: Walk) -> None:
    for where in ({"ISTHMUS_STATE": str(gateway.state)}, {}):
        option = () if where else ("--state", str(gateway.state))
        listed = isthmus("api", "DescribeApiGroups", *option, **where)
        assert listed.returncode == 0, listed.stderr
        groups = json.loads(listed.stdout)["ApiGroupAttributes"]["ApiGroupAttribute"]
        assert [group["GroupId"] for group in groups] == [walk.group_id]
        status = isthmus("status", *option, **where)
        assert status.returncode == 0 and "serves" in status.stdout, status.stdout + status.stderr


def test_a_path_is_called_on_the_gateway_that_runs_here(gateway: Running, walk: Walk, nginx: Nginx) -> None:
    here = ("--state", str(gateway.state))
    called = isthmus("call", "GET", "/nginx", "--host", walk.domain, "--app-code", walk.app_code, *here)
    assert (called.returncode, called.stdout) == (0, nginx.page), called.stderr
    assert called.stderr.splitlines()[0] == "200 OK"
    no_host = isthmus("call", "GET", "/nginx", *here)
    assert no_host.returncode == 2 and "needs --host" in no_host.stderr


def test_signed_calls_hold_with_any_text_in_path_query_header_and_body(gateway: Running, walk: Walk) -> None:
    other = Walk(walk.client, "-any")
    other.group_id, other.access = walk.group_id, walk.access
    request = {"RequestProtocol": "HTTP", "RequestHttpMethod": "POST", "RequestPath": "/any/*"}
    other.create_api(api_name="any", request_config=json.dumps({**request, "RequestMode": "PASSTHROUGH"}))
    other.publish()
    other.app_id = walk.app_id
    other.authorise_app()
    url = gateway.ready["http"].replace("127.0.0.1", walk.domain.upper()) + "/any/茶 cup?q=杭州 +%26&a=&q=2"
    key = ("--app-key", walk.app_key, "--app-secret", walk.app_secret, "-H", "X-Ca-Name: 杭州")
    for body in (
        ("-d", '{"name":"杯子"}'),
        ("-d", "q=form&b=1", "-H", "Content-Type: application/x-www-form-urlencoded"),
    ):
        called = isthmus("call", "POST", url, *key, *body)
        assert "A403IS" not in called.stderr and called.stderr.startswith(("200", "405")), called.stderr


def test_the_console_page_tells_how_to_use_the_gateway_and_no_secret(gateway: Running, walk: Walk) -> None:
    page = httpx.get(gateway.ready["console"], trust_env=False)
    assert page.status_code == 200
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    instances = walk.client.describe_instances(models.DescribeInstancesRequest()).body.instances.instance_attribute
    for shown in (
        *(gateway.ready[name] for name in ("management", "http", "https")),
        *instances[0].vpc_egress_address.split(","),
    ):
        # With the console built, its entry page is here instead, which knows nothing before somebody signs in.
        assert shown in page.text or 'id="root"' in page.text, shown
    secrets = [walk.app_code, walk.app_secret, *(gateway.ready[f"access_key_{part}"] for part in ("id", "secret"))]
    assert [secret for secret in secrets if secret in page.text] == []


def test_proxies_of_the_environment_are_not_asked_for_this_machine(gateway: Running, walk: Walk, nginx: Nginx) -> None:
    status = isthmus("status", "--state", str(gateway.state), **DEAD_PROXY)
    assert status.returncode == 0, status.stderr
    url = gateway.ready["http"].replace("127.0.0.1", walk.domain) + "/nginx"
    assert isthmus("call", "GET", url, "--app-code", walk.app_code, **DEAD_PROXY).stdout == nginx.page


def test_status_tells_that_an_engine_serves_without_its_control_plane(tmp_path: Path) -> None:
    running = Running.start(tmp_path)
    try:
        wait_for(lambda: "  serves  " in isthmus("status", "--state", str(running.state)).stdout, "the engine's plan")
        os.kill(running.process.pid, signal.SIGSTOP)
        os.kill(running.ready["control_pid"], signal.SIGKILL)
        shown = isthmus("status", "--state", str(running.state))
        assert shown.returncode == 1
        assert "does not answer" in shown.stderr and "isthmus up" in shown.stderr
        assert f"this machine   {running.ready['http']}  serves" in shown.stdout
        os.kill(running.process.pid, signal.SIGCONT)
        wait_for(lambda: isthmus("status", "--state", str(running.state)).returncode == 0, "both again")
    finally:
        os.kill(running.process.pid, signal.SIGCONT)
        running.stop()
