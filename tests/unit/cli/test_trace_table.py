"""A trace as `isthmus why` shows it."""

from __future__ import annotations

from isthmus.cli.trace_table import trace_lines

TRACE = {
    "Kept": "refused",
    "Brief": True,
    "Cut": False,
    "Steps": [
        {"Step": "message", "Verdict": "passed", "Microseconds": 0, "Rule": "", "PluginId": "", "Facts": []},
        {
            "Step": "plug-in",
            "Verdict": "refused",
            "Microseconds": 1234,
            "Rule": "office",
            "PluginId": "p1",
            "PluginName": "doors",
            "PluginType": "ipControl",
            "Binding": "group",
            "Facts": [{"Name": "address", "Value": "10.0.0.7"}, {"Name": "two", "Value": "a\nb"}],
        },
    ],
    "RequestHeaders": [{"Name": "host", "Value": "a.example"}],
    "ResponseHeaders": [],
}


def test_steps_are_aligned_with_time_rule_and_facts() -> None:
    assert list(trace_lines(TRACE)) == [
        "  steps       kept because it was refused; steps without facts were passed",
        "    message                                     passed               ·",
        "    plug-in ipControl doors (p1, of the group)  refused       1,234 µs  by office",
        "      address  10.0.0.7",
        "      two      a",
        "               b",
        "  request headers",
        "    host: a.example",
    ]


def test_a_word_that_is_not_known_is_shown_as_it_is() -> None:
    step = {"Step": "new", "Verdict": "odd", "Microseconds": 1, "Facts": []}
    first, only = trace_lines({"Kept": "whim", "Steps": [step]})
    assert first.endswith("kept whim") and only.split() == ["new", "odd", "1", "µs"]
