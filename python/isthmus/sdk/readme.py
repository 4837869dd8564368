"""The page that comes with a generated client: its functions with their parameters, and how answers and errors look.

Called by `archive.py`; pure. Invariant: no text of an API leaves its cell or its line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from isthmus.sdk.methods import Method, Parameter
from isthmus.sdk.names import distinct

_ERRORS = """\
## Answers and errors

Each function gives status, headers and body of the answer, whatever the status; only a connection that fails is an error of
the language. An answer that the gateway gave itself has two headers more: `X-Ca-Error-Code`, such as `A403IS` for a wrong
signature, and `X-Ca-Error-Message`. `X-Ca-Request-Id` names the call to those who run the gateway.
"""


def write_readme(example: str, style: Callable[[str], str], methods: Sequence[Method]) -> str:
    """`style` makes a function's name of an API's name, as the writer of the language does."""
    names = distinct([style(method.name) for method in methods])
    parts = [f"# Client\n\nMake a client with `{example}`; each API is a function of it. It needs no other package.\n"]
    parts += [_section(name, method) for name, method in zip(names, methods, strict=True)]
    return "\n".join([*parts, _ERRORS])


def _section(name: str, method: Method) -> str:
    said = _line(method.description)
    lines = [f"## `{_line(name)}`", "", *([said, ""] if said else [])]
    lines += [f"`{method.http_method} {method.scheme}://{_line(method.host)}{_line(method.path)}`"]
    lines += ["", "Signed with AppKey and AppSecret." if method.is_signed else "Not signed: anybody may call it.", ""]
    if method.parameters:
        lines += ["| parameter | where | required | |", "|---|---|---|---|", *map(_row, method.parameters), ""]
    if method.takes_body:
        lines += ["It takes a body.", ""]
    return "\n".join(lines)


def _row(parameter: Parameter) -> str:
    needed = "yes" if parameter.is_required else ""
    return f"| `{_line(parameter.name)}` | {parameter.location} | {needed} | {_line(parameter.description)} |"


def _line(text: str) -> str:
    """On one line, without what would end a cell or a piece of code."""
    shown = "".join(character if character.isprintable() else " " for character in text)
    return shown.replace("|", "\\|").replace("`", "'").strip()
