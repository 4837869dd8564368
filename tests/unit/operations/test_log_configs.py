"""Log configurations are kept as they were sent; and the counters of the overview."""

from __future__ import annotations

from workbench import Workbench, workbench

__all__ = ["workbench"]

SENT = {"SlsProject": "project", "SlsLogStore": "store"}


def shown(workbench: Workbench) -> list[tuple[str, str, str]]:
    infos = workbench.call("DescribeLogConfig", LogType="PROVIDER")["LogInfos"]["LogInfo"]
    return [(one["LogType"], one["SlsProject"], one["SlsLogStore"]) for one in infos]


def test_a_log_configuration_is_made_changed_and_deleted(workbench: Workbench) -> None:
    assert shown(workbench) == []
    workbench.call("CreateLogConfig", LogType="PROVIDER", CreateSlr="true", **SENT)
    assert shown(workbench) == [("PROVIDER", "project", "store")]
    assert workbench.refused("CreateLogConfig", **SENT).code == "RepeatedLogConfig"
    workbench.call("ModifyLogConfig", LogType="provider", SlsProject="other", SlsLogStore="store")
    assert shown(workbench) == [("PROVIDER", "other", "store")]
    for _ in range(2):
        assert workbench.call("DeleteLogConfig", LogType="PROVIDER") == {}
    assert shown(workbench) == []
    assert workbench.refused("ModifyLogConfig", **SENT).code == "NotFoundLogConfig"
    assert workbench.refused("CreateLogConfig", LogType="SHIP", **SENT).code == "InvalidLogType"


def test_the_overview_counts_what_there_is(workbench: Workbench) -> None:
    group_id = workbench.group()
    workbench.group("another_group")
    workbench.api(group_id)
    counted = workbench.call("DescribeSummaryData")
    assert (counted["UsageGroupNum"], counted["UsageApiNum"], counted["UsageInstanceNum"]) == (2, 1, 1)


def test_the_service_is_open_already(workbench: Workbench) -> None:
    refused = workbench.refused("OpenApiGatewayService")
    assert (refused.code, refused.status) == ("ORDER.OPEND", 400)
