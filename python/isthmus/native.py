"""The typed face of the Rust module `isthmus._native`, and its only importer."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

try:
    from isthmus import _native
except ImportError as error:  # pragma: no cover - only without a build
    raise ImportError("the native part of Isthmus is not built: run `make build` in its repository") from error


class Engine:
    """A serving engine. `settings` is the document of `crates/engine/src/settings.rs`.

    Raises: ValueError naming the field that is wrong.
    """

    def __init__(self, settings: dict[str, Any]) -> None:
        self._engine = _native.Engine(json.dumps(settings))

    def start(self) -> dict[str, str | None]:
        """The addresses `http`, `https`, `health`. Raises: OSError when one is taken."""
        addresses: dict[str, str | None] = json.loads(self._engine.start())
        return addresses

    def stop(self) -> None:
        """Drains and returns when every thread has ended."""
        self._engine.stop()

    def take_sampled(self, most: int) -> list[str]:
        """The oldest records of sampled requests, so many at most, as JSON texts; each is given once."""
        return list(self._engine.take_sampled(most))

    def alive(self) -> bool:
        return bool(self._engine.alive())


def run_connector(configuration: dict[str, Any]) -> None:
    """Serves as a connector until SIGTERM. Raises: ValueError, OSError."""
    _native.run_connector(json.dumps(configuration))


def run_join(configuration: dict[str, Any]) -> None:
    """Serves as a remote connector until SIGTERM. Raises: ValueError, OSError."""
    _native.run_join(json.dumps(configuration))


def run_hub(configuration: dict[str, Any], answer: Callable[[str], str], listening: Callable[[str], None]) -> None:
    """Serves remote connectors until SIGTERM. `answer` is asked on other threads; what it raises is a reason that a
    connector is told. Raises: ValueError, OSError."""
    _native.run_hub(json.dumps(configuration), answer, listening)


def check_record(kind: str, key: str, body: str) -> None:
    """Checks a plan record as an engine would. Raises: ValueError with the field and the problem."""
    _native.check_record(kind, key, body)


def refusals() -> list[dict[str, Any]]:
    """Every refusal an engine can give: code, status, message, fault, retryable."""
    listed: list[dict[str, Any]] = json.loads(_native.refusals())
    return listed


def plugin_types() -> list[dict[str, Any]]:
    """Every type of plug-in in the order in which they act: `type` and `schema` (a JSON Schema)."""
    listed: list[dict[str, Any]] = json.loads(_native.plugin_types())
    return listed


def check_plugin(plugin_type: str, definition: Any) -> list[dict[str, str]]:
    """Everything that is wrong with a definition: `field` (a path, empty for the whole) and `problem`.

    Raises: ValueError for a type that is not one of `plugin_types`.
    """
    problems: list[dict[str, str]] = json.loads(_native.check_plugin(plugin_type, json.dumps(definition)))
    return problems
