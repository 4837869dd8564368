"""What a client offers: one method for each API, from the definition as it runs.

Called by `isthmus.operations.sdks`; the writers of the languages read it. Nothing of a backend is in here.
"""

from __future__ import annotations

from dataclasses import dataclass

from isthmus.model import Draft


@dataclass(frozen=True)
class Parameter:
    name: str
    # path, query, header or form.
    location: str
    is_required: bool
    description: str


@dataclass(frozen=True)
class Method:
    # Of the API.
    name: str
    http_method: str
    # With {name} for each parameter in the path.
    path: str
    # http or https, and the domain of its group.
    scheme: str
    host: str
    stage: str
    is_signed: bool
    takes_body: bool
    parameters: tuple[Parameter, ...]
    description: str


_LOCATIONS = {"PATH": "path", "QUERY": "query", "HEAD": "header", "BODY": "form"}
_WITH_BODY = ("POST", "PUT", "PATCH", "DELETE", "ANY")


def describe(draft: Draft, base_path: str, host: str, stage: str) -> Method:
    """`base_path` is that of the group."""
    parameters = tuple(
        Parameter(
            name=one.api_parameter_name or "",
            location=_LOCATIONS.get((one.location or "").upper(), "query"),
            is_required=(one.required or "").upper() in ("REQUIRED", "TRUE") or (one.location or "").upper() == "PATH",
            description=one.description or "",
        )
        for one in draft.request_parameters
    )
    path = draft.path.replace("[", "{").replace("]", "}")
    declared = {one.name for one in parameters if one.location == "path"}
    missing = [name for name in _placeholders(path) if name not in declared]
    bare = tuple(Parameter(name, "path", True, "") for name in missing)
    protocols = (draft.request_config.request_protocol or "").upper()
    form = any(one.location == "form" for one in parameters)
    return Method(
        name=draft.api_name,
        http_method="GET" if draft.method == "ANY" else draft.method,
        path=base_path.rstrip("/") + path,
        scheme="https" if "HTTPS" in protocols.split(",") else "http",
        host=host,
        stage=stage,
        is_signed=draft.auth_type.upper() != "ANONYMOUS",
        takes_body=draft.method in _WITH_BODY and not form,
        parameters=bare + parameters,
        description=draft.description,
    )


def _placeholders(path: str) -> list[str]:
    return [segment[1:-1] for segment in path.split("/") if segment.startswith("{") and segment.endswith("}")]
