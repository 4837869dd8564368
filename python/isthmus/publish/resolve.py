"""Second step of a publish: what the definition refers to, looked up by the operation, put beside it.

Called by `release.py`. After this step the edition depends on no row any more, but for the VPC access, which stays a
name so that a changed target acts at once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from isthmus.model import Draft, VpcConfig
from isthmus.publish.freeze import Frozen

_STAGE_VARIABLE = re.compile(r"#[A-Za-z0-9_]+#")


@dataclass(frozen=True)
class References:
    """What the operation found in the store."""

    # Of the group.
    base_path: str
    # Name of the VPC access that the definition means; None when there is no such access.
    access_name: str | None = None


@dataclass(frozen=True)
class Resolved:
    frozen: Frozen
    # The whole pattern, the group's base path included.
    path: str
    access_name: str | None

    @property
    def draft(self) -> Draft:
        return self.frozen.draft


def resolve(frozen: Frozen, references: References) -> Resolved:
    path = join_path(references.base_path, frozen.draft.path)
    service = frozen.draft.service_config
    name = service.vpc_config.name if service.vpc_config is not None else None
    # Which access a variable names is known only when a request comes.
    access_name = name if has_variable(name) else references.access_name
    if access_name is None or not frozen.draft.uses_vpc:
        return Resolved(frozen, path, None)
    # The running definition names the access, however the draft referred to it.
    named = replace(service.vpc_config or VpcConfig(), name=access_name)
    draft = replace(frozen.draft, service_config=replace(service, vpc_config=named))
    return Resolved(replace(frozen, draft=draft), path, access_name)


def has_variable(text: str | None) -> bool:
    """Whether the text has a `#Name#` that stands for a variable of the stage."""
    return _STAGE_VARIABLE.search(text or "") is not None


def join_path(first: str, second: str) -> str:
    """Two paths with exactly one slash between them."""
    return f"{first.rstrip('/')}/{second.lstrip('/')}"


def route_of(draft: Draft) -> tuple[str, str]:
    """Method and path with nameless placeholders: two APIs with the same route would serve the same requests."""
    segments = draft.path.split("/")
    nameless = ["[]" if segment.startswith("[") and segment.endswith("]") else segment for segment in segments]
    return draft.method, "/".join(nameless)
