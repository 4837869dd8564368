"""The operation that lists domains of one's own over all groups, with what their certificates say.

An extension: the vendor shows domains only group by group. Each row is what `DescribeApiGroup` says of the domain, and its
group.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isthmus.operations.call import Call
from isthmus.operations.group_domains import automatic_host_of
from isthmus.operations.groups import domain_item
from isthmus.operations.paging import page_fields, page_of
from isthmus.store.domains import list_domains


def describe_bound_domains(call: Call, params: Any) -> Mapping[str, Any]:
    """By name."""
    page = page_of(params)
    found = list_domains(call.transaction, params.domain_name, page)
    rows = [
        {
            **domain_item(call, one.domain),
            "group_id": one.domain.group_id,
            "group_name": one.group_name,
            "sub_domain": automatic_host_of(call, one.domain.group_id),
        }
        for one in found.domains
    ]
    return {"domains": rows, **page_fields(page, found.total)}
