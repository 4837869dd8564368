"""Services of a Kubernetes cluster as instances, from its API server.

Services and endpoint slices are listed with a bearer token over verified TLS. Three ways to give a service an address:
`services` (its cluster address; without one, its ready endpoints), `endpoints` (always those, for a gateway that reaches
pods), `load_balancers` (its address outside the cluster). Invariant: endpoints are numbered without a gap, and keep
their numbers as far as that allows.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from isthmus.inventory.asking import field_of, get_json, optional_field
from isthmus.inventory.source import Reading, SourceError

SERVICES, ENDPOINTS, LOAD_BALANCERS = "services", "endpoints", "load_balancers"
_SERVICE_OF_SLICE = "kubernetes.io/service-name"
_NO_ADDRESS = ("", "None")
_PAGE = "500"
_MOST_PAGES = 200


@dataclass(frozen=True)
class KubernetesSource:
    """`server` is an https:// URL; `namespace` and `selector` (of labels) narrow down which services are read."""

    server: str
    ca_file: Path | None
    # One of them.
    token_file: Path | None
    token_variable: str
    namespace: str = ""
    selector: str = ""
    addresses: str = SERVICES

    def read(self, before: Mapping[str, str]) -> Reading:
        """Raises: SourceError."""
        headers = {"authorization": f"Bearer {self._token()}"}
        with httpx.Client(base_url=self.server, headers=headers, verify=self._authorities(), trust_env=False) as client:
            services = list(self._list(client, "/api/v1", "services", self.selector))
            slices: dict[str, list[Any]] = {}
            if self.addresses != LOAD_BALANCERS:
                for one in self._list(client, "/apis/discovery.k8s.io/v1", "endpointslices", ""):
                    slices.setdefault(_service_of(one), []).append(one)
        reading = Reading()
        for service in services:
            name = _name(service)
            if self.addresses == LOAD_BALANCERS:
                reading.instances.update(_load_balancer(name, service))
            elif self.addresses == SERVICES and (address := _cluster_address(service)):
                reading.instances[name] = address
            else:
                reading.instances.update(_endpoints(name, slices.get(name, []), before))
        return reading

    def _list(self, client: httpx.Client, group: str, kind: str, selector: str) -> Iterator[Any]:
        path = f"{group}/namespaces/{self.namespace}/{kind}" if self.namespace else f"{group}/{kind}"
        query = {"limit": _PAGE, **({"labelSelector": selector} if selector else {})}
        for _ in range(_MOST_PAGES):
            found = get_json(client, path, query)
            yield from field_of(found, "items", list, kind)
            following = optional_field(field_of(found, "metadata", dict, kind), "continue", str, f"{kind}.metadata")
            if not following:
                return
            query["continue"] = following
        raise SourceError(f"there are more than {_MOST_PAGES} pages of {kind}; narrow them down by a namespace")

    def _token(self) -> str:
        """Read each time: the cluster replaces it. Raises: SourceError."""
        try:
            given = self.token_file.read_text() if self.token_file else os.environ.get(self.token_variable, "")
        except (OSError, ValueError) as error:
            raise SourceError(f"token_file cannot be read: {type(error).__name__}") from error
        token = given.strip()
        # What is no header would be shown by the error about it.
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise SourceError(f"{'token_file' if self.token_file else self.token_variable} holds no token")
        return token

    def _authorities(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=None if self.ca_file is None else str(self.ca_file))
        except (OSError, ValueError) as error:
            raise SourceError(f"ca_file cannot be used: {error}") from error


def _name(thing: Any) -> str:
    """As in the cluster's DNS, without what is the same for all."""
    metadata = field_of(thing, "metadata", dict, "service")
    return f"{field_of(metadata, 'name', str, 'metadata')}.{field_of(metadata, 'namespace', str, 'metadata')}"


def _service_of(one: Any) -> str:
    metadata = field_of(one, "metadata", dict, "endpoint slice")
    labels = optional_field(metadata, "labels", dict, "metadata") or {}
    return f"{labels.get(_SERVICE_OF_SLICE)}.{field_of(metadata, 'namespace', str, 'metadata')}"


def _cluster_address(service: Any) -> str:
    address = optional_field(field_of(service, "spec", dict, "service"), "clusterIP", str, "service.spec") or ""
    return "" if address in _NO_ADDRESS else address


def _load_balancer(name: str, service: Any) -> dict[str, str]:
    status = optional_field(service, "status", dict, "service") or {}
    balancer = optional_field(status, "loadBalancer", dict, "service.status") or {}
    for one in optional_field(balancer, "ingress", list, "loadBalancer") or ():
        if address := optional_field(one, "ip", str, "ingress"):
            return {name: address}
    return {}


def _endpoints(name: str, slices: list[Any], before: Mapping[str, str]) -> dict[str, str]:
    """Those with a name of their own (StatefulSets) keep it, others are numbered: 1.web.shop."""
    ready = _ready(slices)
    found = {f"{host_name}.{name}": address for address, host_name in ready.items() if host_name}
    nameless = {address for address, host_name in ready.items() if not host_name}
    # What was said last is in the store, so all control planes number alike.
    for number in range(1, len(nameless) + 1):
        if before.get(f"{number}.{name}") in nameless:
            found[f"{number}.{name}"] = before[f"{number}.{name}"]
    remaining = sorted(nameless - set(found.values()))
    for number in range(1, len(nameless) + 1):
        if f"{number}.{name}" not in found and remaining:
            found[f"{number}.{name}"] = remaining.pop(0)
    return found


def _ready(slices: list[Any]) -> dict[str, str]:
    """Address to host name, or to nothing. IPv4 where there is any."""
    found: dict[str, dict[str, str]] = {"IPv4": {}, "IPv6": {}}
    for one in slices:
        family = found.get(field_of(one, "addressType", str, "endpoint slice"), {})
        for endpoint in optional_field(one, "endpoints", list, "endpoint slice") or ():
            conditions = optional_field(endpoint, "conditions", dict, "endpoint") or {}
            addresses = field_of(endpoint, "addresses", list, "endpoint")
            # Kubernetes says: what is not told is ready.
            if optional_field(conditions, "ready", bool, "conditions") is not False and addresses:
                family[str(addresses[0])] = optional_field(endpoint, "hostname", str, "endpoint") or ""
    return found["IPv4"] or found["IPv6"]
