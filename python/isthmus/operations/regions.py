"""Operations on regions and zones: the one region that this gateway says it is in, and nothing of a cloud's zones.

`RegionEndpoint` is where the management API answers, so a client that follows it stays here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isthmus.operations.call import Call


def describe_regions(call: Call, _params: Any) -> Mapping[str, Any]:
    region = call.settings.region
    return {"regions": [{"region_id": region, "local_name": region, "region_endpoint": str(call.settings.admin)}]}


def describe_zones(call: Call, _params: Any) -> Mapping[str, Any]:
    zone = f"{call.settings.region}-a"
    return {"zones": [{"zone_id": zone, "local_name": zone}]}
