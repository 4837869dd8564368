"""Generated clients call a running gateway: path, query, header, form and body arrive, signed and unsigned."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from alibabacloud_cloudapi20160714 import models

from running import DEADLINE, Running

# The gateway refuses an encoded slash in a path, so there is none.
TEXT = "b c+ü&=%"


class _Echo(BaseHTTPRequestHandler):
    """Says what it was asked."""

    def _answer(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length).decode()
        said = {"method": self.command, "path": self.path, "trace": self.headers.get("x-trace"), "body": body}
        data = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = _answer

    def log_message(self, *_arguments: Any) -> None:
        pass


@pytest.fixture(scope="module")
def backend() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


class Shop:
    """Three published APIs and an app that may call them."""

    def __init__(self, gateway: Running, backend: int) -> None:
        self.client = gateway.client()
        group = self.client.create_api_group(models.CreateApiGroupRequest(group_name="sdk_shop", base_path="/v1")).body
        self.group_id, self.host = group.group_id, group.sub_domain
        self.http, self.management = gateway.ready["http"], gateway.ready["management"]
        parameters = [
            {"ApiParameterName": "id", "Location": "PATH", "Required": "REQUIRED"},
            {"ApiParameterName": "q", "Location": "QUERY"},
            {"ApiParameterName": "X-Trace", "Location": "HEAD"},
        ]
        form = [{"ApiParameterName": "name", "Location": "BODY"}, {"ApiParameterName": "q", "Location": "QUERY"}]
        self.apis = [
            self._api("getUser", "GET", "/users/[id]", parameters, backend, "APP"),
            self._api("put-user", "PUT", "/users/[id]", parameters[:2], backend, "APP"),
            self._api("Add Form", "POST", "/form", form, backend, "ANONYMOUS"),
        ]
        app_id = self.client.create_app(models.CreateAppRequest(app_name="sdk_caller")).body.app_id
        security = self.client.describe_app_security(models.DescribeAppSecurityRequest(app_id=app_id)).body
        self.app_id, self.key, self.secret = app_id, security.app_key, security.app_secret
        for api_id in self.apis[:2]:
            request = models.SetAppsAuthoritiesRequest(
                group_id=self.group_id, api_id=api_id, app_ids=str(app_id), stage_name="RELEASE"
            )
            self.client.set_apps_authorities(request)

    def _api(self, name: str, method: str, path: str, parameters: Any, backend: int, auth: str) -> str:
        mapped = "FORM" if method == "POST" else ("STREAM" if method == "PUT" else "")
        request = {
            "RequestProtocol": "HTTP",
            "RequestHttpMethod": method,
            "RequestPath": path,
            "RequestMode": "MAPPING",
            "BodyFormat": mapped,
        }
        service = {
            "ServiceProtocol": "HTTP",
            "ServiceAddress": f"http://127.0.0.1:{backend}",
            "ServicePath": path,
            "ServiceHttpMethod": method,
            "ServiceTimeout": 5000,
        }
        names = [one["ApiParameterName"] for one in parameters]
        places = [
            {"ServiceParameterName": n, "Location": one["Location"]} for n, one in zip(names, parameters, strict=True)
        ]
        mapping = [{"ServiceParameterName": name, "RequestParameterName": name} for name in names]
        given = models.CreateApiRequest(
            group_id=self.group_id,
            api_name=name,
            auth_type=auth,
            visibility="PRIVATE",
            description=f'{name} */ """ says',
            request_config=json.dumps(request),
            service_config=json.dumps(service),
            request_parameters=json.dumps(parameters),
            service_parameters=json.dumps(places),
            service_parameters_map=json.dumps(mapping),
            result_type="JSON",
            result_sample="{}",
        )
        api_id = str(self.client.create_api(given).body.api_id)
        self.client.deploy_api(
            models.DeployApiRequest(group_id=self.group_id, api_id=api_id, stage_name="RELEASE", description="x")
        )
        return api_id

    def unpack(self, language: str, folder: Path, app: bool = False) -> Path:
        if app:
            request = models.SdkGenerateByAppRequest(app_id=self.app_id, language=language)
            link = self.client.sdk_generate_by_app(request).body.download_link
        else:
            group = models.SdkGenerateByGroupRequest(group_id=self.group_id, language=language)
            link = self.client.sdk_generate_by_group(group).body.download_link
        answer = httpx.get(link)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            archive.extractall(folder)
        return folder


