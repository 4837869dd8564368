"""The JSON schema of a parameter (`JsonScheme`): from the text that callers write to the document in a record.

Called by `check.py`, which reports what is wrong, and by `compile.py`. What a schema may ask for is the engine's business:
it refuses the record and names the place. Invariant: a result is an object, and the same in every JSON reader.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn


def json_schema(text: str) -> dict[str, Any]:
    """Raises: ValueError, whose text continues a sentence that begins with the parameter's name."""
    try:
        read = json.loads(text, object_pairs_hook=_without_doubles, parse_constant=_no_number)
    except RecursionError as error:
        raise ValueError("is nested too deeply.") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error}.") from error
    if not isinstance(read, dict):
        raise ValueError("is no JSON object; a schema begins with {.")
    return read


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) < len(pairs):
        raise ValueError("has a key twice in one object.")
    return read


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"has {text}, which is no number in JSON.")
