"""How definitions are shown: draft, running, historic, and for callers.

Called by the operations on APIs. A view takes the definition under inside names and leaves out what the operation's
response does not have.
"""

from __future__ import annotations

from typing import Any

from isthmus.operations.times import utc_text
from isthmus.store.apis import Api
from isthmus.store.editions import Edition
from isthmus.store.groups import SYSTEM_STAGES, Group

# Members of a definition that only the draft's view has.
_DRAFT_ONLY = ("backend_id", "result_descriptions")
_NOT_RUNNING = ("app_code_auth_type", "backend_id", "backend_enable", "web_socket_api_type")
_NOT_FOR_CALLERS = (
    "app_code_auth_type", "allow_signature_method", "backend_id", "backend_enable", "web_socket_api_type", "service_config",
    "service_parameters", "service_parameters_map", "constant_parameters", "system_parameters", "open_id_connect_config",
    "result_descriptions", "result_body_model",
)  # fmt: skip


def draft_view(api: Api, group: Group, region: str) -> dict[str, Any]:
    """DescribeApi, without stages and tags."""
    view = _view(api.definition, _DRAFT_ONLY)
    service = api.definition.get("service_config", {})
    is_mock = service.get("mock", "").upper() in ("TRUE", "OPEN")
    backend_id = api.definition.get("backend_id")
    return {
        **view,
        **_names(api.api_id, api.name, group, region),
        "description": api.description,
        "mock": "OPEN" if is_mock else "CLOSED",
        "mock_result": service.get("mock_result"),
        "backend_config": {"backend_id": backend_id} if backend_id else None,
        "created_time": utc_text(api.created_at),
        "modified_time": utc_text(api.modified_at),
    }


def running_view(edition: Edition, group: Group, region: str) -> dict[str, Any]:
    """DescribeDeployedApi."""
    view = _view(edition.snapshot, _NOT_RUNNING)
    _drop(view, "request_config", "escape_path_param")
    _drop(
        view,
        "service_config",
        "aone_app_name",
        "content_type_catagory",
        "content_type_value",
        "oss_config",
        "event_bridge_config",
    )
    _drop(view.get("service_config", {}), "vpc_config", "vpc_scheme")
    for sample in view.get("error_code_samples", []):
        sample.pop("model", None)
    return {**view, **_edition_names(edition, group, region)}


def historic_view(edition: Edition, group: Group, region: str) -> dict[str, Any]:
    """DescribeApiHistory."""
    view = _view(edition.snapshot, ("backend_id",))
    _drop(view, "request_config", "escape_path_param")
    _drop(view, "service_config", "aone_app_name")
    for sample in view.get("error_code_samples", []):
        sample.pop("model", None)
    status = "ONLINE" if edition.online else "OFFLINE"
    return {
        **view,
        **_edition_names(edition, group, region),
        "history_version": edition.version,
        "status": status,
    }


def callers_view(edition: Edition, group: Group, region: str) -> dict[str, Any]:
    """DescribeApiDoc: nothing of the backend."""
    view = _view(edition.snapshot, _NOT_FOR_CALLERS)
    _drop(view, "request_config", "body_model")
    for sample in view.get("error_code_samples", []):
        sample.pop("model", None)
    return {**view, **_edition_names(edition, group, region)}


def stage_infos(versions: dict[str, str]) -> list[dict[str, Any]]:
    """`DeployedInfos`: the three stages, then others that serve something."""
    stages = [*SYSTEM_STAGES, *sorted(set(versions) - set(SYSTEM_STAGES))]
    return [
        {
            "stage_name": stage,
            "effective_version": versions.get(stage),
            "deployed_status": "DEPLOYED" if stage in versions else "NONDEPLOYED",
        }
        for stage in stages
    ]


def _names(api_id: str, name: str, group: Group, region: str) -> dict[str, Any]:
    return {
        "api_id": api_id,
        "api_name": name,
        "group_id": group.group_id,
        "group_name": group.name,
        "region_id": region,
    }


def _edition_names(edition: Edition, group: Group, region: str) -> dict[str, Any]:
    return {
        **_names(edition.api_id, edition.snapshot["api_name"], group, region),
        "stage_name": edition.stage,
        "deployed_time": utc_text(edition.deployed_at),
    }


def _view(definition: dict[str, Any], without: tuple[str, ...]) -> dict[str, Any]:
    """A copy that may be changed; what only a request has is left out."""
    view = {name: _copy(value) for name, value in definition.items() if name not in without}
    for parameter in view.get("service_parameters", []):
        parameter.pop("parameter_catalog", None)
    service = view.get("service_config")
    if service:
        _drop(service, "vpc_config", "vpc_access_id", "vpc_target_host_name")
    return view


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copy(item) for name, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


def _drop(view: dict[str, Any], member: str, *names: str) -> None:
    for name in names:
        view.get(member, {}).pop(name, None)
