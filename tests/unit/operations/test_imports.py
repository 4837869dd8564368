"""APIs from documents: what is understood becomes drafts and models, what is not is told, nothing is half done."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import yaml
from documents import KEY, operation, pet_shop, swagger, text
from sqlalchemy import event
from workbench import Workbench, workbench

__all__ = ["workbench"]


def names(workbench: Workbench, group_id: str) -> list[str]:
    answer = workbench.call("DescribeApis", GroupId=group_id, PageSize="100")
    return sorted(api["ApiName"] for api in answer["ApiSummarys"]["ApiSummary"])


def import_swagger(workbench: Workbench, group_id: str, document: Any, **more: str) -> dict[str, Any]:
    given = {"DataFormat": "json", "Overwrite": "false", **more}
    return workbench.call("ImportSwagger", GroupId=group_id, Data=text(document), **given)


def rows(answer: dict[str, Any], outer: str) -> list[Any]:
    (inner,) = answer[outer].values()
    return list(inner)


def one(workbench: Workbench, document: dict[str, Any], **more: str) -> dict[str, Any]:
    """The draft of the only operation of a document."""
    answer = import_swagger(workbench, workbench.group(), document, **more)
    assert rows(answer, "Failed") == []
    (made,) = rows(answer, "Success")
    return workbench.call("DescribeApi", ApiId=made["ApiUid"])


def test_everything_of_a_document_becomes_part_of_a_draft(workbench: Workbench) -> None:
    group_id = workbench.group()
    answer = import_swagger(workbench, group_id, pet_shop())
    assert [(row["HttpMethod"], row["Path"], row["ApiOperation"]) for row in rows(answer, "Success")] == [
        ("GET", "/pets/{id}", "CREATE"),
        ("PUT", "/pets/{id}", "CREATE"),
        ("ANY", "/any/*", "CREATE"),
    ]
    (model,) = rows(answer, "ModelSuccess")
    assert (model["ModelName"], model["ModelOperation"]) == ("Pet", "CREATE")
    get, put, wildcard = (workbench.call("DescribeApi", ApiId=row["ApiUid"]) for row in rows(answer, "Success"))
    assert get["RequestConfig"] == {
        "RequestProtocol": "HTTP,HTTPS",
        "RequestHttpMethod": "GET",
        "RequestPath": "/pets/[id]",
        "RequestMode": "MAPPING",
    }
    assert (get["ApiName"], get["AuthType"], get["ForceNonceCheck"]) == ("getPet", "ANONYMOUS", True)
    parameters = {
        parameter["ApiParameterName"]: parameter for parameter in get["RequestParameters"]["RequestParameter"]
    }
    assert (parameters["id"]["Location"], parameters["id"]["ParameterType"], parameters["id"]["Required"]) == (
        "PATH",
        "Long",
        "REQUIRED",
    )
    assert (parameters["fields"]["EnumValue"], parameters["fields"]["DefaultValue"]) == ("all,few", "few")
    assert (parameters["X-Trace"]["RegularExpression"], parameters["X-Trace"]["MaxLength"]) == ("^[a-z]+$", 20)
    served = [(one["ServiceParameterName"], one["Location"]) for one in get["ServiceParameters"]["ServiceParameter"]]
    assert served == [("id", "PATH"), ("fields", "QUERY"), ("trace", "QUERY")]
    assert get["ConstantParameters"]["ConstantParameter"][0]["ConstantValue"] == "1"
    assert get["SystemParameters"]["SystemParameter"][0]["ParameterName"] == "CaClientIp"
    service = get["ServiceConfig"]
    assert (service["VpcConfig"]["Name"], service["ServicePath"], service["ServiceTimeout"]) == (
        "shop",
        "/v2/pets/[id]",
        5000,
    )
    reference = f"https://apigateway.aliyun.com/models/{group_id}/{model['ModelUid']}"
    assert get["ResultBodyModel"] == reference == put["RequestConfig"]["BodyModel"]
    assert get["ErrorCodeSamples"]["ErrorCodeSample"][0]["Message"] == "no such pet"
    assert (wildcard["RequestConfig"]["RequestHttpMethod"], wildcard["Mock"]) == ("ANY", "OPEN")
    told = answer["WarningMessages"]["WarningMessage"]
    assert told == [f"GET /pets/{{id}}: {KEY}api-market-enable has no effect here."]


@pytest.mark.parametrize("spelling", ["parameter-handling", "paramater-handling"])
def test_both_spellings_of_the_parameter_handling_count(workbench: Workbench, spelling: str) -> None:
    document = swagger(**{"/a": {"get": operation(**{KEY + spelling: "MAPPING"})}})
    assert one(workbench, document)["RequestConfig"]["RequestMode"] == "MAPPING"


def test_defaults_come_from_the_path_the_root_and_the_caller(workbench: Workbench) -> None:
    bare = {"responses": {"200": {"description": "ok"}}}
    document = swagger(**{"/a": {"get": dict(bare), KEY + "auth-type": "ANONYMOUS"}})
    document[KEY + "force-nonce-check"] = True
    backend = json.dumps({"type": "MOCK", "mockResult": "m", "mockStatusCode": 201})
    shown = one(workbench, document, GlobalCondition=text({KEY + "backend": backend, KEY + "auth-type": "APP"}))
    assert (shown["AuthType"], shown["ForceNonceCheck"], shown["MockResult"]) == ("ANONYMOUS", True, "m")
    assert shown["ServiceConfig"]["MockStatusCode"] == 201


def test_keys_with_the_names_of_the_interface_count_too(workbench: Workbench) -> None:
    keys = {
        KEY + "api-name": "my_name",
        KEY + "visibility": "PUBLIC",
        KEY + "app-code-auth-type": "HEADER",
        KEY + "allow-signature-method": "HmacSHA1,HmacSHA256",
        KEY + "request-config": {"requestProtocol": "HTTPS"},
        KEY + "request-parameters": [{"apiParameterName": "q", "location": "QUERY", "parameterType": "STRING"}],
        KEY + "result-config": {"resultType": "XML", "resultSample": "<a/>", "failResultSample": "<b/>"},
    }
    shown = one(workbench, swagger(**{"/a": {"get": operation(**keys)}}))
    assert (shown["ApiName"], shown["Visibility"], shown["AppCodeAuthType"]) == ("my_name", "PUBLIC", "HEADER")
    assert (shown["ResultType"], shown["ResultSample"], shown["FailResultSample"]) == ("XML", "<a/>", "<b/>")
    assert shown["RequestConfig"]["RequestProtocol"] == "HTTPS"
    assert shown["RequestParameters"]["RequestParameter"][0]["ApiParameterName"] == "q"


def test_openapi_3_brings_forms_servers_and_references(workbench: Workbench) -> None:
    form = {
        "type": "object",
        "required": ["name"],
        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    }
    document = {
        "openapi": "3.0.3",
        "info": {"title": "t", "version": "1"},
        "servers": [{"url": "https://example.com/x"}],
        "components": {
            "parameters": {"Id": {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}},
            "schemas": {"Form": form, "Color": {"type": "string"}},
        },
        "paths": {
            "/people/{id}": {
                "post": operation(
                    parameters=[{"$ref": "#/components/parameters/Id"}, {"name": "c", "in": "cookie", "schema": {}}],
                    requestBody={
                        "content": {
                            "application/x-www-form-urlencoded": {"schema": {"$ref": "#/components/schemas/Form"}}
                        }
                    },
                    **{KEY + "parameter-handling": "MAPPING"},
                )
            }
        },
    }
    given = {"Overwrite": "true", "SkipDryRun": "true"}
    answer = workbench.call(
        "ImportOAS", GroupId=workbench.group(), Data=yaml.safe_dump(document, sort_keys=False), **given
    )
    (made,) = rows(answer, "SuccessApis")
    shown = workbench.call("DescribeApi", ApiId=made["ApiId"])
    parameters = [
        (parameter["ApiParameterName"], parameter["Location"], parameter["Required"])
        for parameter in shown["RequestParameters"]["RequestParameter"]
    ]
    assert parameters == [("id", "PATH", "REQUIRED"), ("name", "BODY", "REQUIRED"), ("age", "BODY", "OPTIONAL")]
    assert (shown["RequestConfig"]["RequestProtocol"], shown["RequestConfig"]["BodyFormat"]) == ("HTTPS", "FORM")
    told = " ".join(answer["WarningMessages"]["WarningMessage"])
    assert "cookies are not mapped" in told and "Color describes no object" in told


def test_what_fails_is_told_and_keeps_nothing_else_from_being_imported(workbench: Workbench) -> None:
    group_id = workbench.group()
    document = swagger(
        **{
            "/good": {"get": operation(operationId="good")},
            "/no_backend": {"get": {"responses": {"200": {"description": "ok"}}}},
            "/bad_backend": {"get": operation(**{KEY + "backend": {"type": "CARRIER_PIGEON"}})},
            "/bad_parameter": {"get": operation(parameters=[{"name": "q", "in": "query", "type": "strong"}])},
            "/twice": {"get": operation(operationId="good")},
            "/odd path": {"get": operation()},
        }
    )
    answer = import_swagger(workbench, group_id, document)
    assert [row["Path"] for row in rows(answer, "Success")] == ["/good"]
    failed = {row["Path"]: row["ErrorMsg"] for row in rows(answer, "Failed")}
    assert "backend is required" in failed["/no_backend"] and "CARRIER_PIGEON" in failed["/bad_backend"]
    assert "strong" in failed["/bad_parameter"] and "RepeatedApiName" in failed["/twice"]
    assert "RequestPath" in failed["/odd path"]
    assert names(workbench, group_id) == ["good"]


def test_an_api_that_is_there_is_replaced_only_when_that_is_asked_for(workbench: Workbench) -> None:
    group_id = workbench.group()
    document = swagger(**{"/a/{id}": {"get": operation(operationId="a", description="old")}})
    (made,) = rows(import_swagger(workbench, group_id, document), "Success")
    document["paths"]["/a/{id}"]["get"]["description"] = "new"
    again = import_swagger(workbench, group_id, document)
    assert rows(again, "Success") == [] and "Overwrite" in rows(again, "Failed")[0]["ErrorMsg"]
    (replaced,) = rows(import_swagger(workbench, group_id, document, Overwrite="true"), "Success")
    assert (replaced["ApiUid"], replaced["ApiOperation"]) == (made["ApiUid"], "MODIFY")
    assert workbench.call("DescribeApi", ApiId=made["ApiUid"])["Description"] == "new"


def test_a_dry_run_says_what_would_happen_and_leaves_nothing(workbench: Workbench) -> None:
    group_id = workbench.group()
    document = pet_shop()
    given = {"DataFormat": "json", "Overwrite": "false"}
    dry = workbench.call("DryRunSwagger", GroupId=group_id, Data=text(document), **given)
    flag = import_swagger(workbench, group_id, document, DryRun="true")
    assert names(workbench, group_id) == []
    assert workbench.call("DescribeModels", GroupId=group_id)["TotalCount"] == 0
    assert [row["HttpMethod"] for row in rows(dry, "Success")] == ["GET", "PUT", "ANY"]
    assert json.loads(rows(dry, "Success")[0]["ApiSwagger"])["operationId"] == "getPet"
    assert len(rows(flag, "Success")) == 3 and "ApiUid" not in rows(dry, "Success")[0]


def test_import_oas_checks_first_and_imports_nothing_when_something_is_wrong(workbench: Workbench) -> None:
    group_id = workbench.group()
    warned = text(pet_shop())
    checked = workbench.call("ImportOAS", GroupId=group_id, Data=warned, Overwrite="true")
    assert checked["WarningMessages"]["WarningMessage"] and "OperationId" not in checked
    assert len(rows(checked, "SuccessApis")) == 3 and names(workbench, group_id) == []
    broken = text(swagger(**{"/a": {"get": operation()}, "/b": {"get": {}}}))
    failed = workbench.call("ImportOAS", GroupId=group_id, Data=broken, Overwrite="true", IgnoreWarning="true")
    assert rows(failed, "FailedApis")[0]["Path"] == "/b" and names(workbench, group_id) == []
    done = workbench.call("ImportOAS", GroupId=group_id, Data=warned, Overwrite="true", IgnoreWarning="true")
    report = workbench.call("DescribeImportOASTask", OperationId=done["OperationId"])
    assert report["TaskStatus"] == "Finished"
    assert [(row["ApiName"], row["UpdateStatus"]) for row in rows(report, "ApiResults")] == [
        ("getPet", "OVER"),
        ("putPet", "OVER"),
        ("any_any", "OVER"),
    ]
    assert rows(report, "ModelResults")[0]["ModelName"] == "Pet"
    assert workbench.refused("DescribeImportOASTask", OperationId="0" * 32).code == "NotFoundOperation"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("{", "not JSON"),
        ("a: b: c", "not YAML"),
        ("- a", "must be an object"),
        ("[" * 100_000, "nested deeper"),
        ("a: &a [*a]", "nested deeper"),
        ("a: &a [x,x,x,x,x,x,x,x]\n" + "".join(f"{c}: &{c} [{','.join('*' + p for _ in range(9))}]\n" for p, c in zip("abcdefg", "bcdefgh", strict=True)), "more than"),
        ("a: !!python/name:os.system x", "not YAML"),
        ("hello: world", "swagger"),
        ('{"swagger":"1.2"}', "swagger"),
        ('{"openapi":"2.0"}', "swagger"),
        ('{"swagger":"2.0","paths":[]}', "paths"),
        (text(swagger(**{"/a": {"$ref": "file:///etc/passwd"}})), "refers to"),
        (text(swagger(**{"/a": {"get": {"responses": {"200": {"$ref": "http://127.0.0.1/x"}}}}})), "refers to"),
        ("http://127.0.0.1/document.json", "address"),
    ],
)  # fmt: skip
def test_a_hostile_document_is_refused_at_once(workbench: Workbench, data: str, says: str) -> None:
    group_id = workbench.group()
    started = time.monotonic()
    refused = workbench.refused("ImportOAS", GroupId=group_id, Data=data, Overwrite="true", SkipDryRun="true")
    assert (refused.code, refused.status) == ("InvalidData", 400) and says in refused.message
    assert time.monotonic() - started < 5 and len(refused.message) < 2000


@pytest.mark.parametrize(
    "item",
    [
        [],
        {"get": []},
        {"get": None},
        {"get": {**operation(), "parameters": {"a": 1}}},
        {"get": {**operation(), "parameters": [None, 7, {"$ref": "#/nowhere"}, {"name": {}, "in": []}]}},
        {
            "get": {
                **operation(),
                "parameters": [{"name": "q", "in": "query", "type": ["string"], "format": {}, "enum": {}}],
            }
        },
        {"get": {**operation(), "responses": {"200": {"schema": {"$ref": "#/definitions/~"}}, "404": [], "x-y": 1}}},
        {"get": {**operation(), "schemes": [[], {}]}},
        {"get": operation(**{KEY + "backend": "HTTP"})},
        {"get": operation(**{KEY + "backend": {"type": [], "path": {}, "method": 7, "timeout": "x"}})},
        {"get": operation(**{KEY + "backend": {"type": "MOCK", "mockHeaders": {"a": 1}, "mockResult": {"a": []}}})},
        {"get": operation(**{KEY + "request-config": [], KEY + "request-parameters": "x", KEY + "auth-type": {}})},
        {"get": operation(**{KEY + "constant-parameters": [7, {"location": []}], KEY + "result-config": 7})},
        {"get": operation(**{KEY + "disable-internet": "perhaps", KEY + "api-name": {"a": 1}})},
        {"$ref": "#/paths/~1a"},
    ],
)
def test_any_shape_inside_a_document_gets_an_answer(workbench: Workbench, item: Any) -> None:
    document = swagger(**{"/a": item})
    answer = workbench.call(
        "ImportSwagger", GroupId=workbench.group(), Data=text(document), DataFormat="json", Overwrite="true"
    )
    assert set(answer) >= {"Success", "Failed"}


def test_the_stated_version_must_be_the_documents(workbench: Workbench) -> None:
    group_id = workbench.group()
    data = text(swagger(**{"/a": {"get": operation()}}))
    for stated in ("OAS3", "OAS4"):
        refused = workbench.refused("ImportOAS", GroupId=group_id, Data=data, Overwrite="true", OASVersion=stated)
        assert refused.code == "InvalidOASVersion"
    third = text({"openapi": "3.0.0", "info": {"title": "t", "version": "1"}, "paths": {}})
    given = {"DataFormat": "json", "Overwrite": "true"}
    assert "ImportOAS" in workbench.refused("ImportSwagger", GroupId=group_id, Data=third, **given).message


def test_five_hundred_paths_take_less_than_five_seconds_of_the_processor(workbench: Workbench) -> None:
    group_id = workbench.group()
    object.__setattr__(workbench.settings, "apis_per_group_limit", 1000)
    paths = {f"/things/{number}/{{id}}": {"get": operation(operationId=f"thing_{number}")} for number in range(500)}
    started = time.process_time()
    given = {"Overwrite": "false", "IgnoreWarning": "true", "SkipDryRun": "true"}
    answer = workbench.call("ImportOAS", GroupId=group_id, Data=text(swagger(**paths)), **given)
    workbench.go_on()
    assert time.process_time() - started < 5
    assert len(rows(answer, "SuccessApis")) + len(rows(answer, "FailedApis")) == 500
    # What becomes of each path is told at once, and what became of it afterwards.
    task = workbench.call("DescribeImportOASTask", OperationId=answer["OperationId"])
    told = [one["ApiId"] for one in rows(task, "ApiResults") if one.get("ApiId")]
    assert task["TaskStatus"] == "Finished" and len(set(told)) == len(rows(answer, "SuccessApis")) == 500


def test_an_import_onto_a_backend_object_calls_the_same_paths_there(workbench: Workbench) -> None:
    backend_id = workbench.call("CreateBackend", BackendName="pets", BackendType="HTTP")["BackendId"]
    data = json.dumps({"ServiceAddress": "http://10.0.0.1:80/v1"})
    workbench.call("CreateBackendModel", BackendId=backend_id, StageName="RELEASE", BackendModelData=data)
    parameters = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    get = {"parameters": parameters, "responses": {"200": {"description": "ok"}}}
    document = {"openapi": "3.0.0", "info": {"title": "t", "version": "1"}, "paths": {"/pets/{id}": {"get": get}}}
    place = {"GroupId": workbench.group(), "Data": text(document), "SkipDryRun": "true", "Overwrite": "true"}
    place.update({"OASVersion": "OAS3", "AuthType": "ANONYMOUS", "RequestMode": "PASSTHROUGH"})
    answer = workbench.call("ImportOAS", BackendName="pets", **place)
    assert answer["ErrorMessages"] == {"ErrorMessage": []}
    (made,) = rows(answer, "SuccessApis")
    workbench.call("DeployApi", ApiId=made["ApiId"], StageName="RELEASE")
    (edition,) = workbench.editions().values()
    assert (edition["backend"]["target"]["host"], edition["backend"]["path"]) == ("10.0.0.1", "/v1/pets/[id]")
    assert workbench.refused("ImportOAS", BackendName="nobody", **place).code == "NotFoundBackend"


def test_an_import_of_many_paths_takes_few_statements(workbench: Workbench) -> None:
    """On a database elsewhere each is a way there and back."""
    group_id = workbench.group()
    paths = {f"/things/{number}": {"get": operation(operationId=f"thing_{number}")} for number in range(20)}
    seen: list[str] = []
    event.listen(workbench.store._engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    given = {"IgnoreWarning": "true", "GroupId": group_id, "Data": text(swagger(**paths))}
    assert len(rows(workbench.call("ImportOAS", Overwrite="false", **given), "SuccessApis")) == 20
    assert len(seen) < 20
    again = rows(workbench.call("ImportOAS", Overwrite="true", **given), "SuccessApis")
    assert {one["ApiOperation"] for one in again} == {"MODIFY"}
    assert len(seen) < 40
    shown = workbench.call("DescribeApi", ApiId=again[0]["ApiId"])
    assert shown["DraftRevision"] == 2


def test_a_document_may_take_a_name_that_it_gives_up_elsewhere(workbench: Workbench) -> None:
    group_id = workbench.group()
    first = swagger(**{"/a": {"get": operation(operationId="alpha")}})
    import_swagger(workbench, group_id, first)
    second = {"/a": {"get": operation(operationId="beta")}, "/b": {"get": operation(operationId="alpha")}}
    answer = import_swagger(workbench, group_id, swagger(**second), Overwrite="true")
    assert rows(answer, "Failed") == [] and names(workbench, group_id) == ["alpha", "beta"]
    third = {"/c": {"get": operation(operationId="beta")}, "/d": {"get": operation(operationId="gamma")}}
    (failed,) = rows(import_swagger(workbench, group_id, swagger(**third)), "Failed")
    assert failed["Path"] == "/c" and "RepeatedApiName" in failed["ErrorMsg"]
    assert names(workbench, group_id) == ["alpha", "beta", "gamma"]


def test_a_dry_run_writes_nothing_and_a_full_group_takes_what_fits(workbench: Workbench) -> None:
    group_id = workbench.group()
    object.__setattr__(workbench.settings, "apis_per_group_limit", 2)
    paths = {f"/things/{number}": {"get": operation(operationId=f"thing_{number}")} for number in range(3)}
    for more in ({"DryRun": "true"}, {}):
        assert names(workbench, group_id) == []
        answer = import_swagger(workbench, group_id, swagger(**paths), **more)
        (failed,) = rows(answer, "Failed")
        assert "ExceedLimitApi" in failed["ErrorMsg"] and len(rows(answer, "Success")) == 2
    assert names(workbench, group_id) == ["thing_0", "thing_1"]
