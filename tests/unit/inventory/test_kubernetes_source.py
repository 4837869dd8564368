"""Instances from Kubernetes: services and endpoints, who may read them, and what is no answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from inventory_servers import TOKEN, KubernetesServer, endpoint, endpoint_slice, service
from isthmus.inventory import kubernetes
from isthmus.inventory.asking import get_json
from isthmus.inventory.kubernetes import KubernetesSource
from isthmus.inventory.source import SourceError


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[KubernetesServer]:
    server = KubernetesServer(tmp_path)
    (tmp_path / "token").write_text(TOKEN + "\n")
    yield server
    server.close()


def source(cluster: KubernetesServer, **changes: Any) -> KubernetesSource:
    token = cluster.ca_file.with_name("token")
    given: dict[str, Any] = {"ca_file": cluster.ca_file, "token_file": token, "token_variable": ""}
    return KubernetesSource(cluster.url, **{**given, **changes})


def read(cluster: KubernetesServer, before: Mapping[str, str] | None = None, **changes: Any) -> dict[str, str]:
    return source(cluster, **changes).read(before or {}).instances


def refusal(cluster: KubernetesServer, **changes: Any) -> str:
    with pytest.raises(SourceError) as failed:
        read(cluster, **changes)
    assert TOKEN not in str(failed.value)
    return str(failed.value)


def test_a_service_has_its_cluster_address_and_one_without_has_its_ready_endpoints(cluster: KubernetesServer) -> None:
    services = [service("web", "10.96.0.7"), service("db", "None"), service("cache", "None"), service("empty", "None")]
    named = [endpoint("10.244.0.4", "db-0"), endpoint("10.244.0.5", "db-1"), endpoint("10.244.0.6", ready=False)]
    cluster.run(
        services,
        [
            endpoint_slice("web", endpoint("10.244.0.2")),
            endpoint_slice("db", *named),
            endpoint_slice("cache", endpoint("10.244.1.9"), endpoint("10.244.1.8")),
            endpoint_slice("empty"),
        ],
    )
    assert read(cluster) == {
        "web.shop": "10.96.0.7",
        "db-0.db.shop": "10.244.0.4",
        "db-1.db.shop": "10.244.0.5",
        "1.cache.shop": "10.244.1.8",
        "2.cache.shop": "10.244.1.9",
    }
    assert {authorization for _, _, authorization in cluster.asked} == {f"Bearer {TOKEN}"}


def test_endpoints_can_be_wanted_for_every_service_and_keep_their_numbers(cluster: KubernetesServer) -> None:
    def run(*addresses: str) -> None:
        cluster.run([service("web", "10.96.0.7")], [endpoint_slice("web", *map(endpoint, addresses))])

    run("10.244.0.2", "10.244.0.3", "10.244.0.4")
    first = read(cluster, addresses="endpoints")
    assert first == {"1.web.shop": "10.244.0.2", "2.web.shop": "10.244.0.3", "3.web.shop": "10.244.0.4"}
    run("10.244.0.9", "10.244.0.3", "10.244.0.4")
    second = read(cluster, first, addresses="endpoints")
    assert second == {"1.web.shop": "10.244.0.9", "2.web.shop": "10.244.0.3", "3.web.shop": "10.244.0.4"}
    run("10.244.0.4")
    assert read(cluster, second, addresses="endpoints") == {"1.web.shop": "10.244.0.4"}


def test_ipv6_endpoints_are_taken_where_there_are_no_others(cluster: KubernetesServer) -> None:
    six = endpoint_slice("web", endpoint("fd00::2"), family="IPv6")
    names = endpoint_slice("web", endpoint("web.example.com"), family="FQDN")
    cluster.run([service("web", "None")], [six, names])
    assert read(cluster) == {"1.web.shop": "fd00::2"}
    cluster.run([service("web", "None")], [six, endpoint_slice("web", endpoint("10.244.0.2"))])
    assert read(cluster) == {"1.web.shop": "10.244.0.2"}


def test_load_balancers_are_those_of_services_that_have_one(cluster: KubernetesServer) -> None:
    cluster.run([service("web", "10.96.0.7", "192.0.2.7"), service("db", "10.96.0.8")], [])
    assert read(cluster, addresses="load_balancers") == {"web.shop": "192.0.2.7"}
    assert not [path for path, _, _ in cluster.asked if "endpointslices" in path]


def test_a_namespace_and_a_selector_narrow_down_what_is_asked_for(cluster: KubernetesServer) -> None:
    assert "404" in refusal(cluster, namespace="shop", selector="tier=front")
    path, query, _ = cluster.asked[0]
    assert (path, query["labelSelector"]) == ("/api/v1/namespaces/shop/services", "tier=front")


def test_a_token_is_read_each_time_and_never_shown(cluster: KubernetesServer, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster.run([service("web", "10.96.0.7")], [])
    token = cluster.ca_file.with_name("token")
    wanted = source(cluster)
    token.write_text("expired")
    with pytest.raises(SourceError, match="answers 401 Unauthorized: Unauthorized"):
        wanted.read({})
    token.write_text(TOKEN)
    assert wanted.read({}).instances == {"web.shop": "10.96.0.7"}
    for text in ("", f"{TOKEN}\n{TOKEN}", f"{TOKEN} {TOKEN}", f"{TOKEN}\u00e9"):
        token.write_text(text)
        assert refusal(cluster) == "token_file holds no token"
    token.unlink()
    assert refusal(cluster) == "token_file cannot be read: FileNotFoundError"
    monkeypatch.setenv("CLUSTER_TOKEN", TOKEN)
    assert read(cluster, token_file=None, token_variable="CLUSTER_TOKEN") == {"web.shop": "10.96.0.7"}


def test_a_server_of_another_authority_gets_no_token(cluster: KubernetesServer, tmp_path: Path) -> None:
    cluster.run([service("web", "10.96.0.7")], [])
    assert "CERTIFICATE_VERIFY_FAILED" in refusal(cluster, ca_file=None)
    (tmp_path / "bad.crt").write_text("no certificate")
    assert refusal(cluster, ca_file=tmp_path / "bad.crt").startswith("ca_file cannot be used")
    assert cluster.asked == []


def test_a_server_that_does_not_answer_is_not_waited_for(
    cluster: KubernetesServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.is_silent = True
    monkeypatch.setattr(kubernetes, "get_json", lambda client, path, query: get_json(client, path, query, 0.2))
    assert refusal(cluster) == "no answer within 0.2 s"


@pytest.mark.parametrize(
    "garbage",
    [
        None,
        [],
        {"items": [7], "metadata": {}},
        {"items": [{"metadata": {"name": "a"}}], "metadata": {}},
        {"items": [], "metadata": {"continue": 7}},
        {"items": [], "metadata": {"continue": "again"}},
    ],
)
def test_garbage_says_nothing(cluster: KubernetesServer, garbage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubernetes, "_MOST_PAGES", 3)
    cluster.run([], [])
    for path in list(cluster.answers):
        good, cluster.answers[path] = cluster.answers[path], garbage
        assert "answer" in refusal(cluster) or "pages" in refusal(cluster)
        cluster.answers[path] = good
    assert read(cluster) == {}
