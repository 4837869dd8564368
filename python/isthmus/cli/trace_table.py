"""The steps of a decision trace as lines of a table: what, how it ended, how long it took, and what was looked at.

Called by `why.py`. The trace is that of `DescribeRequestDecision`; words that are not known here are shown as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_KEPT = {
    "refused": "because it was refused",
    "error": "because the answer is an error",
    "slow": "because it was slow",
    "sampled": "because it was picked out by chance",
    "debug": "because the caller asked for it",
    "dry-run": "of a request that is only imagined",
}


def trace_lines(trace: Mapping[str, Any]) -> Iterator[str]:
    steps = trace.get("Steps", [])
    kept = str(trace.get("Kept", ""))
    brief = "; steps without facts were passed" if trace.get("Brief") else ""
    cut = "; some of it did not fit" if trace.get("Cut") else ""
    yield f"  steps       kept {_KEPT.get(kept, kept)}{brief}{cut}"
    titles = [_title(step) for step in steps]
    width = max((len(title) for title in titles), default=0)
    for title, step in zip(titles, steps, strict=True):
        time = f"{step['Microseconds']:,} µs" if step["Microseconds"] else "·"
        rule = f"  by {step['Rule']}" if step.get("Rule") else ""
        yield f"    {title:<{width}}  {step['Verdict']:<8}  {time:>12}{rule}".rstrip()
        names = max((len(fact["Name"]) for fact in step.get("Facts", [])), default=0)
        for fact in step.get("Facts", []):
            first, *more = str(fact["Value"]).split("\n")
            yield f"      {fact['Name']:<{names}}  {first}".rstrip()
            yield from (f"      {'':<{names}}  {line}" for line in more)
    for title, name in (("request headers", "RequestHeaders"), ("answer headers", "ResponseHeaders")):
        headers = trace.get(name, [])
        if headers:
            yield f"  {title}"
            yield from (f"    {header['Name']}: {header['Value']}" for header in headers)


def _title(step: Mapping[str, Any]) -> str:
    if not step.get("PluginId"):
        return str(step["Step"])
    binding = f", of the {step['Binding']}" if step.get("Binding") else ""
    return f"{step['Step']} {step.get('PluginType') or '?'} {step.get('PluginName')} ({step['PluginId']}{binding})"
