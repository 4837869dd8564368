"""Domains and their certificates: who may bind what, what is wrong with a certificate, and the records they put."""

from __future__ import annotations

from typing import Any

import pytest
from certificate_maker import Authority, pem, private_pem, records
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from workbench import Workbench, workbench

__all__ = ["workbench"]

HOST = "api.example.com"


def bound(bench: Workbench, name: str = HOST, **params: Any) -> str:
    group_id = bench.group()
    bench.call("SetDomain", GroupId=group_id, DomainName=name, **params)
    return group_id


def test_a_domain_leads_to_its_group_and_perhaps_to_a_stage(workbench: Workbench) -> None:
    group_id = workbench.group()
    made = workbench.call(
        "SetDomain",
        GroupId=group_id,
        DomainName="API.example.com",
        BindStageName="test",
        IsHttpRedirectToHttps="true",
    )
    assert made["DomainName"] == HOST and made["DomainBindingStatus"] == "BINDING"
    assert records(workbench, "domain")[HOST] == {
        "host": HOST,
        "group_id": group_id,
        "stage": "TEST",
        "https_redirect": True,
        "client_certificate": None,
        "patterns": [],
        "two_way": "closed",
    }
    workbench.call("SetDomain", GroupId=group_id, DomainName=HOST, IsHttpRedirectToHttps="true")
    shown = workbench.call("DescribeApiGroup", GroupId=group_id)["CustomDomains"]["DomainItem"]
    assert [(one["DomainName"], one["BindStageName"], one["IsHttpRedirectToHttps"]) for one in shown] == [
        (HOST, "", True)
    ]
    workbench.call("DeleteDomain", GroupId=group_id, DomainName=HOST)
    workbench.call("DeleteDomain", GroupId=group_id, DomainName=HOST)
    assert HOST not in records(workbench, "domain")
    assert workbench.refused("DescribeDomain", GroupId=group_id, DomainName=HOST).code == "NotFoundDomain"


def test_a_domain_of_another_group_moves_only_by_force(workbench: Workbench) -> None:
    bound(workbench)
    other = workbench.group("other_group")
    assert workbench.refused("SetDomain", GroupId=other, DomainName=HOST).code == "RepeatedDomain"
    workbench.call("DeleteDomain", GroupId=other, DomainName=HOST)
    workbench.call("SetDomain", GroupId=other, DomainName=HOST, IsForce="true")
    assert records(workbench, "domain")[HOST]["group_id"] == other
    workbench.call("DeleteApiGroup", GroupId=other)
    assert HOST not in records(workbench, "domain")


def test_domains_of_all_groups_are_one_list(workbench: Workbench) -> None:
    group_id, authority = bound(workbench), Authority(workbench.clock[0])
    body, key = authority.issue(HOST)
    call = {"GroupId": group_id, "DomainName": HOST, "CertificateName": "c"}
    workbench.call("SetDomainCertificate", **call, CertificateBody=body, CertificatePrivateKey=key)
    other = workbench.group("other_group")
    workbench.call("SetDomain", GroupId=other, DomainName="*.b.example.com", IsHttpRedirectToHttps="true")
    wild, own = workbench.call("DescribeBoundDomains")["Domains"]
    assert (wild["DomainName"], wild["GroupName"]) == ("*.b.example.com", "other_group")
    assert (wild["IsHttpRedirectToHttps"], "CertificateId" in wild) == (True, False)
    assert (own["DomainName"], own["GroupId"], own["CertificateName"]) == (HOST, group_id, "c")
    assert own["SubDomain"] == workbench.call("DescribeApiGroup", GroupId=group_id)["SubDomain"]
    found = workbench.call("DescribeBoundDomains", DomainName="B.EXAMPLE", PageSize="1")
    assert (found["TotalCount"], len(found["Domains"])) == (1, 1)


@pytest.mark.parametrize(
    "name", ["example", "a..b", "-a.example.com", "a.*.com", "bücher.example", "10.0.0.1", "x" * 64 + ".com", ""]
)
def test_what_is_no_host_name_is_refused(workbench: Workbench, name: str) -> None:
    refusal = workbench.refused("SetDomain", GroupId=workbench.group(), DomainName=name)
    assert refusal.status == 400 and refusal.code in ("InvalidDomainName", "MissingDomainName")


