"""Ids and times have the forms that clients know from the vendor."""

from __future__ import annotations

import re

import pytest
from certificate_maker import Authority
from workbench import Workbench, workbench
from world import HOST, World

__all__ = ["workbench"]

HEX = r"[0-9a-f]{32}"
TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"


@pytest.fixture
def world(workbench: Workbench) -> World:
    return World(workbench)


def test_ids_have_the_forms_of_the_vendor(world: World) -> None:
    values = world.values
    for name in ("GroupId", "ApiId", "PluginId", "BackendId", "BackendModelId", "TrafficControlId", "SignatureId"):
        assert re.fullmatch(HEX, values[name]), name
    for name in ("IpControlId", "OperationId", "StageId", "PolicyItemId"):
        assert re.fullmatch(HEX, values[name]), name
    assert re.fullmatch(r"[0-9]{9,14}", values["AppId"]) and re.fullmatch(r"[0-9]{8,9}", values["AppKey"])
    assert re.fullmatch(HEX, values["AppCode"])
    assert re.fullmatch(r"[0-9]{17}", values["HistoryVersion"])
    assert re.fullmatch(r"acl-[0-9a-z]{21}", values["AclId"])
    (model,) = world.workbench.call("DescribeModels", GroupId=world.group_id)["ModelDetails"]["ModelDetail"]
    wanted = f"https://apigateway.aliyun.com/models/{world.group_id}/{model['ModelId']}"
    assert re.fullmatch(HEX, model["ModelId"]) and model["ModelRef"] == wanted


def test_times_are_in_utc_and_those_of_certificates_in_milliseconds(world: World) -> None:
    group = world.workbench.call("DescribeApiGroup", GroupId=world.group_id)
    assert re.fullmatch(TIME, group["CreatedTime"]) and re.fullmatch(TIME, group["ModifiedTime"])
    assert group["SubDomain"].startswith(f"{world.group_id}-cn-hangzhou.")
    certificate, key = Authority(1_795_000_000.0).issue(HOST)
    given = {"CertificateName": "c", "CertificateBody": certificate, "CertificatePrivateKey": key}
    world.workbench.call("SetDomainCertificate", GroupId=world.group_id, DomainName=HOST, **given)
    items = world.workbench.call("DescribeApiGroup", GroupId=world.group_id)["CustomDomains"]["DomainItem"]
    (item,) = [one for one in items if one["DomainName"] == HOST]
    assert re.fullmatch(rf"{HEX}|[0-9A-F]{{8}}(-[0-9A-F]{{4}}){{3}}-[0-9A-F]{{12}}", item["CertificateId"])
    assert item["CertificateValidEnd"] - item["CertificateValidStart"] == 31 * 24 * 3600 * 1000


@pytest.mark.parametrize(
    ("name", "most"), [("DescribeApis", 100), ("DescribeApiGroups", 50), ("DescribeInstances", 500)]
)
def test_a_page_that_is_too_large_is_cut_to_the_largest(workbench: Workbench, name: str, most: int) -> None:
    answer = workbench.call(name, PageSize="100000")
    assert (answer["PageSize"], answer["PageNumber"]) == (most, 1)
    assert workbench.call(name)["PageSize"] == 10