@pytest.fixture(scope="module")
def shop(gateway: Running, backend: int) -> Shop:
    return Shop(gateway, backend)


def run(*command: str | Path, folder: Path) -> list[Any]:
    """The lines that a program prints, each JSON."""
    done = subprocess.run(
        [str(part) for part in command], cwd=folder, capture_output=True, text=True, timeout=DEADLINE * 3
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def check(said: list[Any]) -> None:
    get, put, form, refused = said
    # With a wrong secret: an answer like any other, with the code of the refusal.
    assert refused == {"status": 403, "code": "A403IS"}
    assert get["method"] == "GET" and unquote(get["path"].partition("?")[0]) == f"/users/{TEXT}"
    assert httpx.URL("http://h" + get["path"]).params["q"] == TEXT and get["trace"] == "t-1"
    assert (put["method"], put["body"], put["path"].partition("?")[0]) == ("PUT", '{"a":"ü"}', "/users/7")
    assert (form["method"], httpx.QueryParams(form["body"])["name"]) == ("POST", TEXT)


def test_the_python_client_calls(shop: Shop, tmp_path: Path) -> None:
    shop.unpack("Python", tmp_path)
    (tmp_path / "use.py").write_text(
        f"from gateway_client import Client\n"
        f"c = Client({shop.key!r}, {shop.secret!r}, endpoint={shop.http!r})\n"
        f"answers = [c.get_user({TEXT!r}, q={TEXT!r}, x_trace='t-1'),\n"
        f'  c.put_user(7, body=\'{{"a":"ü"}}\'), c.add_form(name={TEXT!r})]\n'
        "for a in answers:\n    assert a.status == 200, (a.status, a.headers)\n    print(a.body.decode())\n"
        f"r = Client({shop.key!r}, 'wrong', endpoint={shop.http!r}).get_user('1')\n"
        "code = {name.lower(): value for name, value in r.headers.items()}['x-ca-error-code']\n"
        'print(f\'{{"status": {r.status}, "code": "{code}"}}\')\n'
    )
    check(run(sys.executable, "use.py", folder=tmp_path))


def test_the_javascript_client_calls(shop: Shop, tmp_path: Path) -> None:
    shop.unpack("JavaScript", tmp_path)
    (tmp_path / "use.js").write_text(
        "const { Client } = require('./index');\n"
        f"const c = new Client({{ appKey: {shop.key!r}, appSecret: {shop.secret!r}, endpoint: {shop.http!r} }});\n"
        f"(async () => {{ const t = {json.dumps(TEXT)};\n"
        "for (const a of [await c.getUser({ id: t, q: t, xTrace: 't-1' }), await c.putUser({ id: 7, body: '{\"a\":\"ü\"}' }),\n"
        "  await c.addForm({ name: t })]) {\n"
        "  if (a.status !== 200) throw new Error(JSON.stringify([a.status, a.headers]));\n"
        "  console.log(a.body.toString());\n}\n"
        f"const wrong = new Client({{ appKey: {shop.key!r}, appSecret: 'wrong', endpoint: {shop.http!r} }});\n"
        "const r = await wrong.getUser({ id: '1' });\n"
        "console.log(JSON.stringify({ status: r.status, code: r.headers['x-ca-error-code'] }));\n})();\n"
    )
    check(run("node", "use.js", folder=tmp_path))


@pytest.mark.skipif(shutil.which("go") is None, reason="Go is not installed")
def test_the_go_client_calls(shop: Shop, tmp_path: Path) -> None:
    shop.unpack("go", tmp_path)
    (tmp_path / "use").mkdir()
    (tmp_path / "use" / "main.go").write_text(
        'package main\n\nimport (\n\t"context"\n\t"fmt"\n\t"gateway"\n)\n\nfunc main() {\n'
        f'\tt := {json.dumps(TEXT, ensure_ascii=False)}\n\tseven, trace := "7", "t-1"\n'
        f'\tc := &gateway.Client{{AppKey: "{shop.key}", AppSecret: "{shop.secret}", Endpoint: "{shop.http}"}}\n'
        "\tctx := context.Background()\n"
        "\tshow(c.GetUser(ctx, gateway.GetUserInput{Id: &t, Q: &t, XTrace: &trace}))\n"
        '\tshow(c.PutUser(ctx, gateway.PutUserInput{Id: &seven, Body: []byte(`{"a":"ü"}`)}))\n'
        "\tshow(c.AddForm(ctx, gateway.AddFormInput{Name: &t}))\n"
        '\tc.AppSecret = "wrong"\n\tr, err := c.GetUser(ctx, gateway.GetUserInput{Id: &seven})\n'
        "\tif err != nil {\n\t\tpanic(err)\n\t}\n"
        '\tfmt.Printf("{\\"status\\": %d, \\"code\\": %q}\\n", r.Status, r.Header.Get("X-Ca-Error-Code"))\n}\n\n'
        "func show(a *gateway.Response, err error) {\n\tif err != nil || a.Status != 200 {\n"
        "\t\tpanic(fmt.Sprint(err, a))\n\t}\n\tfmt.Println(string(a.Body))\n}\n"
    )
    assert run("go", "vet", ".", folder=tmp_path) == []
    check(run("go", "run", "./use", folder=tmp_path))


@pytest.mark.skipif(shutil.which("javac") is None, reason="a Java compiler is not installed")
def test_the_java_client_calls(shop: Shop, tmp_path: Path) -> None:
    shop.unpack("java", tmp_path)
    source = tmp_path / "src" / "main" / "java"
    (source / "Use.java").write_text(
        "import gateway.Client;\nimport java.nio.charset.StandardCharsets;\n"
        "public class Use {\n  public static void main(String[] x) throws Exception {\n"
        f'    String t = {json.dumps(TEXT)};\n    Client c = new Client("{shop.key}", "{shop.secret}");\n'
        f'    c.setEndpoint("{shop.http}");\n    c.setHost("{shop.host}");\n'
        '    show(c.getUser(new Client.GetUserRequest().id(t).q(t).xTrace("t-1")));\n'
        '    byte[] body = "{\\"a\\":\\"\\u00fc\\"}".getBytes(StandardCharsets.UTF_8);\n'
        '    show(c.putUser(new Client.PutUserRequest().id("7").body(body, "application/json")));\n'
        "    show(c.addForm(new Client.AddFormRequest().name(t)));\n"
        f'    Client w = new Client("{shop.key}", "wrong");\n    w.setEndpoint("{shop.http}");\n'
        f'    w.setHost("{shop.host}");\n'
        '    Client.Response r = w.getUser(new Client.GetUserRequest().id("1"));\n'
        '    String code = r.headers.get("x-ca-error-code").get(0);\n'
        '    System.out.println("{\\"status\\": " + r.status + ", \\"code\\": \\"" + code + "\\"}");\n  }\n'
        "  static void show(Client.Response a) {\n"
        '    if (a.status != 200) throw new IllegalStateException(a.status + " " + a.headers);\n'
        "    System.out.println(new String(a.body, StandardCharsets.UTF_8));\n  }\n}\n"
    )
    classes = tmp_path / "classes"
    assert (
        run(
            "javac", "-Werror", "-Xlint:all", "-d", classes, "-sourcepath", source, source / "Use.java", folder=tmp_path
        )
        == []
    )
    check(run("java", "-Djdk.httpclient.allowRestrictedHeaders=host", "-cp", classes, "Use", folder=tmp_path))


def test_an_apps_client_has_what_the_app_may_call(shop: Shop, tmp_path: Path) -> None:
    text = (shop.unpack("python", tmp_path, app=True) / "gateway_client" / "client.py").read_text()
    assert "def get_user(" in text and "def put_user(" in text and "def add_form(" not in text


def test_a_changed_or_old_link_is_refused_and_so_is_an_unknown_language(shop: Shop) -> None:
    request = models.SdkGenerateByGroupRequest(group_id=shop.group_id, language="python")
    link = shop.client.sdk_generate_by_group(request).body.download_link
    for changed in (
        link[:-1] + ("0" if link[-1] != "0" else "1"),
        link.replace("/python", "/java"),
        link.split("?")[0],
    ):
        assert httpx.get(changed).status_code == 403
    with pytest.raises(Exception, match="cobol"):
        shop.client.sdk_generate_by_group(models.SdkGenerateByGroupRequest(group_id=shop.group_id, language="cobol"))
