"""Every list that takes tags shows what carries all of them, and every kind of thing can carry some."""

from __future__ import annotations

import json
from typing import Any

import pytest
from isthmus.store.tags import TAGGED_TYPES
from workbench import Workbench, workbench

__all__ = ["workbench"]


def two_groups(bench: Workbench) -> tuple[str, str]:
    return bench.group("first_group"), bench.group("second_group")


def two_apis(bench: Workbench) -> tuple[str, str]:
    ids = (bench.api(bench.group("first_group")), bench.api(bench.group("second_group")))
    for api_id in ids:
        bench.call("DeployApi", ApiId=api_id, StageName="RELEASE")
    return ids


def two_apps(bench: Workbench) -> tuple[str, str]:
    first, second = (str(bench.call("CreateApp", AppName=name)["AppId"]) for name in ("first_app", "second_app"))
    return first, second


def two_backends(bench: Workbench) -> tuple[str, str]:
    first, second = (
        bench.call("CreateBackend", BackendName=name, BackendType="HTTP")["BackendId"] for name in ("one_b", "two_b")
    )
    return first, second


def two_datasets(bench: Workbench) -> tuple[str, str]:
    kind = {"DatasetType": "JWT_BLOCKING"}
    first, second = (bench.call("CreateDataset", DatasetName=name, **kind)["DatasetId"] for name in ("one_d", "two_d"))
    return first, second


def two_instances(bench: Workbench) -> tuple[str, str]:
    order = {"InstanceSpec": "api.s1.small", "ChargeType": "POSTPAY", "HttpsPolicy": "HTTPS2_TLS1_2"}
    first, second = (
        bench.call("CreateInstance", InstanceName=name, Token=name, **order)["InstanceId"] for name in ("one", "two")
    )
    return first, second


def two_models(bench: Workbench) -> tuple[str, str]:
    group_id = bench.group()
    given = {"GroupId": group_id, "Schema": '{"type":"object"}'}
    first, second = (bench.call("CreateModel", ModelName=name, **given)["ModelId"] for name in ("One", "Two"))
    return first, second


def two_plugins(bench: Workbench) -> tuple[str, str]:
    data = json.dumps({"unit": "SECOND", "apiDefault": 10})
    given = {"PluginType": "trafficControl", "PluginData": data}
    first, second = (bench.call("CreatePlugin", PluginName=name, **given)["PluginId"] for name in ("one_p", "two_p"))
    return first, second


def two_accesses(bench: Workbench) -> tuple[str, str]:
    given = {"VpcId": "vpc-a", "InstanceId": "10.0.0.1"}
    first, second = (
        bench.call("SetVpcAccess", Name=f"access_{port}", Port=str(port), **given)["VpcAccessId"] for port in (80, 81)
    )
    return first, second


LISTS: dict[str, tuple[str, Any, str]] = {
    "DescribeApiGroups": ("apiGroup", two_groups, "GroupId"),
    "DescribeApis": ("api", two_apis, "ApiId"),
    "DescribeDeployedApis": ("api", two_apis, "ApiId"),
    "DescribeAppAttributes": ("app", two_apps, "AppId"),
    "DescribeBackendList": ("backend", two_backends, "BackendId"),
    "DescribeDatasetList": ("dataset", two_datasets, "DatasetId"),
    "DescribeInstances": ("instance", two_instances, "InstanceId"),
    "DescribeModels": ("model", two_models, "ModelId"),
    "DescribePlugins": ("plugin", two_plugins, "PluginId"),
    "DescribeVpcAccesses": ("vpcAccess", two_accesses, "VpcAccessId"),
}


def ids(answer: Any, name: str) -> list[str]:
    if isinstance(answer, dict):
        return [str(answer[name])] if name in answer else [one for inner in answer.values() for one in ids(inner, name)]
    return [one for inner in answer for one in ids(inner, name)] if isinstance(answer, list) else []


@pytest.mark.parametrize("operation", list(LISTS))
def test_a_list_shows_what_carries_all_the_tags(workbench: Workbench, operation: str) -> None:
    kind, make, name = LISTS[operation]
    first, second = make(workbench)
    both = {"ResourceType": kind, "ResourceId.1": first, "ResourceId.2": second}
    workbench.call("TagResources", **both, **{"Tag.1.Key": "env", "Tag.1.Value": "x"})
    workbench.call("TagResources", ResourceType=kind, **{"ResourceId.1": first, "Tag.1.Key": "own", "Tag.1.Value": "y"})

    def listed(*tags: tuple[str, str]) -> set[str]:
        given = {
            f"Tag.{n}.{part}": pair[n2] for n, pair in enumerate(tags, 1) for n2, part in enumerate(("Key", "Value"))
        }
        if kind == "model":
            given["GroupId"] = workbench.call("DescribeApiGroups")["ApiGroupAttributes"]["ApiGroupAttribute"][0][
                "GroupId"
            ]
        answer = workbench.call(operation, **given)
        found = ids(answer, name)
        assert answer["TotalCount"] == len(found)
        return set(found)

    assert listed(("env", "x")) == {first, second}
    assert listed(("env", "x"), ("own", "y")) == {first}
    assert listed(("env", "y")) == listed(("nobody", "x")) == set()
    workbench.call("UntagResources", **both, **{"TagKey.1": "env"})
    assert listed(("env", "x")) == set()


def test_every_kind_that_can_carry_tags_has_a_list_that_looks_for_them() -> None:
    assert {kind for kind, _, _ in LISTS.values()} == set(TAGGED_TYPES)
