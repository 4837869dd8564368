"""Operations on models: JSON Schemas of a group, to which drafts refer by `ModelRef`.

A model documents bodies; the gateway does not check requests against it. Invariant: what is stored is a JSON Schema
(draft 4, the vendor's) of an object.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from jsonschema import Draft4Validator, SchemaError

from isthmus import errors
from isthmus.errors import Problem
from isthmus.operations.call import Call
from isthmus.operations.fields import name_problems, raise_problems, tag_problems, text_problems
from isthmus.operations.groups import require_group
from isthmus.operations.json_text import is_deeper
from isthmus.operations.paging import page_fields, page_of
from isthmus.operations.times import utc_text
from isthmus.store import Transaction
from isthmus.store.models import (
    TAG_TYPE,
    Model,
    ModelFilter,
    add_model,
    count_models,
    find_model,
    list_models,
    remove_model,
    update_model,
)
from isthmus.store.tags import put_tags, tags_of

_LONGEST_SCHEMA = 64 * 1024
_MOST_DEPTH = 64


def create_model(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    require_group(transaction, params.group_id)
    raise_problems(
        name_problems("ModelName", params.model_name, 64)
        + text_problems("Description", params.description, 200)
        + schema_problems("Schema", params.schema)
        + tag_problems(params.tag)
    )
    limit = call.settings.models_per_group_limit
    if count_models(transaction, params.group_id) >= limit:
        text = f"The group has {limit} models already, the limit that models_per_group_limit sets."
        raise errors.exceed_limit("Model", text)
    _check_name_is_free(transaction, params.group_id, params.model_name)
    model = add_model(transaction, params.group_id, params.model_name, params.schema, params.description or "")
    put_tags(transaction, TAG_TYPE, model.model_id, params.tag or ())
    return {**_shown(model), "region_id": call.settings.region}


def modify_model(call: Call, params: Any) -> Mapping[str, Any]:
    """Partial: what is absent keeps its value."""
    transaction = call.transaction
    model = _require_model(transaction, params)
    problems = name_problems("NewModelName", params.new_model_name, 64)
    problems += text_problems("Description", params.description, 200)
    if params.schema is not None:
        problems += schema_problems("Schema", params.schema)
    raise_problems(problems)
    name = params.new_model_name or model.name
    if name != model.name:
        _check_name_is_free(transaction, model.group_id, name)
    changed = replace(
        model,
        name=name,
        schema=params.schema or model.schema,
        description=model.description if params.description is None else params.description,
    )
    update_model(transaction, changed)
    return {}


def delete_model(call: Call, params: Any) -> Mapping[str, Any]:
    """Drafts that refer to it keep their reference."""
    remove_model(call.transaction, _require_model(call.transaction, params).model_id)
    return {}


def describe_models(call: Call, params: Any) -> Mapping[str, Any]:
    page = page_of(params)
    require_group(call.transaction, params.group_id)
    wanted = ModelFilter(params.group_id, params.model_id, params.model_name, params.tag or ())
    found = list_models(call.transaction, wanted, page)
    tags = tags_of(call.transaction, TAG_TYPE, [model.model_id for model in found.models])
    rows = [{**_shown(model), "tags": tags[model.model_id]} for model in found.models]
    return {"model_details": rows, **page_fields(page, found.total)}


def model_ref(group_id: str, model_id: str) -> str:
    """How a draft refers to a model; the host is part of the name, nobody calls it."""
    return f"https://apigateway.aliyun.com/models/{group_id}/{model_id}"


def schema_problems(parameter: str, text: str) -> list[Problem]:
    """Why the text is no JSON Schema of an object."""
    if len(text.encode(errors="replace")) > _LONGEST_SCHEMA:
        return [Problem(parameter, f"is longer than {_LONGEST_SCHEMA} bytes.")]
    try:
        schema = json.loads(text)
    except ValueError as error:
        return [Problem(parameter, f"is not JSON: {error}.")]
    except RecursionError:
        return [Problem(parameter, f"is nested deeper than {_MOST_DEPTH} levels.")]
    if not isinstance(schema, dict):
        return [Problem(parameter, "must be a JSON object.")]
    if is_deeper(schema, _MOST_DEPTH):
        return [Problem(parameter, f"is nested deeper than {_MOST_DEPTH} levels.")]
    try:
        Draft4Validator.check_schema(schema)
    except SchemaError as error:
        where = ".".join(str(step) for step in error.absolute_path)
        return [Problem(f"{parameter}.{where}" if where else parameter, f"is no JSON Schema: {error.message[:300]}.")]
    if schema.get("type", "object") != "object":
        return [Problem(f"{parameter}.type", "must be object: a model describes an object.")]
    return []


def _require_model(transaction: Transaction, params: Any) -> Model:
    require_group(transaction, params.group_id)
    model = find_model(transaction, params.group_id, params.model_name)
    if model is None:
        text = f"The group {params.group_id[:64]} has no model {params.model_name[:64]}."
        raise errors.not_found("Model", text)
    return model


def _check_name_is_free(transaction: Transaction, group_id: str, name: str) -> None:
    if find_model(transaction, group_id, name) is not None:
        raise errors.repeated("ModelName", f"The group has a model {name} already; choose another name.")


def _shown(model: Model) -> dict[str, Any]:
    return {
        "model_id": model.model_id,
        "model_name": model.name,
        "group_id": model.group_id,
        "schema": model.schema,
        "description": model.description,
        "model_ref": model_ref(model.group_id, model.model_id),
        "created_time": utc_text(model.created_at),
        "modified_time": utc_text(model.modified_at),
    }
