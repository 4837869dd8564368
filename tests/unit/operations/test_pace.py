"""Writing calls a second."""

from __future__ import annotations

import pytest
from isthmus.errors import ApiError
from isthmus.operations.pace import Pace


def test_a_caller_has_the_limit_in_each_second_for_itself() -> None:
    clock = [10.0]
    pace = Pace(2, lambda: clock[0])
    for _ in range(2):
        pace.admit("one")
    with pytest.raises(ApiError) as refused:
        pace.admit("one")
    assert (refused.value.code, refused.value.status) == ("Throttling.User", 400)
    pace.admit("two")
    clock[0] = 11.0
    pace.admit("one")


def test_without_a_limit_everything_is_admitted() -> None:
    pace = Pace(0)
    for _ in range(1000):
        pace.admit("one")
