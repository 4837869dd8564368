"""Versions, hashes and refusals of a publish."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from isthmus.errors import ApiError
from isthmus.model import Draft, RequestConfig, ServiceConfig, to_document
from isthmus.publish.freeze import Frozen, freeze
from isthmus.publish.release import content_hash, next_version, release
from isthmus.publish.resolve import References, join_path, route_of

REQUEST = RequestConfig(request_protocol="HTTP", request_http_method="GET", request_path="/a")
MOCK = Draft(api_name="a", request_config=REQUEST, service_config=ServiceConfig(mock="TRUE"))
ROOT = References("/")


def frozen(draft: Draft = MOCK) -> Frozen:
    return freeze("api", "group", "release", json.dumps(to_document(draft)))


@given(st.integers(0, 4_102_444_800_000), st.integers(0, 4_102_444_800_000))
def test_a_version_is_later_than_the_one_before(now: int, before: int) -> None:
    newest = next_version(before, None)
    version = next_version(now, newest)
    assert len(version) == 17 and version.isdigit()
    assert version > newest
    if now > before:
        assert version == next_version(now, None)


def test_a_version_is_the_time_in_utc() -> None:
    moment = datetime(2026, 2, 3, 4, 5, 6, 7000, UTC)
    assert next_version(int(moment.timestamp() * 1000), None) == "20260203040506007"


def test_the_hash_is_of_what_an_edition_does() -> None:
    first, second = (release(frozen(), ROOT, version) for version in ("20260101000000000", "20260101000000001"))
    assert first.content_hash == second.content_hash == content_hash(first.body)
    assert first.content_hash != release(frozen(), References("/v1"), "20260101000000000").content_hash
    assert first.key == "api/RELEASE"


def test_missing_features_are_named_together_with_the_problems() -> None:
    request = RequestConfig(request_protocol="TCP", request_path="/a")
    service = ServiceConfig(service_protocol="OSS")
    draft = Draft(web_socket_api_type="NOTIFY", request_config=request, service_config=service)
    with pytest.raises(ApiError) as caught:
        release(frozen(draft), ROOT, "20260101000000000")
    assert (caught.value.code, caught.value.status) == ("NotImplemented", 400)
    for part in ("backends of the type OSS", "RequestConfig.RequestProtocol: names neither"):
        assert part in caught.value.message


@pytest.mark.parametrize(
    ("first", "second", "joined"),
    [("/", "/a", "/a"), ("/v1", "/a", "/v1/a"), ("/v1/", "/a/", "/v1/a/"), ("", "/", "/"), ("/v1", "/", "/v1/")],
)
def test_paths_join_with_one_slash(first: str, second: str, joined: str) -> None:
    assert join_path(first, second) == joined


def test_a_route_forgets_the_names_of_placeholders() -> None:
    request = RequestConfig(request_http_method="get", request_path="/a/[x]/[y]/*")
    assert route_of(Draft(request_config=request)) == ("GET", "/a/[]/[]/*")
