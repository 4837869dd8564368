"""The text of a plug-in: YAML or JSON as its author wrote it, read into what an engine gets.

Called by `operations/plugins.py`. The text itself is stored as it came and shown so again. JSON is YAML here, so there is
one reader. Aliases and doubled keys are refused: the first can make a small text huge, the second hides a value.
"""

from __future__ import annotations

from typing import Any

import yaml

from isthmus import native
from isthmus.errors import Problem

# Source: vendor page "Limits of plug-ins".
MOST_BYTES = 50 * 1024
_PARAMETER = "PluginData"


class _Reader(yaml.SafeLoader):
    """Scalars as JSON knows them; no dates, no aliases, no doubled keys."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            problem = "aliases (*name) are not allowed; write the value out"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=self.get_mark())
        return super().compose_node(parent, index)


def _mapping(reader: _Reader, node: yaml.MappingNode) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = str(reader.construct_object(key_node, deep=True))
        if key in found:
            raise yaml.MarkedYAMLError(problem=f"the key {key!r} occurs twice", problem_mark=key_node.start_mark)
        found[key] = reader.construct_object(value_node, deep=True)
    return found


def _text(_reader: _Reader, node: yaml.ScalarNode) -> str:
    """JSON writes a character beyond 16 bits as two escapes, which YAML would keep apart."""
    text = str(node.value)
    if text.isprintable():
        return text
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        problem = "half of a character is missing: write \\ud83d\\ude00, or the character itself"
        raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark) from None


_Reader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Reader.add_constructor("tag:yaml.org,2002:str", _text)
_Reader.add_constructor("tag:yaml.org,2002:timestamp", lambda reader, node: str(node.value))


def known_types() -> dict[str, dict[str, Any]]:
    """Every type that engines of this version run, with the JSON Schema of its definition."""
    return {str(one["type"]): one["schema"] for one in native.plugin_types()}


def read_definition(plugin_type: str, text: str) -> tuple[dict[str, Any], list[Problem]]:
    """The definition, and everything that is wrong with it."""
    if len(text.encode()) > MOST_BYTES:
        return {}, [Problem(_PARAMETER, f"is longer than {MOST_BYTES} bytes.")]
    try:
        read = yaml.load(text, Loader=_Reader)  # noqa: S506 - a subclass of the safe loader
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        return {}, [Problem(_PARAMETER, f"is neither YAML nor JSON: {_told(error)}")]
    if not isinstance(read, dict):
        return {}, [Problem(_PARAMETER, "must be a mapping of fields, as in `type: ALLOW`.")]
    try:
        found = native.check_plugin(plugin_type, read)
    except (ValueError, TypeError) as error:
        return {}, [Problem(_PARAMETER, f"cannot be read: {error}")]
    return read, [Problem(_PARAMETER, _sentence(one["field"], one["problem"])) for one in found]


def _sentence(field: str, problem: str) -> str:
    text = f"{field} {problem}" if field else problem
    return text if text.endswith(".") else f"{text}."


def _told(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        return f"line {mark.line + 1}, column {mark.column + 1}: {error.problem}."
    if isinstance(error, RecursionError):
        return "it is nested too deeply."
    return f"{str(error).splitlines()[0] if str(error) else type(error).__name__}."
