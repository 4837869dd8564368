"""Checks of single fields that several operations share; each returns problems instead of raising.

Called by operations, which raise one error for everything wrong with a request. Lax where the vendor's rules only
restrict the alphabet; strict on what a database or a plan could not hold.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from isthmus import errors
from isthmus.errors import Problem

MOST_TAGS = 20
# The vendor's limit for lists of ids in one call.
MOST_IDS = 100


def text_problems(parameter: str, value: str | None, longest: int, shortest: int = 0) -> list[Problem]:
    """A text of so many characters, without characters that nobody can see."""
    if value is None:
        return []
    if not shortest <= len(value) <= longest:
        wanted = f"{shortest} to {longest}" if shortest else f"at most {longest}"
        return [Problem(parameter, f"has {len(value)} characters; {wanted} are allowed.")]
    if any(unicodedata.category(character) in ("Cc", "Cs") and character not in "\t\r\n" for character in value):
        return [Problem(parameter, "has a control character; remove it.")]
    return []


def name_problems(parameter: str, value: str | None, longest: int) -> list[Problem]:
    """A name: one line that is not blank."""
    if value is None:
        return []
    if not value.strip():
        return [Problem(parameter, "is blank; give it a name.")]
    if any(character in "\t\r\n" for character in value):
        return [Problem(parameter, "has a line break or a tab; a name is one line.")]
    return text_problems(parameter, value, longest)


def tag_problems(given: Sequence[Mapping[str, Any]] | None) -> list[Problem]:
    problems = []
    if given is not None and len(given) > MOST_TAGS:
        problems.append(Problem("Tag", f"has {len(given)} entries; a resource has at most {MOST_TAGS} tags."))
    for number, tag in enumerate(given or (), start=1):
        if not tag.get("key"):
            problems.append(Problem(f"Tag.{number}.Key", "is required."))
        problems += text_problems(f"Tag.{number}.Key", tag.get("key"), 128)
        problems += text_problems(f"Tag.{number}.Value", tag.get("value"), 256)
    return problems


def raise_problems(problems: list[Problem]) -> None:
    """Raises: ApiError when there is a problem."""
    if problems:
        raise errors.invalid(problems)


def read_ids(parameter: str, text: str | None) -> list[str]:
    """A comma-separated list of ids, blanks around them dropped, each id once."""
    ids = list(dict.fromkeys(part.strip() for part in (text or "").split(",") if part.strip()))
    if not ids:
        raise errors.missing(parameter)
    if len(ids) > MOST_IDS:
        raise errors.invalid([Problem(parameter, f"has {len(ids)} ids; send at most {MOST_IDS} in one call.")])
    return ids


def read_app_id(parameter: str, value: str | int) -> int:
    """An app id as a number; clients send it as text in some operations."""
    text = str(value).strip()
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise errors.invalid([Problem(parameter, f"{text[:40]!r} is not an app id; an app id is a number.")])
    return int(text)


def read_port(parameter: str, value: str | int) -> int:
    text = str(value).strip()
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 1 <= int(text) <= 65535:
        raise errors.invalid([Problem(parameter, f"{text[:20]!r} is not a port; a port is a number from 1 to 65535.")])
    return int(text)
