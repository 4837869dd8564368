"""Publishing: DeployApi, AbolishApi, SwitchApi, and what runs.

DeployApi freezes the draft into an edition, compiles it (every problem at once) and puts its record into the plan, all
in one transaction; the dispatcher then waits for the engines.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isthmus import errors
from isthmus.operations.api_views import callers_view, running_view
from isthmus.operations.apis import require_api
from isthmus.operations.call import Call
from isthmus.operations.fields import raise_problems, text_problems
from isthmus.operations.groups import require_group
from isthmus.operations.paging import page_fields, page_of
from isthmus.operations.stages import require_stage
from isthmus.operations.times import utc_text
from isthmus.publish.compile import compile_edition
from isthmus.publish.freeze import Frozen, content_hash
from isthmus.publish.release import next_version
from isthmus.publish.resolve import AccessFacts
from isthmus.store import Transaction
from isthmus.store.apis import Api
from isthmus.store.editions import (
    Edition,
    add_online,
    find_online,
    find_version,
    list_editions,
    newest_version,
    put_online,
    take_offline,
)
from isthmus.store.groups import find_groups
from isthmus.store.networks import all_accesses


def deploy_api(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    api = require_api(transaction, params.api_id, params.group_id)
    stage = require_stage(transaction, api.group_id, params.stage_name).name
    raise_problems(text_problems("Description", params.description, 200))
    frozen = Frozen(
        api_id=api.api_id,
        group_id=api.group_id,
        stage=stage,
        version=next_version(transaction.now, newest_version(transaction, api.api_id, stage)),
        base_path=require_group(transaction, api.group_id).base_path,
        definition=_snapshot(api),
    )
    body, problems = compile_edition(frozen, _access_facts(transaction))
    raise_problems(problems)
    assert body is not None
    edition = Edition(
        api_id=api.api_id,
        group_id=api.group_id,
        stage=stage,
        version=frozen.version,
        online=True,
        remarks=params.description or "",
        snapshot=frozen.definition,
        body=body,
        content_hash=content_hash(body),
        deployed_at=transaction.now,
    )
    add_online(transaction, edition)
    transaction.records.put("edition", edition.record_key, body)
    return {}


def abolish_api(call: Call, params: Any) -> Mapping[str, Any]:
    """Succeeds when nothing runs there: Terraform abolishes every stage it does not want."""
    transaction = call.transaction
    api = require_api(transaction, params.api_id, params.group_id)
    stage = require_stage(transaction, api.group_id, params.stage_name).name
    take_offline(transaction, api.api_id, stage)
    transaction.records.remove("edition", f"{api.api_id}/{stage}")
    return {}


def switch_api(call: Call, params: Any) -> Mapping[str, Any]:
    """Publishes an old edition again, exactly as it was."""
    transaction = call.transaction
    raise_problems(text_problems("Description", params.description, 200))
    running = require_running(transaction, params)
    wanted = find_version(transaction, running.api_id, running.stage, params.history_version)
    if wanted is None:
        text = f"The API {running.api_id} has no version {params.history_version[:40]} in {running.stage}."
        raise errors.not_found("HistoryVersion", text)
    put_online(transaction, wanted, params.description or "")
    transaction.records.put("edition", wanted.record_key, wanted.body)
    return {}


def describe_deployed_api(call: Call, params: Any) -> Mapping[str, Any]:
    running = require_running(call.transaction, params)
    return running_view(running, require_group(call.transaction, running.group_id), call.settings.region)


def describe_api_doc(call: Call, params: Any) -> Mapping[str, Any]:
    """What a caller may know of the running API; without a stage, of RELEASE."""
    running = require_running(call.transaction, params)
    return callers_view(running, require_group(call.transaction, running.group_id), call.settings.region)


def describe_deployed_apis(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    page = page_of(params)
    stage = params.stage_name.upper() if params.stage_name else None
    wanted = {"api_id": params.api_id, "group_id": params.group_id, "stage": stage}
    found = list_editions(transaction, wanted, page, online=True)
    groups = find_groups(transaction, {edition.group_id for edition in found.editions})
    items = []
    for edition in found.editions:
        request = edition.snapshot["request_config"]
        items.append(
            {
                "api_id": edition.api_id,
                "api_name": edition.snapshot["api_name"],
                "api_path": request["request_path"],
                "api_method": request["request_http_method"].upper(),
                "description": edition.snapshot["description"],
                "visibility": edition.snapshot["visibility"],
                "group_id": edition.group_id,
                "group_name": groups[edition.group_id].name,
                "stage_name": edition.stage,
                "region_id": call.settings.region,
                "deployed_time": utc_text(edition.deployed_at),
            }
        )
    return {"deployed_apis": items, **page_fields(page, found.total)}


def require_running(transaction: Transaction, params: Any) -> Edition:
    """The edition that a stage serves. Raises: ApiError; clients look for the code NotFoundStage."""
    api = require_api(transaction, params.api_id, params.group_id)
    stage = require_stage(transaction, api.group_id, params.stage_name or "RELEASE").name
    running = find_online(transaction, api.api_id, stage)
    if running is None:
        raise errors.not_found("Stage", f"The API {api.api_id} is not published in {stage}.")
    return running


def _snapshot(api: Api) -> dict[str, Any]:
    return {**api.definition, "api_name": api.name, "description": api.description}


def _access_facts(transaction: Transaction) -> list[AccessFacts]:
    return [
        AccessFacts(access.access_id, access.name, access.network_id, access.instance_id, access.port)
        for access in all_accesses(transaction)
    ]
