"""The file that says which sources there are."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from isthmus.inventory.docker import DockerSource
from isthmus.inventory.kubernetes import KubernetesSource
from isthmus.inventory.sources_file import read_sources


def written(folder: Path, text: str) -> Path:
    (folder / "inventory.toml").write_text(text)
    return folder / "inventory.toml"


def test_reads_every_kind(tmp_path: Path) -> None:
    text = """
[compose]
kind = "docker"
network = "vpc-a"
docker_network = "shop"
interval = "1m"

[cluster]
kind = "kubernetes"
network = "vpc-k"
namespace = "shop"
addresses = "endpoints"

[elsewhere]
kind = "kubernetes"
network = "vpc-k"
server = "https://192.0.2.1:6443"
ca_file = ""
token_variable = "TOKEN"
"""
    compose, cluster, elsewhere = read_sources(written(tmp_path, text))
    assert (compose.name, compose.network_id, compose.interval) == ("compose", "vpc-a", timedelta(minutes=1))
    assert (compose.fresh_for, cluster.fresh_for) == (timedelta(minutes=3), timedelta(seconds=30))
    assert compose.source == DockerSource("shop", "/var/run/docker.sock", "isthmus.instance")
    account = Path("/var/run/secrets/kubernetes.io/serviceaccount")
    inside = ("https://kubernetes.default.svc", account / "ca.crt", account / "token", "", "shop", "", "endpoints")
    assert cluster.source == KubernetesSource(*inside)
    assert elsewhere.source == KubernetesSource("https://192.0.2.1:6443", None, None, "TOKEN")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a = 1", "a must be a table"),
        ("[a]", "a.kind is missing. a.network is missing. a.kind must be one of aliyun, docker, kubernetes."),
        ('[a]\nkind = "etcd"\nnetwork = "v"', "a.kind must be one of aliyun, docker, kubernetes."),
        ('[a]\nkind = "docker"\nnetwork = "v"', "a.docker_network is missing."),
        ('[a]\nkind = "docker"\nnetwork = "v"\ndocker_network = 7', "a.docker_network must be a text."),
        ('[a]\nkind = "docker"\nnetwork = "v"\ndocker_network = "n"\ntoken = "t"', "a.token is not known."),
        ('[a]\nkind = "docker"\nnetwork = "v"\ndocker_network = "n"\ninterval = "10"', "a.interval a duration needs"),
        ('[a]\nkind = "docker"\nnetwork = "v"\ndocker_network = "n"\ninterval = "1ms"', "a.interval too short."),
        ('[a]\nkind = "docker"\nnetwork = "v"\ndocker_network = "n"\ninterval = "2d"', "a.interval is at most 1d."),
        ('[static]\nkind = "docker"\nnetwork = "v"\ndocker_network = "n"', "'static' cannot name a source"),
        ('["a b"]\nkind = "docker"\nnetwork = "v"\ndocker_network = "n"', "'a b' cannot name a source"),
        ('[a]\nkind = "kubernetes"\nnetwork = "v"\nserver = "http://x"', "a.server must begin with https://"),
        ('[a]\nkind = "kubernetes"\nnetwork = "v"\nnamespace = "../x"', "a.namespace is no name"),
        ('[a]\nkind = "kubernetes"\nnetwork = "v"\naddresses = "pods"', "a.addresses must be services"),
        ('[a]\nkind = "kubernetes"\nnetwork = "v"\ntoken_file = "t"\ntoken_variable = "T"', "both given"),
        ('[a]\nkind = "aliyun"\nnetwork = "v"\nregion = "r"\nvpc_id = "v"\nresources = "alb"', "must be ecs or slb"),
        ('[a]\nkind = "aliyun"\nnetwork = "v"\nregion = "../x"\nvpc_id = "v"', "a.region is no name"),
        ("[a", "is not TOML"),
    ],
)
def test_says_what_is_wrong_with_it(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=r"\(inventory\)") as refused:
        read_sources(written(tmp_path, text))
    assert problem in str(refused.value)