def test_names_of_automatic_domains_and_more_than_the_limit_are_refused(workbench: Workbench) -> None:
    group_id = workbench.group()
    sub_domain = workbench.call("DescribeApiGroup", GroupId=group_id)["SubDomain"]
    assert workbench.refused("SetDomain", GroupId=group_id, DomainName=sub_domain).code == "InvalidDomainName"
    assert workbench.refused("SetDomain", GroupId=group_id, DomainName=HOST, BindStageName="X").code == "NotFoundStage"
    for number in range(5):
        workbench.call("SetDomain", GroupId=group_id, DomainName=f"n{number}.example.com")
    assert workbench.refused("SetDomain", GroupId=group_id, DomainName=HOST).code == "ExceedLimitDomain"


def test_patterns_of_a_wildcard_domain(workbench: Workbench) -> None:
    group_id = bound(workbench, "*.example.com")
    call = {"GroupId": group_id, "DomainName": "*.example.com"}
    good = ["{svc}.example.com", "{svc}-{env}.example.com"]
    workbench.call("SetWildcardDomainPatterns", **call, WildcardDomainPatterns=good)
    assert records(workbench, "domain")["*.example.com"]["patterns"] == good
    for wrong in (["{a}{b}.example.com"], ["{a}.other.com"], ["{a}-{a}.example.com"], ["x.example.com"], [1], "{"):
        refusal = workbench.refused("SetWildcardDomainPatterns", **call, WildcardDomainPatterns=wrong)
        assert refusal.code == "InvalidWildcardDomainPatterns", wrong


def test_two_way_connections_of_a_domain(workbench: Workbench) -> None:
    group_id = bound(workbench)
    call = {"GroupId": group_id, "DomainName": HOST}

    def state() -> tuple[str, str]:
        status = workbench.call("DescribeDomain", **call)["DomainWebSocketStatus"]
        return status, records(workbench, "domain")[HOST]["two_way"]

    assert state() == ("CLOSE", "closed")
    workbench.call("SetDomainWebSocketStatus", **call, ActionValue="OPEN", WSSEnable="true")
    assert state() == ("OPEN", "plain_and_tls")
    workbench.call("SetDomain", **call)
    assert state() == ("OPEN", "plain_and_tls"), "binding it again changes nothing of it"
    workbench.call("SetDomainWebSocketStatus", **call, ActionValue="open")
    assert state() == ("OPEN", "plain")
    workbench.call("SetDomainWebSocketStatus", **call, ActionValue="CLOSE", WSSEnable="true")
    assert state() == ("CLOSE", "closed")
    for wrong, code in (({"ActionValue": "ON"}, "InvalidActionValue"), ({"WSSEnable": "1"}, "InvalidWSSEnable")):
        given = {"ActionValue": "OPEN", **wrong}
        assert workbench.refused("SetDomainWebSocketStatus", **call, **given).code == code
    missing = {**call, "DomainName": "other.example.com"}
    assert workbench.refused("SetDomainWebSocketStatus", **missing, ActionValue="OPEN").code == "NotFoundDomain"


def test_a_certificate_is_put_and_its_key_is_never_shown(workbench: Workbench) -> None:
    group_id, authority = bound(workbench), Authority(workbench.clock[0])
    call = {"GroupId": group_id, "DomainName": HOST, "CertificateName": "c"}
    body, key = authority.issue(HOST)
    workbench.call("SetDomainCertificate", **call, CertificateBody=body, CertificatePrivateKey=key)
    shown = workbench.call("DescribeDomain", GroupId=group_id, DomainName=HOST)
    assert shown["CertificateBody"] == body and "CertificatePrivateKey" not in shown
    record = records(workbench, "certificate")[shown["CertificateId"]]
    assert (record["hosts"], record["key_pem"], record["client"]) == ([HOST], key, None)
    workbench.call("SetDomainCertificate", **call, CaCertificateBody=pem(authority.certificate), SslVerifyDepth="2")
    ((certificate_id, record),) = records(workbench, "certificate").items()
    assert record["client"]["depth"] == 2 and record["chain_pem"] == body
    assert records(workbench, "domain")[HOST]["client_certificate"] == certificate_id
    gone = {"GroupId": group_id, "DomainName": HOST, "CertificateId": certificate_id}
    workbench.call("DeleteDomainCertificate", **gone)
    assert workbench.refused("DeleteDomainCertificate", **gone).code == "DomainCertificateNotFound"
    assert records(workbench, "certificate") == {}
    assert records(workbench, "domain")[HOST]["client_certificate"] is None


