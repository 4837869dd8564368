"""Operations on data sets: values that plug-ins look up, each perhaps with an end.

A data set acts at once: each write puts the plan record of the whole set.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from isthmus import errors, native
from isthmus.errors import Problem
from isthmus.operations.call import Call
from isthmus.operations.fields import name_problems, raise_problems, read_ids, tag_problems, text_problems
from isthmus.operations.paging import page_fields, page_of
from isthmus.operations.times import read_time, utc_text
from isthmus.publish.bindings import dataset_record
from isthmus.store import Transaction
from isthmus.store.datasets import (
    TAG_TYPE,
    Dataset,
    DatasetItem,
    add_dataset,
    add_item,
    all_items,
    count_items,
    find_dataset,
    find_dataset_by_name,
    find_item,
    list_datasets,
    list_items,
    remove_dataset,
    remove_item,
    update_dataset,
    update_item,
)
from isthmus.store.tags import put_tags, tags_of

_TYPES = ("JWT_BLOCKING", "IP_WHITELIST_CIDR", "PARAMETER_ACCESS")
# One plan record holds a whole set.
_MOST_ITEMS = 10_000


def create_dataset(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    problems = _problems(params) + tag_problems(params.tag)
    if params.dataset_type not in _TYPES:
        text = f"{params.dataset_type[:40]!r} is not a type of data set; use one of {', '.join(_TYPES)}."
        problems.append(Problem("DatasetType", text))
    raise_problems(problems)
    _check_name_is_free(transaction, params.dataset_name)
    dataset = Dataset(
        dataset_id=uuid.uuid4().hex,
        name=params.dataset_name,
        dataset_type=params.dataset_type,
        description=params.description or "",
        created_at=transaction.now,
        modified_at=transaction.now,
    )
    add_dataset(transaction, dataset)
    put_tags(transaction, TAG_TYPE, dataset.dataset_id, params.tag or ())
    _put_record(transaction, dataset)
    return {"dataset_id": dataset.dataset_id}


def modify_dataset(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    dataset = _require_dataset(transaction, params.dataset_id)
    raise_problems(_problems(params))
    if params.dataset_name is not None and params.dataset_name != dataset.name:
        _check_name_is_free(transaction, params.dataset_name)
    changed = replace(
        dataset,
        name=dataset.name if params.dataset_name is None else params.dataset_name,
        description=dataset.description if params.description is None else params.description,
    )
    update_dataset(transaction, changed)
    return {}


def delete_dataset(call: Call, params: Any) -> Mapping[str, Any]:
    """A plug-in that looks into it finds nothing there from then on."""
    dataset = _require_dataset(call.transaction, params.dataset_id)
    remove_dataset(call.transaction, dataset.dataset_id)
    call.transaction.records.remove("dataset", dataset.dataset_id)
    return {}


def describe_dataset_info(call: Call, params: Any) -> Mapping[str, Any]:
    return {"dataset_info": _shown(_require_dataset(call.transaction, params.dataset_id))}


def describe_dataset_list(call: Call, params: Any) -> Mapping[str, Any]:
    page = page_of(params)
    ids = None if not params.dataset_ids else read_ids("DatasetIds", params.dataset_ids)
    found = list_datasets(call.transaction, ids, params.dataset_name, params.tag or (), page)
    tags = tags_of(call.transaction, TAG_TYPE, [dataset.dataset_id for dataset in found.datasets])
    rows = [{**_shown(dataset), "tags": tags[dataset.dataset_id]} for dataset in found.datasets]
    return {"dataset_info_list": rows, **page_fields(page, found.total)}


def create_dataset_item(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    dataset = _require_dataset(transaction, params.dataset_id)
    problems = text_problems("Value", params.value, 512, 1) + text_problems("Description", params.description, 200)
    expires_at = _expiry(params.expired_time, problems)
    if not problems and dataset.dataset_type == "IP_WHITELIST_CIDR" and not _is_block(params.value):
        problems.append(
            Problem("Value", f"{params.value[:64]!r} is neither an address nor a block such as 10.0.0.0/8.")
        )
    raise_problems(problems)
    if find_item(transaction, dataset.dataset_id, value=params.value) is not None:
        raise errors.repeated("Value", f"The data set {dataset.name} has this value already.")
    if count_items(transaction, dataset.dataset_id) >= _MOST_ITEMS:
        raise errors.exceed_limit("DatasetItem", f"The data set {dataset.name} has {_MOST_ITEMS} items, the most.")
    item = DatasetItem(
        item_id=uuid.uuid4().hex,
        dataset_id=dataset.dataset_id,
        value=params.value,
        description=params.description or "",
        expires_at=expires_at,
        created_at=transaction.now,
        modified_at=transaction.now,
    )
    add_item(transaction, item)
    _put_record(transaction, dataset)
    return {"dataset_item_id": item.item_id}


def modify_dataset_item(call: Call, params: Any) -> Mapping[str, Any]:
    """Partial; an empty `ExpiredTime` makes the item last for ever."""
    transaction = call.transaction
    dataset = _require_dataset(transaction, params.dataset_id)
    item = _require_item(transaction, dataset, params.dataset_item_id)
    problems = text_problems("Description", params.description, 200)
    expires_at = item.expires_at if params.expired_time is None else _expiry(params.expired_time, problems)
    raise_problems(problems)
    description = item.description if params.description is None else params.description
    update_item(transaction, replace(item, description=description, expires_at=expires_at))
    _put_record(transaction, dataset)
    return {}


def delete_dataset_item(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    dataset = _require_dataset(transaction, params.dataset_id)
    remove_item(transaction, _require_item(transaction, dataset, params.dataset_item_id).item_id)
    _put_record(transaction, dataset)
    return {}


def describe_dataset_item_info(call: Call, params: Any) -> Mapping[str, Any]:
    dataset = _require_dataset(call.transaction, params.dataset_id)
    if params.dataset_item_id is None and params.value is None:
        raise errors.missing("DatasetItemId", "Send DatasetItemId or Value.")
    item = find_item(call.transaction, dataset.dataset_id, params.dataset_item_id, params.value)
    if item is None:
        raise errors.not_found("DatasetItem", f"The data set {dataset.name} has no such item.")
    return {"dataset_item_info": _item_shown(item)}


def describe_dataset_item_list(call: Call, params: Any) -> Mapping[str, Any]:
    page = page_of(params)
    dataset = _require_dataset(call.transaction, params.dataset_id)
    ids = None if not params.dataset_item_ids else read_ids("DatasetItemIds", params.dataset_item_ids)
    found = list_items(call.transaction, dataset.dataset_id, ids, page)
    rows = [_item_shown(item) for item in found.items]
    return {"dataset_item_info_list": rows, **page_fields(page, found.total)}


def _put_record(transaction: Transaction, dataset: Dataset) -> None:
    transaction.records.put(*dataset_record(dataset, all_items(transaction, dataset.dataset_id)))


def _is_block(text: str) -> bool:
    """Whether an engine reads it as one, whose word this is: it would refuse the whole set."""
    definition = {"type": "ALLOW", "items": [{"blocks": [text]}]}
    return not native.check_plugin("ipControl", definition)


def _expiry(text: str | None, problems: list[Problem]) -> int | None:
    if not text:
        return None
    try:
        return read_time(text)
    except ValueError:
        problems.append(Problem("ExpiredTime", "is not a time; write 2030-01-31T00:00:00Z."))
        return None


def _require_dataset(transaction: Transaction, dataset_id: str) -> Dataset:
    dataset = find_dataset(transaction, dataset_id)
    if dataset is None:
        raise errors.not_found("Dataset", f"There is no data set {dataset_id[:64]}.")
    return dataset


def _require_item(transaction: Transaction, dataset: Dataset, item_id: str) -> DatasetItem:
    item = find_item(transaction, dataset.dataset_id, item_id)
    if item is None:
        raise errors.not_found("DatasetItem", f"The data set {dataset.name} has no item {item_id[:64]}.")
    return item


def _problems(params: Any) -> list[Problem]:
    problems = name_problems("DatasetName", params.dataset_name, 50)
    return problems + text_problems("Description", params.description, 200)


def _check_name_is_free(transaction: Transaction, name: str) -> None:
    if find_dataset_by_name(transaction, name) is not None:
        raise errors.repeated("DatasetName", f"There is already a data set {name}; choose another DatasetName.")


def _shown(dataset: Dataset) -> dict[str, Any]:
    return {
        "dataset_id": dataset.dataset_id,
        "dataset_name": dataset.name,
        "dataset_type": dataset.dataset_type,
        "description": dataset.description,
        "created_time": utc_text(dataset.created_at),
        "modified_time": utc_text(dataset.modified_at),
    }


def _item_shown(item: DatasetItem) -> dict[str, Any]:
    return {
        "dataset_id": item.dataset_id,
        "dataset_item_id": item.item_id,
        "value": item.value,
        "description": item.description,
        "expired_time": "" if item.expires_at is None else utc_text(item.expires_at),
        "created_time": utc_text(item.created_at),
        "modified_time": utc_text(item.modified_at),
    }
