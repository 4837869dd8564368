"""The snapshot of a draft at the moment it is published."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Frozen:
    """One draft, one stage, one version; `definition` is the whole snapshot under inside names."""

    api_id: str
    group_id: str
    stage: str
    version: str
    base_path: str
    definition: dict[str, Any]

    def text(self) -> str:
        """The snapshot as it is stored."""
        return canonical(self.definition)


def canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def content_hash(body: dict[str, Any]) -> str:
    """SHA-256 over an edition's body without its version: equal content has equal hashes."""
    content = {name: value for name, value in body.items() if name != "version"}
    return hashlib.sha256(canonical(content).encode()).hexdigest()
