"""Identifiers from the names of APIs and parameters, and texts as literals and comments.

Used by the writers. Two names that become the same identifier get numbers. Invariant: an identifier has ASCII letters,
digits and underscores and is no reserved word; a comment's text is one line that cannot end the comment.
"""

from __future__ import annotations

import json
import keyword
import re
import unicodedata
from collections.abc import Iterable

# Words that are taken in one of the languages, and names that the runtime uses.
_RESERVED = frozenset(keyword.kwlist) | frozenset(
    [
        "abstract",
        "assert",
        "boolean",
        "break",
        "byte",
        "case",
        "catch",
        "char",
        "class",
        "const",
        "continue",
        "default",
        "do",
        "double",
        "else",
        "enum",
        "export",
        "extends",
        "final",
        "finally",
        "float",
        "for",
        "func",
        "function",
        "go",
        "goto",
        "if",
        "implements",
        "import",
        "in",
        "instanceof",
        "int",
        "interface",
        "let",
        "long",
        "map",
        "native",
        "new",
        "null",
        "package",
        "private",
        "protected",
        "public",
        "range",
        "return",
        "select",
        "self",
        "short",
        "static",
        "strictfp",
        "string",
        "struct",
        "super",
        "switch",
        "synchronized",
        "this",
        "throw",
        "throws",
        "transient",
        "true",
        "false",
        "try",
        "type",
        "typeof",
        "undefined",
        "var",
        "void",
        "volatile",
        "while",
        "yield",
        "body",
        "client",
        "call",
        "close",
        "context",
        "equals",
        "finalize",
        "getclass",
        "hashcode",
        "notify",
        "notifyall",
        "tostring",
        "wait",
        "arguments",
        "eval",
        "await",
        "async",
        "error",
        "stage",
    ]
)


def words(name: str) -> list[str]:
    """`getUser-by id` is get, user, by, id."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", plain)
    return [word.lower() for word in re.split("[^A-Za-z0-9]+", spaced) if word]


def snake(name: str) -> str:
    return _usable("_".join(words(name)))


def camel(name: str) -> str:
    first, *rest = words(name) or [""]
    return _usable(first + "".join(word.capitalize() for word in rest))


def pascal(name: str) -> str:
    joined = "".join(word.capitalize() for word in words(name))
    return joined if joined[:1].isalpha() else f"X{joined}"


def distinct(names: Iterable[str]) -> list[str]:
    """In order, each made different from those before it, whatever their case."""
    seen: set[str] = set()
    found = []
    for name in names:
        candidate, number = name, 1
        while candidate.lower() in seen:
            number += 1
            candidate = f"{name}{number}" if number > 1 else name
        seen.add(candidate.lower())
        found.append(candidate)
    return found


def literal(text: str) -> str:
    """In double quotes and ASCII, as Java, JavaScript and Python read it; characters beyond 16 bits in two halves."""
    return json.dumps(text)


def comment(text: str) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line.replace("*/", "* /").replace("\\", "/").replace('"', "'")[:200]


def _usable(name: str) -> str:
    if not name or not name[0].isalpha():
        name = f"x_{name}" if name else "x"
    return f"{name}_" if name.lower() in _RESERVED else name
