"""A plug-in from the vendor's SDK to a caller's answer: bound, changed and taken away at once."""

from __future__ import annotations

import httpx
import pytest
from alibabacloud_cloudapi20160714 import models
from darabonba.exceptions import DaraException

from running import Nginx, Running
from walk import Walk

DENY = """\
# Only the two of us.
parameters:
  who: "Header:X-Who"
rules:
  - name: friends
    condition: "$who = 'alice' or $who = 'bob'"
    ifFalse: DENY
    errorMessage: "not for ${who}"
"""


@pytest.fixture(scope="module")
def walk(gateway: Running, nginx: Nginx) -> Walk:
    walk = Walk(gateway.client(), "-plugins")
    walk.authorise_vpc("vpc-plugins", "127.0.0.1", nginx.port)
    walk.create_group()
    walk.create_api(auth_type="ANONYMOUS")
    walk.publish()
    return walk


def call(gateway: Running, walk: Walk, who: str) -> httpx.Response:
    return gateway.get("/nginx", walk.domain, **{"x-who": who})


def test_a_plugin_acts_from_its_binding_to_its_detaching(gateway: Running, walk: Walk) -> None:
    client = walk.client
    made = client.create_plugin(
        models.CreatePluginRequest(plugin_name="friends-only", plugin_type="accessControl", plugin_data=DENY)
    )
    plugin_id = made.body.plugin_id
    assert call(gateway, walk, "eve").status_code == 200
    place = {"group_id": walk.group_id, "api_id": walk.api_id, "stage_name": "RELEASE"}
    client.attach_plugin(models.AttachPluginRequest(plugin_id=plugin_id, **place))
    refused = call(gateway, walk, "eve")
    assert (refused.status_code, refused.headers["x-ca-error-code"]) == (403, "A403AC")
    assert refused.headers["x-ca-error-message"] == "not for eve"
    assert call(gateway, walk, "alice").status_code == 200
    changed = DENY.replace("alice", "eve")
    client.modify_plugin(models.ModifyPluginRequest(plugin_id=plugin_id, plugin_data=changed))
    assert call(gateway, walk, "eve").status_code == 200
    assert call(gateway, walk, "alice").status_code == 403
    found = client.describe_plugins_by_api(models.DescribePluginsByApiRequest(**place)).body
    assert [one.plugin_data for one in found.plugins.plugin_attribute] == [changed]
    client.detach_plugin(models.DetachPluginRequest(plugin_id=plugin_id, **place))
    assert call(gateway, walk, "alice").status_code == 200
    client.delete_plugin(models.DeletePluginRequest(plugin_id=plugin_id))


def test_a_wrong_definition_is_refused_with_every_problem(walk: Walk) -> None:
    wrong = 'rules:\n  - condition: "$a = 1"\n  - condition: "1 = 1"\n    statusCode: 99\n'
    request = models.CreatePluginRequest(plugin_name="wrong", plugin_type="accessControl", plugin_data=wrong)
    with pytest.raises(DaraException) as refused:
        walk.client.create_plugin(request)
    message = str(refused.value)
    for part in ("rules[0].condition uses $a", "rules[0].ifTrue needs", "rules[1].statusCode must be"):
        assert part in message
