"""`isthmus call`: a call through the gateway, with an AppCode or a signature."""

from __future__ import annotations

import base64
import hashlib
import hmac
import sys
import time
import uuid
from urllib.parse import parse_qsl, urlsplit

import click
import httpx

_TIMEOUT_SECONDS = 60
_FORM = "application/x-www-form-urlencoded"


@click.command()
@click.argument("method")
@click.argument("url")
@click.option("--host", help="Host of the call, when it is not the one in the URL.")
@click.option("--stage", help="Stage (X-Ca-Stage).")
@click.option("--app-code", help="Call with an AppCode.")
@click.option("--app-key", help="Call with a signature.")
@click.option("--app-secret", help="Secret of the AppKey.")
@click.option("-H", "--header", "headers", multiple=True, metavar="NAME: VALUE", help="A header; may be repeated.")
@click.option("-d", "--data", default="", help="Body.")
@click.option("-k", "--insecure", is_flag=True, help="Do not verify the server's certificate.")
def call(method: str, url: str, data: str, insecure: bool, headers: tuple[str, ...], **options: str | None) -> None:
    """Call an API: isthmus call GET http://GROUP-REGION.isthmus.localhost:8080/path --app-code CODE.

    Names below .localhost are this machine.
    """
    sent = {"accept": "application/json"}
    for header in headers:
        name, separator, value = header.partition(":")
        if not separator:
            raise click.UsageError(f"{header!r} is not a header: write 'Name: value'.")
        sent[name.strip().lower()] = value.strip()
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise click.UsageError(f"{url!r} is not a URL: write http://host[:port]/path.")
    sent["host"] = options["host"] or parts.netloc
    if options["stage"]:
        sent["x-ca-stage"] = options["stage"]
    if options["app_code"]:
        sent["authorization"] = f"APPCODE {options['app_code']}"
    if options["app_key"]:
        sign(method.upper(), url, sent, data.encode(), (options["app_key"], options["app_secret"] or ""))
    if parts.hostname.endswith(".localhost"):
        url = url.replace(parts.hostname, "127.0.0.1", 1)
    extensions = {"sni_hostname": parts.hostname} if parts.scheme == "https" else {}
    try:
        with httpx.Client(verify=not insecure, timeout=_TIMEOUT_SECONDS) as client:
            answer = client.request(method.upper(), url, headers=sent, content=data.encode(), extensions=extensions)
    except httpx.HTTPError as error:
        click.echo(f"isthmus: {url} does not answer: {error}", err=True)
        sys.exit(1)
    click.echo(f"{answer.status_code} {answer.reason_phrase}", err=True)
    for name, value in answer.headers.items():
        if name.startswith("x-ca-"):
            click.echo(f"{name}: {value}", err=True)
    sys.stdout.buffer.write(answer.content)
    sys.stdout.flush()
    sys.exit(0 if answer.status_code < 400 else 1)


def sign(method: str, url: str, headers: dict[str, str], body: bytes, key: tuple[str, str]) -> None:
    """Adds the signature's headers (vendor page "Request signatures")."""
    app_key, secret = key
    headers |= {"x-ca-key": app_key, "x-ca-timestamp": str(int(time.time() * 1000)), "x-ca-nonce": str(uuid.uuid4())}
    is_form = headers.get("content-type", "").startswith(_FORM)
    if body and not is_form:
        headers["content-md5"] = base64.b64encode(hashlib.md5(body).digest()).decode()
    names = sorted(name for name in headers if name.startswith("x-ca-"))
    headers["x-ca-signature-headers"] = ",".join(names)
    lines = [method, *(headers.get(name, "") for name in ("accept", "content-md5", "content-type", "date"))]
    lines += [f"{name}:{headers[name]}" for name in names]
    text = "\n".join([*lines, _resource(url, body.decode() if is_form else "")])
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    headers["x-ca-signature"] = base64.b64encode(digest).decode()


def _resource(url: str, form: str) -> str:
    parts = urlsplit(url)
    values: dict[str, str] = {}
    for text in (form, parts.query):
        for name, value in parse_qsl(text, keep_blank_values=True):
            values.setdefault(name, value)
    query = "&".join(f"{name}={value}" if value else name for name, value in sorted(values.items()))
    path = parts.path or "/"
    return f"{path}?{query}" if query else path
