"""The older policy objects: made, changed, bound and listed; and what an engine gets for each."""

from __future__ import annotations

import json
from typing import Any

import pytest
from isthmus import native
from isthmus.store.records import all_records
from workbench import Workbench, workbench

__all__ = ["workbench"]


def records(workbench: Workbench, kind: str) -> dict[str, dict[str, Any]]:
    with workbench.store.read() as transaction:
        found = all_records(transaction.connection, workbench.store.keyring)
        return {record.key: json.loads(record.body or "") for record in found if record.kind == kind}


def traffic(workbench: Workbench, name: str = "limits", **changes: str) -> str:
    given = {"TrafficControlName": name, "TrafficControlUnit": "minute", "ApiDefault": "100", **changes}
    return str(workbench.call("CreateTrafficControl", **given)["TrafficControlId"])


def addresses(workbench: Workbench, kind: str = "ALLOW", **given: str) -> str:
    return str(workbench.call("CreateIpControl", IpControlName="blocks", IpControlType=kind, **given)["IpControlId"])


def signature(workbench: Workbench) -> str:
    key = {"SignatureKey": "backend_key", "SignatureSecret": "s3cret_@#!*"}
    return str(workbench.call("CreateSignature", SignatureName="sign", **key)["SignatureId"])


def definition(workbench: Workbench, policy_id: str) -> dict[str, Any]:
    """As an engine accepts it."""
    body = records(workbench, "plugin")[policy_id]
    native.check_record("plugin", policy_id, json.dumps(body))
    return dict(body["definition"])


def test_a_traffic_control_is_made_changed_and_shown(workbench: Workbench) -> None:
    policy_id = traffic(workbench, UserDefault="50", Description="of the shop")
    workbench.call("ModifyTrafficControl", TrafficControlId=policy_id, AppDefault="20", TrafficControlUnit="DAY")
    special = {"TrafficControlId": policy_id, "SpecialType": "APP", "SpecialKey": "0110840611"}
    workbench.call("AddTrafficSpecialControl", **special, TrafficValue="5")
    workbench.call("AddTrafficSpecialControl", **special, TrafficValue="7")
    user = {**special, "SpecialType": "USER", "SpecialKey": "shop"}
    workbench.call("AddTrafficSpecialControl", **user, TrafficValue="60")
    listed = workbench.call("DescribeTrafficControls", TrafficControlName="LIM")
    (shown,) = listed["TrafficControls"]["TrafficControl"]
    assert (shown["TrafficControlUnit"], shown["Description"]) == ("DAY", "of the shop")
    assert (shown["ApiDefault"], shown["UserDefault"], shown["AppDefault"]) == (100, 50, 20)
    found = {one["SpecialType"]: one["Specials"]["Special"] for one in shown["SpecialPolicies"]["SpecialPolicy"]}
    assert found == {
        "APP": [{"SpecialKey": "110840611", "TrafficValue": 7}],
        "USER": [{"SpecialKey": "shop", "TrafficValue": 60}],
    }
    assert definition(workbench, policy_id) == {
        "unit": "DAY",
        "apiDefault": 100,
        "userDefault": 50,
        "appDefault": 20,
        "specials": [
            {"type": "APP", "policies": [{"key": "110840611", "value": 7}]},
            {"type": "USER", "policies": [{"key": "shop", "value": 60}]},
        ],
    }
    workbench.call("DeleteTrafficSpecialControl", **special)
    assert workbench.refused("DeleteTrafficSpecialControl", **special).code == "NotFoundTrafficSpecialControl"
    workbench.call("DeleteAllTrafficSpecialControl", TrafficControlId=policy_id)
    assert "specials" not in definition(workbench, policy_id)
    workbench.call("DeleteTrafficControl", TrafficControlId=policy_id)
    assert records(workbench, "plugin") == {}
    assert workbench.refused("DeleteTrafficControl", TrafficControlId=policy_id).code == "NotFoundTrafficControl"


def test_the_narrower_limit_is_never_the_larger(workbench: Workbench) -> None:
    error = workbench.refused(
        "CreateTrafficControl",
        TrafficControlName="limits",
        TrafficControlUnit="WEEK",
        ApiDefault="10",
        UserDefault="11",
        AppDefault="12",
    )
    assert [problem.parameter for problem in error.problems] == ["TrafficControlUnit", "UserDefault", "AppDefault"]
    policy_id = traffic(workbench)
    special = {"TrafficControlId": policy_id, "SpecialType": "APP", "SpecialKey": "7"}
    assert workbench.refused("AddTrafficSpecialControl", **special, TrafficValue="101").code == "InvalidTrafficValue"
    workbench.call("AddTrafficSpecialControl", **special, TrafficValue="100")
    less = {"TrafficControlId": policy_id, "ApiDefault": "99"}
    assert workbench.refused("ModifyTrafficControl", **less).code == "InvalidTrafficValue"
    wrong = {**special, "SpecialKey": "me", "TrafficValue": "1"}
    assert workbench.refused("AddTrafficSpecialControl", **wrong).code == "InvalidSpecialKey"


