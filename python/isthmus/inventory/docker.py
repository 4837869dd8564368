"""Containers of a Docker network as instances, from the Docker Engine API on its Unix socket.

An instance is named by a label of its container (`isthmus.instance`, or another one), else by the container's name. Its
address is the one that it has in that network. Invariant: one request a reading, which only reads.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from isthmus.inventory.asking import field_of, get_json, items_of, optional_field
from isthmus.inventory.source import Reading, SourceError

USUAL_SOCKET = "/var/run/docker.sock"
USUAL_LABEL = "isthmus.instance"


@dataclass(frozen=True)
class DockerSource:
    """`docker_network` is a network's name or id as Docker has it."""

    docker_network: str
    socket: str = USUAL_SOCKET
    label: str = USUAL_LABEL

    def read(self, before: Mapping[str, str]) -> Reading:
        """Raises: SourceError."""
        transport = httpx.HTTPTransport(uds=self.socket)
        # The socket is the machine's own: no proxy, no .netrc.
        with httpx.Client(transport=transport, base_url="http://docker", trust_env=False) as client:
            filters = json.dumps({"network": [self.docker_network]})
            found = items_of(get_json(client, "/containers/json", {"filters": filters}), "a list of containers")
        reading = Reading()
        # Two that say the same are an old one and its successor.
        for container in sorted(found, key=_age, reverse=True):
            self._add(reading, container)
        return reading

    def _add(self, reading: Reading, container: Any) -> None:
        labels = optional_field(container, "Labels", dict, "container") or {}
        names = [name for name in field_of(container, "Names", list, "container") if isinstance(name, str)]
        name = names[0].removeprefix("/") if names else ""
        instance_id = labels.get(self.label) or name
        if not isinstance(instance_id, str) or not instance_id:
            raise SourceError("the answer has a container without a name")
        address = self._address(container)
        if not address:
            reading.left_out.append(f"{instance_id}: the container {name} has no address in {self.docker_network}")
        elif instance_id in reading.instances:
            reading.left_out.append(f"{instance_id}: the older container {name} has this name, too")
        else:
            reading.instances[instance_id] = address

    def _address(self, container: Any) -> str:
        settings = field_of(container, "NetworkSettings", dict, "container")
        networks = field_of(settings, "Networks", dict, "container.NetworkSettings")
        for name, network in networks.items():
            known_id = optional_field(network, "NetworkID", str, "network") or ""
            # Docker takes the beginning of an id for the id.
            if name == self.docker_network or (
                len(self.docker_network) >= 12 and known_id.startswith(self.docker_network)
            ):
                keys = ("IPAddress", "GlobalIPv6Address")
                return next((text for key in keys if (text := optional_field(network, key, str, "network"))), "")
        return ""


def _age(container: Any) -> int:
    return optional_field(container, "Created", int, "container") or 0
