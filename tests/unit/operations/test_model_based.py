"""Random sequences of operations against a model in a few dictionaries: the same answers, at every step.

STEPS makes it longer, SEED adds to the seeds, TEST_STORE=postgresql runs it on PostgreSQL.
"""

from __future__ import annotations

import os

import pytest
from wider_walk import WiderWalk
from workbench import Workbench, workbench

__all__ = ["workbench"]

STEPS = int(os.environ.get("STEPS", "800"))
SEED = int(os.environ.get("SEED", "0"))


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", [1, 2])
def test_operations_answer_as_the_model_says(workbench: Workbench, seed: int) -> None:
    walk = WiderWalk(workbench, SEED + seed)
    for number in range(STEPS // 2):
        walk.step()
        if number % 20 == 0:
            walk.check()
    walk.check()
