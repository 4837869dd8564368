"""Tags: all or nothing, overwritten by key, taken by key or all at once, listed page by page."""

from __future__ import annotations

import pytest
from workbench import Workbench, workbench

__all__ = ["workbench"]


def tags(workbench: Workbench, resource_id: str, resource_type: str = "apiGroup") -> dict[str, str]:
    answer = workbench.call("ListTagResources", ResourceType=resource_type, ResourceId__1=resource_id)
    assert answer["NextToken"] == ""
    return {tag["TagKey"]: tag["TagValue"] for tag in answer["TagResources"]["TagResource"]}


def tag(workbench: Workbench, *resource_ids: str, resource_type: str = "apiGroup", **given: str) -> None:
    params = {f"ResourceId__{number}": resource_id for number, resource_id in enumerate(resource_ids, 1)}
    for number, (key, value) in enumerate(given.items(), 1):
        params |= {f"Tag__{number}__Key": key, f"Tag__{number}__Value": value}
    workbench.call("TagResources", ResourceType=resource_type, **params)


def test_every_kind_of_resource_carries_tags(workbench: Workbench) -> None:
    group_id = workbench.group()
    app_id = str(workbench.call("CreateApp", AppName="demo_app")["AppId"])
    access = workbench.call("SetVpcAccess", Name="n", VpcId="v", InstanceId="10.0.0.1", Port=80)["VpcAccessId"]
    kinds = {"apiGroup": group_id, "api": workbench.api(group_id), "app": app_id, "vpcAccess": access}
    for resource_type, resource_id in kinds.items():
        tag(workbench, resource_id, resource_type=resource_type.upper(), env="x", empty="")
        assert tags(workbench, resource_id, resource_type) == {"env": "x", "empty": ""}
    (group,) = workbench.call("DescribeApiGroups")["ApiGroupAttributes"]["ApiGroupAttribute"]
    assert group["Tags"]["TagInfo"] == [{"Key": "empty", "Value": ""}, {"Key": "env", "Value": "x"}]


def test_tagging_overwrites_by_key_and_is_all_or_nothing(workbench: Workbench) -> None:
    first, second = workbench.group("first_group"), workbench.group("second_group")
    tag(workbench, first, second, env="x", team="a")
    tag(workbench, first, env="y")
    assert tags(workbench, first) == {"env": "y", "team": "a"}
    refused = workbench.refused(
        "TagResources", ResourceType="apiGroup", ResourceId__1=second, ResourceId__2="0" * 32, Tag__1__Key="new"
    )
    assert (refused.code, refused.status) == ("NotFoundResourceId", 404)
    assert tags(workbench, second) == {"env": "x", "team": "a"}
    many = {f"Tag__{number}__Key": f"key-{number}" for number in range(1, 20)}
    params = {"ResourceType": "apiGroup", "ResourceId__1": first, "ResourceId__2": second, **many}
    assert workbench.refused("TagResources", **params).code == "ExceedLimitTag"
    assert tags(workbench, first) == {"env": "y", "team": "a"}


def test_untagging_takes_keys_or_all_or_nothing(workbench: Workbench) -> None:
    group_id = workbench.group()
    tag(workbench, group_id, a="1", b="2", c="3")
    params = {"ResourceType": "apiGroup", "ResourceId__1": group_id}
    workbench.call("UntagResources", **params)
    assert tags(workbench, group_id) == {"a": "1", "b": "2", "c": "3"}
    workbench.call("UntagResources", **params, TagKey__1="a", TagKey__2="unknown", All=True)
    assert tags(workbench, group_id) == {"b": "2", "c": "3"}
    workbench.call("UntagResources", **params, All=True)
    assert tags(workbench, group_id) == {}
    workbench.call("UntagResources", **{**params, "ResourceId__1": "0" * 32}, All=True)


def test_a_list_goes_on_where_its_token_says(workbench: Workbench) -> None:
    ids = [workbench.group(f"group_{number}") for number in range(12)]
    for resource_id in ids:
        tag(workbench, resource_id, team="a", **{f"key-{number}": "x" for number in range(11)})
    walked, token = [], ""
    while True:
        params = {"NextToken": token} if token else {}
        answer = workbench.call(
            "ListTagResources", ResourceType="apiGroup", Tag__1__Key="team", Tag__1__Value="a", **params
        )
        walked += [(row["ResourceId"], row["TagKey"]) for row in answer["TagResources"]["TagResource"]]
        token = answer["NextToken"]
        if not token:
            break
    assert len(walked) == len(set(walked)) == 144
    assert walked == sorted(walked)


@pytest.mark.parametrize("token", ["x", "bnVsbA==", "WzEsMl0=", "é", "W10=", "ew=="])
def test_refuses_a_token_that_is_none(workbench: Workbench, token: str) -> None:
    params = {"ResourceType": "app", "ResourceId__1": "1", "NextToken": token}
    assert workbench.refused("ListTagResources", **params).code == "InvalidNextToken"


def test_an_unknown_resource_has_no_tags_and_an_unknown_type_is_refused(workbench: Workbench) -> None:
    assert tags(workbench, "1", "app") == {}
    assert workbench.refused("ListTagResources", ResourceType="app").code == "MissingResourceId"
    assert workbench.refused("ListTagResources", ResourceType="x", ResourceId__1="1").code == "InvalidResourceType"
    params = {"ResourceType": "plugin", "ResourceId__1": "1", "Tag__1__Key": "k"}
    assert workbench.refused("TagResources", **params).code == "NotFoundResourceId"
    many = {f"ResourceId__{number}": str(number) for number in range(1, 52)}
    assert workbench.refused("UntagResources", ResourceType="app", **many).code == "InvalidResourceId"
