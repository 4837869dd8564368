"""Operations on stage variables: what `#Name#` stands for in backend addresses, backend paths and VPC access names.

A variable is binding state: each write puts the plan record of its stage, so published APIs follow at once. A routed
variable (`StageRouteModel`, deprecated by the vendor) takes its value from a parameter of the request, but only ever
one of the results that its rules name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from isthmus import errors
from isthmus.errors import Problem
from isthmus.model import to_document
from isthmus.operations.call import Call
from isthmus.operations.fields import raise_problems, text_problems
from isthmus.operations.groups import require_group
from isthmus.operations.json_text import JsonReader
from isthmus.operations.stages import require_stage_by_id
from isthmus.publish.bindings import stage_variables_record
from isthmus.store import Transaction
from isthmus.store.groups import Stage
from isthmus.store.stage_variables import StageVariable, put_variable, remove_variable, variables_of_stage

# Source: vendor page "Limits": 64 variables in a stage.
_MOST_VARIABLES = 64
_MOST_RULES = 100
_LONGEST_VALUE = 1000
_NAME = re.compile(r"[A-Za-z0-9_]{1,50}")
_LOCATIONS = ("PATH", "QUERY", "HEAD")


@dataclass(frozen=True)
class RouteRule:
    condition_value: str | None = None
    result_value: str | None = None


@dataclass(frozen=True)
class StageRoute:
    parameter_catalog: str | None = None
    service_parameter_name: str | None = None
    location: str | None = None
    parameter_type: str | None = None
    route_match_symbol: str | None = None
    route_rules: tuple[RouteRule, ...] = ()


def create_api_stage_variable(call: Call, params: Any) -> Mapping[str, Any]:
    """Makes the variable or replaces it."""
    transaction = call.transaction
    stage = _stage(transaction, params)
    problems = text_problems("VariableValue", params.variable_value, _LONGEST_VALUE)
    if not _NAME.fullmatch(params.variable_name):
        text = f"{params.variable_name[:60]!r} must be 1 to 50 letters, digits and '_'; use it as #Name#."
        problems.append(Problem("VariableName", text))
    route = _route(params.stage_route_model, problems) if params.support_route else None
    if params.support_route and not params.stage_route_model:
        problems.append(Problem("StageRouteModel", "is required when SupportRoute is true."))
    if not params.support_route and params.variable_value is None:
        problems.append(Problem("VariableValue", "is required.", code="MissingVariableValue"))
    raise_problems(problems)
    known = [variable.name for variable in variables_of_stage(transaction, stage.stage_id)]
    if params.variable_name not in known and len(known) >= _MOST_VARIABLES:
        text = f"The stage {stage.name} has {len(known)} variables, which is the most; delete one first."
        raise errors.exceed_limit("StageVariable", text)
    document = to_document(route) if route is not None else None
    put_variable(
        transaction, StageVariable(stage.stage_id, params.variable_name, params.variable_value or "", document)
    )
    _put_record(transaction, stage)
    return {}


def delete_api_stage_variable(call: Call, params: Any) -> Mapping[str, Any]:
    stage = _stage(call.transaction, params)
    if not remove_variable(call.transaction, stage.stage_id, params.variable_name):
        text = f"The stage {stage.name} has no variable {params.variable_name[:60]}; names differ by case."
        raise errors.not_found("StageVariable", text)
    _put_record(call.transaction, stage)
    return {}


def _stage(transaction: Transaction, params: Any) -> Stage:
    return require_stage_by_id(transaction, require_group(transaction, params.group_id), params.stage_id)


def _put_record(transaction: Transaction, stage: Stage) -> None:
    record = stage_variables_record(stage, variables_of_stage(transaction, stage.stage_id))
    transaction.records.put(*record)


def _route(text: str | None, problems: list[Problem]) -> StageRoute | None:
    reader = JsonReader()
    route = reader.read_object("StageRouteModel", text, StageRoute)
    problems += reader.problems
    if route is None or reader.problems:
        return None
    wanted = (
        ("ParameterCatalog", (route.parameter_catalog or "CUSTOM").upper(), ("CUSTOM",)),
        ("Location", (route.location or "").upper(), _LOCATIONS),
        ("RouteMatchSymbol", (route.route_match_symbol or "IN").upper(), ("IN",)),
    )
    for name, value, allowed in wanted:
        if value not in allowed:
            text = f"{value[:40]!r} is not one of {', '.join(allowed)}."
            problems.append(Problem(f"StageRouteModel.{name}", text))
    if not (route.service_parameter_name or "").strip():
        problems.append(Problem("StageRouteModel.ServiceParameterName", "is required."))
    if not 1 <= len(route.route_rules) <= _MOST_RULES:
        problems.append(Problem("StageRouteModel.RouteRules", f"must have 1 to {_MOST_RULES} rules."))
    for index, rule in enumerate(route.route_rules[:_MOST_RULES]):
        place = f"StageRouteModel.RouteRules[{index}]"
        if not (rule.condition_value or "").strip(" ,"):
            problems.append(Problem(f"{place}.ConditionValue", "is required: values, separated by commas."))
        if rule.result_value is None:
            problems.append(Problem(f"{place}.ResultValue", "is required."))
        problems += text_problems(f"{place}.ResultValue", rule.result_value, _LONGEST_VALUE)
    return replace(route, location=(route.location or "").upper())
