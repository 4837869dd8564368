"""The vendor's two management clients for Python, as walks use them: parameters by their wire names in, wire names out.

Each request goes through the client's own classes and setters; nothing is put into a request past them.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
from typing import Any

from alibabacloud_cloudapi20160714 import models
from alibabacloud_cloudapi20160714.client import Client as CurrentSdk
from alibabacloud_tea_openapi.models import Config
from aliyunsdkcloudapi.request import v20160714
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient

from walking import Answer, UnknownParameters


def _snake(name: str) -> str:
    """As the SDK spells it: `ImportOAS` is `import_oas`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


class Current:
    """`alibabacloud_cloudapi20160714`."""

    def __init__(self, endpoint: str, key: str, secret: str) -> None:
        config = Config(access_key_id=key, access_key_secret=secret, endpoint=endpoint, protocol="http")
        self._client = CurrentSdk(config)
        named = [name.removesuffix("Request") for name in dir(models) if name.endswith("Request")]
        # Operations without parameters have no request class.
        named += [name.removesuffix("Response") for name in dir(models) if name.endswith("Response")]
        self.operations = frozenset(name for name in named if hasattr(self._client, _snake(name)))

    def call(self, operation: str, params: dict[str, Any]) -> Answer:
        method = getattr(self._client, _snake(operation))
        try:
            if not hasattr(models, f"{operation}Request"):
                return Answer(dict(method().body.to_map()))
            request = getattr(models, f"{operation}Request")().from_map(params)
            unknown = set(params) - set(request.to_map())
            if unknown:
                raise UnknownParameters(unknown)
            return Answer(dict(method(request).body.to_map()))
        except UnknownParameters:
            raise
        except Exception as error:
            if not getattr(error, "code", None):
                raise
            return Answer(None, str(error.code), str(error))  # type: ignore[attr-defined]


class Older:
    """`aliyun-python-sdk-cloudapi`."""

    def __init__(self, endpoint: str, key: str, secret: str) -> None:
        self._host, _, port = endpoint.partition(":")
        self._client = AcsClient(key, secret, "cn-hangzhou", port=int(port))
        modules = pkgutil.iter_modules(v20160714.__path__)
        self.operations = frozenset(one.name.removesuffix("Request") for one in modules)

    def call(self, operation: str, params: dict[str, Any]) -> Answer:
        module = importlib.import_module(f"{v20160714.__name__}.{operation}Request")
        request = getattr(module, f"{operation}Request")()
        setters = {name: getattr(request, f"set_{name}", getattr(request, f"set_{name}s", None)) for name in params}
        unknown = [name for name, setter in setters.items() if setter is None]
        if unknown:
            raise UnknownParameters(unknown)
        for name, setter in setters.items():
            setter(params[name])
        request.set_endpoint(self._host)
        request.set_protocol_type("http")
        try:
            return Answer(json.loads(self._client.do_action_with_exception(request)))
        except ServerException as error:
            return Answer(None, str(error.get_error_code()), str(error))
