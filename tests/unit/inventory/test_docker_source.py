"""Instances from Docker: what its answers become, and what is no answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from inventory_servers import DockerServer, container
from isthmus.inventory.docker import DockerSource
from isthmus.inventory.source import Reading, SourceError


@pytest.fixture
def docker(tmp_path: Path) -> Iterator[DockerServer]:
    server = DockerServer(tmp_path / "docker.sock")
    yield server
    server.close()


def read(docker: DockerServer, network: str = "shop", **options: str) -> Reading:
    return DockerSource(network, str(docker.path), **options).read({})


def test_a_container_is_named_by_its_label_or_else_by_its_name(docker: DockerServer) -> None:
    labelled = container("shop-web-1", "172.20.0.2", Labels={"isthmus.instance": "i-web", "tier": "front"})
    docker.run(labelled, container("shop-db-1", "172.20.0.3", Labels=None))
    assert read(docker) == Reading({"i-web": "172.20.0.2", "shop-db-1": "172.20.0.3"})
    assert read(docker, label="tier").instances == {"front": "172.20.0.2", "shop-db-1": "172.20.0.3"}
    path, query, _ = docker.asked[0]
    assert (path, json.loads(query["filters"])) == ("/containers/json", {"network": ["shop"]})


def test_an_address_is_that_of_the_wanted_network(docker: DockerServer) -> None:
    docker.run(container("web", "172.20.0.2"))
    assert read(docker, "other").instances == {"web": "172.30.0.9"}
    assert read(docker, "c" * 12).instances == {"web": "172.20.0.2"}


def test_one_without_an_address_and_an_older_one_of_the_same_name_are_left_out(docker: DockerServer) -> None:
    label = {"isthmus.instance": "i-web"}
    old = container("old", "172.20.0.2", Labels=label, Created=1)
    new = container("new", "172.20.0.7", Labels=label, Created=2)
    docker.run(old, new, container("starting", ""))
    reading = read(docker)
    assert reading.instances == {"i-web": "172.20.0.7"}
    assert sorted(text.partition(":")[0] for text in reading.left_out) == ["i-web", "starting"]


@pytest.mark.parametrize(
    ("instead", "text"),
    [
        ((500, b'{"message":"layer\\u0000 store"}'), "answers 500 Internal Server Error: layer store"),
        ((500, b"[1]"), "answers 500 Internal Server Error"),
        ((200, b"no JSON"), "the answer is not JSON"),
        ((200, b"[" * 100_000), "the answer is not JSON"),
        ((200, b"{}"), "the answer is not a list of containers"),
        ((200, b"[7]"), "the answer has no container.Created that is a number"),
        ((200, b'[{"Names":["/a"]}]'), "the answer has no container.NetworkSettings that is an object"),
        ((200, b'[{"Names":[]}]'), "the answer has a container without a name"),
        ((302, b""), "answers 302 Found"),
    ],
)
def test_what_is_no_list_of_containers_says_nothing(
    docker: DockerServer, instead: tuple[int, bytes], text: str
) -> None:
    docker.instead = instead
    with pytest.raises(SourceError) as failed:
        read(docker)
    assert str(failed.value) == text


@pytest.mark.parametrize("path", ["/nowhere/docker.sock", "not/a/socket"])
def test_a_socket_that_is_not_there_is_told(path: str) -> None:
    with pytest.raises(SourceError, match="cannot be asked"):
        DockerSource("shop", path).read({})


def test_garbage_of_every_kind_is_refused_and_not_believed(docker: DockerServer) -> None:
    good: dict[str, Any] = container("web", "172.20.0.2")
    for key in ("Names", "NetworkSettings", "Labels", "Created"):
        for garbage in (7, "x", [7], {"x": 7}, True):
            docker.run({**good, key: garbage})
            try:
                instances = read(docker).instances
            except SourceError:
                continue
            assert set(instances.values()) <= {"172.20.0.2"}, (key, garbage)
