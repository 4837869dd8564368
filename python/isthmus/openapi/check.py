"""Whether a document follows its specification, by the validators of `openapi-spec-validator`.

Called before anything is taken from a document. What is wrong inside one operation concerns that operation alone; the
rest is told as a warning. Invariant: no reference leads out of the document, so validating fetches nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from openapi_spec_validator import OpenAPIV2SpecValidator, OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

from isthmus import errors
from isthmus.errors import Problem

_MOST_FINDINGS = 200
_VALIDATORS = {"2.0": OpenAPIV2SpecValidator, "3.0": OpenAPIV30SpecValidator, "3.1": OpenAPIV31SpecValidator}


class Findings(NamedTuple):
    """What is wrong, in words: by (path, method) of the operation, and elsewhere."""

    by_operation: dict[tuple[str, str], list[str]]
    elsewhere: list[str]


def document_version(document: dict[str, Any]) -> str:
    """`2.0`, `3.0` or `3.1`. Raises: ApiError when it is none of them."""
    stated = document.get("swagger", document.get("openapi"))
    version = ".".join(str(stated).split(".")[:2])
    if version not in _VALIDATORS or ("swagger" in document) != (version == "2.0"):
        text = "says neither swagger: '2.0' nor openapi: 3.0.x or 3.1.x."
        raise errors.invalid([Problem("Data", text)])
    if not isinstance(document.get("paths", {}), dict):
        raise errors.invalid([Problem("Data", "must have an object as its paths.")])
    return version


def check_references(document: dict[str, Any]) -> None:
    """Raises: ApiError when a reference leads out of the document."""
    for reference in _references(document):
        if not isinstance(reference, str) or not reference.startswith("#/"):
            text = f"refers to {str(reference)[:100]!r}; put what it names into the document (#/…)."
            raise errors.invalid([Problem("Data", text)])


def find_findings(document: dict[str, Any], version: str) -> Findings:
    """Call `check_references` first."""
    found = Findings({}, [])
    for count, error in enumerate(_errors(document, version)):
        if count == _MOST_FINDINGS:
            found.elsewhere.append("The document has more problems than are listed here.")
            break
        steps = [str(step) for step in getattr(error, "absolute_path", ())]
        message = " ".join(str(getattr(error, "message", error)).split())[:300]
        if len(steps) >= 3 and steps[0] == "paths":
            where = ".".join(steps[3:])
            text = f"{where}: {message}" if where else message
            found.by_operation.setdefault((steps[1], steps[2]), []).append(text)
        else:
            found.elsewhere.append(f"{'.'.join(steps)}: {message}" if steps else message)
    return found


def _errors(document: dict[str, Any], version: str) -> Iterator[Any]:
    try:
        yield from _VALIDATORS[version](document).iter_errors()
    # The library walks what it has found wrong, and stumbles over some of it.
    except Exception as error:
        yield f"The document cannot be checked further: {type(error).__name__}: {error}"


def _references(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "$ref" and not isinstance(item, dict | list):
                yield item
            else:
                yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)