def test_everything_that_is_wrong_with_a_certificate_is_named(workbench: Workbench) -> None:
    group_id, authority = bound(workbench), Authority(workbench.clock[0])
    body, key = authority.issue(HOST)
    stranger = Authority(workbench.clock[0], "stranger")

    def wrong(body: str, key: str, **more: Any) -> str:
        call = {"GroupId": group_id, "DomainName": HOST, "CertificateName": "c", **more}
        refusal = workbench.refused("SetDomainCertificate", **call, CertificateBody=body, CertificatePrivateKey=key)
        return refusal.message

    other_body, other_key = authority.issue("other.example.com", (-30, -2))
    message = wrong(other_body + pem(stranger.certificate), key)
    for text in (
        "certificate 1 ended at",
        "did not issue certificate 1",
        "is for other.example.com",
        "does not belong",
    ):
        assert text in message
    assert "begins at" in wrong(*authority.issue(HOST, (2, 30)))
    assert "encrypted" in wrong(body, private_pem(ec.generate_private_key(ec.SECP256R1()), b"secret"))
    small = rsa.generate_private_key(65537, 1024)
    assert "not served" in wrong(authority.issue(HOST, key=small)[0], private_pem(small))
    assert "no certificate" in wrong("x", key) and "not a private key" in wrong(body, "x")
    assert "not one of an authority" in wrong(body, key, CaCertificateBody=body)
    assert "staple" in wrong(body, key, SslOcspEnable="true")
    assert wrong(pem(authority.certificate) + body, other_key).count("certificate 2 did not issue certificate 1") == 1


def test_a_group_has_a_default_domain_a_limit_and_an_inner_domain(workbench: Workbench) -> None:
    group_id = bound(workbench)
    refusal = workbench.refused("ModifyApiGroup", GroupId=group_id, DefaultDomain="other.example.com")
    assert refusal.code == "InvalidDefaultDomain"
    workbench.call("ModifyApiGroup", GroupId=group_id, DefaultDomain=HOST, RpsLimitForServerless="50")
    record = records(workbench, "group")[group_id]
    assert (record["default_domain"], record["requests_per_second"]) == (HOST, 50)
    workbench.call("ModifyApiGroup", GroupId=group_id, RpsLimitForServerless="0")
    assert "requests_per_second" not in records(workbench, "group")[group_id]
    inner = workbench.call("CreateIntranetDomain", GroupId=group_id)["DomainName"]
    assert workbench.call("DescribeApiGroup", GroupId=group_id)["VpcDomain"] == inner
    assert records(workbench, "domain")[inner]["group_id"] == group_id
    workbench.call("ModifyIntranetDomainPolicy", GroupId=group_id, VpcIntranetEnable="false")
    assert not workbench.call("DescribeApiGroup", GroupId=group_id)["VpcDomain"]
    assert inner not in records(workbench, "domain")
    sub_domain = workbench.call("DescribeApiGroup", GroupId=group_id)["SubDomain"]
    for disabled in (True, False):
        workbench.call("ModifyApiGroup", GroupId=group_id, DisableInnerDomain=str(disabled))
        assert (sub_domain in records(workbench, "domain")) is not disabled


def test_a_network_policy_says_which_domains_a_group_has_by_itself(workbench: Workbench) -> None:
    group_id = bound(workbench)
    sub_domain = workbench.call("DescribeApiGroup", GroupId=group_id)["SubDomain"]
    policy = {"InnerDomainEnable": "false", "VpcIntranetEnable": "true"}
    workbench.call("ModifyApiGroupNetworkPolicy", GroupId=group_id, **policy)
    inner = workbench.call("DescribeApiGroup", GroupId=group_id)["VpcDomain"]
    assert inner in records(workbench, "domain") and sub_domain not in records(workbench, "domain")
    workbench.call("ModifyApiGroupNetworkPolicy", GroupId=group_id)
    assert inner in records(workbench, "domain") and sub_domain not in records(workbench, "domain")
    workbench.call("ModifyApiGroupNetworkPolicy", GroupId=group_id, InnerDomainEnable="true", VpcIntranetEnable="false")
    assert inner not in records(workbench, "domain") and sub_domain in records(workbench, "domain")
    refusal = workbench.refused("ModifyApiGroupNetworkPolicy", GroupId=group_id, InternetEnable="false")
    assert refusal.code == "NotImplemented" and "InternetEnable" in refusal.message


def test_nothing_is_bought_or_charged_here(workbench: Workbench) -> None:
    api_id = workbench.api(group_id := workbench.group())
    shown = workbench.call("DescribeApiMarketAttributes", GroupId=group_id, ApiId=api_id)
    assert (shown["ApiId"], shown["NeedCharging"]) == (api_id, "false")
    assert workbench.call("DescribePurchasedApis")["PurchasedApis"] == {"PurchasedApi": []}
    assert workbench.call("DescribePurchasedApiGroups")["TotalCount"] == 0
    unknown = workbench.refused("DescribeApiMarketAttributes", GroupId=group_id, ApiId="f" * 32)
    assert unknown.code == "NotFoundApi"
