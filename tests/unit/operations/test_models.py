"""Models: JSON Schemas of a group, found by name, refused when they are none."""

from __future__ import annotations

import json

import pytest
from workbench import Workbench, workbench

__all__ = ["workbench"]

SCHEMA = json.dumps({"type": "object", "properties": {"id": {"type": "integer"}}})


def names(workbench: Workbench, group_id: str, **params: str) -> list[str]:
    answer = workbench.call("DescribeModels", GroupId=group_id, **params)
    return [model["ModelName"] for model in answer["ModelDetails"]["ModelDetail"]]


def test_a_model_is_made_shown_changed_and_deleted(workbench: Workbench) -> None:
    group_id = workbench.group()
    made = workbench.call("CreateModel", GroupId=group_id, ModelName="Pet", Schema=SCHEMA, Description="a pet")
    assert made["ModelRef"] == f"https://apigateway.aliyun.com/models/{group_id}/{made['ModelId']}"
    assert (made["GroupId"], made["ModelName"], made["Schema"]) == (group_id, "Pet", SCHEMA)
    workbench.call("ModifyModel", GroupId=group_id, ModelName="Pet", NewModelName="Animal")
    (shown,) = workbench.call("DescribeModels", GroupId=group_id)["ModelDetails"]["ModelDetail"]
    assert (shown["ModelName"], shown["Schema"], shown["Description"]) == ("Animal", SCHEMA, "a pet")
    assert workbench.call("DeleteModel", GroupId=group_id, ModelName="Animal") == {}
    assert names(workbench, group_id) == []
    assert workbench.refused("DeleteModel", GroupId=group_id, ModelName="Animal").code == "NotFoundModel"


def test_the_model_of_exactly_the_name_comes_first(workbench: Workbench) -> None:
    group_id = workbench.group()
    for name in ("Pet", "PetOwner", "MyPet"):
        workbench.call("CreateModel", GroupId=group_id, ModelName=name, Schema=SCHEMA)
    assert names(workbench, group_id, ModelName="Pet") == ["Pet", "MyPet", "PetOwner"]
    assert names(workbench, group_id, ModelName="Pet", PageSize="1") == ["Pet"]


def test_a_name_is_there_once_in_a_group(workbench: Workbench) -> None:
    one, two = workbench.group("group_one"), workbench.group("group_two")
    for group_id in (one, two):
        workbench.call("CreateModel", GroupId=group_id, ModelName="Pet", Schema=SCHEMA)
    again = workbench.refused("CreateModel", GroupId=one, ModelName="Pet", Schema=SCHEMA)
    assert again.code == "RepeatedModelName"


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        ("{", "not JSON"),
        ("[]", "must be a JSON object"),
        ('{"type":"string"}', "must be object"),
        ('{"type":"objekt"}', "no JSON Schema"),
        ('{"properties":{"a":7}}', "Schema.properties.a"),
        ('{"a":' * 5000 + "1" + "}" * 5000, "nested deeper"),
        ("[" * 200_000, "longer than"),
    ],
)
def test_what_is_no_schema_of_an_object_is_refused(workbench: Workbench, schema: str, says: str) -> None:
    refused = workbench.refused("CreateModel", GroupId=workbench.group(), ModelName="Pet", Schema=schema)
    assert (refused.code, refused.status) == ("InvalidSchema", 400)
    assert says in refused.message


def test_a_model_carries_tags(workbench: Workbench) -> None:
    group_id = workbench.group()
    tagged = {"Tag.1.Key": "env", "Tag.1.Value": "prod"}
    made = workbench.call("CreateModel", GroupId=group_id, ModelName="Pet", Schema=SCHEMA, **tagged)
    workbench.call("CreateModel", GroupId=group_id, ModelName="Other", Schema=SCHEMA)
    assert names(workbench, group_id, **tagged) == ["Pet"]
    found = workbench.call("ListTagResources", ResourceType="model", ResourceId__1=made["ModelId"])
    assert found["TagResources"]["TagResource"][0]["TagValue"] == "prod"
    workbench.call("DeleteModel", GroupId=group_id, ModelName="Pet")
    gone = workbench.call("ListTagResources", ResourceType="model", ResourceId__1=made["ModelId"])
    assert gone["TagResources"]["TagResource"] == []


def test_models_go_with_their_group(workbench: Workbench) -> None:
    group_id = workbench.group()
    workbench.call("CreateModel", GroupId=group_id, ModelName="Pet", Schema=SCHEMA)
    workbench.call("DeleteApiGroup", GroupId=group_id)
    assert workbench.refused("DescribeModels", GroupId=group_id).code == "NotFoundApiGroup"
