"""Parameters of an API: what a caller sends, what the backend gets, and which becomes which.

Texts keep the caller's spelling (`STRING`, `Head`), because clients compare what they read with what they wrote;
whoever needs the meaning compares without case. Invariant: constants and system parameters are in lists of their own,
never among the request parameters.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RequestParameter:
    """One declared parameter of the request."""

    api_parameter_name: str | None = None
    location: str | None = None
    parameter_type: str | None = None
    required: str | None = None
    default_value: str | None = None
    demo_value: str | None = None
    min_value: int | None = None
    max_value: int | None = None
    min_length: int | None = None
    max_length: int | None = None
    regular_expression: str | None = None
    json_scheme: str | None = None
    # Comma-separated.
    enum_value: str | None = None
    array_items_type: str | None = None
    doc_show: str | None = None
    doc_order: int | None = None
    description: str | None = None


@dataclass(frozen=True)
class ServiceParameter:
    """One parameter of the backend request that a request parameter is mapped to."""

    service_parameter_name: str | None = None
    location: str | None = None
    parameter_type: str | None = None
    # REQUEST, CONSTANT or SYSTEM; the latter two only until they are moved into their own lists.
    parameter_catalog: str | None = None


@dataclass(frozen=True)
class ParameterMapping:
    service_parameter_name: str | None = None
    request_parameter_name: str | None = None


@dataclass(frozen=True)
class ConstantParameter:
    """A fixed value of the backend request."""

    service_parameter_name: str | None = None
    constant_value: str | None = None
    location: str | None = None
    description: str | None = None


@dataclass(frozen=True)
class SystemParameter:
    """A value of the backend request that the gateway knows, such as the caller's address."""

    parameter_name: str | None = None
    service_parameter_name: str | None = None
    location: str | None = None
    demo_value: str | None = None
    description: str | None = None
