"""Saved is not live: how each draft differs from what runs, and any two versions from each other.

Asked by the console and by `isthmus`; `DescribeOverview` lists from here too, so that they never disagree. Whether a
publish would change anything is decided by publishing on paper: the same steps as in `deploys.py`, and the hash of the
compiled edition.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from isthmus import errors
from isthmus.difference import Difference, differences
from isthmus.errors import ApiError
from isthmus.operations.apis import require_api
from isthmus.operations.call import Call
from isthmus.operations.deploys import prepare_release
from isthmus.operations.fields import MOST_IDS, read_ids
from isthmus.operations.groups import require_group
from isthmus.operations.paging import page_fields, page_of
from isthmus.operations.times import utc_text
from isthmus.store import Transaction
from isthmus.store.apis import Api, ApiFilter, edited_since_publish, list_apis
from isthmus.store.audit import last_change_of
from isthmus.store.editions import EditionRow, editions_online, find_edition, find_online
from isthmus.store.selection import Page

# A publish would change: nothing; only what documentation shows; what callers or backends get; it would be refused.
SAME, DOCUMENTATION, BEHAVIOUR, UNPUBLISHABLE = "SAME", "DOCUMENTATION", "BEHAVIOUR", "UNPUBLISHABLE"

# Where callers may notice a change: these fields and what is inside them.
_NOTICED = (
    "AllowSignatureMethod",
    "AppCodeAuthType",
    "AuthType",
    "DisableInternet",
    "Edition.Path",
    "ForceNonceCheck",
    "OpenIdConnectConfig",
    "RequestConfig.BodyFormat",
    "RequestConfig.RequestHttpMethod",
    "RequestConfig.RequestMode",
    "RequestConfig.RequestPath",
    "RequestConfig.RequestProtocol",
    "RequestParameters",
    "ServiceConfig.Mock",
    "WebSocketApiType",
)
_DOCUMENTATION_OF_PARAMETERS = (".DemoValue", ".Description", ".DocOrder", ".DocShow")
_LARGEST_SCAN = 1000


class StageDrift(NamedTuple):
    edition: EditionRow
    state: str
    reason: str
    differences: list[Difference]


def describe_drift(call: Call, params: Any) -> Mapping[str, Any]:
    """By group, by ids, or of every API; with `DriftedOnly` only those that a publish would change somewhere."""
    transaction, page = call.transaction, page_of(params)
    stage = params.stage_name.upper() if params.stage_name else None
    if params.group_id:
        require_group(transaction, params.group_id)
    if params.api_ids:
        found = [require_api(transaction, one, params.group_id) for one in read_ids("ApiIds", params.api_ids)]
        page = Page(1, MOST_IDS)
        apis, total = found, len(found)
    elif params.drifted_only:
        drifted = drifted_apis(transaction, params.group_id, stage)
        start = (page.number - 1) * page.size
        apis, total = [api for api, _ in drifted[start : start + page.size]], len(drifted)
    else:
        listed = list_apis(transaction, ApiFilter(group_id=params.group_id), page)
        apis, total = [one.api for one in listed.apis], listed.total
    return {"drift": [_row(transaction, api, stage) for api in apis], **page_fields(page, total)}


def compare_api_versions(call: Call, params: Any) -> Mapping[str, Any]:
    """Without a version: what is live in the stage; without a second stage and version: the draft."""
    transaction = call.transaction
    api = require_api(transaction, params.api_id, params.group_id)
    stage = params.stage_name.upper()
    before = _version(transaction, api, stage, params.history_version)
    other_stage = params.other_stage_name.upper() if params.other_stage_name else stage
    is_draft = not params.other_stage_name and not params.other_history_version
    other = None if is_draft else _version(transaction, api, other_stage, params.other_history_version)
    after = _draft_as_published(transaction, api, stage) if other is None else other.definition
    found = differences(json.loads(before.definition), json.loads(after))
    return {
        "api_id": api.api_id,
        "stage_name": stage,
        "history_version": before.version,
        "other_stage_name": None if other is None else other_stage,
        "other_history_version": None if other is None else other.version,
        "differences": show_differences(found),
    }


def drifted_apis(
    transaction: Transaction, group_id: str | None, stage: str | None
) -> list[tuple[Api, list[StageDrift]]]:
    """APIs that a publish would change, of those whose draft was edited after the publish; newest edit first."""
    found = []
    for api in edited_since_publish(transaction, group_id, _LARGEST_SCAN):
        drifts = [one for one in drift_of(transaction, api, stage) if one.state != SAME]
        if drifts:
            found.append((api, drifts))
    return found


def drift_of(transaction: Transaction, api: Api, stage: str | None = None) -> list[StageDrift]:
    """One entry for each stage in which the API runs."""
    running = editions_online(transaction, api.api_id)
    return [_stage_drift(transaction, api, edition) for edition in running if stage in (None, edition.stage)]


def show_differences(found: Sequence[Difference]) -> list[dict[str, Any]]:
    return [{**one._asdict(), "callers_notice": callers_notice(one.path)} for one in found]


def callers_notice(path: str) -> bool:
    """Whether somebody who calls the API may have to change something, or sees another answer."""
    if path.startswith("RequestParameters") and path.endswith(_DOCUMENTATION_OF_PARAMETERS):
        return False
    return path.startswith(_NOTICED)


def _stage_drift(transaction: Transaction, api: Api, edition: EditionRow) -> StageDrift:
    live = json.loads(edition.definition)
    try:
        released = prepare_release(transaction, api, edition.stage, api.definition, edition.version)
    except ApiError as error:
        found = differences(live, json.loads(api.definition))
        return StageDrift(edition, UNPUBLISHABLE, error.message, found)
    found = differences(live, json.loads(released.definition))
    if released.content_hash == edition.content_hash:
        return StageDrift(edition, DOCUMENTATION if found else SAME, "", found)
    if found:
        return StageDrift(edition, BEHAVIOUR, "", found)
    reason = "The draft is as it was published, but what it refers to is not (base path, VPC access), or the gateway is newer."
    return StageDrift(edition, BEHAVIOUR, reason, differences({"edition": edition.body}, {"edition": released.body}))


def _row(transaction: Transaction, api: Api, stage: str | None) -> dict[str, Any]:
    changed = last_change_of(transaction, "draft", api.api_id)
    return {
        "api_id": api.api_id,
        "api_name": api.name,
        "group_id": api.group_id,
        "draft_revision": api.draft_revision,
        "modified_time": utc_text(api.modified_at),
        "modified_by": None if changed is None else changed.event.actor.name,
        "modified_through": None if changed is None else changed.event.actor.client,
        "stages": [_stage_row(one) for one in drift_of(transaction, api, stage)],
    }


def _stage_row(one: StageDrift) -> dict[str, Any]:
    return {
        "stage_name": one.edition.stage,
        "history_version": one.edition.version,
        "deployed_time": utc_text(one.edition.deployed_at),
        "drifted": one.state != SAME,
        "state": one.state,
        "reason": one.reason,
        "callers_notice": any(callers_notice(each.path) for each in one.differences),
        "differences": show_differences(one.differences),
    }


def _draft_as_published(transaction: Transaction, api: Api, stage: str) -> str:
    """With the names of what it refers to, as versions have them; as it is when it cannot be published."""
    try:
        return prepare_release(transaction, api, stage, api.definition, "").definition
    except ApiError:
        return api.definition


def _version(transaction: Transaction, api: Api, stage: str, version: str | None) -> EditionRow:
    edition = (
        find_edition(transaction, api.api_id, stage, version)
        if version
        else find_online(transaction, api.api_id, stage)
    )
    if edition is None:
        if version:
            text = f"The API {api.api_id} has no version {version[:40]} in {stage[:60]}."
            raise errors.not_found("HistoryVersion", text)
        raise errors.not_found("Stage", f"The API {api.api_id} is not deployed in {stage[:60]}.")
    return edition
