"""Data sets: their items with an end, and the record of the whole set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from isthmus.errors import ApiError

if TYPE_CHECKING:
    from conftest import Gateway


def dataset(gateway: Gateway) -> str:
    made = gateway.call("CreateDataset", dataset_name="blocked", dataset_type="PARAMETER_ACCESS")
    return str(made["dataset_id"])


def test_items_come_change_and_go_at_once(gateway: Gateway) -> None:
    dataset_id = dataset(gateway)
    record = f"dataset {dataset_id}"
    assert gateway.records()[record] == {"dataset_id": dataset_id, "type": "PARAMETER_ACCESS", "items": []}
    made = gateway.call("CreateDatasetItem", dataset_id=dataset_id, value="7", expired_time="2030-01-31T00:00:00Z")
    assert gateway.records()[record]["items"] == [{"value": "7", "expires_at": 1896048000000}]
    item = {"dataset_id": dataset_id, "dataset_item_id": made["dataset_item_id"]}
    gateway.call("ModifyDatasetItem", **item, expired_time="", description="forever")
    assert gateway.records()[record]["items"] == [{"value": "7", "expires_at": None}]
    shown = gateway.call("DescribeDatasetItemInfo", dataset_id=dataset_id, value="7")["dataset_item_info"]
    assert (shown["description"], shown["expired_time"]) == ("forever", "")
    listed = gateway.call("DescribeDatasetItemList", dataset_id=dataset_id)
    assert (listed["total_count"], listed["dataset_item_info_list"][0]["value"]) == (1, "7")
    gateway.call("DeleteDatasetItem", **item)
    assert gateway.records()[record]["items"] == []


def test_sets_are_listed_renamed_and_deleted(gateway: Gateway) -> None:
    dataset_id = dataset(gateway)
    gateway.call("ModifyDataset", dataset_id=dataset_id, dataset_name="renamed", description="d")
    (shown,) = gateway.call("DescribeDatasetList", dataset_name="NAM", dataset_ids=dataset_id)["dataset_info_list"]
    assert (shown["dataset_name"], shown["description"], shown["tags"]) == ("renamed", "d", [])
    assert gateway.call("DescribeDatasetInfo", dataset_id=dataset_id)["dataset_info"]["dataset_id"] == dataset_id
    gateway.call("DeleteDataset", dataset_id=dataset_id)
    assert gateway.records() == {}
    with pytest.raises(ApiError, match="no data set"):
        gateway.call("DescribeDatasetInfo", dataset_id=dataset_id)


def test_wrong_input_is_told(gateway: Gateway) -> None:
    dataset_id = dataset(gateway)
    gateway.call("CreateDatasetItem", dataset_id=dataset_id, value="7")
    for name, params, told in [
        ("CreateDataset", {"dataset_name": "x", "dataset_type": "nope"}, "use one of JWT_BLOCKING"),
        ("CreateDataset", {"dataset_name": "blocked", "dataset_type": "JWT_BLOCKING"}, "already a data set"),
        ("CreateDatasetItem", {"dataset_id": dataset_id, "value": "7"}, "has this value already"),
        ("CreateDatasetItem", {"dataset_id": dataset_id, "value": "8", "expired_time": "soon"}, "not a time"),
        ("ModifyDatasetItem", {"dataset_id": dataset_id, "dataset_item_id": "nope"}, "no item"),
        ("DescribeDatasetItemInfo", {"dataset_id": dataset_id}, "Send DatasetItemId or Value"),
    ]:
        with pytest.raises(ApiError, match=told):
            gateway.call(name, **params)


def test_a_set_of_addresses_takes_no_other_values(gateway: Gateway) -> None:
    """An engine would refuse the whole set."""
    made = gateway.call("CreateDataset", dataset_name="allowed", dataset_type="IP_WHITELIST_CIDR")
    for value in ("10.1.2.3", "10.0.0.0/8", "2001:db8::/32"):
        gateway.call("CreateDatasetItem", dataset_id=made["dataset_id"], value=value)
    for value in ("shop.example", "10.0.0.0/33", "null"):
        with pytest.raises(ApiError, match="neither an address nor a block"):
            gateway.call("CreateDatasetItem", dataset_id=made["dataset_id"], value=value)
    gateway.call("CreateDatasetItem", dataset_id=dataset(gateway), value="shop.example")
