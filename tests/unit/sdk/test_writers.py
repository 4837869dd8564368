"""Names and texts of APIs, whatever they are, stay inside literals and comments of the clients."""

from __future__ import annotations

import ast
import io
import zipfile
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from isthmus.model import Draft, RequestConfig, RequestParameter
from isthmus.sdk.archive import LANGUAGES, language_of, write_archive
from isthmus.sdk.methods import Method, Parameter, describe
from isthmus.sdk.names import camel, distinct, pascal, snake
from isthmus.sdk.writers import write_python

HOSTILE = ['"""; import os; os.abort()', "*/ }", "\\", "\n\r\x00", "'; drop", "\U0001f600", "self", "class", "", "用户"]


def method(name: str, parameter: str = "id", text: str = "") -> Method:
    parameters = (Parameter(parameter, "query", False, text), Parameter("class", "header", True, text))
    return Method(name, "POST", "/a", "http", "h.example", "RELEASE", True, True, parameters, text)


@given(st.lists(st.text(max_size=20) | st.sampled_from(HOSTILE), min_size=1, max_size=5), st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_a_python_client_is_python_whatever_the_names_are(names: list[str], text: str) -> None:
    source = write_python([method(name, name, text) for name in names])
    (client,) = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
    functions = [node for node in client.body if isinstance(node, ast.FunctionDef)]
    assert len({function.name for function in functions}) == len(names) == len(client.body)
    for function in functions:
        assert [type(node) for node in function.body] == [ast.Expr, ast.Return]


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_archive_is_the_same_for_the_same_methods(language: str) -> None:
    methods = [method(name, name, name) for name in HOSTILE]
    packed = write_archive(language, methods)
    assert packed == write_archive(language, methods)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.testzip() is None and "README.md" in archive.namelist()


@pytest.mark.parametrize(("language", "name"), [("python", "get_user"), ("go", "GetUser"), ("java", "getUser")])
def test_the_page_of_a_client_has_each_function_with_its_parameters_and_what_errors_are(
    language: str, name: str
) -> None:
    methods = [
        replace(method("get-user"), description="Shows\none | user"),
        *(method(one, one, one) for one in HOSTILE),
    ]
    with zipfile.ZipFile(io.BytesIO(write_archive(language, methods))) as archive:
        page = archive.read("README.md").decode()
    section = page.partition(f"## `{name}`\n")[2].partition("\n## ")[0]
    assert "Shows one \\| user" in section and "`POST http://h.example/a`" in section
    assert "| `id` | query |  |  |" in section and "| `class` | header | yes |" in section and "takes a body" in section
    assert page.count("\n## ") == len(methods) + 1 and "X-Ca-Error-Code" in page


def test_names_follow_the_language_and_differ() -> None:
    assert (snake("getUser-byId"), camel("get_user by id"), pascal("get-user")) == (
        "get_user_by_id",
        "getUserById",
        "GetUser",
    )
    assert (snake("class"), camel("1st"), pascal("1st"), snake("用户")) == ("class_", "x_1st", "X1st", "x")
    assert distinct(["a", "A", "b", "a"]) == ["a", "A2", "b", "a3"]


def test_languages_have_other_names_too() -> None:
    assert [language_of(name) for name in ("Java", "js", "Golang", " python ", "cobol")] == [
        "java",
        "javascript",
        "go",
        "python",
        None,
    ]


def test_a_method_says_what_a_caller_needs_and_nothing_of_the_backend() -> None:
    request = RequestConfig("HTTP,HTTPS", "PUT", "/users/[id]/[part]")
    draft = Draft("setUser", request_config=request, request_parameters=(RequestParameter("id", "PATH"),))
    made = describe(draft, "/v1", "h.example", "RELEASE")
    assert (made.path, made.scheme, made.takes_body) == ("/v1/users/{id}/{part}", "https", True)
    assert [(one.name, one.is_required) for one in made.parameters] == [("part", True), ("id", True)]
