"""Functions as backends: what a definition says of one, as the engine's target.

Called by `check.py` and `compile.py`. A function that gets events is called through the URL of its HTTP trigger, or
through the one that the setting `function_url` makes of its names; one with an HTTP trigger of its own is an ordinary
HTTP backend. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import SplitResult, urlsplit

from isthmus.errors import Problem
from isthmus.model import Draft, FunctionComputeConfig

_NAME = re.compile(r"[A-Za-z0-9_.$-]{1,128}")
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}")
_PLACE = "ServiceConfig.FunctionComputeConfig"


def is_function(draft: Draft) -> bool:
    service = draft.service_config
    return not draft.is_mock and not draft.uses_vpc and (service.service_protocol or "").upper() == "FUNCTIONCOMPUTE"


def function_problems(draft: Draft) -> Iterator[Problem]:
    config = draft.service_config.function_compute_config
    if config is None:
        yield Problem(_PLACE, "is required.")
        return
    name, url = _url(config)
    if url and _split(url) is None:
        yield Problem(f"{_PLACE}.{name}", f"{url[:60]!r} must be of the form http://host:port/path or https://…")
    elif not url and has_http_trigger(config):
        yield Problem(f"{_PLACE}.FcBaseUrl", "is required for a function with an HTTP trigger: its URL.")
    elif not url and not config.function_name:
        yield Problem(f"{_PLACE}.FunctionName", "is required, or send TriggerUrl.")
    for name, value in (
        ("RegionId", config.region_id),
        ("ServiceName", config.service_name),
        ("FunctionName", config.function_name),
        ("Qualifier", config.qualifier),
    ):
        if value and not _NAME.fullmatch(value):
            yield Problem(f"{_PLACE}.{name}", f"{value[:60]!r} is no name of Function Compute.")
    if has_http_trigger(config) and config.path and not config.path.startswith("/"):
        yield Problem(f"{_PLACE}.Path", "must start with '/'.")


def has_http_trigger(config: FunctionComputeConfig) -> bool:
    """Whether the function answers HTTP requests itself, in place of events."""
    kind = (config.fc_type or "").upper()
    return kind == "HTTPTRIGGER" or (not kind and bool(config.fc_base_url) and not config.function_name)


def http_trigger(config: FunctionComputeConfig) -> tuple[dict[str, Any], SplitResult]:
    """The target, and the URL whose path stands in front."""
    parts = _split(_url(config)[1]) or SplitResult("http", "", "", "", "")
    return {"type": "http", "scheme": parts.scheme, "host": parts.hostname, "port": _port(parts)}, parts


def event_target(config: FunctionComputeConfig, header_names: list[str]) -> dict[str, Any]:
    target: dict[str, Any] = {
        "type": "function",
        "region": config.region_id or "",
        "service": config.service_name or "",
        "function": config.function_name or "",
        "qualifier": config.qualifier or "LATEST",
        "header_names": header_names,
    }
    _, url = _url(config)
    if url:
        target["url"] = url
    return target


def _url(config: FunctionComputeConfig) -> tuple[str, str]:
    """The parameter that has it, and its value."""
    if has_http_trigger(config) and config.fc_base_url:
        return "FcBaseUrl", config.fc_base_url.strip()
    return "TriggerUrl", (config.trigger_url or "").strip()


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    is_whole = parts.scheme in ("http", "https") and _HOST.fullmatch(parts.hostname or "") and port != 0
    is_plain = parts.username is None and not set("?#\\ ") & set(url) and url.isprintable()
    return parts if is_whole and is_plain else None


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)
