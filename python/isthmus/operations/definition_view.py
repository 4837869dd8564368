"""A definition as responses show it: each operation's response has some of its fields and lacks others.

Called by `apis.py`, `deploys.py` and `history.py`. What was sent is shown unchanged. The lists below name what the
vendor's response models do not have; the tests render every response, so a field too many does not go unnoticed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from isthmus.model import Draft, to_document

_NEVER = (
    "backend_id",
    "service_parameters[].parameter_catalog",
    "service_config.http_target_host_name",
    "service_config.discovery_config",
)
# What the vendor shows nowhere; of a draft we do, so that an editor that writes back what it read loses nothing.
_ONLY_IN_DRAFT = (
    "service_config.vpc_config.vpc_access_id",
    "service_config.vpc_config.vpc_target_host_name",
    "service_config.function_compute_config.trigger_url",
)
_NOT_IN_HISTORY = (
    *_ONLY_IN_DRAFT,
    "result_descriptions",
    "error_code_samples[].model",
    "service_config.aone_app_name",
    "service_config.function_compute_config.fc_version",
    "service_config.function_compute_config.trigger_name",
)
_NOT_IN_DEPLOYED = (
    *_ONLY_IN_DRAFT,
    "app_code_auth_type",
    "backend_enable",
    "web_socket_api_type",
    "error_code_samples[].model",
    "request_config.escape_path_param",
    "service_config.aone_app_name",
    "service_config.content_type_catagory",
    "service_config.content_type_value",
    "service_config.event_bridge_config",
    "service_config.oss_config",
    "service_config.vpc_config.vpc_scheme",
    "service_config.function_compute_config.fc_version",
    "service_config.function_compute_config.trigger_name",
)
# What a caller of the API needs to know, and no more.
_IN_DOCUMENTATION = (
    "api_name",
    "auth_type",
    "description",
    "disable_internet",
    "error_code_samples",
    "fail_result_sample",
    "force_nonce_check",
    "request_config",
    "request_parameters",
    "result_sample",
    "result_type",
    "visibility",
)


def show_draft(draft: Draft) -> dict[str, Any]:
    """For `DescribeApi`."""
    return {
        **_definition(draft),
        "mock": "OPEN" if draft.is_mock else "CLOSED",
        "mock_result": draft.service_config.mock_result,
        "backend_config": {"backend_id": draft.backend_id} if draft.backend_id else None,
    }


def show_deployed(draft: Draft) -> dict[str, Any]:
    """For `DescribeDeployedApi`."""
    return _without(_definition(draft), _NOT_IN_DEPLOYED)


def show_history(draft: Draft) -> dict[str, Any]:
    """For `DescribeApiHistory`."""
    return _without(_definition(draft), _NOT_IN_HISTORY)


def show_documentation(draft: Draft) -> dict[str, Any]:
    """For `DescribeApiDoc`: the request, never the backend."""
    document = to_document(draft)
    shown = {name: document[name] for name in _IN_DOCUMENTATION if name in document}
    return _without(shown, ("error_code_samples[].model", "request_config.body_model"))


def _definition(draft: Draft) -> dict[str, Any]:
    return _without(to_document(draft), _NEVER)


def _without(document: dict[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    for path in paths:
        _remove(document, path.split("."))
    return document


def _remove(value: Any, steps: list[str]) -> None:
    name = steps[0].removesuffix("[]")
    if not isinstance(value, dict) or name not in value:
        return
    if len(steps) == 1:
        del value[name]
        return
    inner = value[name]
    for item in inner if isinstance(inner, list) else [inner]:
        _remove(item, steps[1:])


def deployed_infos(stages: Iterable[str], running: Mapping[str, str]) -> list[dict[str, Any]]:
    """One entry per stage; `running` is stage to version."""
    return [
        {
            "stage_name": stage,
            "deployed_status": "DEPLOYED" if stage in running else "NONDEPLOYED",
            "effective_version": running.get(stage),
        }
        for stage in stages
    ]
