"""The console's files at `/console/`, from the package; where it was built without them, one page that says what runs.

Mounted by `process.py`. The console is one application: a path that is no file gets its entry page. Files under
`assets/` have their content's hash in their name and may be kept for ever. No request goes anywhere else, which the
content security policy holds the browser to.
"""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import Callable
from html import escape
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from isthmus import __version__
from isthmus.processes import state
from isthmus.processes.supervisor import reachable
from isthmus.settings import Address, Settings

_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}

# Where the console's build goes. Mantine writes style elements at run time.
STATIC = Path(__file__).parent / "static"
_APP_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; worker-src 'self' blob:; form-action 'self'; frame-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'"
)
_APP_HEADERS = {**_HEADERS, "content-security-policy": _APP_POLICY}

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Isthmus</title>
<style>
:root {{ color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }}
body {{ max-width: 44rem; margin: 3rem auto; padding: 0 1rem; }}
code, pre {{ font-family: ui-monospace, monospace; font-size: .9em; }}
pre {{ padding: .75rem 1rem; border: 1px solid color-mix(in srgb, currentColor 20%, transparent); border-radius: .5rem; overflow-x: auto; }}
dt {{ font-weight: 600; }} dd {{ margin: 0 0 .75rem; }}
</style>
<h1>Isthmus is running</h1>
<p>Version {version}, region {region}. This installation was built without the graphical console (<code>make build</code>
makes it): it is driven by the vendor's SDKs, the vendor's command line, Terraform, or the command <code>isthmus</code>.</p>
<dl>
<dt>Management API (the endpoint of SDKs)</dt><dd><code>{endpoint}</code></dd>
<dt>Access key</dt><dd>in <code>administrator.json</code> in the state directory of this gateway, never on a page</dd>
<dt>Calls</dt><dd>{calls}</dd>
<dt>Egress addresses (what backends see; let these into their security groups)</dt><dd>{egress}</dd>
<dt>Automatic domain of a group</dt><dd><code>&lt;GroupId&gt;-{region}.{suffix}</code></dd>
</dl>
<h2>Look around</h2>
<pre>isthmus status
isthmus api DescribeApiGroups
isthmus call GET /path --host &lt;domain of a group&gt; --app-code &lt;AppCode&gt;
isthmus api CreateApi --help</pre>
</html>
"""


def console_page(settings: Settings, address: Address, egress_addresses: Callable[[], list[str]]) -> list[Route]:
    def render() -> str:
        running = state.read_json(state.ready_path(settings.state, "up")) or {}
        calls = [running[scheme] for scheme in ("http", "https") if running.get(scheme)]
        return _PAGE.format(
            version=escape(__version__),
            region=escape(settings.region),
            suffix=escape(settings.automatic_domain_suffix),
            endpoint=escape(f"http://{reachable(str(address))}"),
            calls=_listed(calls) or "at the engines that follow this control plane",
            egress=_listed(egress_addresses()) or "none yet: they are there with the first network",
        )

    async def show(request: Request) -> Response:
        found = await asyncio.to_thread(_file, request.path_params.get("path", ""))
        if found is None:
            return HTMLResponse(await asyncio.to_thread(render), headers=_HEADERS)
        path, content = found
        kept = "public, max-age=31536000, immutable" if path.parent.name == "assets" else "no-cache"
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return Response(content, media_type=kind, headers={**_APP_HEADERS, "cache-control": kept})

    async def redirect(_request: Request) -> Response:
        return RedirectResponse("/console/")

    return [Route("/console", redirect), Route("/console/", show), Route("/console/{path:path}", show)]


def _file(name: str) -> tuple[Path, bytes] | None:
    """A file of the console, its entry page for a path inside the application; None without a build."""
    path = STATIC / "index.html"
    try:
        wanted = (STATIC / name).resolve()
        if wanted.is_relative_to(STATIC.resolve()) and wanted.is_file():
            path = wanted
    except (OSError, ValueError):
        # No file can have this name: too long for the system, or with a zero byte.
        pass
    try:
        return path, path.read_bytes()
    except OSError:
        return None


def _listed(texts: list[str]) -> str:
    return ", ".join(f"<code>{escape(text)}</code>" for text in texts)
