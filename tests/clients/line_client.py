"""A client that is a program of its own, in its own language: a line of JSON for each call, a line for its answer.

The program is started with the endpoint and an access key; its first line names the operations that it has.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from walking import Answer, UnknownParameters


class Lines:
    def __init__(self, command: list[str], folder: Path) -> None:
        self._process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        self.operations = frozenset(self._line()["operations"])

    def call(self, operation: str, params: dict[str, Any]) -> Answer:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"operation": operation, "params": params}) + "\n")
        self._process.stdin.flush()
        answer = self._line()
        if "unknown" in answer:
            raise UnknownParameters(answer["unknown"])
        return Answer(answer.get("body"), answer.get("code", ""), answer.get("message", ""))

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the client ended; what it said is on standard error"
        answer = json.loads(line)
        assert isinstance(answer, dict)
        return answer
