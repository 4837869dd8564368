"""The file of the setting `inventory`: which sources are read, for which network, how often.

TOML, a table for each source. Read once when the control plane starts. It is a file of the machine and no resource,
because a source is a place that the control plane connects to, with credentials of its own. Invariant: every source
that comes out of here is whole, or `ValueError` says all that is wrong.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from isthmus.inventory.aliyun import ECS, SLB, AliyunSource, has_sdk
from isthmus.inventory.docker import USUAL_LABEL, USUAL_SOCKET, DockerSource
from isthmus.inventory.kubernetes import ENDPOINTS, LOAD_BALANCERS, SERVICES, KubernetesSource
from isthmus.inventory.source import Source
from isthmus.setting_values import KINDS

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LABEL_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_USUAL_INTERVAL = "10s"
_LIMITS = {"smallest": timedelta(milliseconds=100), "largest": timedelta(days=1)}
_LEAST_FRESH = timedelta(seconds=30)
_IN_CLUSTER = "/var/run/secrets/kubernetes.io/serviceaccount/"
# What a person enters is called so.
_TAKEN = "static"


@dataclass(frozen=True)
class ConfiguredSource:
    """`name` is what operations show, `network_id` the network whose instances it tells."""

    name: str
    kind: str
    network_id: str
    interval: timedelta
    source: Source

    @property
    def fresh_for(self) -> timedelta:
        """How long its word counts as new: it may fail to answer twice."""
        return max(3 * self.interval, _LEAST_FRESH)


def read_sources(path: Path) -> list[ConfiguredSource]:
    """Raises: ValueError, OSError."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} (inventory) is not TOML: {error}") from error
    problems: list[str] = []
    found = [_source(name, table, problems) for name, table in document.items()]
    if problems:
        raise ValueError(f"{path} (inventory): " + " ".join(problems))
    return [one for one in found if one is not None]


class _Table:
    """The keys of one source; what nobody asked for is unknown."""

    def __init__(self, name: str, table: Mapping[str, Any], problems: list[str]) -> None:
        self._name, self._table, self._problems = name, dict(table), problems

    def text(self, key: str, usual: str | None = "") -> str:
        """`usual` None: it is needed."""
        value = self._table.pop(key, usual)
        if isinstance(value, str) and (value or usual is not None):
            return value
        self.problem(key, "is missing." if value is None else "must be a text.")
        return ""

    def interval(self) -> timedelta:
        value = self.text("interval", _USUAL_INTERVAL)
        try:
            read: timedelta = KINDS["duration"].read(value, {"smallest": _LIMITS["smallest"]})
        except ValueError as error:
            self.problem("interval", f"{str(error) or 'is no time such as 10s'}.")
            return _LEAST_FRESH
        if read > _LIMITS["largest"]:
            self.problem("interval", "is at most 1d.")
        return read

    def problem(self, key: str, text: str) -> None:
        self._problems.append(f"{self._name}.{key} {text}")

    def no_more(self) -> None:
        for key in self._table:
            self.problem(key, "is not known.")


def _source(name: str, table: Any, problems: list[str]) -> ConfiguredSource | None:
    if not isinstance(table, dict):
        problems.append(f"{name} must be a table such as [{name}].")
        return None
    if not _NAME.fullmatch(name) or name == _TAKEN:
        problems.append(
            f"{name[:70]!r} cannot name a source: 1 to 64 letters, digits, '.', '_', '-', and not {_TAKEN}."
        )
    keys = _Table(name, table, problems)
    kind, network_id, interval = keys.text("kind", None), keys.text("network", None), keys.interval()
    make = _KINDS.get(kind)
    if make is None:
        keys.problem("kind", f"must be one of {', '.join(sorted(_KINDS))}.")
        return None
    source = make(keys)
    keys.no_more()
    return ConfiguredSource(name, kind, network_id, interval, source)


def _docker(keys: _Table) -> Source:
    return DockerSource(
        docker_network=keys.text("docker_network", None),
        socket=keys.text("socket", USUAL_SOCKET),
        label=keys.text("label", USUAL_LABEL),
    )


def _kubernetes(keys: _Table) -> Source:
    server = keys.text("server", "https://kubernetes.default.svc")
    if not server.startswith("https://"):
        keys.problem("server", "must begin with https://, since a token is sent there.")
    namespace = keys.text("namespace")
    if namespace and not _LABEL_NAME.fullmatch(namespace):
        keys.problem("namespace", "is no name of a namespace.")
    addresses = keys.text("addresses", SERVICES)
    if addresses not in (SERVICES, ENDPOINTS, LOAD_BALANCERS):
        keys.problem("addresses", f"must be {SERVICES}, {ENDPOINTS} or {LOAD_BALANCERS}.")
    token_variable = keys.text("token_variable")
    token_file = keys.text("token_file", "" if token_variable else f"{_IN_CLUSTER}token")
    if token_variable and token_file:
        keys.problem("token_file", "and token_variable are both given; one is enough.")
    ca_file = keys.text("ca_file", f"{_IN_CLUSTER}ca.crt")
    return KubernetesSource(
        server=server,
        ca_file=Path(ca_file) if ca_file else None,
        token_file=Path(token_file) if token_file else None,
        token_variable=token_variable,
        namespace=namespace,
        selector=keys.text("selector"),
        addresses=addresses,
    )


def _aliyun(keys: _Table) -> Source:
    if not has_sdk():
        keys.problem("kind", "needs the vendor's SDK: pip install 'isthmus[aliyun]'.")
    region = keys.text("region", None)
    if region and not _LABEL_NAME.fullmatch(region):
        keys.problem("region", "is no name of a region such as cn-hangzhou.")
    endpoint = keys.text("endpoint")
    if endpoint and not endpoint.startswith(("https://", "http://")):
        keys.problem("endpoint", "must be a URL such as https://ecs.cn-hangzhou.aliyuncs.com.")
    resources = keys.text("resources", ECS)
    if resources not in (ECS, SLB):
        keys.problem("resources", f"must be {ECS} or {SLB}.")
    credentials = keys.text("credentials_file")
    file = Path(credentials) if credentials else None
    return AliyunSource(region, keys.text("vpc_id", None), endpoint, file, resources)


_KINDS = {"aliyun": _aliyun, "docker": _docker, "kubernetes": _kubernetes}
