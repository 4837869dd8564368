"""A whole publish, from a stored definition to what goes into the store and the plan; and its history version.

Called by `operations/deploys.py`. The four steps stand in `release` in their order.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from isthmus import errors
from isthmus.model import to_document
from isthmus.publish.check import find_problems, unsupported_features
from isthmus.publish.compile import compile_edition
from isthmus.publish.freeze import Frozen
from isthmus.publish.resolve import References, resolve


@dataclass(frozen=True)
class Release:
    """The result of a publish."""

    # Body of the plan record.
    body: dict[str, Any]
    # SHA-256 of the body without its version: equal when two versions do the same.
    content_hash: str
    # JSON text of the definition as it runs.
    definition: str

    @property
    def key(self) -> str:
        """Of the plan record, whose kind is `edition`."""
        return edition_key(self.body["api_id"], self.body["stage"])


def edition_key(api_id: str, stage: str) -> str:
    return f"{api_id}/{stage}"


def release(frozen: Frozen, references: References, version: str) -> Release:
    """Raises: ApiError, with everything that keeps the definition from being served."""
    resolved = resolve(frozen, references)
    unsupported = unsupported_features(resolved.draft)
    problems = find_problems(resolved)
    if unsupported:
        listed = " ".join(f"{problem.parameter}: {problem.text}" for problem in problems[:20])
        text = f"This gateway does not implement {', '.join(unsupported)}, so the API cannot be published. {listed}"
        raise errors.single("NotImplemented", text.strip())
    if problems:
        raise errors.invalid(problems)
    body = compile_edition(resolved, version)
    definition = json.dumps(to_document(resolved.draft), sort_keys=True, separators=(",", ":"))
    return Release(body, content_hash(body), definition)


def content_hash(body: dict[str, Any]) -> str:
    content = {name: value for name, value in body.items() if name != "version"}
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def next_version(now: int, newest: str | None) -> str:
    """Seventeen digits, `yyyyMMddHHmmssSSS` in UTC; later than `newest` even when the clock is not."""
    moment = datetime.fromtimestamp(now // 1000, UTC) + timedelta(milliseconds=now % 1000)
    if newest is not None:
        moment = max(moment, _read_version(newest) + timedelta(milliseconds=1))
    return f"{moment:%Y%m%d%H%M%S}{moment.microsecond // 1000:03d}"


def _read_version(version: str) -> datetime:
    seconds = datetime.strptime(version[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return seconds + timedelta(milliseconds=int(version[14:]))
