"""The console's Chinese words for what the server words in English: refusals by their code, fields of plug-ins by their help.

None is missing, and none is for something that the server no longer says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from isthmus.operations.explanations import EXPLANATIONS
from isthmus.operations.plugin_text import known_types

ROOT = Path(__file__).resolve().parents[2]


def test_every_refusal_has_its_chinese_words() -> None:
    source = (ROOT / "console" / "src" / "i18n" / "refusals.zh.ts").read_text(encoding="utf-8")
    worded = set(re.findall(r"^  ([A-Z]\d{3}[A-Z0-9]{2}): \[", source, flags=re.M))
    assert worded == set(EXPLANATIONS)
    layers = set(re.findall(r"^  '?([a-z-]+)'?: '", source, flags=re.M))
    assert layers == {one.layer for one in EXPLANATIONS.values()}


def test_every_link_of_a_refusal_leads_to_a_page() -> None:
    source = (ROOT / "console" / "src" / "pages" / "debug" / "Refused.tsx").read_text(encoding="utf-8")
    places = set(re.findall(r"^    '?([a-z.]+)'?: (?:\{ to:|about)", source, flags=re.M))
    assert {one.link for one in EXPLANATIONS.values()} == places | {"request"}
    # What is wrong in the request itself is changed in one of the debug page's inputs.
    changed = set(re.findall(r"^  ([A-Z]\d{3}[A-Z0-9]{2}): '", source, flags=re.M))
    assert changed == {code for code, one in EXPLANATIONS.items() if one.link == "request"}


def helps(schema: Any) -> Iterator[str]:
    """Of the schema and of every field in it; a form shows one choice without what is said of it."""
    if isinstance(schema, dict):
        if isinstance(schema.get("description"), str):
            text = re.sub(r"\s+", " ", schema["description"])
            yield re.sub(r' Source: vendor page "[^"]*"\.', "", text).strip()
        for name, inner in schema.items():
            if name in ("properties", "$defs"):
                for one in inner.values():
                    yield from helps(one)
            elif name != "oneOf":
                yield from helps(inner)
    elif isinstance(schema, list):
        for one in schema:
            yield from helps(one)


def test_every_field_of_every_plug_in_is_explained_in_chinese() -> None:
    source = (ROOT / "console" / "src" / "i18n" / "schemas.zh.ts").read_text(encoding="utf-8")
    text = r"""(?:'((?:[^'\\]|\\.)*)'|"([^"]*)"|(\w+))"""
    found = re.findall(rf"^  {text}:\s+{text},$", source, flags=re.M)
    words = {one.replace("\\'", "'") or other or bare: zh or zh_too for one, other, bare, zh, zh_too, _ in found}
    assert set(words) == {help for schema in known_types().values() for help in helps(schema)}
    assert [zh for zh in words.values() if not re.search("[\u4e00-\u9fff]", zh)] == []
