"""The generated part of a client in each language: one method for each API.

Called by `archive.py`. Invariant: texts of callers stand in literals and comments only (`names.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from isthmus.sdk.methods import Method, Parameter
from isthmus.sdk.names import camel, comment, distinct, literal, pascal, snake

# Location, and what the runtimes call it.
_PYTHON_MAPS = ("path", "query", "header", "form")


def write_python(methods: Sequence[Method]) -> str:
    lines = ['"""Generated: one method for each API."""', "", "from __future__ import annotations", ""]
    lines += ["from typing import Any", "", "from .runtime import BaseClient, Response", "", ""]
    lines += ["class Client(BaseClient):"]
    for method, name in _named(methods, snake):
        fields = _fields(method, snake)
        required = [f"{field}: Any" for one, field in fields if one.is_required]
        optional = [f"{field}: Any = None" for one, field in fields if not one.is_required]
        optional += ["body: bytes | str | None = None"] if method.takes_body else []
        arguments = ", ".join(["self", *required, *(["*", *optional] if optional else [])])
        maps = [_python_map(fields, location) for location in _PYTHON_MAPS[:3]]
        maps += [_python_map(fields, "form")] if _has_form(method) else ["None"]
        maps += ["body"] if method.takes_body else []
        base = f"{method.scheme}://{method.host}"
        texts = (method.http_method, method.path, base, method.stage)
        api = ", ".join([*(_python_literal(text) for text in texts), str(method.is_signed)])
        lines += [f"    def {name}({arguments}) -> Response:"]
        lines += [f'        """{comment(method.description) or name}"""']
        lines += [f"        return self._call(({api}), {', '.join(maps)})", ""]
    return "\n".join(lines).rstrip() + "\n"


def write_javascript(methods: Sequence[Method]) -> str:
    lines = [
        "// Generated: one method for each API.",
        "'use strict';",
        "const { BaseClient } = require('./runtime');",
        "",
    ]
    lines += ["class Client extends BaseClient {"]
    for method, name in _named(methods, camel):
        fields = _fields(method, camel)
        taken = [field for _, field in fields] + (["body"] if method.takes_body else [])
        parts = [f"{key}: {_object(fields, location)}" for location, key in _JAVASCRIPT.items()]
        parts += [f"form: {_object(fields, 'form')}"] if _has_form(method) else []
        parts += ["body"] if method.takes_body else []
        base = f"{method.scheme}://{method.host}"
        api = ", ".join(literal(text) for text in (method.http_method, method.path, base, method.stage))
        lines += [f"  /** {comment(method.description) or name} */"]
        lines += [f"  {name}({{ {', '.join(taken)} }} = {{}}) {{"]
        lines += [
            f"    return this._call([{api}, {str(method.is_signed).lower()}], {{ {', '.join(parts)} }});",
            "  }",
            "",
        ]
    return "\n".join([*lines, "}", "", "module.exports = { Client };", ""])


def write_go(methods: Sequence[Method]) -> str:
    lines = ["package gateway", "", 'import "context"', ""]
    for method, name in _named(methods, pascal):
        fields = _fields(method, pascal)
        lines += [f"// {name}Input has the parameters of {name}; those that are nil are left out."]
        lines += [f"type {name}Input struct {{"] + [f"\t{field} *string" for _, field in fields]
        lines += ["\tBody []byte", "\tContentType string"] if method.takes_body else []
        lines += ["}", "", f"// {name} {comment(method.description) or 'calls the API.'}"]
        lines += [f"func (client *Client) {name}(ctx context.Context, in {name}Input) (*Response, error) {{"]
        base = f"{method.scheme}://{method.host}"
        texts = (method.http_method, method.path, base, method.stage)
        api = ", ".join([*(_go_literal(text) for text in texts), str(method.is_signed).lower()])
        parts = [f"{location}: {_go_map(fields, location)}" for location in _PYTHON_MAPS]
        parts += [f"hasForm: {str(_has_form(method)).lower()}"]
        parts += ["body: in.Body, contentType: in.ContentType"] if method.takes_body else []
        lines += [f"\treturn client.call(ctx, api{{{api}}}, input{{{', '.join(parts)}}})", "}", ""]
    return "\n".join(lines)


def write_java(methods: Sequence[Method]) -> str:
    lines = ["package gateway;", "", "import java.io.IOException;", "", "/** Generated: one method for each API. */"]
    lines += ["public class Client extends BaseClient {"]
    lines += ["    public Client(String appKey, String appSecret) {", "        super(appKey, appSecret);", "    }", ""]
    for method, name in _named(methods, camel):
        kind = f"{name[:1].upper()}{name[1:]}Request"
        lines += [f"    /** Parameters of {name}. */", f"    public static class {kind} {{"]
        lines += ["        final Input in = new Input();"]
        lines += [
            "",
            f"        public {kind}() {{",
            "            in.form = new java.util.TreeMap<>();",
            "        }",
        ] * _has_form(method)
        for one, field in _fields(method, camel):
            place = {"header": "headers"}.get(one.location, one.location)
            lines += ["", f"        public {kind} {field}(String value) {{"]
            lines += [
                f"            in.{place}.put({literal(one.name)}, value);",
                "            return this;",
                "        }",
            ]
        if method.takes_body:
            lines += ["", f"        public {kind} body(byte[] value, String contentType) {{"]
            lines += ["            in.body = value;", "            in.contentType = contentType;"]
            lines += ["            return this;", "        }"]
        base = f"{method.scheme}://{method.host}"
        api = ", ".join(literal(text) for text in (method.http_method, method.path, base, method.stage))
        lines += ["    }", "", f"    /** {comment(method.description) or name} */"]
        lines += [f"    public Response {name}({kind} request) throws IOException, InterruptedException {{"]
        lines += [f"        return call({api}, {str(method.is_signed).lower()}, request.in);", "    }", ""]
    return "\n".join([*lines, "}", ""])


_JAVASCRIPT = {"path": "path", "query": "query", "header": "headers"}


def _named(methods: Sequence[Method], style: Callable[[str], str]) -> list[tuple[Method, str]]:
    return list(zip(methods, distinct(style(method.name) for method in methods), strict=True))


def _fields(method: Method, style: Callable[[str], str]) -> list[tuple[Parameter, str]]:
    """A parameter's name and its identifier; `*` is the rest of the path."""
    named = [style("rest" if one.name == "*" else one.name) for one in method.parameters]
    return list(zip(method.parameters, distinct(named), strict=True))


def _has_form(method: Method) -> bool:
    return any(one.location == "form" for one in method.parameters)


def _python_map(fields: list[tuple[Parameter, str]], location: str) -> str:
    pairs = [f"{_python_literal(one.name)}: {field}" for one, field in fields if one.location == location]
    return "{" + ", ".join(pairs) + "}"


def _python_literal(text: str) -> str:
    return ascii(text)


def _object(fields: list[tuple[Parameter, str]], location: str) -> str:
    pairs = [f"{literal(one.name)}: {field}" for one, field in fields if one.location == location]
    return "{ " + ", ".join(pairs) + " }" if pairs else "{}"


def _go_map(fields: list[tuple[Parameter, str]], location: str) -> str:
    pairs = [f"{_go_literal(one.name)}: in.{field}" for one, field in fields if one.location == location]
    return "map[string]*string{" + ", ".join(pairs) + "}"


def _go_literal(text: str) -> str:
    """Go has no halves of surrogate pairs in literals."""
    escaped = "".join(c if 0x20 <= ord(c) < 0x7F and c not in '"\\' else f"\\U{ord(c):08x}" for c in text)
    return f'"{escaped}"'