def test_names_are_unique_within_their_kind_and_numbers_are_bounded(workbench: Workbench) -> None:
    traffic(workbench, "blocks")
    addresses(workbench)
    again = {"TrafficControlName": "blocks", "TrafficControlUnit": "DAY", "ApiDefault": "1"}
    assert workbench.refused("CreateTrafficControl", **again).code == "RepeatedTrafficControlName"
    for number in range(99):
        traffic(workbench, f"limits_{number}")
    assert workbench.refused("CreateTrafficControl", **{**again, "TrafficControlName": "more"}).code == (
        "ExceedLimitTrafficControl"
    )


def test_an_ip_control_keeps_its_items_as_they_were_given(workbench: Workbench) -> None:
    first = {"IpControlPolicys.1.CidrIp": "10.0.0.0/8; 192.168.1.1", "IpControlPolicys.1.AppId": "42"}
    policy_id = addresses(workbench, **first)
    place = {"IpControlId": policy_id}
    item = workbench.call("AddIpControlPolicyItem", **place, CidrIp="2001:db8::/32")["PolicyItemId"]
    shown = workbench.call("DescribeIpControlPolicyItems", **place)["IpControlPolicyItems"]["IpControlPolicyItem"]
    assert [(one["CidrIp"], one.get("AppId")) for one in shown] == [
        ("10.0.0.0/8; 192.168.1.1", "42"),
        ("2001:db8::/32", None),
    ]
    assert definition(workbench, policy_id) == {
        "type": "ALLOW",
        "items": [{"blocks": ["10.0.0.0/8", "192.168.1.1"], "appId": 42}, {"blocks": ["2001:db8::/32"]}],
    }
    workbench.call("ModifyIpControlPolicyItem", **place, PolicyItemId=shown[0]["PolicyItemId"], CidrIp="10.1.0.0/16")
    workbench.call("RemoveIpControlPolicyItem", **place, PolicyItemIds=f"{item};{'f' * 32}")
    assert definition(workbench, policy_id)["items"] == [{"blocks": ["10.1.0.0/16"]}]
    workbench.call("ModifyIpControl", **place, Description="of the office", IpControlName="office")
    (named,) = workbench.call("DescribeIpControls", IpControlType="ALLOW", IpControlName="OFF")["IpControlInfos"][
        "IpControlInfo"
    ]
    assert (named["IpControlName"], named["Description"], named["IpControlType"]) == (
        "office",
        "of the office",
        "ALLOW",
    )
    assert workbench.call("DescribeIpControls", IpControlType="REFUSE")["TotalCount"] == 0
    workbench.call("DeleteIpControl", **place)
    # As at the vendor: what is not there is deleted already.
    workbench.call("DeleteIpControl", **place)


def test_an_ip_control_without_items_lets_nobody_in_or_keeps_nobody_out(workbench: Workbench) -> None:
    policy_id = addresses(workbench)
    assert definition(workbench, policy_id) == {"type": "ALLOW", "items": [{"blocks": ["0.0.0.0"]}]}


@pytest.mark.parametrize(
    ("kind", "given", "code"),
    [
        ("ALLOW", {"CidrIp": "10.0.0.0/8;nowhere"}, "InvalidCidrIp"),
        ("ALLOW", {"CidrIp": ";".join(f"10.0.0.{n}" for n in range(11))}, "InvalidCidrIp"),
        ("ALLOW", {"CidrIp": ";"}, "InvalidCidrIp"),
        ("ALLOW", {"CidrIp": "10.0.0.1", "AppId": "me"}, "InvalidAppId"),
        ("REFUSE", {"CidrIp": "10.0.0.1", "AppId": "7"}, "InvalidAppId"),
    ],
)
def test_an_item_that_says_nothing_is_refused(
    workbench: Workbench, kind: str, given: dict[str, str], code: str
) -> None:
    place = {"IpControlId": addresses(workbench, kind)}
    assert workbench.refused("AddIpControlPolicyItem", **place, **given).code == code


def test_a_signature_is_made_changed_and_shown(workbench: Workbench) -> None:
    policy_id = signature(workbench)
    workbench.call("ModifySignature", SignatureId=policy_id, SignatureSecret="other_secret")
    (shown,) = workbench.call("DescribeSignatures", SignatureName="SIG")["SignatureInfos"]["SignatureInfo"]
    assert (shown["SignatureKey"], shown["SignatureSecret"]) == ("backend_key", "other_secret")
    assert definition(workbench, policy_id) == {"type": "APIGW_BACKEND", "key": "backend_key", "secret": "other_secret"}
    wrong = workbench.refused("CreateSignature", SignatureName="x", SignatureKey="short", SignatureSecret="a b c d e")
    assert [one.parameter for one in wrong.problems] == ["SignatureKey", "SignatureSecret"]
    workbench.call("DeleteSignature", SignatureId=policy_id)


