"""Differences go by names, and what is absent, null or empty is the same."""

from __future__ import annotations

from isthmus.difference import Difference, differences


def test_absent_null_and_empty_are_equal() -> None:
    assert differences({"a": None, "b": "", "c": []}, {"d": {}}) == []
    assert differences(None, None) == []


def test_entries_of_lists_go_by_their_name_and_not_by_their_place() -> None:
    one, other = {"api_parameter_name": "id", "required": "REQUIRED"}, {"api_parameter_name": "q"}
    before = {"request_parameters": [one, other]}
    after = {"request_parameters": [other, {**one, "required": "OPTIONAL"}]}
    assert differences(before, after) == [Difference("RequestParameters[id].Required", "REQUIRED", "OPTIONAL")]


def test_a_number_is_not_a_truth_value() -> None:
    assert differences({"a_b": 1}, {"a_b": True}) == [Difference("AB", 1, True)]


def test_entries_with_the_same_name_are_told_apart() -> None:
    before = {"list": [{"name": "x", "a": 1}, {"name": "x", "a": 2}]}
    after = {"list": [{"name": "x", "a": 1}, {"name": "x", "a": 3}]}
    assert differences(before, after) == [Difference("List[x #2].A", 2, 3)]
