"""From an empty installation to a call through the gateway, with the vendor's SDK; drafts, publishing, going back."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import httpx
import pytest
from alibabacloud_cloudapi20160714 import models

from running import Nginx, Running
from walk import Walk, request_config, service_config


@pytest.fixture(scope="module")
def walk(gateway: Running, nginx: Nginx) -> Walk:
    return Walk.played(gateway.client(), "vpc-here", nginx.port)


def call(gateway: Running, walk: Walk, path: str = "/nginx") -> httpx.Response:
    return gateway.get(path, walk.domain, authorization=f"APPCODE {walk.app_code}")


def test_the_published_api_answers_the_backends_page(gateway: Running, walk: Walk, nginx: Nginx) -> None:
    answer = call(gateway, walk)
    assert (answer.status_code, answer.text) == (200, nginx.page)
    assert len(answer.headers["X-Ca-Request-Id"]) == 36
    assert gateway.get(f"/nginx?AppCode={walk.app_code}", walk.domain).text == nginx.page
    assert walk.domain == f"{walk.group_id}-cn-hangzhou.isthmus.localhost"


def test_https_works_on_the_automatic_domain(gateway: Running, walk: Walk, nginx: Nginx) -> None:
    headers = {"host": walk.domain, "authorization": f"APPCODE {walk.app_code}"}
    with httpx.Client(verify=False) as client:
        url = gateway.ready["https"] + "/nginx"
        answer = client.request("GET", url, headers=headers, extensions={"sni_hostname": walk.domain})
    assert answer.text == nginx.page


def test_a_draft_changes_nothing_until_it_is_published_and_can_be_rolled_back(
    gateway: Running, walk: Walk, nginx: Nginx
) -> None:
    walk.modify_api(service_config=service_config(walk.access, "/changed"))
    assert call(gateway, walk).text == nginx.page
    walk.publish("second release")
    assert call(gateway, walk).text == "other page /changed"
    newest, oldest = walk.history()
    assert (newest.status, newest.description) == ("ONLINE", "second release")
    assert (oldest.status, oldest.description) == ("OFFLINE", "first release")
    request = models.SwitchApiRequest(
        group_id=walk.group_id,
        api_id=walk.api_id,
        stage_name="RELEASE",
        history_version=oldest.history_version,
        description="back",
    )
    walk.client.switch_api(request)
    assert call(gateway, walk).text == nginx.page
    shown = walk.client.describe_api(models.DescribeApiRequest(group_id=walk.group_id, api_id=walk.api_id)).body
    infos = {info.stage_name: info for info in shown.deployed_infos.deployed_info}
    assert infos["RELEASE"].effective_version == oldest.history_version
    assert infos["TEST"].deployed_status == "NONDEPLOYED"


def test_grants_act_at_once_and_only_for_their_stage(gateway: Running, walk: Walk, nginx: Nginx) -> None:
    request = models.RemoveAppsAuthoritiesRequest(
        group_id=walk.group_id, api_id=walk.api_id, app_ids=str(walk.app_id), stage_name="RELEASE"
    )
    walk.client.remove_apps_authorities(request)
    answer = call(gateway, walk)
    assert (answer.status_code, answer.headers["X-Ca-Error-Code"]) == (403, "I403AA")
    walk.authorise_app("TEST")
    assert call(gateway, walk).status_code == 403
    walk.authorise_app()
    assert call(gateway, walk).text == nginx.page


def test_abolishing_takes_the_api_off_and_deleting_is_refused_before(
    gateway: Running, walk: Walk, nginx: Nginx
) -> None:
    with pytest.raises(Exception, match="DependencyViolation"):
        walk.client.delete_api(models.DeleteApiRequest(group_id=walk.group_id, api_id=walk.api_id))
    request = models.AbolishApiRequest(group_id=walk.group_id, api_id=walk.api_id, stage_name="RELEASE")
    walk.client.abolish_api(request)
    answer = call(gateway, walk)
    assert (answer.status_code, answer.headers["X-Ca-Error-Code"]) == (404, "I404NF")
    walk.client.abolish_api(request)
    with pytest.raises(Exception, match="NotFoundStage"):
        walk.client.describe_deployed_api(
            models.DescribeDeployedApiRequest(group_id=walk.group_id, api_id=walk.api_id, stage_name="RELEASE")
        )
    walk.modify_api()
    walk.publish("again")
    assert call(gateway, walk).text == nginx.page


def test_every_problem_of_a_definition_is_told_at_once(walk: Walk) -> None:
    with pytest.raises(Exception) as raised:
        walk.create_api(
            api_name="bad",
            request_config=json.dumps({"RequestPath": "nginx", "RequestHttpMethod": "FETCH", "RequestMode": "MAGIC"}),
            service_config="{",
            request_parameters=json.dumps([{"ApiParameterName": "a", "Location": "NOWHERE"}]),
        )
    text = str(raised.value)
    for part in (
        "RequestConfig.RequestHttpMethod",
        "RequestConfig.RequestMode",
        "ServiceConfig",
        "RequestParameters[0].Location",
    ):
        assert part in text
    with pytest.raises(Exception, match="RepeatedRequestPath"):
        walk.create_api(api_name="another")


def test_publishing_names_a_missing_vpc_access_and_changes_nothing(gateway: Running, walk: Walk, nginx: Nginx) -> None:
    walk.modify_api(service_config=service_config("no-such-access"))
    with pytest.raises(Exception, match="no-such-access"):
        walk.publish("broken")
    assert call(gateway, walk).text == nginx.page
    walk.modify_api()


def test_mapping_checks_and_forwards_declared_parameters(gateway: Running, walk: Walk) -> None:
    other = Walk(walk.client, "-mapping")
    other.group_id, other.domain, other.access = walk.group_id, walk.domain, walk.access
    config = json.loads(request_config("/users/[id]")) | {"RequestMode": "MAPPING"}
    other.create_api(
        api_name="mapped",
        auth_type="ANONYMOUS",
        request_config=json.dumps(config),
        service_config=service_config(walk.access, "/u/[uid]"),
        request_parameters=json.dumps(
            [
                {"ApiParameterName": "id", "Location": "PATH", "ParameterType": "Long", "Required": "REQUIRED"},
                {"ApiParameterName": "q", "Location": "QUERY", "ParameterType": "String", "DefaultValue": "none"},
            ]
        ),
        service_parameters=json.dumps(
            [
                {"ServiceParameterName": "uid", "Location": "PATH", "ParameterType": "LONG"},
                {"ServiceParameterName": "search", "Location": "QUERY", "ParameterType": "STRING"},
            ]
        ),
        service_parameters_map=json.dumps(
            [
                {"ServiceParameterName": "uid", "RequestParameterName": "id"},
                {"ServiceParameterName": "search", "RequestParameterName": "q"},
            ]
        ),
        constant_parameters=json.dumps([{"ServiceParameterName": "k", "ConstantValue": "v", "Location": "QUERY"}]),
    )
    other.publish()
    assert gateway.get("/users/7?q=a&dropped=1", walk.domain).text == "other page /u/7?search=a&k=v"
    answer = gateway.get("/users/seven", walk.domain)
    assert (answer.status_code, answer.headers["X-Ca-Error-Code"]) == (400, "I400IP")


def test_no_secret_lies_readable_in_the_state_directory_or_the_log(gateway: Running, walk: Walk) -> None:
    secrets = [walk.app_code, walk.app_secret, gateway.ready["access_key_secret"]]
    found = []
    for path in [*gateway.state.rglob("*"), gateway.state.parent / "up.log"]:
        # The one file that holds the administrator's secret on purpose, and the ready file of this user.
        if path.is_file() and path.name not in ("administrator.json", "up.json"):
            content = path.read_bytes()
            found += [f"{path.name}: secret {number}" for number, one in enumerate(secrets) if one.encode() in content]
    assert found == []
    readable = [path for path in gateway.state.rglob("*") if path.is_file() and path.stat().st_mode & 0o077]
    assert readable == [], "files of the state directory must be for their owner only"


def test_what_is_not_implemented_says_so(walk: Walk) -> None:
    with pytest.raises(Exception, match="NotImplemented"):
        walk.client.list_private_dns(models.ListPrivateDNSRequest())


def cli(gateway: Running, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "ISTHMUS_ENDPOINT": gateway.ready["management"],
        "ISTHMUS_ACCESS_KEY_ID": gateway.ready["access_key_id"],
        "ISTHMUS_ACCESS_KEY_SECRET": gateway.ready["access_key_secret"],
        "PATH": "/usr/bin:/bin",
    }
    command = [sys.executable, "-m", "isthmus", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


def test_the_command_line_does_the_same(gateway: Running, walk: Walk, nginx: Nginx) -> None:
    shown: dict[str, Any] = json.loads(cli(gateway, "api", "DescribeApiGroup", "--GroupId", walk.group_id).stdout)
    assert shown["GroupName"] == "nginx-demo"
    refused = cli(gateway, "api", "DescribeApi", "--ApiId", "none")
    assert refused.returncode == 1 and "NotFoundApi" in refused.stderr and "RequestId" in refused.stderr
    unknown = cli(gateway, "api", "DescribeApiGrup")
    assert unknown.returncode == 2 and "DescribeApiGroup" in unknown.stderr
    status = cli(gateway, "status")
    assert status.returncode == 0 and "serving" in status.stdout, status.stdout + status.stderr
    url = gateway.ready["http"].replace("127.0.0.1", walk.domain) + "/nginx"
    assert cli(gateway, "call", "GET", url, "--app-code", walk.app_code).stdout == nginx.page
    signed = cli(gateway, "call", "GET", url + "?b=1&a=", "--app-key", walk.app_key, "--app-secret", walk.app_secret)
    assert (signed.returncode, signed.stdout) == (0, nginx.page), signed.stderr
    wrong = cli(gateway, "call", "GET", url, "--app-key", walk.app_key, "--app-secret", "wrong")
    assert wrong.returncode == 1 and "A403IS" in wrong.stderr
