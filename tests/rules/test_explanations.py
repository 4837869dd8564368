"""Every refusal of the engine tells a person what it means and what to do."""

from __future__ import annotations

from isthmus import native
from isthmus.operations.explanations import EXPLANATIONS

LAYERS = {"guard", "route", "identify", "permit", "throttle", "map", "plug-in", "backend", "gateway"}
LINKS = {
    "api",
    "api.request",
    "api.backend",
    "api.publish",
    "api.authorize",
    "api.plugins",
    "app",
    "group",
    "variables",
    "domains",
    "instance",
    "vpc",
    "plugins",
    "request",
    "log",
}


def test_every_refusal_is_explained() -> None:
    codes = {str(one["code"]) for one in native.refusals()}
    missing, gone = codes - set(EXPLANATIONS), set(EXPLANATIONS) - codes
    assert not missing, f"explain {sorted(missing)} in isthmus/operations/explanations.py"
    assert not gone, f"no engine answers {sorted(gone)}: take them out of isthmus/operations/explanations.py"


def test_explanations_are_whole() -> None:
    for code, one in EXPLANATIONS.items():
        assert one.layer in LAYERS and one.link in LINKS, code
        assert one.title and not one.title.endswith(".") and one.fix.endswith("."), code
