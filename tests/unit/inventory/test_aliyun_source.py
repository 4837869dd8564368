"""Instances of Alibaba Cloud's ECS, through the vendor's SDK from a server with recorded answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from inventory_servers import EcsServer, balancer, ecs_instance
from isthmus.inventory import aliyun, sources_file
from isthmus.inventory.aliyun import AliyunSource
from isthmus.inventory.source import Reading, SourceError

KEY = {"access_key_id": "LTAI5tSomebody", "access_key_secret": "c2VjcmV0LW9mLXNvbWVib2R5"}


@pytest.fixture
def ecs() -> Iterator[EcsServer]:
    server = EcsServer()
    yield server
    server.close()


@pytest.fixture
def source(ecs: EcsServer, tmp_path: Path) -> AliyunSource:
    (tmp_path / "key.json").write_text(json.dumps(KEY))
    return AliyunSource("cn-hangzhou", "vpc-bp1", ecs.url, tmp_path / "key.json")


def refusal(source: AliyunSource) -> str:
    with pytest.raises(SourceError) as failed:
        source.read({})
    assert KEY["access_key_secret"] not in str(failed.value)
    return str(failed.value)


def test_instances_have_their_private_addresses(ecs: EcsServer, source: AliyunSource) -> None:
    ecs.run(ecs_instance("i-1", "10.0.0.1", "10.0.0.9"), ecs_instance("i-2"), ecs_instance("i-3", "10.0.0.3"))
    assert source.read({}) == Reading({"i-1": "10.0.0.1", "i-3": "10.0.0.3"}, ["i-2: has no private address"])
    first, second = (query for _, query, _ in ecs.asked)
    assert (first["RegionId"], first["VpcId"], second["NextToken"]) == ("cn-hangzhou", "vpc-bp1", "2")
    assert all(f"Credential={KEY['access_key_id']}" in authorization for _, _, authorization in ecs.asked)


def test_load_balancers_have_their_addresses(ecs: EcsServer, source: AliyunSource) -> None:
    ecs.run_balancers(3, *(balancer(f"lb-{number}", f"10.0.0.{number}") for number in (1, 2, 3)))
    balancers = replace(source, resources="slb")
    assert balancers.read({}) == Reading({"lb-1": "10.0.0.1", "lb-2": "10.0.0.2", "lb-3": "10.0.0.3"})
    assert [(query["AddressType"], query["VpcId"]) for _, query, _ in ecs.asked] == [("intranet", "vpc-bp1")] * 2
    ecs.run_balancers(4, balancer("lb-1", "10.0.0.1"))
    assert "although there are more" in refusal(balancers)


def test_no_instance_at_all_is_no_answer(ecs: EcsServer, source: AliyunSource) -> None:
    ecs.run()
    assert "ecs:DescribeInstances" in refusal(source)
    ecs.run_balancers(0)
    assert "slb:DescribeLoadBalancers" in refusal(replace(source, resources="slb"))


@pytest.mark.parametrize(
    ("instead", "text"),
    [
        ((403, b'{"Code":"Forbidden.RAM","Message":"not authorized"}'), "Forbidden.RAM"),
        ((404, b'{"Code":"InvalidAccessKeyId.NotFound","Message":"not found"}'), "InvalidAccessKeyId.NotFound"),
        ((503, b"<html>"), ""),
        ((200, b"<html>"), ""),
        ((200, b"{}"), "Instances"),
        ((200, b'{"Instances":{"Instance":[7]}}'), "InstanceId"),
        ((200, b'{"Instances":{"Instance":[]},"NextToken":"again"}'), "pages"),
    ],
)
def test_what_is_no_list_of_instances_says_nothing(
    ecs: EcsServer, source: AliyunSource, instead: tuple[int, bytes], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aliyun, "_MOST_PAGES", 3)
    ecs.instead = instead
    assert text in refusal(source)


def test_keys_come_from_a_file_or_from_the_vendors_variables(
    ecs: EcsServer, source: AliyunSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ecs.run(ecs_instance("i-1", "10.0.0.1"))
    for text in ("", "[]", "{}", '{"access_key_id":7}'):
        (tmp_path / "key.json").write_text(text)
        assert "credentials_file" in refusal(source)
    by_variables = AliyunSource("cn-hangzhou", "vpc-bp1", ecs.url)
    monkeypatch.delenv("ALIBABA_CLOUD_ACCESS_KEY_ID", raising=False)
    assert "ALIBABA_CLOUD_ACCESS_KEY_ID" in refusal(by_variables)
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", KEY["access_key_id"])
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", KEY["access_key_secret"])
    assert by_variables.read({}).instances == {"i-1": "10.0.0.1"}


def test_a_server_that_is_not_there_is_told(ecs: EcsServer, source: AliyunSource) -> None:
    ecs.close()
    refusal(source)


def test_the_file_of_sources_names_it_and_says_when_the_sdk_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "inventory.toml"
    file.write_text('[ecs]\nkind = "aliyun"\nnetwork = "vpc-a"\nregion = "cn-hangzhou"\nvpc_id = "vpc-bp1"\n')
    (found,) = sources_file.read_sources(file)
    assert found.source == AliyunSource("cn-hangzhou", "vpc-bp1")
    file.write_text(file.read_text() + 'resources = "slb"\n')
    assert sources_file.read_sources(file)[0].source == AliyunSource("cn-hangzhou", "vpc-bp1", resources="slb")
    monkeypatch.setattr(sources_file, "has_sdk", lambda: False)
    with pytest.raises(ValueError, match=r"pip install 'isthmus\[aliyun\]'"):
        sources_file.read_sources(file)
