"""Results and errors as bytes, in JSON or XML: the only place that makes a management response."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from starlette.responses import Response

from isthmus.errors import ApiError

_JSON = "application/json;charset=utf-8"
_XML = "text/xml;charset=utf-8"
# What XML 1.0 cannot hold at all.
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def success(
    action: str,
    result: Mapping[str, Any],
    request_id: str,
    form: str,
    headers: Mapping[str, str],
) -> Response:
    """`form` is JSON or XML."""
    content = {**result, "RequestId": request_id}
    return _response(
        200,
        f"{action}Response",
        content,
        form,
        {**headers, "x-acs-request-id": request_id},
    )


def failure(error: ApiError, request_id: str, host: str, form: str) -> Response:
    """All five members are texts, whatever happened: older SDKs do not check."""
    content = {
        "RequestId": request_id,
        "HostId": host,
        "Code": error.code,
        "Message": error.message,
        "Recommend": "",
    }
    return _response(error.status, "Error", content, form, {"x-acs-request-id": request_id})


def _response(
    status: int,
    name: str,
    content: Mapping[str, Any],
    form: str,
    headers: Mapping[str, str],
) -> Response:
    if form == "XML":
        root = ElementTree.Element(name)
        _fill(root, content)
        body = b'<?xml version="1.0" encoding="UTF-8"?>' + ElementTree.tostring(root, encoding="utf-8")
        return Response(body, status, dict(headers), _XML)
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode("utf-8", "replace"), status, dict(headers), _JSON)


def _fill(parent: ElementTree.Element, value: Any) -> None:
    if isinstance(value, Mapping):
        for name, item in value.items():
            for one in item if isinstance(item, list) else [item]:
                _fill(ElementTree.SubElement(parent, name), one)
    elif isinstance(value, bool):
        parent.text = "true" if value else "false"
    else:
        parent.text = _NOT_XML.sub("\ufffd", str(value))
