"""Regular expressions of parameters: what callers write, in the dialect of the engine, which runs in linear time.

Called by `check.py`, which reports what cannot be said there, and by `compile.py`. The classes for digits, words and
space are ASCII, as in Java and JavaScript: the engine's own are Unicode, match more, and are too large to be repeated.
Invariant: a result has only syntax that the engine reads; whether it is too large, only the engine can tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_LONGEST = 4096
_MOST_REPETITIONS = 1000
# The engine reads 250 levels, and adds some of its own.
_DEEPEST = 100

_TOKEN = re.compile(
    r"(?P<escape>\\(?:[pP]\{[^{}]*\}|[pP][A-Za-z]|x[0-9A-Fa-f]{2}|x\{[0-9A-Fa-f]{1,6}\}|u[0-9A-Fa-f]{4}|.))"
    r"|(?P<set>\[\^?+\]?+(?:\\.|\[:\^?[a-z]+:\]|[^\]\\])*+\])"
    r"|(?P<opening>\(\?(?:P?<(?P<name>[A-Za-z_][A-Za-z0-9_]*)>|(?P<flags>(?:[ims]+|[ims]*-[ims]+)[:)]|:)|.{0,2}))"
    r"|(?P<count>\{(?P<least>[0-9]+)(?:,(?P<most>[0-9]*))?\})"
    r"|(?P<other>.)",
    re.DOTALL,
)
_SET_TOKEN = re.compile(
    r"(?P<escape>\\(?:[pP]\{[^{}]*\}|[pP][A-Za-z]|x[0-9A-Fa-f]{2}|x\{[0-9A-Fa-f]{1,6}\}|u[0-9A-Fa-f]{4}|.))"
    r"|(?P<posix>\[:\^?(?:alnum|alpha|ascii|blank|cntrl|digit|graph|lower|print|punct|space|upper|word|xdigit):\])"
    r"|(?P<both>&&)|(?P<other>.)",
    re.DOTALL,
)
_ASCII = {"d": "0-9", "w": "0-9A-Za-z_", "s": r" \t\n\x0B\f\r"}
_SAME = frozenset("tnrfva")
_EDGES = {"b": r"(?-u:\b)", "A": r"\A", "z": r"\z", "Z": r"\z"}
_PROPERTY = re.compile(
    r"L[ultmo]?|M[nce]?|N[dlo]?|P[cdseifo]?|S[mcko]?|Z[slp]?|C[cfo]?"
    r"|(?:Is)?(?:Han|Hiragana|Katakana|Hangul|Latin|Greek|Cyrillic|Arabic|Hebrew|Thai)"
)


class ExpressionError(ValueError):
    """The text continues a sentence that begins with the parameter's name."""


def engine_expression(expression: str) -> str:
    """Raises: ExpressionError."""
    if len(expression) > _LONGEST:
        raise ExpressionError(f"is longer than {_LONGEST} characters.")
    checked, result = [], []
    for python, engine in _pieces(expression):
        checked.append(python)
        result.append(engine)
    try:
        re.compile("".join(checked))
    except (re.error, RecursionError, OverflowError) as error:
        # Positions would be those of the checked form.
        said = error.msg if isinstance(error, re.error) else error
        raise ExpressionError(f"is not a regular expression: {said}.") from error
    return "".join(result)


def _pieces(expression: str) -> Iterator[tuple[str, str]]:
    """Each piece twice: for Python, whose parser finds what is no expression at all, and for the engine."""
    after_quantifier, depth = False, 0
    for token in _TOKEN.finditer(expression):
        text, kind = token[0], token.lastgroup
        if after_quantifier and text == "+":
            raise _absent("a possessive quantifier")
        after_quantifier = kind == "count" or (kind == "other" and text in "*+?" and not after_quantifier)
        depth += (text[0] == "(" and text[-1] != ")") - (text == ")")
        if depth > _DEEPEST:
            raise ExpressionError(f"has groups nested deeper than {_DEEPEST} levels.")
        if kind == "escape":
            yield _escape(text)
        elif kind == "set":
            yield _set(text)
        elif kind == "opening":
            yield _opening(token)
        elif kind == "count":
            _check_count(token["least"], token["most"])
            yield text, text
        elif text in "[{\\":
            raise ExpressionError(f"has a {text!r} that begins nothing; write \\{text} for the character.")
        else:
            yield text, text


