"""Regular expressions in the engine's words, or why they cannot be said there."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from isthmus.publish.expression import ExpressionError, engine_expression

LETTERS = ["a", r"\d", r"\w", r"\S", r"\b", r"\<", "\\", "é", r"\é", r"\p{L}", r"\u4e00", "[:alpha:]", "a-z", "."]
MARKS = ["[", "^", "]", "-", "--", "&&", "~~", "(", "(?:", "(?i)", "(?=", "(?P<n>", ")", "|"]
QUANTIFIERS = ["*", "+", "?", "{", "}", "{2}", "{1,3}"]
PIECES = st.sampled_from([*LETTERS, *MARKS, *QUANTIFIERS])


@pytest.mark.parametrize(
    ("written", "engine"),
    [
        (r"^\w{4,16}$", "^[0-9A-Za-z_]{4,16}$"),
        (r"^1[3-9]\d{9}$", "^1[3-9][0-9]{9}$"),
        (r"\S+\s\D\W", r"[^ \t\n\x0B\f\r]+[ \t\n\x0B\f\r][^0-9][^0-9A-Za-z_]"),
        (r"[\w-.]+@[\w-]+", r"[0-9A-Za-z_\-.]+@[0-9A-Za-z_\-]+"),
        (r"[\W_]", "[[^0-9A-Za-z_]_]"),
        (r"[\u4e00-\u9fa5\x41]", r"[\x{4E00}-\x{9FA5}\x{41}]"),
        (r"\p{L}\pN[\p{IsHan}]", r"\p{L}\pN[\p{IsHan}]"),
        ("[[:alpha:]_]", "[[:alpha:]_]"),
        ("[]a]|[^]a]", r"[\]a]|[^\]a]"),
        (r"\<b\>", "<b>"),
        (r"\ba\B\Z", r"(?-u:\b)a\B\z"),
        ("(?<year>a)(?P<day>b)(?i:c)(?:d)", "(?P<year>a)(?P<day>b)(?i:c)(?:d)"),
        # None of these has a possessive quantifier, look-around or a back-reference.
        (r"[!#$%&'*+/=?^_`{}-]+@", r"[!#$%\&'*+/=?^_`{}-]+@"),
        (r"\++[0-9]", r"\++[0-9]"),
        (r"\(?=a", r"\(?=a"),
        (r"\\1", r"\\1"),
    ],
)
def test_an_expression_is_said_in_the_engines_words(written: str, engine: str) -> None:
    assert engine_expression(written) == engine


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("(?=a)", "uses look-around, which this gateway does not have."),
        ("(?<!a)b", "uses look-around, which this gateway does not have."),
        (r"(a)\1", "uses a back-reference, which this gateway does not have."),
        ("(?P<n>a)(?P=n)", "uses a back-reference, which this gateway does not have."),
        ("a++", "uses a possessive quantifier, which this gateway does not have."),
        ("a{1,2}+", "uses a possessive quantifier, which this gateway does not have."),
        ("(?a:x)", "uses '(?a:', which this gateway does not have."),
        ("(?#c)", "uses '(?#c', which this gateway does not have."),
        (r"\h", r"uses \h, which this gateway does not have."),
        (r"\0", r"uses \0, which this gateway does not have."),
        (r"[\b]", r"uses \b, which this gateway does not have."),
        (r"\p{Nothing}", r"uses the property \p{Nothing}, which this gateway does not have."),
        ("[a[]", r"has a '[' inside of '[…]'; write \[ for the character."),
        ("[!--]", r"has '--' inside of '[…]'; write \- for the character."),
        ("[", r"has a '[' that begins nothing; write \[ for the character."),
        ("[]", r"has a '[' that begins nothing; write \[ for the character."),
        ("a{,3}", r"has a '{' that begins nothing; write \{ for the character."),
        ("(", "is not a regular expression: missing ), unterminated subpattern."),
        ("[z-a]", "is not a regular expression: bad character range z-a."),
        (r"\ud800", r"has \ud800, which is no character."),
        ("a{1001}", "repeats something more than 1000 times; use MaxLength for long values."),
        ("(" * 101 + ")" * 101, "has groups nested deeper than 100 levels."),
        ("a" * 4097, "is longer than 4096 characters."),
    ],
)
def test_what_the_engine_cannot_say_is_told(written: str, said: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        engine_expression(written)
    assert str(caught.value) == said


@settings(deadline=None)
@example("[a&&b]")
@example("[]&&")
@given(st.lists(PIECES, max_size=9).map("".join) | st.text(max_size=20))
def test_no_expression_breaks_the_reader_or_makes_it_warn(written: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        try:
            engine_expression(written)
        except ExpressionError:
            pass
