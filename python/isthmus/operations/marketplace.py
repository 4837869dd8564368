"""What there is to say about the vendor's marketplace here: nothing is bought, sold or charged.

Lists of what was bought are empty, and an API is free; operations that would buy or sell answer `NotImplemented`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isthmus.operations.apis import require_api
from isthmus.operations.call import Call
from isthmus.operations.paging import page_fields, page_of


def describe_purchased_api_groups(call: Call, params: Any) -> Mapping[str, Any]:
    return {"purchased_api_group_attributes": [], **page_fields(page_of(params), 0)}


def describe_purchased_apis(call: Call, params: Any) -> Mapping[str, Any]:
    return {"purchased_apis": [], **page_fields(page_of(params), 0)}


def describe_api_market_attributes(call: Call, params: Any) -> Mapping[str, Any]:
    api = require_api(call.transaction, params.api_id, params.group_id)
    return {"api_id": api.api_id, "need_charging": "false"}
