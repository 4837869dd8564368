"""Operations on plug-ins themselves; `plugin_bindings.py` has what binds them.

A plug-in acts at once: each write puts its plan record. Its text is kept byte for byte, as clients compare it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from isthmus import errors
from isthmus.errors import Problem
from isthmus.operations.call import Call
from isthmus.operations.fields import name_problems, raise_problems, tag_problems, text_problems
from isthmus.operations.paging import page_fields, page_of
from isthmus.operations.plugin_text import known_types, read_definition
from isthmus.operations.times import utc_text
from isthmus.publish.bindings import plugin_record
from isthmus.store import Transaction
from isthmus.store.plugins import (
    TAG_TYPE,
    Plugin,
    PluginFilter,
    add_plugin,
    bindings_of_plugin,
    count_plugins,
    find_plugin,
    find_plugin_by_name,
    list_plugins,
    remove_plugin,
    update_plugin,
)
from isthmus.store.tags import put_tags, tags_of


def create_plugin(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    definition, problems = _read(params.plugin_type, params.plugin_data)
    raise_problems(_problems(params) + problems + tag_problems(params.tag))
    _check_name_is_free(transaction, params.plugin_name)
    limit = call.settings.plugins_limit
    if count_plugins(transaction) >= limit:
        raise errors.exceed_limit("Plugin", f"There are {limit} plug-ins already, the limit that plugins_limit sets.")
    plugin = Plugin(
        plugin_id=uuid.uuid4().hex,
        name=params.plugin_name,
        plugin_type=params.plugin_type,
        data=params.plugin_data,
        description=params.description or "",
        created_at=transaction.now,
        modified_at=transaction.now,
    )
    add_plugin(transaction, plugin)
    put_tags(transaction, TAG_TYPE, plugin.plugin_id, params.tag or ())
    transaction.records.put(*plugin_record(plugin, definition))
    return {"plugin_id": plugin.plugin_id, "tag_status": True}


def modify_plugin(call: Call, params: Any) -> Mapping[str, Any]:
    """Partial; it acts at once wherever the plug-in is bound."""
    transaction = call.transaction
    plugin = require_plugin(transaction, params.plugin_id)
    data = plugin.data if params.plugin_data is None else params.plugin_data
    definition, problems = _read(plugin.plugin_type, data)
    raise_problems(_problems(params) + problems + tag_problems(params.tag))
    if params.plugin_name is not None and params.plugin_name != plugin.name:
        _check_name_is_free(transaction, params.plugin_name)
    changed = replace(
        plugin,
        name=plugin.name if params.plugin_name is None else params.plugin_name,
        data=data,
        description=plugin.description if params.description is None else params.description,
        modified_at=transaction.now,
    )
    update_plugin(transaction, changed)
    put_tags(transaction, TAG_TYPE, plugin.plugin_id, params.tag or ())
    transaction.records.put(*plugin_record(changed, definition))
    return {}


def delete_plugin(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    plugin = require_plugin(transaction, params.plugin_id)
    bound = bindings_of_plugin(transaction, plugin.plugin_id)
    if bound:
        where = ", ".join(f"{one.scope} {one.target_id} in {one.stage}" for one in bound[:5])
        text = f"The plug-in {plugin.name} is bound to {where}{' and more' if len(bound) > 5 else ''}; detach it first."
        raise errors.dependency_violation("Plugin", text)
    remove_plugin(transaction, plugin.plugin_id)
    transaction.records.remove("plugin", plugin.plugin_id)
    return {}


def describe_plugins(call: Call, params: Any) -> Mapping[str, Any]:
    page = page_of(params)
    wanted = PluginFilter(
        plugin_id=params.plugin_id,
        name_part=params.plugin_name,
        plugin_type=params.plugin_type,
        tags=params.tag or (),
    )
    found = list_plugins(call.transaction, wanted, page)
    tags = tags_of(call.transaction, TAG_TYPE, [plugin.plugin_id for plugin in found.plugins])
    rows = [{**plugin_shown(call, plugin), "tags": tags[plugin.plugin_id]} for plugin in found.plugins]
    return {"plugins": rows, **page_fields(page, found.total)}


def describe_plugin_schemas(call: Call, params: Any) -> Mapping[str, Any]:
    """What the gateway has, by name; the schemas themselves are in the answer of `DescribePluginTypes`."""
    rows = [
        {
            "name": name,
            "title": name,
            "description": str(schema.get("description", "")),
            "document_id": f"plugins/{name}",
            "support_classic": True,
        }
        for name, schema in known_types().items()
    ]
    return {"plugin_schemas": rows}


def describe_plugin_types(call: Call, params: Any) -> Mapping[str, Any]:
    """In the order in which they act on a request."""
    return {
        "plugin_types": [
            {"plugin_type": name, "schema": json.dumps(schema, ensure_ascii=False)}
            for name, schema in known_types().items()
        ]
    }


def require_plugin(transaction: Transaction, plugin_id: str) -> Plugin:
    """Raises: ApiError."""
    plugin = find_plugin(transaction, plugin_id)
    if plugin is None:
        raise errors.not_found("Plugin", f"There is no plug-in {plugin_id[:64]}.")
    return plugin


def plugin_shown(call: Call, plugin: Plugin) -> dict[str, Any]:
    return {
        "plugin_id": plugin.plugin_id,
        "plugin_name": plugin.name,
        "plugin_type": plugin.plugin_type,
        "plugin_data": plugin.data,
        "description": plugin.description,
        "region_id": call.settings.region,
        "created_time": utc_text(plugin.created_at),
        "modified_time": utc_text(plugin.modified_at),
    }


def _read(plugin_type: str, data: str) -> tuple[dict[str, Any], list[Problem]]:
    if plugin_type not in known_types():
        names = ", ".join(known_types())
        return {}, [Problem("PluginType", f"{plugin_type[:40]!r} is not a type of plug-in; use one of {names}.")]
    return read_definition(plugin_type, data)


def _problems(params: Any) -> list[Problem]:
    problems = name_problems("PluginName", params.plugin_name, 50)
    return problems + text_problems("Description", params.description, 200)


def _check_name_is_free(transaction: Transaction, name: str) -> None:
    if find_plugin_by_name(transaction, name) is not None:
        raise errors.repeated("PluginName", f"There is already a plug-in {name}; choose another PluginName.")
