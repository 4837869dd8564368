"""The operation that writes APIs as an OpenAPI document: drafts, or what runs in a stage.

With extensions, a document imports again as the same drafts; without, it has what a caller may know. The answer is a
ZIP archive in Base64, as the vendor's.
"""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile
from collections.abc import Mapping
from typing import Any

from isthmus import errors
from isthmus.errors import ApiError, Problem
from isthmus.model import Draft, to_document
from isthmus.openapi.export import Document, Frame, add_operation, write_frame
from isthmus.openapi.operations import read_operations
from isthmus.openapi.text import write_document
from isthmus.operations.apis import draft_of, require_api
from isthmus.operations.call import Call
from isthmus.operations.document_draft import draft_from_document
from isthmus.operations.document_models import unlink_models
from isthmus.operations.fields import MOST_IDS
from isthmus.operations.groups import automatic_host_of, require_group
from isthmus.operations.models import model_ref
from isthmus.store.apis import Api, ApiFilter, list_apis
from isthmus.store.editions import find_online
from isthmus.store.groups import Group
from isthmus.store.models import models_of_group
from isthmus.store.selection import Page

# The vendor's limit of APIs in a group, so that one page has a whole group.
_PAGE_SIZE = 1000
_VERSIONS = {"OAS2": "2.0", "OAS3": "3.0"}
_FORMATS = {"": "json", "JSON": "json", "YAML": "yaml", "YML": "yaml"}


def export_oas(call: Call, params: Any) -> Mapping[str, Any]:
    version, form = _form(params)
    group, found = _wanted(call, params)
    drafts = [draft for draft in (_definition(call, api, params.stage_name) for api in found) if draft is not None]
    models = models_of_group(call.transaction, group.group_id)
    names = {model_ref(group.group_id, model.model_id): model.name for model in models}
    frame = Frame(
        title=group.name,
        base_path=group.base_path,
        host=automatic_host_of(call, group.group_id),
        version=version,
        models={model.name: json.loads(model.schema) for model in models},
        with_extensions=bool(params.with_x_extensions),
    )
    document = write_frame(frame)
    for draft in drafts:
        add_operation(document, frame, to_document(unlink_models(draft, names, version)), _reread(version))
    return {"data": _archive(group.name, form, write_document(document, form))}


def _reread(version: str) -> Any:
    def reread(_path: str, _method: str, document: dict[str, Any]) -> Document | None:
        (read,) = read_operations(document, version, {})
        try:
            return None if read.problems else to_document(draft_from_document(read.given))
        except ApiError:
            return None

    return reread


def _form(params: Any) -> tuple[str, str]:
    stated = (params.oas_version or "OAS2").strip().upper()
    form = (params.data_format or "").strip().upper()
    problems = []
    if stated not in _VERSIONS:
        problems.append(Problem("OasVersion", f"{stated[:20]!r} is neither oas2 nor oas3."))
    if form not in _FORMATS:
        problems.append(Problem("DataFormat", f"{form[:20]!r} is neither json nor yaml."))
    if problems:
        raise errors.invalid(problems)
    return _VERSIONS[stated], _FORMATS[form]


def _wanted(call: Call, params: Any) -> tuple[Group, list[Api]]:
    """One group's: a document has one base path."""
    transaction = call.transaction
    if params.api_id_list:
        ids = list(dict.fromkeys(params.api_id_list))
        if len(ids) > MOST_IDS:
            raise errors.invalid([Problem("ApiIdList", f"has {len(ids)} ids; send at most {MOST_IDS} in one call.")])
        found = [require_api(transaction, str(api_id), params.group_id) for api_id in ids]
        if len({api.group_id for api in found}) > 1:
            raise errors.invalid([Problem("ApiIdList", "names APIs of several groups; export one group at a time.")])
        return require_group(transaction, found[0].group_id), found
    if not params.group_id:
        raise errors.missing("GroupId", "Send GroupId or ApiIdList.")
    group = require_group(transaction, params.group_id)
    page = Page(max(1, params.page_number or 1), _PAGE_SIZE)
    return group, [one.api for one in list_apis(transaction, ApiFilter(group_id=group.group_id), page).apis]


def _definition(call: Call, api: Api, stage: str | None) -> Draft | None:
    if not stage:
        return draft_of(api.definition)
    edition = find_online(call.transaction, api.api_id, stage.upper())
    return None if edition is None else draft_of(edition.definition)


def _archive(name: str, form: str, text: str) -> str:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{re.sub('[^A-Za-z0-9_-]+', '_', name)}.{form}", text)
    return base64.b64encode(packed.getvalue()).decode()
