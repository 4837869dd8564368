"""The definition of an API as a caller sends it: eleven JSON texts and some scalars, read into a `Draft`.

Called by `operations/apis.py`. `json_text.py` reads the texts, `parameter_split.py` moves constants and system
parameters into their lists, `definition_rules.py` says which values are allowed. Invariant: either a draft that the
store can keep and show again, or one error that lists every problem with its path.
"""

from __future__ import annotations

from typing import Any

from isthmus import errors
from isthmus.errors import Problem
from isthmus.model import (
    ConstantParameter,
    Draft,
    ErrorCodeSample,
    OpenIdConnectConfig,
    ParameterMapping,
    RequestConfig,
    RequestParameter,
    ResultDescription,
    ServiceConfig,
    ServiceParameter,
    SystemParameter,
)
from isthmus.operations.definition_rules import check_draft
from isthmus.operations.fields import name_problems, text_problems
from isthmus.operations.json_text import JsonReader
from isthmus.operations.parameter_split import split_parameters

# The vendor's limits, in bytes.
_LONGEST_SAMPLE = 32 * 1024
_LONGEST_FAIL_SAMPLE = 16 * 1024
_LONGEST_MODEL = 64 * 1024


def read_draft(params: Any, before: Draft | None = None) -> Draft:
    """The whole definition; `before` gives only the flags that keep their value when they are absent.

    Raises: ApiError.
    """
    reader = JsonReader()
    reader.problems += name_problems("ApiName", params.api_name, 50)
    reader.problems += text_problems("Description", params.description, 180)
    read = Draft(
        api_name=params.api_name,
        **_scalars(params),
        **_flags(params, before or Draft()),
        request_config=reader.read_object("RequestConfig", params.request_config, RequestConfig) or RequestConfig(),
        service_config=reader.read_object("ServiceConfig", params.service_config, ServiceConfig) or ServiceConfig(),
        request_parameters=reader.read_list("RequestParameters", params.request_parameters, RequestParameter),
        service_parameters=reader.read_list("ServiceParameters", params.service_parameters, ServiceParameter),
        service_parameters_map=reader.read_list(
            "ServiceParametersMap", params.service_parameters_map, ParameterMapping
        ),
        constant_parameters=reader.read_list("ConstantParameters", params.constant_parameters, ConstantParameter),
        system_parameters=reader.read_list("SystemParameters", params.system_parameters, SystemParameter),
        open_id_connect_config=reader.read_object(
            "OpenIdConnectConfig", params.open_id_connect_config, OpenIdConnectConfig
        ),
        error_code_samples=reader.read_list("ErrorCodeSamples", params.error_code_samples, ErrorCodeSample),
        result_descriptions=reader.read_list("ResultDescriptions", params.result_descriptions, ResultDescription),
    )
    return finish_draft(reader, read)


def finish_draft(reader: JsonReader, read: Draft) -> Draft:
    """What was read, with constants and system parameters in their own lists, and found to have allowed values.

    Raises: ApiError, with what the reader had to say as well.
    """
    for parameter, text, longest in (
        ("ResultSample", read.result_sample, _LONGEST_SAMPLE),
        ("FailResultSample", read.fail_result_sample, _LONGEST_FAIL_SAMPLE),
        ("ResultBodyModel", read.result_body_model, _LONGEST_MODEL),
    ):
        _check_sample(reader, parameter, text, longest)
    draft, problems = split_parameters(read)
    reader.problems += problems
    unread = list(reader.problems)
    check_draft(reader, draft)
    # A text that could not be read leaves gaps, about which more complaints would only confuse.
    gaps = {_whole(problem) for problem in unread}
    problems = unread + [problem for problem in reader.problems[len(unread) :] if _whole(problem) not in gaps]
    if problems:
        raise errors.invalid(problems)
    return draft


def _whole(problem: Problem) -> str:
    """The parameter in which a problem lies, without the path inside it."""
    return problem.parameter.split(".")[0].split("[")[0]


def _scalars(params: Any) -> dict[str, Any]:
    given = {
        "description": params.description,
        "visibility": params.visibility,
        "auth_type": params.auth_type,
        "app_code_auth_type": params.app_code_auth_type,
        "allow_signature_method": params.allow_signature_method,
        "web_socket_api_type": params.web_socket_api_type,
        "backend_id": params.backend_id,
        "result_type": params.result_type,
        "result_sample": params.result_sample,
        "fail_result_sample": params.fail_result_sample,
        "result_body_model": params.result_body_model,
    }
    return {name: value for name, value in given.items() if value not in (None, "")}


def _flags(params: Any, before: Draft) -> dict[str, Any]:
    given = {
        "force_nonce_check": params.force_nonce_check,
        "disable_internet": params.disable_internet,
    }
    flags = {name: getattr(before, name) if value is None else value for name, value in given.items()}
    # Belongs to BackendId, which is replaced as well.
    return {**flags, "backend_enable": bool(params.backend_enable)}


def _check_sample(reader: JsonReader, parameter: str, text: str | None, longest: int) -> None:
    if text is None:
        return
    if len(text.encode(errors="replace")) > longest:
        reader.report(parameter, f"is longer than {longest} bytes.")
    reader.check_text(parameter, text)
