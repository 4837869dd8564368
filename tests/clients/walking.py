"""Plays a table of steps (`steps/*.yaml`) with one management client, and says which operations it called.

A step names an operation and its parameters as they are on the wire; `keep` gives a part of the answer a name that later
steps use as `$name`. What it expects is told by `want` (equal), `holds` and `lacks` (rows there and not there), `rows` (how many), `differ`,
`fails` (an error's code), `pages` (every row exactly once, page by page) and `until` (polled). A client that lacks an
operation, or what `newer` names of a request or an answer, goes without; so do steps that need what it would have answered.
"""

from __future__ import annotations

import json
import string
import time

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import yaml

STEPS = Path(__file__).parent / "steps"
DEADLINE = 30
KEYS = {"call", "with", "newer", "when", "each", "keep", "want", "holds", "lacks", "differ", "fails", "pages", "until", "rows"}


@dataclass
class Answer:
    """What a client made of an answer: its body in the wire's names, or the code of its error."""

    body: dict[str, Any] | None = None
    code: str = ""
    message: str = ""


class UnknownParameters(Exception):
    """The client's request has no such parameters."""


class Client(Protocol):
    operations: frozenset[str]

    def call(self, operation: str, params: dict[str, Any]) -> Answer: ...


class _Loader(yaml.SafeLoader):
    """`!json` before a value: the value's JSON text is the parameter."""


class _Json:
    def __init__(self, value: Any) -> None:
        self.value = value


def _json(loader: yaml.SafeLoader, node: yaml.Node) -> _Json:
    inner = yaml.SafeLoader("")
    kind = inner.construct_mapping if isinstance(node, yaml.MappingNode) else inner.construct_sequence
    return _Json(kind(node, deep=True))  # type: ignore[arg-type]


_Loader.add_constructor("!json", _json)


def tables() -> list[str]:
    return sorted(path.stem for path in STEPS.glob("*.yaml"))


def steps(name: str) -> list[dict[str, Any]]:
    """A table's steps, with the parts that it names put in."""
    path = STEPS / f"{name}.yaml"
    listed = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a safe loader
    return [inner for step in listed for inner in (steps(f"parts/{step['steps']}") if "steps" in step else [step])]


def operations(name: str) -> set[str]:
    return {str(step["call"]) for step in steps(name)}


class _Missing(Exception):
    """A name that no step has kept."""


def fill(value: Any, known: dict[str, Any]) -> Any:
    if isinstance(value, _Json):
        return json.dumps(fill(value.value, known), ensure_ascii=False)
    if isinstance(value, dict):
        return {name: fill(inner, known) for name, inner in value.items()}
    if isinstance(value, list):
        return [fill(inner, known) for inner in value]
    if not isinstance(value, str):
        return value
    try:
        if value.startswith("$") and value[1:].isidentifier():
            return known[value[1:]]
        return string.Template(value).substitute(known)
    except KeyError as error:
        raise _Missing(str(error)) from None


def look(value: Any, path: str) -> Any:
    """The value at a path; a list's is a list. Older clients leave the wrappers of lists out, so here they may be absent."""
    for piece in path.split("."):
        if isinstance(value, list):
            rows = [item for item in value if isinstance(item, dict) and item.get(piece) is not None]
            # A wrapper that is not there is passed by.
            value = [item[piece] for item in rows] if rows or not _wrapper(piece, path) else value
            if value and all(isinstance(item, list) for item in value):
                value = [inner for item in value for inner in item]
        else:
            value = (value or {}).get(piece)
    return value


def _wrapper(piece: str, path: str) -> bool:
    return not path.endswith(f".{piece}")


