"""The console words refusals in Chinese by their code: no code is missing, none is one that no engine answers with."""

from __future__ import annotations

import re
from pathlib import Path

from isthmus.operations.explanations import EXPLANATIONS

ROOT = Path(__file__).resolve().parents[2]


def test_every_refusal_has_its_chinese_words() -> None:
    source = (ROOT / "console" / "src" / "i18n" / "refusals.zh.ts").read_text(encoding="utf-8")
    worded = set(re.findall(r"^  ([A-Z]\d{3}[A-Z0-9]{2}): \[", source, flags=re.M))
    assert worded == set(EXPLANATIONS)
    layers = set(re.findall(r"^  '?([a-z-]+)'?: '", source, flags=re.M))
    assert layers == {one.layer for one in EXPLANATIONS.values()}


def test_every_link_of_a_refusal_leads_to_a_page() -> None:
    source = (ROOT / "console" / "src" / "pages" / "DebugAnswer.tsx").read_text(encoding="utf-8")
    places = set(re.findall(r"^    '?([a-z.]+)'?: \{ to:", source, flags=re.M))
    # What is mended on the debug page itself, or in a file of the operator.
    assert {one.link for one in EXPLANATIONS.values()} <= places | {"request", "log"}