def _absent(what: str) -> ExpressionError:
    return ExpressionError(f"uses {what}, which this gateway does not have.")


def _check_count(least: str, most: str | None) -> None:
    if max(len(least), len(most or "")) > 6 or max(int(least), int(most or 0)) > _MOST_REPETITIONS:
        raise ExpressionError(f"repeats something more than {_MOST_REPETITIONS} times; use MaxLength for long values.")


def _opening(token: re.Match[str]) -> tuple[str, str]:
    text, name = token[0], token["name"]
    if name is not None:
        return f"(?P<{name}>", f"(?P<{name}>"
    if token["flags"] is not None:
        return text, text
    if text.startswith(("(?=", "(?!", "(?<=", "(?<!")):
        raise _absent("look-around")
    if text.startswith("(?P="):
        raise _absent("a back-reference")
    raise _absent(repr(text))


def _escape(text: str) -> tuple[str, str]:
    letter = text[1]
    if letter in _EDGES:
        return r"\Z" if letter == "z" else text, _EDGES[letter]
    if letter == "B":
        return text, text
    if letter.lower() in _ASCII:
        return text, f"[{'^' if letter.isupper() else ''}{_ASCII[letter.lower()]}]"
    if letter == "k" or letter in "123456789":
        raise _absent("a back-reference")
    return _character(text)


def _character(text: str) -> tuple[str, str]:
    """An escape that means the same inside and outside of a set."""
    letter = text[1]
    if letter in "pP":
        if not _PROPERTY.fullmatch(text[2:].strip("{}")):
            raise _absent(f"the property {text[:40]}")
        return r"\w", text
    if letter in "xu" and len(text) > 2:
        code = int(text[2:].strip("{}"), 16)
        if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            raise ExpressionError(f"has {text}, which is no character.")
        return f"\\U{code:08x}", f"\\x{{{code:X}}}"
    if letter in _SAME:
        return text, text
    # To the engine, an escaped `<` or `>` is the edge of a word; a letter that is not ASCII needs no escape.
    if letter in "<> " or not letter.isascii():
        return letter, letter
    if letter.isalnum() or ord(letter) < 0x20 or ord(letter) == 0x7F:
        raise _absent(text)
    return text, text


def _set(text: str) -> tuple[str, str]:
    start = 2 if text.startswith("[^") else 1
    python, engine = [text[:start]], [text[:start]]
    after_class, inner = False, text[start:-1]
    for token in _SET_TOKEN.finditer(inner):
        piece, kind = token[0], token.lastgroup
        is_class = kind == "escape" and piece[1].lower() in "dwsp"
        if kind == "escape":
            pair = _set_escape(piece)
        elif kind == "posix":
            pair = "a-z", piece
        elif kind == "both":
            # An intersection, as in Java; Python has none.
            pair = r"\&", piece
        elif piece == "[":
            raise ExpressionError(r"has a '[' inside of '[…]'; write \[ for the character.")
        elif piece == "-" and inner[token.end() : token.end() + 1] == "-":
            raise ExpressionError(r"has '--' inside of '[…]'; write \- for the character.")
        else:
            # After `\w`, a hyphen can begin no range; people write [\w-.], and the engine wants it escaped.
            escaped = piece in "&|~]" or (piece == "-" and after_class)
            pair = (f"\\{piece}", f"\\{piece}") if escaped else (piece, piece)
        after_class = is_class
        python.append(pair[0])
        engine.append(pair[1])
    return "".join(python) + "]", "".join(engine) + "]"


def _set_escape(text: str) -> tuple[str, str]:
    letter = text[1]
    if letter.lower() in _ASCII:
        ranges = _ASCII[letter.lower()]
        return text, f"[^{ranges}]" if letter.isupper() else ranges
    return _character(text)
