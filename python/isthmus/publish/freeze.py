"""First step of a publish: which API in which stage, and its definition at this moment.

Called by `release.py`. A stored document is a draft or an older edition's; both freeze the same way, so going back to
an earlier version is a publish as well.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from isthmus.model import Draft, from_document


@dataclass(frozen=True)
class Frozen:
    """One definition on its way into one stage."""

    api_id: str
    group_id: str
    # Upper case.
    stage: str
    draft: Draft


def freeze(api_id: str, group_id: str, stage: str, definition: str) -> Frozen:
    """`definition` is the JSON text of the row."""
    document: dict[str, Any] = json.loads(definition)
    return Frozen(api_id, group_id, stage.upper(), from_document(Draft, document))
