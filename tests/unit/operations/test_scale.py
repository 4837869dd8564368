"""Ten thousand APIs in two hundred groups: a page takes little more than the database itself needs for its rows."""

from __future__ import annotations

import json
import statistics
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from isthmus.model import Draft, RequestConfig, ServiceConfig, to_document
from isthmus.operations.instances import SHARED_INSTANCE
from isthmus.store import Transaction
from isthmus.store.groups import add_group
from isthmus.store.schema import apis, apps, editions, grants, tags
from sqlalchemy import event, insert
from workbench import Workbench, make_store, wanted_address

GROUPS, APIS = 200, 10_000
# The target is 50 ms on an idle machine; tests share theirs.
LIMIT = 0.25


def fill(workbench: Workbench) -> list[str]:
    """Half of the APIs run in RELEASE, every tenth is tagged."""
    draft = Draft(
        "name",
        request_config=RequestConfig("HTTP", "GET", "/a/[id]", "MAPPING", post_body_description="x" * 2000),
        service_config=ServiceConfig("HTTP", "http://10.0.0.1", "/a", "GET", 1000),
    )
    text = json.dumps(to_document(draft))
    edition = json.dumps({"snapshot": to_document(draft), "body": {"x": "y" * 2000}})
    with workbench.store.write() as transaction:
        groups = [add_group(transaction, f"group_{n}", "", "/", SHARED_INSTANCE).group_id for n in range(GROUPS)]
        ids = [uuid.uuid4().hex for _ in range(APIS)]
        rows: list[dict[str, Any]] = [
            {
                "api_id": api_id,
                "group_id": groups[number % GROUPS],
                "name": f"api_{number}",
                "description": "",
                "method": "GET",
                "path": f"/a/{number}",
                "visibility": "PRIVATE",
                "definition": text,
                "draft_revision": 1,
                "created_at": number,
                "modified_at": number // 3,
            }
            for number, api_id in enumerate(ids)
        ]
        transaction.connection.execute(insert(apis), rows)
        running = [
            {
                "api_id": row["api_id"],
                "stage": "RELEASE",
                "version": f"2026112409{number:07d}",
                "group_id": row["group_id"],
                "online": True,
                "remarks": "",
                "definition": edition,
                "content_hash": "",
                "deployed_at": number,
            }
            for number, row in enumerate(rows[::2])
        ]
        transaction.connection.execute(insert(editions), running)
        tagged = [
            {"resource_type": "api", "resource_id": row["api_id"], "tag_key": "env", "tag_value": "prod"}
            for row in rows[::10]
        ]
        transaction.connection.execute(insert(tags), tagged)
        fill_apps(transaction, ids)
    return groups


def fill_apps(transaction: Transaction, api_ids: list[str]) -> None:
    """As many apps; one may call every API, and every one may call one of the APIs."""
    numbers = range(1, APIS + 1)
    rows = [{"app_id": n, "name": f"app_{n}", "extend": "", "created_at": n, "modified_at": n // 3} for n in numbers]
    transaction.connection.execute(insert(apps), rows)
    pairs = {(api_ids[0], number) for number in numbers} | {(api_id, 1) for api_id in api_ids}
    given = [{"api_id": api_id, "stage": "RELEASE", "app_id": number, "granted_at": number} for api_id, number in pairs]
    transaction.connection.execute(insert(grants), given)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Workbench]:
    clock = [1_795_000_000.0]
    folder: Path = tmp_path_factory.mktemp("scale")
    for store in make_store(folder, clock, wanted_address(request)):
        workbench = Workbench(store, clock)
        fill(workbench)
        yield workbench


class Statements:
    """What the database was asked, and for how long."""

    def __init__(self, workbench: Workbench) -> None:
        self.count, self.seconds, self._since = 0, 0.0, 0.0
        engine = workbench.store._engine
        event.listen(engine, "before_cursor_execute", self._before)
        event.listen(engine, "after_cursor_execute", self._after)

    def _before(self, *_: Any) -> None:
        self._since = time.perf_counter()

    def _after(self, *_: Any) -> None:
        self.count += 1
        self.seconds += time.perf_counter() - self._since


def median(run: Callable[[], Any], times: int = 7) -> float:
    taken = []
    for _ in range(times):
        started = time.process_time()
        run()
        taken.append(time.process_time() - started)
    return statistics.median(taken)


CASES: dict[str, tuple[str, dict[str, str]]] = {
    "first page": ("DescribeApis", {"PageSize": "100"}),
    "last page": ("DescribeApis", {"PageSize": "100", "PageNumber": "100"}),
    "by name": ("DescribeApis", {"PageSize": "100", "ApiName": "pi_77"}),
    "by path": ("DescribeApis", {"PageSize": "100", "ApiPath": "/a/99"}),
    "running": ("DescribeApis", {"PageSize": "100", "StageName": "RELEASE"}),
    "not running": ("DescribeApis", {"PageSize": "100", "StageName": "RELEASE", "UnDeployed": "true"}),
    "tagged": ("DescribeApis", {"PageSize": "100", "Tag.1.Key": "env", "Tag.1.Value": "prod"}),
    "groups": ("DescribeApiGroups", {"PageSize": "50", "PageNumber": "3"}),
    "deployed": ("DescribeDeployedApis", {"PageSize": "100", "StageName": "RELEASE", "PageNumber": "40"}),
    "deployed by name": ("DescribeDeployedApis", {"PageSize": "100", "ApiName": "pi_77"}),
    "apps": ("DescribeAppAttributes", {"PageSize": "100", "PageNumber": "50"}),
    "apps by name": ("DescribeAppAttributes", {"PageSize": "100", "AppName": "p_77"}),
    "APIs of an app": ("DescribeAuthorizedApis", {"AppId": "1", "PageSize": "100", "PageNumber": "50"}),
    "APIs of an app, once each": ("DescribeApisWithStageNameIntegratedByApp", {"AppId": "1", "PageSize": "100"}),
    "apps of an API": ("DescribeAuthorizedApps", {"ApiId": "the first", "PageSize": "100", "PageNumber": "50"}),
    "tags": ("ListTagResources", {"ResourceType": "api", "Tag.1.Key": "env"}),
    "summary": ("DescribeSummaryData", {}),
}


@pytest.mark.parametrize("case", list(CASES))
def test_a_page_of_ten_thousand_apis_is_quick(filled: Workbench, case: str, record_property: Any) -> None:
    name, params = CASES[case]
    if "ApiId" in params:
        (first,) = filled.call("DescribeApis", ApiName="api_0", PageSize="1")["ApiSummarys"]["ApiSummary"]
        params = {**params, "ApiId": first["ApiId"]}
    statements = Statements(filled)
    taken = median(lambda: filled.call(name, **params))
    of_database = statements.seconds / 7
    record_property("milliseconds", round(taken * 1000, 1))
    print(
        f"{case}: {taken * 1000:.1f} ms, of which the database {of_database * 1000:.1f} ms, {statements.count / 7:.0f} statements"
    )
    assert taken < LIMIT
    # Asking for each row would be a statement a row.
    assert statements.count / 7 < 12


def test_every_api_is_on_exactly_one_page(filled: Workbench) -> None:
    seen: list[str] = []
    for number in range(1, APIS // 100 + 1):
        answer = filled.call("DescribeApis", PageSize="100", PageNumber=str(number))
        seen += [api["ApiId"] for api in answer["ApiSummarys"]["ApiSummary"]]
        assert answer["TotalCount"] == APIS
    assert len(seen) == len(set(seen)) == APIS
