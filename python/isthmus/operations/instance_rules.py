"""What an instance may be ordered with: specifications and policies of HTTPS, by the vendor's names.

Used by `operations/instances.py`. A policy that this gateway's TLS library cannot carry out is refused, never widened.
"""

from __future__ import annotations

import re

from isthmus import errors
from isthmus.errors import Problem

# Calls a second of each specification (vendor page "Instance types").
REQUESTS_PER_SECOND = {
    "api.s1.small": 2_500,
    "api.s1.medium": 5_000,
    "api.s2.large": 10_000,
    "api.s3.large": 20_000,
    "api.s4.large": 30_000,
    "api.s5.large": 40_000,
    "api.s6.large": 50_000,
}
_POLICY = re.compile(r"HTTPS(?:1_1|2)_TLS1_([0-3])")


def spec_problems(spec: str | None) -> list[Problem]:
    if spec is None:
        return [errors.missing_parameter("InstanceSpec")]
    if spec in REQUESTS_PER_SECOND:
        return []
    return [Problem("InstanceSpec", f"{spec[:40]!r} is none of {', '.join(REQUESTS_PER_SECOND)}.")]


def policy_problems(policy: str) -> list[Problem]:
    found = _POLICY.fullmatch(policy)
    if found is None:
        return [Problem("HttpsPolicy", f"{policy[:40]!r} is not a policy such as HTTPS2_TLS1_2 or HTTPS2_TLS1_3.")]
    if found[1] in "01":
        text = f"{policy} needs TLS 1.{found[1]}, which is broken and not spoken here; use HTTPS2_TLS1_2."
        return [Problem("HttpsPolicy", text)]
    return []


def oldest_tls(policy: str) -> str:
    """The oldest version of TLS that a policy allows."""
    found = _POLICY.fullmatch(policy)
    return "1.3" if found is not None and found[1] == "3" else "1.2"
