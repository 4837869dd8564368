"""No text makes the reader of definitions do anything but read or list problems."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from isthmus.errors import ApiError
from isthmus.model import Draft, ParameterMapping, RequestParameter, from_document, to_document
from isthmus.operations.definition import read_draft
from isthmus.operations.json_text import JsonReader, vendor_name
from isthmus.publish.freeze import freeze
from isthmus.publish.release import release
from isthmus.publish.resolve import References

KEYS = st.sampled_from(
    [
        "RequestProtocol",
        "RequestHttpMethod",
        "requestPath",
        "RequestMode",
        "BodyFormat",
        "ServiceProtocol",
        "ServiceAddress",
        "ServicePath",
        "ServiceTimeout",
        "Mock",
        "MockHeaders",
        "MockStatusCode",
        "ServiceVpcEnable",
        "VpcConfig",
        "Name",
        "Port",
        "ApiParameterName",
        "Location",
        "ParameterType",
        "DefaultValue",
        "MinValue",
        "RegularExpression",
        "ServiceParameterName",
        "RequestParameterName",
        "ParameterCatalog",
        "ConstantValue",
        "ParameterName",
        "HeaderName",
        "HeaderValue",
        "ContentTypeCatagory",
    ]
)
WORDS = st.sampled_from(
    [
        "HTTP",
        "GET",
        "/a",
        "/[a]/*",
        "http://h:1",
        "http://[::1",
        "TRUE",
        "mock",
        "PATH",
        "head",
        "a",
        "INT",
        "[",
        "(?=",
        "\\ud800",
        "#V#",
        "MAPPING",
        "CONSTANT",
        "CUSTOM",
    ]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | WORDS
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=8), max_leaves=20
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=10).map(json.dumps)
LISTS = st.lists(st.dictionaries(KEYS, VALUES, max_size=6), max_size=4).map(json.dumps)
TEXTS = st.none() | OBJECTS | LISTS | st.text(max_size=30) | VALUES.map(json.dumps)


class Absent(SimpleNamespace):
    def __getattr__(self, name: str) -> Any:
        return None


@settings(max_examples=100)
@given(
    st.fixed_dictionaries(
        {"request_config": OBJECTS | TEXTS, "service_config": OBJECTS | TEXTS},
        optional=dict.fromkeys(
            (
                "request_parameters",
                "service_parameters",
                "service_parameters_map",
                "constant_parameters",
                "system_parameters",
                "error_code_samples",
                "result_descriptions",
            ),
            LISTS | TEXTS,
        ),
    )
)
def test_any_definition_is_read_or_refused(given_texts: dict[str, Any]) -> None:
    try:
        draft = read_draft(Absent(api_name="a", **given_texts))
    except ApiError as error:
        assert error.status == 400 and error.problems
        return
    definition = json.dumps(to_document(draft))
    assert from_document(Draft, json.loads(definition)) == draft
    try:
        release(freeze("api", "group", "RELEASE", definition), References("/", "users"), "20260101000000000")
    except ApiError as error:
        assert error.status == 400


@settings(max_examples=100)
@given(LISTS, LISTS, LISTS, st.sampled_from(["/", "/[a]", "/[a]/*"]), st.sampled_from(["MAPPING", "PASSTHROUGH"]))
def test_a_sound_request_with_any_parameters_is_published_or_refused(
    requested: str, service: str, mapped: str, path: str, mode: str
) -> None:
    request = {"RequestProtocol": "HTTP", "RequestHttpMethod": "GET", "RequestPath": path, "RequestMode": mode}
    params = Absent(
        api_name="a",
        request_config=json.dumps(request),
        service_config=json.dumps({"ServiceAddress": "http://h", "ServicePath": path}),
        request_parameters=requested,
        service_parameters=service,
        service_parameters_map=mapped,
        constant_parameters=mapped,
    )
    try:
        definition = json.dumps(to_document(read_draft(params)))
        body = release(freeze("a", "g", "TEST", definition), References("/"), "20260101000000000").body
    except ApiError as error:
        assert error.status == 400
        return
    json.dumps(body, ensure_ascii=False).encode()


def test_keys_are_matched_without_case_and_own_names_win() -> None:
    reader = JsonReader()
    text = '[{"NAME": "other", "apiparametername": "a", "minValue": "3.0", "DocShow": true, "unknown": {}}]'
    (read,) = reader.read_list("RequestParameters", text, RequestParameter)
    assert read == RequestParameter(api_parameter_name="a", min_value=3, doc_show="TRUE")
    assert reader.problems == []


def test_the_form_of_responses_is_read_too() -> None:
    text = '{"ServiceParameterMap": [{"ServiceParameterName": "a", "RequestParameterName": "b"}]}'
    assert JsonReader().read_list("ServiceParametersMap", text, ParameterMapping) == (ParameterMapping("a", "b"),)


def test_messages_have_the_names_of_the_interface() -> None:
    assert [vendor_name(name) for name in ("request_http_method", "fc_base_url")] == ["RequestHttpMethod", "FcBaseUrl"]