class Walk:
    """One client's way through one table."""

    def __init__(self, client: Client, known: dict[str, Any]) -> None:
        self._client = client
        self._known = dict(known)
        self._unlucky = False
        self._lacking = set[str]()
        self.called: set[str] = set()

    def go(self, table: str) -> None:
        for number, step in enumerate(steps(table), 1):
            assert set(step) <= KEYS, f"{table}: unknown {set(step) - KEYS}"
            try:
                self._step(step)
            except AssertionError as error:
                raise AssertionError(f"{table}, step {number}, {step['call']}: {error}") from None

    def _step(self, step: dict[str, Any]) -> None:
        name = str(step["call"])
        if not {name, step.get("when", name)} <= self._client.operations:
            self._unlucky = True
            return
        try:
            turns = [{"item": item} for item in self._known[step["each"]]] if "each" in step else [{}]
            for turn in turns:
                self._play(name, fill({key: step[key] for key in step if key != "call"}, {**self._known, **turn}))
        except _Missing as error:
            assert self._unlucky, f"nothing was kept as {error}"
            return
        self.called.add(name)

    def _play(self, name: str, step: dict[str, Any]) -> None:
        if "pages" in step:
            self._page(name, step)
            return
        answer = self._call(name, step)
        if "fails" in step:
            assert answer.code == step["fails"], f"{answer} instead of {step['fails']}"
            return
        deadline = time.monotonic() + DEADLINE
        while "until" in step and not all(_equal(look(answer.body, p), v) for p, v in step["until"].items()):
            assert answer.body is not None and time.monotonic() < deadline, f"not {step['until']}: {answer}"
            time.sleep(0.05)
            answer = self._call(name, step)
        assert answer.body is not None, answer
        self._judge(answer.body, step)
        for kept, path in step.get("keep", {}).items():
            if self._has(answer.body, path, step):
                self._keep(kept, look(answer.body, path))

    def _judge(self, body: dict[str, Any], step: dict[str, Any]) -> None:
        wanted = {path: value for path, value in step.get("want", {}).items() if self._has(body, path, step)}
        for path, value in wanted.items():
            assert _equal(look(body, path), value), f"{path} is {look(body, path)!r}, not {value!r}"
        for path, value in step.get("holds", {}).items():
            assert set(value) <= set(look(body, path)), f"{path} is {look(body, path)!r}, without all of {value!r}"
        for path, value in step.get("lacks", {}).items():
            assert not set(value) & set(look(body, path)), f"{path} is {look(body, path)!r}, with some of {value!r}"
        for path, value in step.get("rows", {}).items():
            assert len(look(body, path)) == value, f"{path} is {look(body, path)!r}, not {value} rows"
        for path, value in step.get("differ", {}).items():
            assert look(body, path) not in (value, None, ""), f"{path} is still {value!r}"

    def _has(self, body: dict[str, Any], path: str, step: dict[str, Any]) -> bool:
        """Whether the client's class of the answer has this; one that is older may lack what is newer."""
        lacking = path in step.get("newer", []) and look(body, path) in (None, [])
        self._unlucky = self._unlucky or lacking
        return not lacking

    def _page(self, name: str, step: dict[str, Any]) -> None:
        """Page after page, until all rows are seen: each once, none missing."""
        pages, seen = step["pages"], list[Any]()
        for number in range(1, 1000):
            asked = {**step["with"], "PageNumber": number}
            answer = self._call(name, {**step, "with": asked})
            assert answer.body is not None, answer
            rows = look(answer.body, f"{pages['rows']}.{pages['key']}")
            if "PageSize" in self._lacking:
                return
            assert len(rows) <= asked["PageSize"] and int(answer.body["PageNumber"]) == number, answer.body
            seen += rows
            if not rows or len(seen) >= int(answer.body["TotalCount"]):
                break
        assert len(seen) == len(set(seen)) == int(answer.body["TotalCount"]), f"{seen} of {answer.body['TotalCount']}"
        assert set(pages.get("hold", [])) <= set(seen), f"{seen} without all of {pages['hold']}"
        if "keep" in pages:
            self._keep(pages["keep"], seen)

    def _call(self, name: str, step: dict[str, Any]) -> Answer:
        params = dict(step.get("with", {}))
        self._lacking = set()
        try:
            return self._client.call(name, params)
        except UnknownParameters as unknown:
            self._lacking = set(unknown.args[0])
            assert self._lacking <= set(step.get("newer", [])), f"the client has no {sorted(self._lacking)}"
            return self._client.call(name, {key: value for key, value in params.items() if key not in self._lacking})

    def _keep(self, name: str, value: Any) -> None:
        assert value not in (None, "", []), f"nothing to keep as {name}"
        self._known[name] = value
        if isinstance(value, list):
            self._known[f"{name}_last"] = value[-1]


def _equal(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, list):
        return isinstance(found, list) and sorted(map(str, found)) == sorted(map(str, wanted))
    return bool(found == wanted)