KINDS = [
    pytest.param(traffic, "TrafficControl", "TrafficControlItems", "TrafficControlItem", id="traffic control"),
    pytest.param(signature, "Signature", "Signatures", "SignatureItem", id="signature"),
    pytest.param(addresses, "IpControl", "", "", id="IP control"),
]


@pytest.mark.parametrize(("make", "noun", "outer", "inner"), KINDS)
def test_a_binding_is_listed_from_every_side_and_in_the_plan(
    workbench: Workbench, make: Any, noun: str, outer: str, inner: str
) -> None:
    policy_id, group_id = make(workbench), workbench.group()
    api_id, other = (workbench.api(group_id, name, **path(name)) for name in ("one", "two"))
    policy, place = {f"{noun}Id": policy_id}, {"GroupId": group_id, "StageName": "release"}
    workbench.call(f"Set{noun}Apis", **policy, **place, ApiIds=f"{api_id}, {other}")
    bound = workbench.call(f"DescribeApisBy{noun}", **policy)
    assert bound["TotalCount"] == 2
    assert {(one["ApiId"], one["StageName"]) for one in bound["ApiInfos"]["ApiInfo"]} == {
        (api_id, "RELEASE"),
        (other, "RELEASE"),
    }
    in_group = workbench.call(f"DescribeApi{noun}s", **place, ApiIds=api_id)
    (row,) = in_group[f"Api{noun}s"][f"Api{noun}Item"]
    assert (row["ApiId"], row[f"{noun}Id"]) == (api_id, policy_id)
    if outer:
        (item,) = workbench.call(f"Describe{noun}sByApi", **place, ApiId=api_id)[outer][inner]
        assert policy_id in item.values() and item["BoundTime"]
    assert set(records(workbench, "plugin_binding")) == {f"api/{one}/RELEASE/{policy_id}" for one in (api_id, other)}
    assert workbench.refused(f"Delete{noun}", **policy).code == f"DependencyViolation{noun}"
    workbench.call(f"Remove{noun}Apis", **policy, **place, ApiIds=other)
    assert set(records(workbench, "plugin_binding")) == {f"api/{api_id}/RELEASE/{policy_id}"}
    workbench.call("DeleteApi", ApiId=api_id)
    assert records(workbench, "plugin_binding") == {}
    workbench.call(f"Delete{noun}", **policy)


def path(name: str) -> dict[str, Any]:
    config = {"RequestProtocol": "HTTP", "RequestHttpMethod": "GET", "RequestPath": f"/{name}"}
    return {"RequestConfig": config, "RequestParameters": []}


def test_another_of_the_kind_replaces_the_first(workbench: Workbench) -> None:
    first, second, group_id = traffic(workbench), traffic(workbench, "other"), workbench.group()
    api_id = workbench.api(group_id)
    place = {"GroupId": group_id, "StageName": "RELEASE", "ApiIds": api_id}
    for policy_id in (first, second, second):
        workbench.call("SetTrafficControlApis", TrafficControlId=policy_id, **place)
    assert set(records(workbench, "plugin_binding")) == {f"api/{api_id}/RELEASE/{second}"}
    of_api = {"ApiId": api_id, "GroupId": group_id, "StageName": "RELEASE"}
    (shown,) = workbench.call("DescribeTrafficControls", **of_api)["TrafficControls"]["TrafficControl"]
    assert shown["TrafficControlId"] == second
    assert workbench.refused("DescribeTrafficControls", ApiId=api_id).code == "MissingStageName"


def test_a_plugin_of_the_type_acts_in_place_of_a_policy(workbench: Workbench) -> None:
    policy_id, group_id = traffic(workbench), workbench.group()
    api_id = workbench.api(group_id)
    workbench.call("DeployApi", ApiId=api_id, StageName="RELEASE")
    data = json.dumps({"unit": "SECOND", "apiDefault": 10})
    made = workbench.call("CreatePlugin", PluginName="limits", PluginType="trafficControl", PluginData=data)
    attach = {"PluginId": made["PluginId"], "GroupId": group_id, "ApiId": api_id, "StageName": "RELEASE"}
    place = {"TrafficControlId": policy_id, "GroupId": group_id, "StageName": "RELEASE", "ApiIds": api_id}
    own, plugin = f"api/{api_id}/RELEASE/{policy_id}", f"api/{api_id}/RELEASE/{made['PluginId']}"

    workbench.call("SetTrafficControlApis", **place)
    assert set(records(workbench, "plugin_binding")) == {own}
    workbench.call("AttachPlugin", **attach)
    assert set(records(workbench, "plugin_binding")) == {plugin}
    workbench.call("RemoveTrafficControlApis", **place)
    workbench.call("SetTrafficControlApis", **place)
    assert set(records(workbench, "plugin_binding")) == {plugin}
    workbench.call("DetachPlugin", **attach)
    assert set(records(workbench, "plugin_binding")) == {own}
