"""`DescribeTraffic` over what engines counted: all measures at once, wider steps, and who had how much."""

from __future__ import annotations

from typing import Any

import pytest
from both_stores import workbench
from isthmus.operations.times import utc_text
from isthmus.store.traffic import HOUR, MINUTE, ApiCounts, AppCounts, Counts, Minute, keep_minute
from workbench import Workbench

__all__ = ["workbench"]

NOW = 1_795_000_000_000
AT = NOW // HOUR * HOUR
TIMES = {"StartTime": utc_text(AT), "EndTime": utc_text(AT + HOUR)}


class World:
    """Two APIs in two stages, called through two engines and by an app that is gone since."""

    def __init__(self, workbench: Workbench) -> None:
        self.workbench = workbench
        self.group_id = workbench.group()
        self.api_id = workbench.api(self.group_id)
        self.app_id = workbench.call("CreateApp", AppName="caller")["AppId"]
        well = Counts(
            0,
            50,
            0,
            4,
            2,
            bytes_in=6,
            bytes_out=60,
            total_us=112_000,
            backend_calls=52,
            backend_us=26_000,
            took_1=54,
            took_11=2,
        )
        for node, at, stage in (("n1", AT, "RELEASE"), ("n2", AT, "RELEASE"), ("n1", AT + 6 * MINUTE, "TEST")):
            self._keep(
                node, at, [ApiCounts(self.group_id, "i", self.api_id, stage, well)], [AppCounts(self.app_id, well)]
            )
        self._keep("n1", AT + 7 * MINUTE, [ApiCounts("", "", "", "", Counts(0, 0, 0, 9))], [AppCounts(5, Counts(0, 1))])

    def _keep(self, node: str, at: int, apis: list[ApiCounts], apps: list[AppCounts]) -> None:
        with self.workbench.store.write() as transaction:
            keep_minute(transaction, Minute(node, at, apis, apps))

    def traffic(self, **params: Any) -> dict[str, Any]:
        return self.workbench.call("DescribeTraffic", **{**TIMES, **params})


@pytest.fixture
def world(workbench: Workbench) -> World:
    return World(workbench)


def test_a_point_has_every_count_of_its_step(world: World) -> None:
    points = world.traffic()["Points"]
    assert [(point["Time"], point["Calls"]) for point in points] == [
        (utc_text(AT), 112),
        (utc_text(AT + 6 * MINUTE), 56),
        (utc_text(AT + 7 * MINUTE), 9),
    ]
    first = points[0]
    assert (first["StepSeconds"], first["Answers2xx"], first["Answers4xx"], first["Answers5xx"]) == (60, 100, 8, 4)
    assert (first["BytesOut"], first["TotalUs"], first["BackendCalls"]) == (120, 224_000, 104)
    # Half of 112 is in the step from 1 to 2.5 ms; what is over the last limit is as long as that.
    assert (first["P50Us"], first["P95Us"], first["P99Us"]) == (1778, 2478, 5_000_000)
    assert "P50Us" not in points[2] and "P50Us" not in world.traffic(AppId=world.app_id)["Points"][0]
    wide = world.traffic(StepSeconds=300)["Points"]
    assert [(point["Time"], point["Calls"]) for point in wide] == [(utc_text(AT), 112), (utc_text(AT + 5 * MINUTE), 65)]


@pytest.mark.parametrize(("where", "calls"), [({}, 177), ({"StageName": "test"}, 56), ({"InstanceId": "i"}, 168)])
def test_a_place_selects(world: World, where: dict[str, str], calls: int) -> None:
    assert sum(point["Calls"] for point in world.traffic(**where)["Points"]) == calls
    of_api = world.traffic(ApiId=world.api_id, StageName="RELEASE")["Points"]
    assert sum(point["Calls"] for point in of_api) == 112
    assert sum(point["Calls"] for point in world.traffic(AppId=world.app_id)["Points"]) == 168


def test_shares_come_with_names_and_the_largest_first(world: World) -> None:
    shares = world.traffic(By="api")["Shares"]
    assert [(one.get("ApiName"), one["StageName"], one["Calls"]) for one in shares] == [
        ("get_user", "RELEASE", 112),
        ("get_user", "TEST", 56),
        # Refused before their API was known.
        (None, "", 9),
    ]
    assert shares[0]["GroupId"] == world.group_id and shares[0]["GroupName"]
    assert [one["Calls"] for one in world.traffic(By="NODE")["Shares"]] == [121, 56]
    apps = world.traffic(By="APP")["Shares"]
    assert [(one["AppId"], one.get("AppName"), one["Calls"]) for one in apps] == [
        (world.app_id, "caller", 168),
        (5, None, 1),
    ]
    assert len(world.traffic(By="API", PageSize=1)["Shares"]) == 1
    # Deleting what was called takes the name and nothing else.
    world.workbench.call("DeleteApi", ApiId=world.api_id, GroupId=world.group_id)
    gone = world.traffic(By="API")["Shares"][0]
    assert (gone["ApiId"], gone["Calls"], "ApiName" in gone) == (world.api_id, 112, False)


def test_without_a_time_it_is_about_now(world: World) -> None:
    world.workbench.clock[0] = (AT + 6 * MINUTE) / 1000 + 45
    now = world.workbench.call("DescribeTraffic")
    assert now["StartTime"] == utc_text(AT + 6 * MINUTE) and now["EndTime"] >= utc_text(AT + 6 * MINUTE + 45_000)
    assert [point["Calls"] for point in now["Points"]] == [56]
    world.workbench.clock[0] = (AT + 7 * MINUTE) / 1000 + 10
    young = world.workbench.call("DescribeTraffic")
    assert (young["StartTime"], len(young["Points"])) == (utc_text(AT + 6 * MINUTE), 2)


@pytest.mark.parametrize(
    ("params", "name"),
    [
        ({"By": "PATH"}, "By"),
        ({"By": "APP", "StageName": "TEST"}, "By"),
        ({"AppId": 7, "StageName": "TEST"}, "AppId"),
        ({"AppId": 7, "By": "API"}, "AppId"),
        ({"PageSize": 101}, "PageSize"),
        ({"StepSeconds": 90}, "StepSeconds"),
        ({"StartTime": ""}, "StartTime"),
    ],
)
def test_what_cannot_be_shown_is_refused(world: World, params: dict[str, Any], name: str) -> None:
    refused = world.workbench.refused("DescribeTraffic", **{**TIMES, **params})
    assert "Invalid" in refused.code and name in str(refused)
