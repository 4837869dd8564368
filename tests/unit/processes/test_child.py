"""A child that keeps dying comes back less and less often, however often it died."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from isthmus.processes.child import Child, restart_pause


def test_pauses_double_up_to_five_seconds_and_stay_there() -> None:
    pauses = [restart_pause(deaths) for deaths in range(1, 9)]
    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert restart_pause(100_000) == 5.0


def test_a_child_that_cannot_be_started_is_tried_again_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def no_memory(*_arguments: object, **_options: object) -> None:
        raise OSError(12, "Cannot allocate memory")

    child = Child("engine", [], tmp_path / "engine.json", again_at=0.0)
    monkeypatch.setattr(subprocess, "Popen", no_memory)
    assert child.tend() is False
    assert child.again_at is not None and child.again_at > 0
    assert "the engine process cannot be started: Cannot allocate memory; again in" in capfd.readouterr().err
