"""Operations that bind plug-ins to APIs and groups, and list what is bound.

A binding is for one stage and acts at once. A target has one plug-in of a type: binding another replaces it. Of an API
and its group, the API's own acts. Bindings of an API stay when it is taken offline, and act again with its next publish.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isthmus import errors
from isthmus.operations.apis import require_api
from isthmus.operations.call import Call
from isthmus.operations.fields import read_ids
from isthmus.operations.groups import require_group
from isthmus.operations.paging import page_fields, page_of
from isthmus.operations.plugins import plugin_shown, require_plugin
from isthmus.operations.policy_precedence import settle_plugin
from isthmus.operations.stages import require_stage
from isthmus.publish.bindings import binding_key, binding_record
from isthmus.store import Transaction
from isthmus.store.editions import newest_version
from isthmus.store.plugins import (
    Binding,
    Plugin,
    TargetFilter,
    bound_api_ids,
    find_binding,
    list_bound_apis,
    list_bound_groups,
    list_bound_plugins,
    put_binding,
    remove_binding,
)


def attach_plugin(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    plugin = require_plugin(transaction, params.plugin_id)
    api_ids = read_ids("ApiIds", ",".join(filter(None, (params.api_ids, params.api_id))))
    for api_id in api_ids:
        api = require_api(transaction, api_id, params.group_id)
        stage = require_stage(transaction, api.group_id, params.stage_name).name
        if newest_version(transaction, api_id, stage) is None:
            text = f"The API {api.name} was never published to {stage}; publish it there first."
            raise errors.not_found("DeployedApi", text)
        _bind(transaction, plugin, "api", api_id, stage)
    return {}


def detach_plugin(call: Call, params: Any) -> Mapping[str, Any]:
    """Without `ApiId`, from every API of the group in the stage. What is not bound stays so."""
    transaction = call.transaction
    plugin = require_plugin(transaction, params.plugin_id)
    stage = params.stage_name.upper()
    if params.api_id is not None:
        api_ids = [require_api(transaction, params.api_id, params.group_id).api_id]
    elif params.group_id is not None:
        require_group(transaction, params.group_id)
        api_ids = bound_api_ids(transaction, plugin.plugin_id, params.group_id, stage)
    else:
        raise errors.missing("ApiId", "Send ApiId, or GroupId for all its APIs.")
    for api_id in api_ids:
        _unbind(transaction, plugin, "api", api_id, stage)
    return {}


def attach_group_plugin(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    plugin = require_plugin(transaction, params.plugin_id)
    group = require_group(transaction, params.group_id)
    stage = require_stage(transaction, group.group_id, params.stage_name)
    _bind(transaction, plugin, "group", group.group_id, stage.name)
    return {}


def detach_group_plugin(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    plugin = require_plugin(transaction, params.plugin_id)
    group = require_group(transaction, params.group_id)
    _unbind(transaction, plugin, "group", group.group_id, params.stage_name.upper())
    return {}


def describe_plugins_by_api(call: Call, params: Any) -> Mapping[str, Any]:
    require_group(call.transaction, params.group_id)
    api = require_api(call.transaction, params.api_id, params.group_id)
    return _bound(call, params, "api", api.api_id)


def describe_plugins_by_group(call: Call, params: Any) -> Mapping[str, Any]:
    group = require_group(call.transaction, params.group_id)
    return _bound(call, params, "group", group.group_id)


def describe_plugin_apis(call: Call, params: Any) -> Mapping[str, Any]:
    page = page_of(params)
    plugin = require_plugin(call.transaction, params.plugin_id)
    wanted = TargetFilter(
        target_id=params.api_id,
        group_id=params.group_id,
        name_part=params.api_name,
        description_part=params.description,
        method=None if params.method is None else params.method.upper(),
        path_part=params.path,
    )
    found = list_bound_apis(call.transaction, plugin.plugin_id, wanted, page)
    rows = [
        {
            "api_id": row.api_id,
            "api_name": row.name,
            "description": row.description,
            "method": row.method,
            "path": row.path,
            "group_id": row.group_id,
            "group_name": row.group_name,
            "stage_name": row.stage,
            "stage_alias": row.stage,
            "region_id": call.settings.region,
        }
        for row in found.rows
    ]
    return {"api_summarys": rows, **page_fields(page, found.total)}


def describe_plugin_groups(call: Call, params: Any) -> Mapping[str, Any]:
    page = page_of(params)
    plugin = require_plugin(call.transaction, params.plugin_id)
    wanted = TargetFilter(target_id=params.group_id, name_part=params.group_name, description_part=params.description)
    found = list_bound_groups(call.transaction, plugin.plugin_id, wanted, page)
    rows = [
        {
            "group_id": row.group_id,
            "group_name": row.name,
            "description": row.description,
            "base_path": row.base_path,
            "stage_name": row.stage,
            "stage_alias": row.stage,
            "region_id": call.settings.region,
        }
        for row in found.rows
    ]
    return {"group_summarys": rows, **page_fields(page, found.total)}


def _bound(call: Call, params: Any, scope: str, target_id: str) -> Mapping[str, Any]:
    page = page_of(params)
    stage = params.stage_name.upper()
    found = list_bound_plugins(call.transaction, scope, target_id, stage, page)
    return {"plugins": [plugin_shown(call, plugin) for plugin in found.plugins], **page_fields(page, found.total)}


def _bind(transaction: Transaction, plugin: Plugin, scope: str, target_id: str, stage: str) -> None:
    binding = Binding(scope, target_id, stage, plugin.plugin_id, plugin.plugin_type, transaction.now)
    replaced = find_binding(transaction, binding)
    if replaced is not None:
        if replaced.plugin_id == plugin.plugin_id:
            return
        transaction.records.remove("plugin_binding", binding_key(replaced))
    put_binding(transaction, binding)
    transaction.records.put(*binding_record(binding))
    settle_plugin(transaction, binding)


def _unbind(transaction: Transaction, plugin: Plugin, scope: str, target_id: str, stage: str) -> None:
    binding = Binding(scope, target_id, stage, plugin.plugin_id, plugin.plugin_type, 0)
    bound = find_binding(transaction, binding)
    if bound is not None and bound.plugin_id == plugin.plugin_id:
        remove_binding(transaction, binding)
        transaction.records.remove("plugin_binding", binding_key(binding))
        settle_plugin(transaction, binding)
