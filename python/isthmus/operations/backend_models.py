"""Operations on the models of backend objects: where the backend leads in one stage.

A changed model publishes again what runs on it there. The work is done when the call answers; the operation id names
a report on each API, and one that cannot be served with the new model keeps running with the old one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from isthmus import errors
from isthmus.errors import ApiError, Problem
from isthmus.model import Draft, ServiceConfig
from isthmus.model.backend import BackendModelData
from isthmus.model.discovery import DiscoveryConfig
from isthmus.operations.backends import require_backend
from isthmus.operations.call import Call
from isthmus.operations.definition_rules import check_service
from isthmus.operations.deploys import prepare_release
from isthmus.operations.fields import raise_problems, text_problems
from isthmus.operations.json_text import JsonReader
from isthmus.operations.stage_models import stage_names
from isthmus.publish.backend_object import with_backend
from isthmus.publish.discovery import discovery_problems
from isthmus.store import Transaction
from isthmus.store.apis import find_api
from isthmus.store.backends import (
    Backend,
    BackendModel,
    add_backend_model,
    editions_using,
    find_backend_model,
    models_of_backend,
    remove_backend_model,
    update_backend_model,
)
from isthmus.store.editions import EditionRow, put_online
from isthmus.store.groups import find_group, find_stage
from isthmus.store.tasks import add_task, find_task

_TASK = "backend"
_LONGEST_HOST = 255
_CREDENTIALS = ("username", "password", "accesskey", "secretkey")


def create_backend_model(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    backend = require_backend(transaction, params.backend_id)
    stage = (params.stage_name or "").upper()
    problems = text_problems("Description", params.description, 180)
    known = stage_names(transaction)
    if stage not in known:
        problems.append(Problem("StageName", f"must be one of {', '.join(known)}."))
    data = _data(backend, params, problems)
    if find_backend_model(transaction, backend.backend_id, stage) is not None:
        text = f"The backend {backend.name} has a model for {stage} already; change it with ModifyBackendModel."
        raise errors.repeated("BackendModel", text)
    model = add_backend_model(transaction, backend.backend_id, stage, params.description or "", data)
    return {"backend_model_id": model.backend_model_id}


def modify_backend_model(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    backend, model = _require_model(transaction, params)
    problems = text_problems("Description", params.description, 180)
    data = model.data if params.backend_model_data is None else _data(backend, params, problems)
    raise_problems(problems)
    description = model.description if params.description is None else params.description
    update_backend_model(transaction, replace(model, description=description, data=data))
    running = editions_using(transaction, backend.backend_id, model.stage)
    results = [_publish_again(transaction, backend, edition) for edition in running]
    return {"operation_id": add_task(transaction, _TASK, results)}


def delete_backend_model(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    backend, model = _require_model(transaction, params)
    running = editions_using(transaction, backend.backend_id, model.stage)
    if running:
        listed = ", ".join(one.api_id for one in running[:5])
        text = f"In {model.stage} run on this model: {listed}; abolish them there first."
        raise errors.dependency_violation("Api", text)
    remove_backend_model(transaction, model.backend_model_id)
    return {"operation_id": add_task(transaction, _TASK, [])}


def describe_update_backend_task(call: Call, params: Any) -> Mapping[str, Any]:
    result = find_task(call.transaction, _TASK, params.operation_uid)
    if result is None:
        raise errors.not_found("Operation", f"There is no update of a backend {params.operation_uid[:60]}.")
    return {"api_update_backend_results": result}


def _publish_again(transaction: Transaction, backend: Backend, edition: EditionRow) -> dict[str, Any]:
    """Under its own version, as going back to a version does."""
    api, error = find_api(transaction, edition.api_id), ""
    if api is None:
        error = "The API is gone."
    else:
        try:
            released = prepare_release(transaction, api, edition.stage, edition.definition, edition.version)
        except ApiError as refused:
            error = f"{refused.code}: {refused.message}"
        else:
            renewed = {name: getattr(released, name) for name in ("definition", "body", "content_hash")}
            put_online(transaction, replace(edition, **renewed))
            transaction.records.put("edition", released.key, released.body)
    group, stage = (
        find_group(transaction, edition.group_id),
        find_stage(transaction, edition.group_id, edition.stage),
    )
    return {
        "api_uid": edition.api_id,
        "api_name": "" if api is None else api.name,
        "backend_id": backend.backend_id,
        "group_id": edition.group_id,
        "group_name": "" if group is None else group.name,
        "stage_id": "" if stage is None else stage.stage_id,
        "stage_name": edition.stage,
        "update_status": "FAIL" if error else "OVER",
        "error_msg": error,
    }


def _require_model(transaction: Transaction, params: Any) -> tuple[Backend, BackendModel]:
    backend = require_backend(transaction, params.backend_id)
    models = models_of_backend(transaction, backend.backend_id)
    found = next((model for model in models if model.backend_model_id == params.backend_model_id), None)
    if found is None:
        text = f"The backend {backend.name} has no model {(params.backend_model_id or '')[:60]}."
        raise errors.not_found("BackendModel", text)
    if params.stage_name and params.stage_name.upper() != found.stage:
        text = f"is not {found.stage}, the stage of this model; a model for another stage is one of its own."
        raise errors.invalid([Problem("StageName", text)])
    return backend, found


def _data(backend: Backend, params: Any, problems: list[Problem]) -> BackendModelData:
    """Raises: ApiError, with `problems` as well."""
    given = (params.backend_type or backend.backend_type).upper()
    if given != backend.backend_type:
        problems.append(Problem("BackendType", f"must be {backend.backend_type}, the type of the backend."))
    _refuse_absent(params.backend_model_data)
    reader = JsonReader()
    data = reader.read_object("BackendModelData", params.backend_model_data, BackendModelData)
    if data is None and not reader.problems:
        reader.report("BackendModelData", "is required.")
    data = data or BackendModelData()
    if not reader.problems:
        checked = with_backend(Draft(service_config=ServiceConfig()), backend.backend_type, data)
        if backend.backend_type != "DISCOVERY" or data.discovery_config is not None:
            check_service(reader, checked)
        _check_discovery(reader, backend, data.discovery_config)
    host = data.http_target_host_name or ""
    if len(host) > _LONGEST_HOST or any(not "!" <= one <= "~" or one in "/?#@" for one in host):
        reader.report("BackendModelData.HttpTargetHostName", f"{host[:60]!r} is no host name, with or without a port.")
    found = [replace(one, parameter=f"BackendModelData{_inside(one.parameter)}") for one in reader.problems]
    raise_problems(problems + found)
    return data


def _inside(parameter: str) -> str:
    return parameter.removeprefix("BackendModelData").removeprefix("ServiceConfig")


def _refuse_absent(text: str | None) -> None:
    """What this gateway does not have, said before anything of it is kept. Raises: ApiError."""
    try:
        parsed = _lower_keys(json.loads(text or "{}"))
    except (ValueError, RecursionError):
        # The reader tells what is wrong with it.
        return
    discovery = parsed.get("discoveryconfig") or {}
    nacos = discovery.get("nacosconfig") if isinstance(discovery, dict) else None
    if parsed.get("edasconfig"):
        what = "service discovery by EDAS (EdasConfig)"
    elif isinstance(discovery, dict) and str(discovery.get("rctype")).upper() == "ZOOKEEPER":
        what = "service discovery by ZooKeeper"
    elif isinstance(nacos, dict) and any(nacos.get(name) for name in _CREDENTIALS):
        what = (
            "credentials of Nacos in a model (UserName, Password, AccessKey, SecretKey); give user and password to the "
            "engines, with the setting nacos_credentials_file"
        )
    else:
        return
    raise errors.single("NotImplemented", f"This gateway does not implement {what}.")


def _lower_keys(value: Any) -> Any:
    if not isinstance(value, dict):
        return {}
    return {key.lower(): _lower_keys(inner) if isinstance(inner, dict) else inner for key, inner in value.items()}


def _check_discovery(reader: JsonReader, backend: Backend, config: DiscoveryConfig | None) -> None:
    place = "BackendModelData.DiscoveryConfig"
    if backend.backend_type != "DISCOVERY":
        if config is not None:
            reader.report(place, f"belongs to backends of the type DISCOVERY, not {backend.backend_type}.")
    elif config is None:
        reader.report(place, "is required.")
    else:
        for problem in discovery_problems(config, place):
            reader.report(problem.parameter, problem.text)
