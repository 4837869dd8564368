"""A stage of one's own, and a backend object with a model in it, by the vendor's SDK."""

from __future__ import annotations

import json

import pytest
from alibabacloud_cloudapi20160714 import models

from running import Nginx, Running
from walk import Walk


@pytest.fixture(scope="module")
def walk(gateway: Running, nginx: Nginx) -> Walk:
    walk = Walk(gateway.client(), "-stages")
    walk.authorise_vpc("vpc-stages", "127.0.0.1", nginx.port)
    walk.create_group()
    walk.create_api(auth_type="ANONYMOUS")
    return walk


def test_callers_name_the_stage_and_get_the_model_of_it(gateway: Running, nginx: Nginx, walk: Walk) -> None:
    client = walk.client
    request = models.CreateStageModelRequest(stage_name="uat", stage_alias="Acceptance")
    stage_id = client.create_stage_model(request).body.stage_model_id
    made = models.CreateBackendRequest(backend_name="mock", backend_type="MOCK")
    backend_id = client.create_backend(made).body.backend_id
    for stage in ("RELEASE", "UAT"):
        data = json.dumps({"MockConfig": {"MockResult": f"this is {stage}"}})
        client.create_backend_model(
            models.CreateBackendModelRequest(
                backend_id=backend_id, backend_type="MOCK", stage_name=stage, backend_model_data=data
            )
        )
    client.modify_api_configuration(
        models.ModifyApiConfigurationRequest(api_id=walk.api_id, use_backend_service=True, backend_name="mock")
    )
    for stage in ("RELEASE", "UAT"):
        walk.publish(stage=stage)
    assert gateway.get("/nginx", walk.domain).text == "this is RELEASE"
    assert gateway.get("/nginx", walk.domain, **{"x-ca-stage": "uat"}).text == "this is UAT"
    back = models.ModifyApiConfigurationRequest(api_id=walk.api_id, use_backend_service=False)
    client.modify_api_configuration(back)
    walk.publish()
    assert gateway.get("/nginx", walk.domain).status_code == 200
    assert "this is" not in gateway.get("/nginx", walk.domain).text
    gone = models.AbolishApiRequest(group_id=walk.group_id, api_id=walk.api_id, stage_name="UAT")
    client.abolish_api(gone)
    (model,) = [
        one
        for one in client.describe_backend_info(
            models.DescribeBackendInfoRequest(backend_id=backend_id)
        ).body.backend_info.backend_models
        if one.stage_name == "UAT"
    ]
    client.delete_backend_model(
        models.DeleteBackendModelRequest(
            backend_id=backend_id, backend_model_id=model.backend_model_id, stage_name="UAT"
        )
    )
    client.delete_stage_model(models.DeleteStageModelRequest(stage_model_id=stage_id))
    assert gateway.get("/nginx", walk.domain, **{"x-ca-stage": "uat"}).headers["x-ca-error-code"] == "I400SG"
