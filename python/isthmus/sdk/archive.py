"""A client as a ZIP archive: the generated part, the runtime, and what its language's tools want to see.

Called with the methods of a client; pure. Invariant: the same methods give the same bytes.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from importlib import resources
from typing import NamedTuple

from isthmus.sdk.methods import Method
from isthmus.sdk.names import camel, pascal, snake
from isthmus.sdk.readme import write_readme
from isthmus.sdk.writers import write_go, write_java, write_javascript, write_python


class _Language(NamedTuple):
    write: Callable[[Sequence[Method]], str]
    client: str
    runtime: str
    others: dict[str, str]
    example: str
    # Of a function's name.
    style: Callable[[str], str]


_PACKAGE_JSON = '{\n  "name": "gateway-client",\n  "version": "1.0.0",\n  "main": "index.js"\n}\n'
_LANGUAGES = {
    "python": _Language(
        write_python,
        "gateway_client/client.py",
        "gateway_client/runtime.py",
        {"gateway_client/__init__.py": '"""Client of an API gateway."""\n\nfrom .client import Client as Client\n'},
        'Client("APP_KEY", "APP_SECRET")',
        snake,
    ),
    "javascript": _Language(
        write_javascript,
        "index.js",
        "runtime.js",
        {"package.json": _PACKAGE_JSON},
        "new Client({ appKey: 'APP_KEY', appSecret: 'APP_SECRET' })",
        camel,
    ),
    "go": _Language(
        write_go,
        "client.go",
        "runtime.go",
        {"go.mod": "module gateway\n\ngo 1.20\n"},
        '&gateway.Client{AppKey: "APP_KEY", AppSecret: "APP_SECRET"}',
        pascal,
    ),
    "java": _Language(
        write_java,
        "src/main/java/gateway/Client.java",
        "src/main/java/gateway/BaseClient.java",
        {},
        'new Client("APP_KEY", "APP_SECRET")',
        camel,
    ),
}
# Other names under which clients ask.
_ALIASES = {"js": "javascript", "node": "javascript", "nodejs": "javascript", "golang": "go", "python3": "python"}
LANGUAGES = tuple(_LANGUAGES)
_MOMENT = (2026, 1, 1, 0, 0, 0)


def language_of(name: str) -> str | None:
    """The language's own name; None when there is no writer for it."""
    lower = name.strip().lower()
    lower = _ALIASES.get(lower, lower)
    return lower if lower in _LANGUAGES else None


def write_archive(language: str, methods: Sequence[Method]) -> bytes:
    one = _LANGUAGES[language]
    runtime = resources.files("isthmus.sdk").joinpath("runtime", f"{language}.txt").read_text(encoding="utf-8")
    readme = write_readme(one.example, one.style, methods)
    files = {one.client: one.write(methods), one.runtime: runtime, **one.others, "README.md": readme}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in sorted(files.items()):
            info = zipfile.ZipInfo(name, _MOMENT)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, text)
    return packed.getvalue()
