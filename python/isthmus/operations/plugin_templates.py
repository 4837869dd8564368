"""Samples of each type of plug-in, to start from: the examples of the documentation's pages.

The pages come with the package (`isthmus/plugin_pages/`); a rule test holds each example against what an engine accepts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from isthmus.operations.call import Call
from isthmus.operations.plugin_text import known_types

_EXAMPLE = re.compile(r"```yaml\n(.*?)```", re.DOTALL)


def describe_plugin_templates(call: Call, params: Any) -> Mapping[str, Any]:
    """`PluginName` is a type; without it, those of all types in the order in which they act."""
    wanted = [name for name in known_types() if params.plugin_name in (None, name)]
    return {"templates": [template for name in wanted for template in _templates(name)]}


@cache
def _templates(plugin_type: str) -> tuple[dict[str, str], ...]:
    page = resources.files("isthmus") / "plugin_pages" / f"{plugin_type}.md"
    text = page.read_text(encoding="utf-8")
    # The title, then the paragraph that says what the type is for.
    description = " ".join(text.split("\n\n")[1].split())
    samples = _EXAMPLE.findall(text)
    return tuple(
        {
            "title": plugin_type if len(samples) == 1 else f"{plugin_type} {number}",
            "description": description,
            "sample": sample,
            "document_id": f"plugins/{plugin_type}",
            "document_anchor": "",
        }
        for number, sample in enumerate(samples, start=1)
    )
