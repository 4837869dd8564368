"""What is exported imports again as the same drafts, whatever they are; and callers see no more than they may know."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from documents import KEY, pet_shop, text, unpacked
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from isthmus.errors import ApiError
from isthmus.openapi.check import document_version, find_findings
from isthmus.sealing import Keyring
from isthmus.store import Store
from isthmus.store.schema import apis
from sqlalchemy import select
from workbench import Workbench, workbench

__all__ = ["workbench"]

EXAMPLES = int(os.environ.get("ROUND_TRIP_EXAMPLES", "60"))


def definitions(workbench: Workbench, group_id: str) -> dict[str, Any]:
    """The stored drafts by name."""
    with workbench.store.read() as transaction:
        rows = transaction.connection.execute(select(apis).where(apis.c.group_id == group_id))
        return {row.name: json.loads(row.definition) for row in rows}


def export(workbench: Workbench, version: str, form: str, **params: Any) -> str:
    answer = workbench.call("ExportOAS", OasVersion=version, DataFormat=form, **params)
    name, exported = unpacked(answer["Data"])
    assert name.endswith(f".{form}")
    return exported


@pytest.mark.parametrize("form", ["json", "yaml"])
@pytest.mark.parametrize("version", ["oas2", "oas3"])
def test_an_exported_group_is_a_valid_document_and_imports_as_itself(
    workbench: Workbench, version: str, form: str
) -> None:
    group_id, copy = workbench.group(), workbench.group("copied_group")
    workbench.call("ImportSwagger", GroupId=group_id, Data=text(pet_shop()), DataFormat="json", Overwrite="true")
    exported = export(workbench, version, form, GroupId=group_id, WithXExtensions="true")
    document = json.loads(exported) if form == "json" else yaml.safe_load(exported)
    assert find_findings(document, document_version(document)) == ({}, [])
    answer = workbench.call("ImportOAS", GroupId=copy, Data=exported, Overwrite="false", SkipDryRun="true")
    assert answer["FailedApis"]["FailedApi"] == [] and answer["WarningMessages"]["WarningMessage"] == []
    again = export(workbench, version, form, GroupId=copy, WithXExtensions="true")
    neutral = [one.replace("copied_group", "demo_group").replace(copy, group_id) for one in (exported, again)]
    first, second = (json.loads(one) if form == "json" else yaml.safe_load(one) for one in neutral)
    assert first == second


def test_without_extensions_a_document_says_nothing_of_backends(workbench: Workbench) -> None:
    group_id = workbench.group()
    workbench.call("ImportSwagger", GroupId=group_id, Data=text(pet_shop()), DataFormat="json", Overwrite="true")
    exported = export(workbench, "oas3", "json", GroupId=group_id)
    assert KEY + "backend" not in exported and "10.0.0.1" not in exported and "shop" not in exported


def test_a_stage_is_exported_as_it_runs(workbench: Workbench) -> None:
    group_id = workbench.group()
    api_id = workbench.api(group_id)
    assert json.loads(export(workbench, "oas2", "json", GroupId=group_id, StageName="release"))["paths"] == {}
    workbench.call("DeployApi", ApiId=api_id, StageName="RELEASE")
    workbench.call("ModifyApiConfiguration", ApiId=api_id, RequestPath="/changed/[id]")
    running = json.loads(export(workbench, "oas2", "json", GroupId=group_id, StageName="RELEASE"))
    drafts = json.loads(export(workbench, "oas2", "json", ApiIdList=[api_id]))
    assert (list(running["paths"]), list(drafts["paths"])) == (["/users/{id}"], ["/changed/{id}"])


def test_a_document_is_of_one_group_and_of_a_known_form(workbench: Workbench) -> None:
    one, two = (workbench.api(workbench.group(name)) for name in ("group_one", "group_two"))
    assert workbench.refused("ExportOAS", ApiIdList=[one, two]).code == "InvalidApiIdList"
    assert workbench.refused("ExportOAS").code == "MissingGroupId"
    assert workbench.refused("ExportOAS", ApiIdList=[one], OasVersion="oas9").code == "InvalidOasVersion"
    assert workbench.refused("ExportOAS", ApiIdList=[one], DataFormat="pdf").code == "InvalidDataFormat"
    assert workbench.refused("ExportOAS", ApiIdList=["0" * 32]).code == "NotFoundApi"


# Names with what documents treat in a way of their own.
NAMES = st.sampled_from(["id", "q", "X-Trace", "a.b", "ä", "name"])
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=12)
CASES = st.sampled_from([str.upper, str.lower, str.capitalize])


def cased(*values: str) -> st.SearchStrategy[str]:
    return st.builds(lambda value, case: case(value), st.sampled_from(values), CASES)


LOCATIONS = cased("PATH", "QUERY", "HEAD", "BODY")
TYPES = cased("STRING", "INT", "LONG", "FLOAT", "DOUBLE", "BOOLEAN", "ARRAY", "FILE")


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


PARAMETERS = st.lists(
    st.builds(
        lambda fixed, more: {**fixed, **more},
        st.fixed_dictionaries({"ApiParameterName": NAMES, "Location": LOCATIONS}),
        some(
            ParameterType=TYPES,
            Required=cased("REQUIRED", "OPTIONAL"),
            DefaultValue=st.sampled_from(["1", "x", "true", "1.5"]),
            DemoValue=TEXTS,
            MinValue=st.integers(-5, 0),
            MaxValue=st.integers(1, 5),
            MaxLength=st.integers(0, 9),
            RegularExpression=st.sampled_from(["^[a-z]+$", "(", "\\d"]),
            EnumValue=st.sampled_from(["a,b", "1", "1,2", "true", " a"]),
            ArrayItemsType=TYPES,
            DocShow=st.sampled_from(["PUBLIC", "PRIVATE"]),
            DocOrder=st.integers(0, 3),
            Description=TEXTS,
        ),
    ),
    max_size=4,
    unique_by=lambda parameter: parameter["ApiParameterName"],
)
SERVED = st.lists(
    st.builds(
        lambda fixed, more: {**fixed, **more},
        st.fixed_dictionaries({"ServiceParameterName": NAMES, "Location": LOCATIONS}),
        some(ParameterType=TYPES),
    ),
    max_size=3,
)
MAPPED = st.lists(st.fixed_dictionaries({"ServiceParameterName": NAMES, "RequestParameterName": NAMES}), max_size=3)
REQUEST = st.builds(
    lambda fixed, more: {**fixed, **more},
    st.fixed_dictionaries(
        {
            "RequestProtocol": st.sampled_from(["HTTP", "HTTPS", "HTTP,HTTPS", "https, http", "WEBSOCKET"]),
            "RequestHttpMethod": st.sampled_from(["GET", "post", "PUT", "HEADER", "HEAD", "ANY", "TRACE", "CONNECT"]),
            "RequestPath": st.sampled_from(
                ["/", "/a/[id]", "/a/[id]/[q]", "/a/*", "/{id}", "/a b".replace(" ", "%20")]
            ),
        }
    ),
    some(
        RequestMode=cased("MAPPING", "PASSTHROUGH", "MAPPING_PASSTHROUGH"),
        BodyFormat=st.sampled_from(["FORM", "STREAM", ""]),
        PostBodyDescription=TEXTS,
        BodyModel=st.sampled_from(["https://apigateway.aliyun.com/models/x/y", "#/definitions/Pet"]),
        EscapePathParam=st.booleans(),
    ),
)
SERVICES = st.one_of(
    st.builds(
        lambda more: {"ServiceProtocol": "HTTP", "Mock": "TRUE", **more},
        some(
            MockResult=TEXTS,
            MockStatusCode=st.integers(200, 599),
            MockHeaders=st.just([{"HeaderName": "a", "HeaderValue": "b"}]),
        ),
    ),
    st.builds(
        lambda more: {"ServiceProtocol": "HTTP", "ServiceAddress": "http://10.0.0.1", **more},
        some(
            ServicePath=st.sampled_from(["/b", "/b/[id]", "/#stage#/x", "/{id}"]),
            ServiceHttpMethod=st.sampled_from(["GET", "post", "ANY"]),
            ServiceTimeout=st.sampled_from([0, 1, "10000"]),
            ContentTypeCatagory=st.sampled_from(["DEFAULT", "CUSTOM", "CLIENT"]),
            ContentTypeValue=TEXTS,
            Mock=st.sampled_from(["FALSE", "CLOSED"]),
            AoneAppName=TEXTS,
        ),
    ),
    st.builds(
        lambda vpc: {"ServiceProtocol": "HTTP", "ServiceVpcEnable": "TRUE", "VpcConfig": vpc},
        st.sampled_from(
            [{"Name": "web"}, {"VpcId": "v", "InstanceId": "i", "Port": 80}, {"Name": "web", "VpcScheme": "HTTPS"}]
        ),
    ),
    st.just({"ServiceProtocol": "FunctionCompute", "FunctionComputeConfig": {"FcRegionId": "r", "FunctionName": "f"}}),
    st.just({"ServiceProtocol": "OSS", "OssConfig": {"BucketName": "b", "Action": "GetObject"}}),
    st.just({"ServiceProtocol": "EventBridge", "EventBridgeConfig": {"EventBus": "b"}}),
    st.just({"ServiceProtocol": "UN_SPECIFIED"}),
)
DRAFTS = st.builds(
    lambda fixed, more: {**fixed, **more},
    st.fixed_dictionaries({"RequestConfig": REQUEST, "ServiceConfig": SERVICES}),
    some(
        Description=TEXTS,
        AuthType=cased("APP", "ANONYMOUS", "APPOPENID"),
        AppCodeAuthType=cased("DEFAULT", "HEADER"),
        Visibility=cased("PUBLIC", "PRIVATE"),
        AllowSignatureMethod=st.sampled_from(["HmacSHA256", "HmacSHA1,HmacSHA256"]),
        WebSocketApiType=cased("COMMON", "NOTIFY"),
        ForceNonceCheck=st.sampled_from(["true", "false"]),
        DisableInternet=st.sampled_from(["true", "false"]),
        ResultType=cased("JSON", "XML", "BINARY"),
        ResultSample=TEXTS,
        FailResultSample=TEXTS,
        ResultBodyModel=TEXTS,
        RequestParameters=PARAMETERS,
        ServiceParameters=SERVED,
        ServiceParametersMap=MAPPED,
        ConstantParameters=st.just([{"ServiceParameterName": "c", "ConstantValue": "1", "Location": "Head"}]),
        SystemParameters=st.just([{"ParameterName": "CaStage", "ServiceParameterName": "s", "Location": "query"}]),
        ErrorCodeSamples=st.lists(some(Code=st.sampled_from(["404", "500", "E1"]), Message=TEXTS, Model=TEXTS), max_size=3),
        ResultDescriptions=st.just([{"Id": "1", "HasChild": "false", "Name": "n"}]),
        OpenIdConnectConfig=st.just({"OpenIdApiType": "IDTOKEN", "PublicKeyId": "k", "PublicKey": "p"}),
    ),
)  # fmt: skip


@given(draft=DRAFTS, version=st.sampled_from(["oas2", "oas3"]), form=st.sampled_from(["json", "yaml"]))
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_draft_survives_the_round_trip(
    tmp_path_factory: Any, draft: dict[str, Any], version: str, form: str
) -> None:
    clock = [1_795_000_000.0]
    store = _store(tmp_path_factory)
    workbench = Workbench(store, clock)
    object.__setattr__(workbench.settings, "groups_limit", 10**6)
    number = _next()
    group_id, copy = workbench.group(f"group_{number}"), workbench.group(f"copy_{number}")
    try:
        workbench.call("CreateApi", GroupId=group_id, ApiName="one", **draft)
    except ApiError:
        return
    exported = export(workbench, version, form, GroupId=group_id, WithXExtensions="true")
    answer = workbench.call("ImportOAS", GroupId=copy, Data=exported, Overwrite="false", SkipDryRun="true")
    assert answer["FailedApis"]["FailedApi"] == [], exported
    assert definitions(workbench, copy) == definitions(workbench, group_id), exported


_opened: list[Store] = []
_count = [0]


def _store(factory: Any) -> Store:
    """One for all examples: opening one for each would be most of the time."""
    if not _opened:
        path: Path = factory.mktemp("round_trip") / "store.db"
        _opened.append(Store.open_sqlite(path, Keyring(bytes(32))))
    return _opened[0]


def _next() -> int:
    _count[0] += 1
    return _count[0]
