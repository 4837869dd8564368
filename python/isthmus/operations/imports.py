"""Operations that make APIs from an OpenAPI document: each of its operations becomes a draft, each schema a model.

`isthmus.openapi` reads the document; `document_draft.py` turns one operation into a draft by the rules of creating an API. Each
is decided on its own: one that cannot be imported is reported and keeps no other from it. A dry run decides the same and
writes nothing, so it says exactly what the import would do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from isthmus import errors
from isthmus.errors import ApiError, Problem
from isthmus.openapi import keys
from isthmus.openapi.check import check_references, document_version, find_findings
from isthmus.openapi.operations import Read, read_operations
from isthmus.openapi.text import read_document
from isthmus.operations.backends import require_backend_by_name
from isthmus.operations.call import Call
from isthmus.operations.document_draft import draft_from_document, with_request_route
from isthmus.operations.document_models import SchemaResult, import_models, link_models
from isthmus.operations.draft_batch import DraftBatch
from isthmus.operations.groups import require_group
from isthmus.operations.import_tasks import FAILED, OVER, add_finished, start_import

# Operations of a document that is imported before the call is answered.
_AT_ONCE = 100
_BACKEND_ID = f"{keys.PREFIX}backend-id"


@dataclass
class _Outcome:
    """What became of one operation of the document."""

    read: Read
    api_id: str | None = None
    api_name: str | None = None
    # CREATE or MODIFY.
    done: str | None = None
    error: str | None = None


@dataclass(frozen=True)
class _Reading:
    """A document, read; the same for a dry run and for what follows it."""

    document: dict[str, Any]
    operations: list[Read]
    warnings: list[str]
    # The import names a backend object.
    is_on_backend: bool


@dataclass
class _Import:
    apis: list[_Outcome] = field(default_factory=list)
    models: list[SchemaResult] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def has_failures(self) -> bool:
        return any(one.error for one in self.apis) or any(one.error for one in self.models)


def import_swagger(call: Call, params: Any) -> Mapping[str, Any]:
    reading = _read(_swagger(params), _conditions(params))
    done = _dry_run(call, params, reading) if params.dry_run else _import(call, params, reading)
    return {**_swagger_answer(done), "success": [_success(one) for one in done.apis if not one.error]}


def dry_run_swagger(call: Call, params: Any) -> Mapping[str, Any]:
    done = _dry_run(call, params, _read(_swagger(params), _conditions(params)))
    rows = [
        {
            **_success(one),
            "api_uid": one.api_id if one.done == "MODIFY" else None,
            "api_swagger": json.dumps(one.read.operation, ensure_ascii=False),
        }
        for one in done.apis
        if not one.error
    ]
    condition = json.dumps(params.global_condition) if params.global_condition else None
    return {**_swagger_answer(done), "success": rows, "global_condition": condition}


def import_oas(call: Call, params: Any) -> Mapping[str, Any]:
    """Checks first unless `SkipDryRun` is set: then nothing is imported when anything fails, or is warned about.

    A long document is imported when the call has been answered: the answer tells what is to be expected.
    """
    document = _oas(params)
    defaults = {"auth-type": params.auth_type, "parameter-handling": params.request_mode}
    if params.backend_name:
        backend = require_backend_by_name(call.transaction, params.backend_name)
        defaults.update({"backend-enable": "true", "backend-id": backend.backend_id})
    given = {keys.PREFIX + key: value for key, value in defaults.items() if value}
    reading = _read(document, given)
    tried = None
    if not params.skip_dry_run:
        tried = _dry_run(call, params, reading)
        if tried.has_failures or (tried.warnings and not params.ignore_warning):
            return _oas_answer(_without_new_ids(tried), None)
    if len(reading.operations) <= _AT_ONCE:
        done = _import(call, params, reading)
        rows = [_task_row(one, params.group_id) for one in done.apis]
        models = [_model_row(one, params.group_id) for one in done.models]
        return _oas_answer(done, add_finished(call.transaction, rows, models))
    tried = tried or _dry_run(call, params, reading)
    waiting = [_task_row(one, params.group_id) for one in tried.apis]
    importer = _Importer(params.group_id, bool(params.overwrite), reading)
    return _oas_answer(_without_new_ids(tried), start_import(call, waiting, importer))


class _Importer:
    """Imports a document that was read, part by part."""

    def __init__(self, group_id: str, overwrite: bool, reading: _Reading) -> None:
        self._group_id = group_id
        self._overwrite = overwrite
        self._reading = reading
        self._references: dict[str, str] = {}

    def models(self, call: Call) -> list[dict[str, Any]]:
        require_group(call.transaction, self._group_id)
        models, _ = import_models(call.transaction, self._group_id, self._reading.document, self._overwrite)
        self._references = _references(models)
        return [_model_row(one, self._group_id) for one in models]

    def apis(self, call: Call, start: int, end: int) -> list[dict[str, Any]]:
        require_group(call.transaction, self._group_id)
        batch = DraftBatch(call, self._group_id)
        reads = self._reading.operations[start:end]
        done = [_import_one(batch, self._overwrite, self._reading, read, self._references) for read in reads]
        batch.write()
        return [_task_row(one, self._group_id) for one in done]


def _without_new_ids(tried: _Import) -> _Import:
    """What a dry run made is gone, so its ids name nothing."""
    apis = [replace(one, api_id=one.api_id if one.done == "MODIFY" else None) for one in tried.apis]
    return replace(tried, apis=apis)


def _swagger(params: Any) -> dict[str, Any]:
    document = read_document(params.data, params.data_format)
    if document_version(document) != "2.0":
        raise errors.invalid([Problem("Data", "is OpenAPI 3; import it with ImportOAS.")])
    return document


def _oas(params: Any) -> dict[str, Any]:
    if params.data.lstrip()[:8].lower().startswith(("http://", "https:/")):
        raise errors.invalid([Problem("Data", "is an address; send the document itself.")])
    document = read_document(params.data, None)
    version = document_version(document)
    stated = (params.oas_version or "").strip().upper()
    if stated not in ("", "OAS2", "OAS3"):
        raise errors.invalid([Problem("OASVersion", f"{stated[:20]!r} is neither OAS2 nor OAS3.")])
    if stated and (stated == "OAS2") != (version == "2.0"):
        raise errors.invalid([Problem("OASVersion", f"is {stated}, but the document is OpenAPI {version}.")])
    return document


def _conditions(params: Any) -> dict[str, Any]:
    """`GlobalCondition`: extension keys, whose values are JSON texts or values."""
    found = {}
    for key, value in (params.global_condition or {}).items():
        try:
            found[key] = json.loads(value) if isinstance(value, str) and value[:1] in "{[" else value
        except (ValueError, RecursionError) as error:
            raise errors.invalid([Problem(f"GlobalCondition.{key[:60]}", f"is not JSON: {error}.")]) from error
    return found


def _read(document: dict[str, Any], defaults: Mapping[str, Any]) -> _Reading:
    """Raises: ApiError when the document refers to what is not in it."""
    check_references(document)
    version = document_version(document)
    findings = find_findings(document, version)
    warnings = [f"{key} is not understood." for key in keys.unknown_keys(document, keys.OPERATION_KEYS)]
    read = read_operations(document, version, defaults)
    for one in read:
        one.problems[:0] = findings.by_operation.get((one.path, keys.member_of(one.method, version)), [])
    return _Reading(document, read, [*findings.elsewhere, *warnings], _BACKEND_ID in defaults)


def _import(call: Call, params: Any, reading: _Reading) -> _Import:
    done, batch = _decide(call, params, reading)
    batch.write()
    return done


def _dry_run(call: Call, params: Any, reading: _Reading) -> _Import:
    """Drafts are not written; models are, and are taken back. They are in no plan record, so rows are all there is."""
    savepoint = call.transaction.connection.begin_nested()
    try:
        return _decide(call, params, reading)[0]
    finally:
        savepoint.rollback()


def _decide(call: Call, params: Any, reading: _Reading) -> tuple[_Import, DraftBatch]:
    require_group(call.transaction, params.group_id)
    overwrite = bool(params.overwrite)
    done = _Import(warnings=list(reading.warnings))
    done.models, skipped = import_models(call.transaction, params.group_id, reading.document, overwrite)
    done.warnings += skipped
    references = _references(done.models)
    batch = DraftBatch(call, params.group_id)
    for read in reading.operations:
        done.apis.append(_import_one(batch, overwrite, reading, read, references))
        done.warnings += [f"{read.method} {read.path}: {warning}" for warning in read.warnings]
    return done, batch


def _references(models: list[SchemaResult]) -> dict[str, str]:
    return {one.name: one.reference for one in models if one.reference}


def _import_one(
    batch: DraftBatch, overwrite: bool, reading: _Reading, read: Read, references: Mapping[str, str]
) -> _Outcome:
    outcome = _Outcome(read)
    if read.problems:
        outcome.error = " ".join(read.problems[:20])
        return outcome
    try:
        draft = link_models(draft_from_document(read.given), references)
        draft = with_request_route(draft) if reading.is_on_backend else draft
        outcome.api_name = draft.api_name
        present = batch.find(draft)
        if present is not None and not overwrite:
            text = f"The API {present.name} has {draft.method} {draft.path} already; send Overwrite to replace it."
            raise errors.repeated("RequestPath", text)
        if present is not None:
            batch.change(present, draft)
            outcome.api_id, outcome.done = present.api_id, "MODIFY"
        else:
            outcome.api_id, outcome.done = batch.add(draft), "CREATE"
    except ApiError as error:
        outcome.error = f"{error.code}: {error.message}"
    return outcome


def _success(one: _Outcome) -> dict[str, Any]:
    return {
        "path": one.read.path,
        "http_method": one.read.method,
        "api_uid": one.api_id,
        "api_operation": one.done,
    }


def _failed(one: _Outcome) -> dict[str, Any]:
    return {"path": one.read.path, "http_method": one.read.method, "error_msg": one.error}


def _model_success(one: SchemaResult) -> dict[str, Any]:
    return {
        "group_id": one.group_id,
        "model_name": one.name,
        "model_uid": one.model_id,
        "model_operation": one.done,
    }


def _model_failed(one: SchemaResult) -> dict[str, Any]:
    return {"group_id": one.group_id, "model_name": one.name, "error_msg": one.error}


def _swagger_answer(done: _Import) -> dict[str, Any]:
    return {
        "failed": [_failed(one) for one in done.apis if one.error],
        "model_success": [_model_success(one) for one in done.models if not one.error],
        "model_failed": [_model_failed(one) for one in done.models if one.error],
        "warning_messages": done.warnings,
    }


def _oas_answer(done: _Import, operation_id: str | None) -> dict[str, Any]:
    succeeded = [{**_success(one), "api_id": one.api_id} for one in done.apis if not one.error]
    for row in succeeded:
        del row["api_uid"]
    return {
        "operation_id": operation_id,
        "success_apis": succeeded,
        "failed_apis": [_failed(one) for one in done.apis if one.error],
        "success_models": [_model_success(one) for one in done.models if not one.error],
        "failed_models": [_model_failed(one) for one in done.models if one.error],
        "warning_messages": done.warnings,
        "error_messages": [f"{one.read.method} {one.read.path}: {one.error}" for one in done.apis if one.error],
    }


def _task_row(one: _Outcome, group_id: str) -> dict[str, Any]:
    return {
        "api_id": one.api_id,
        "api_name": one.api_name,
        "description": str(one.read.given.get("description") or ""),
        "group_id": group_id,
        "method": one.read.method,
        "path": one.read.path,
        "error_message": one.error,
        "update_status": FAILED if one.error else OVER,
    }


def _model_row(one: SchemaResult, group_id: str) -> dict[str, Any]:
    return {
        "group_id": group_id,
        "model_id": one.model_id,
        "model_name": one.name,
        "error_message": one.error,
        "update_status": FAILED if one.error else OVER,
    }
