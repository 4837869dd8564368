"""`isthmus call`: a call through the gateway, with an AppCode or a signature."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import httpx

from isthmus.call_signature import CallKey, sign
from isthmus.cli.options import state_directory, state_option
from isthmus.client import uses_proxies
from isthmus.processes import state

_TIMEOUT_SECONDS = 60


@click.command()
@click.argument("method")
@click.argument("url", metavar="URL|PATH")
@click.option("--host", help="Host of the call (a group's domain), when it is not the one in the URL.")
@click.option("--stage", help="Stage (X-Ca-Stage).")
@click.option("--app-code", help="Call with an AppCode.")
@click.option("--app-key", help="Call with a signature.")
@click.option("--app-secret", help="Secret of the AppKey.")
@click.option("-H", "--header", "headers", multiple=True, metavar="NAME: VALUE", help="A header; may be repeated.")
@click.option("-d", "--data", default="", help="Body, or @file.")
@click.option("-k", "--insecure", is_flag=True, help="Do not verify the server's certificate.")
@state_option
def call(method: str, url: str, data: str, insecure: bool, headers: tuple[str, ...], **options: Any) -> None:
    """Call an API: isthmus call GET http://GROUP-REGION.isthmus.localhost:8080/path --app-code CODE.

    Names below .localhost are this machine. A path alone, with --host, is called on the gateway that runs here.
    """
    target = _target(url, options["host"], options["state_dir"])
    if bool(options["app_key"]) != bool(options["app_secret"]):
        raise click.UsageError("A signature needs both --app-key and --app-secret.")
    sent = {"accept": "application/json", **read_headers(headers), "host": target.host}
    for name, value in (("stage", options["stage"]), ("app-code", options["app_code"])):
        if value and not (value.isascii() and value.isprintable()):
            raise click.UsageError(f"--{name} is {value!r}: only printable ASCII can be sent.")
    if options["stage"]:
        sent["x-ca-stage"] = options["stage"]
    if options["app_code"]:
        sent["authorization"] = f"APPCODE {options['app_code']}"
    body = _body(data)
    if options["app_key"]:
        sign(method.upper(), target.resource, sent, body, CallKey(options["app_key"], options["app_secret"]))
    _show(_send(method.upper(), target, sent, body, insecure))


@dataclass(frozen=True)
class Target:
    """Where to connect, and the host that the gateway is told."""

    url: httpx.URL
    host: str
    name: str

    @property
    def resource(self) -> str:
        """Path and query exactly as they are sent: that is what a signature covers."""
        return self.url.raw_path.decode("ascii")


def _target(text: str, host: str | None, state_dir: Path | None) -> Target:
    if text.startswith("/"):
        running = state.read_json(state.ready_path(state_directory(state_dir), "up"))
        if running is None:
            raise click.UsageError(f"No gateway runs here to call {text} on: start one (isthmus up), or give a URL.")
        if not host:
            raise click.UsageError(f"{text} needs --host, the domain of the API's group.")
        text = running["http"] + text
    try:
        # httpx takes some hosts and ports that no address can have.
        urlsplit(text).port  # noqa: B018
        url = httpx.URL(text)
    except (ValueError, httpx.InvalidURL):
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not url.host:
        raise click.UsageError(f"{text!r} is not a URL: write http://host[:port]/path, or /path with --host.")
    told = host or url.netloc.decode("ascii")
    if not (told.isascii() and told.isprintable()):
        raise click.UsageError(f"--host {told!r} is not a host.")
    name = url.host
    if name == "localhost" or name.endswith(".localhost"):
        url = url.copy_with(host="127.0.0.1")
    return Target(url, told, told.rpartition(":")[0] if told.rpartition(":")[2].isdigit() else told)


def read_headers(given: tuple[str, ...]) -> dict[str, str]:
    headers = {}
    for header in given:
        name, separator, value = header.partition(":")
        name, value = name.strip().lower(), value.strip()
        if not separator or not name.isascii() or not name.replace("-", "").replace("_", "").isalnum():
            raise click.UsageError(f"{header!r} is not a header: write 'Name: value'.")
        if not value.isprintable():
            raise click.UsageError(f"The value of the header {name} has a control character.")
        headers[name] = value
    return headers


def _body(text: str) -> bytes:
    if not text.startswith("@"):
        return text.encode()
    try:
        return Path(text[1:]).read_bytes()
    except (OSError, ValueError) as error:
        raise click.UsageError(f"{text[1:]} cannot be read: {error}") from error


def _send(method: str, target: Target, headers: dict[str, str], body: bytes, insecure: bool) -> httpx.Response:
    extensions = {"sni_hostname": target.name} if target.url.scheme == "https" else {}
    # Header values are UTF-8 on the wire, as the vendor's clients send and sign them.
    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
    proxies = uses_proxies(target.url.host)
    try:
        with httpx.Client(verify=not insecure, timeout=_TIMEOUT_SECONDS, trust_env=proxies) as client:
            return client.request(method, target.url, headers=encoded, content=body, extensions=extensions)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        hint = " (-k calls it all the same)" if "CERTIFICATE_VERIFY_FAILED" in str(error) else ""
        click.echo(f"isthmus: {target.url} does not answer: {error or type(error).__name__}{hint}", err=True)
        sys.exit(1)


def _show(answer: httpx.Response) -> None:
    click.echo(f"{answer.status_code} {answer.reason_phrase}", err=True)
    for name, value in answer.headers.items():
        if name.startswith("x-ca-"):
            click.echo(f"{name}: {value}", err=True)
    sys.stdout.buffer.write(answer.content)
    sys.stdout.flush()
    sys.exit(0 if answer.status_code < 400 else 1)
