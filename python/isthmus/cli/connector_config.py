"""What a connector of this machine is told in `--config`: JSON, or the file that holds it. Used by its two verbs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def read_configuration(text: str) -> dict[str, Any]:
    """Raises: ValueError, OSError."""
    content = Path(text[1:]).read_text(encoding="utf-8") if text.startswith("@") else text
    try:
        configuration = json.loads(content)
    except json.JSONDecodeError as error:
        raise ValueError(f"--config is not JSON: {error}") from error
    if not isinstance(configuration, dict):
        raise ValueError("the connector's configuration must be a JSON object")
    return configuration
