"""The nouns of an API's definition, as frozen dataclasses.

Made by `operations` from what a caller sent or from a stored document, read by `publish`. Nothing here does I/O.
"""

from isthmus.model.api import (
    Draft,
    ErrorCodeSample,
    EventBridgeConfig,
    FunctionComputeConfig,
    MockHeader,
    OpenIdConnectConfig,
    OssConfig,
    RequestConfig,
    ResultDescription,
    ServiceConfig,
    VpcConfig,
)
from isthmus.model.document import from_document, to_document
from isthmus.model.parameters import (
    ConstantParameter,
    ParameterMapping,
    RequestParameter,
    ServiceParameter,
    SystemParameter,
)

__all__ = [
    "ConstantParameter",
    "Draft",
    "ErrorCodeSample",
    "EventBridgeConfig",
    "FunctionComputeConfig",
    "MockHeader",
    "OpenIdConnectConfig",
    "OssConfig",
    "ParameterMapping",
    "RequestConfig",
    "RequestParameter",
    "ResultDescription",
    "ServiceConfig",
    "ServiceParameter",
    "SystemParameter",
    "VpcConfig",
    "from_document",
    "to_document",
]
