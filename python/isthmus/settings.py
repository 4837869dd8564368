"""Every setting of Isthmus: its name, what it does, its default, and where its value came from.

Processes call `Settings.load` once at their start and pass the result on; nothing reads the environment later.
`setting_sources.py` finds the texts, `setting_values.py` turns them into values. A flag wins over an `ISTHMUS_<NAME>` variable, which wins over the TOML
file, which wins over the default. Invariant: either every value is good, or `SettingsError` lists all that are not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from isthmus.setting_sources import flag_name, read_settings, unknown_variables, variable_name
from isthmus.setting_values import KINDS, Address, show

__all__ = ["Address", "SettingRow", "Settings", "SettingsError"]


class SettingsError(Exception):
    """Settings that cannot be used; `problems` has one sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class SettingRow(NamedTuple):
    """One line of the reference page."""

    name: str
    flag: str
    variable: str
    form: str
    default: str
    help: str


def _setting(kind: str, default: Any, text: str, **limits: Any) -> Any:
    return field(default=default, metadata={"kind": kind, "help": text, "limits": limits})


@dataclass(frozen=True)
class Settings:
    """The settings of one process. Durations are `timedelta`, sizes are bytes, an address is (host, port)."""

    state: Path = _setting(
        "path",
        Path("~/.local/share/isthmus"),
        "Directory of the store, the keys and the engine's disk copy of the plan.",
    )
    database: str = _setting(
        "database",
        "",
        "PostgreSQL database of the control plane, postgresql://user:password@host:5432/name; empty means a file in "
        "the state directory. A flag is visible to others on the machine: a password belongs into the variable.",
    )
    http: Address = _setting("address", Address("0.0.0.0", 8080), "Where the engine takes HTTP requests.")
    https: Address | None = _setting(
        "address",
        Address("0.0.0.0", 8443),
        "Where the engine takes HTTPS requests; empty means nowhere.",
        optional=True,
    )
    admin: Address = _setting(
        "address",
        Address("127.0.0.1", 7080),
        "Where the management API and the console answer.",
    )
    admin_https: Address | None = _setting(
        "address",
        None,
        "Where they answer by HTTPS, too; needs admin_certificate_file and admin_key_file; empty means nowhere.",
        optional=True,
    )
    admin_certificate_file: Path | None = _setting(
        "path",
        None,
        "Certificate (PEM, with its chain) of admin_https; read again when the file changes.",
        optional=True,
    )
    admin_key_file: Path | None = _setting("path", None, "Private key (PEM) of admin_certificate_file.", optional=True)
    health: Address | None = _setting(
        "address",
        Address("127.0.0.1", 7081),
        "Where the engine answers health checks; empty means nowhere.",
        optional=True,
    )
    hub: Address | None = _setting(
        "address",
        None,
        "Where connectors of other networks come in, by TLS; empty means nowhere.",
        optional=True,
    )
    hub_address: str = _setting(
        "text",
        "",
        "HOST:PORT under which those connectors reach the hub; empty means the address where it listens.",
        longest=260,
    )
    inventory: Path | None = _setting(
        "path",
        None,
        "File (TOML) that says from where the control plane reads instances of networks, such as Docker or Kubernetes; "
        "read at its start, empty means from nowhere.",
        optional=True,
    )
    control_url: str = _setting(
        "text",
        "http://127.0.0.1:7080",
        "Where an engine finds the control plane that it follows.",
    )
    node: str = _setting(
        "text",
        "",
        "Name under which an engine reports; empty means the host name.",
        longest=64,
    )
    instance: str = _setting(
        "text",
        "",
        "The dedicated instance whose groups an engine serves, and no others; empty means every group.",
        longest=64,
    )
    dedicated: Address | None = _setting(
        "address",
        None,
        "With it, isthmus up runs an engine for each dedicated instance: here is the first one's HTTP, on the next port its "
        "HTTPS, on the next two the second one's. Its other engine then serves the shared instance alone.",
        optional=True,
    )
    engine_user: str = _setting(
        "text",
        "",
        "UID:GID that an engine becomes which root starts, once it listens; files that it reads and writes elsewhere must be "
        "open to that user. Empty means it stays who it is, without any capability.",
        longest=32,
    )
    engine_threads: int = _setting("count", 0, "Serving threads of an engine; 0 means one per core.", largest=1024)
    management_threads: int = _setting(
        "count",
        16,
        "Management calls that run at the same time; others wait.",
        smallest=1,
        largest=1024,
    )
    signature_window: timedelta = _setting(
        "duration",
        timedelta(minutes=15),
        "How far the timestamp of a signed request may be from the engine's clock.",
    )
    nonce_window: timedelta = _setting(
        "duration",
        timedelta(minutes=15),
        "How long a nonce may not come again; 0s switches the check off.",
    )
    management_skew: timedelta = _setting(
        "duration",
        timedelta(minutes=15),
        "How far the timestamp of a management call may be from this machine's clock.",
    )
    automatic_domain_suffix: str = _setting(
        "host_name",
        "isthmus.localhost",
        "A group's automatic domain is <group id>-<region>.<this>.",
    )
    automatic_domain_quota: int = _setting(
        "count",
        1000,
        "Calls a day through one automatic domain; 0 means no limit.",
        largest=2**63 - 1,
    )
    region: str = _setting("label", "cn-hangzhou", "The region that this gateway says it is in.")
    loopback_backends: bool = _setting(
        "boolean",
        False,
        "Whether a backend may be on a loopback address; `isthmus up` turns it on unless it is set.",
    )
    request_body_limit: int = _setting("size", 8 * 1024**2, "Largest body of a request to an API.", smallest=1)
    connect_timeout: timedelta = _setting(
        "duration",
        timedelta(seconds=2),
        "How long connecting to a backend may take.",
        smallest=timedelta(milliseconds=1),
    )
    function_url: str = _setting(
        "text",
        "",
        "URL by which a function is called that an API names without an URL; {region}, {service}, {function} and "
        "{qualifier} stand for its names. Empty: such an API cannot be published.",
    )
    discovery_interval: timedelta = _setting(
        "duration",
        timedelta(seconds=5),
        "How often an engine asks registries of services (Nacos) for the targets of backends; name servers are asked "
        "when their answer's time to live is over.",
        smallest=timedelta(milliseconds=100),
    )
    nacos_credentials_file: Path | None = _setting(
        "path",
        None,
        'Who signs in to which Nacos server: JSON such as {"10.0.0.5:8848": {"user": "gateway", "password": "…"}}, or '
        '{"token": "…"} for an access token; read at the engine\'s start.',
        optional=True,
    )
    name_servers: str = _setting(
        "addresses",
        "",
        "Name servers for backends that are discovered by DNS, such as 10.0.0.53:53,10.0.1.53:53; empty means those "
        "of the system.",
    )
    backend_ca_file: Path | None = _setting(
        "path",
        None,
        "Authorities of backends' certificates (PEM), beside those of the system; read at the engine's start.",
        optional=True,
    )
    backend_certificate_file: Path | None = _setting(
        "path",
        None,
        "Certificate (PEM) that the engine shows backends which ask for one; needs backend_key_file.",
        optional=True,
    )
    backend_key_file: Path | None = _setting(
        "path", None, "Private key (PEM) of backend_certificate_file.", optional=True
    )
    client_timeout: timedelta = _setting(
        "duration",
        timedelta(seconds=60),
        "How long a client may take to send the head of a request, be silent inside a body (which comes with at least "
        "500 bytes a second), take nothing of an answer, and leave a connection idle.",
        smallest=timedelta(milliseconds=1),
    )
    connections_per_address: int = _setting(
        "count",
        10_000,
        "Connections to one engine that one client address (IPv6: one /64) may have open; more are closed at once. "
        "0 means any number.",
        largest=2**32 - 1,
    )
    internal_networks: str = _setting(
        "networks",
        "",
        "Callers that are not on the Internet, such as 10.0.0.0/8,fd00::/8: only they may call APIs with "
        "DisableInternet. The address of the connection counts, so a load balancer's own must not be among them.",
    )
    stream_idle: timedelta = _setting(
        "duration",
        timedelta(minutes=5),
        "How long a stream (gRPC, WebSocket, server-sent events) may be silent before it is ended.",
        smallest=timedelta(milliseconds=1),
    )
    instance_overlap: timedelta = _setting(
        "duration", timedelta(minutes=10), "How long a group that moves is still served by the instance that it leaves."
    )
    publish_wait: timedelta = _setting(
        "duration",
        timedelta(seconds=5),
        "How long a change waits until every healthy engine serves it.",
    )
    drain: timedelta = _setting(
        "duration",
        timedelta(seconds=30),
        "How long running requests may go on after a stop.",
    )
    access_log: Path | None = _setting(
        "path",
        None,
        "File of the access log (one JSON object a line), `-` for standard output; empty means no access log.",
        optional=True,
    )
    access_log_size: int = _setting(
        "size",
        100 * 1024**2,
        "A file of the access log that would grow over this becomes NAME.1, and a new one is begun; 0 means never.",
    )
    access_log_files: int = _setting(
        "count", 5, "Files of the access log that are kept beside the one in use.", smallest=1
    )
    record_size: int = _setting(
        "size",
        256 * 1024**2,
        "What an engine keeps of its last requests on disk, to be found by request id; 0 means nothing.",
    )
    record_age: timedelta = _setting("duration", timedelta(days=7), "How long it keeps them at most.")
    trace_slow: timedelta = _setting(
        "duration",
        timedelta(seconds=1),
        "A request that takes so long leaves a trace of its decision; 0s switches it off. Refusals and errors always do.",
    )
    trace_sample: int = _setting(
        "count", 1000, "One of so many requests leaves a full trace by chance; 0 means none.", largest=2**32 - 1
    )
    otlp_url: str = _setting(
        "text",
        "",
        "OpenTelemetry collector (OTLP over HTTP, such as http://127.0.0.1:4318) that gets the spans of sampled "
        "requests. Empty: no tracing, and headers of traces go through untouched.",
    )
    otlp_sample: int = _setting(
        "count",
        100,
        "One of so many requests that come without a trace begins one; 0 means none. A caller's decision is kept.",
        largest=2**32 - 1,
    )
    refusal_body: str = _setting(
        "choice",
        "empty",
        "Whether the gateway's own refusals carry a JSON body.",
        choices=("empty", "json"),
    )
    domains_per_group_limit: int = _setting("count", 5, "Domains that may be bound to one group.")
    audit_retention: timedelta = _setting(
        "duration", timedelta(), "How long events of the audit trail are kept, at least 30d; 0s keeps them for ever."
    )
    groups_limit: int = _setting("count", 200, "Largest number of groups.")
    apis_per_group_limit: int = _setting("count", 1000, "Largest number of APIs in one group.")
    models_per_group_limit: int = _setting("count", 1000, "Largest number of models in one group.")
    plugins_limit: int = _setting("count", 1000, "Largest number of plug-ins.")
    policies_limit: int = _setting(
        "count", 100, "Largest number of traffic controls, of IP controls, and of signatures."
    )
    writes_limit: int = _setting(
        "count",
        0,
        "Writing calls of the management API a second for one access key or user; 0 means no limit.",
        largest=1_000_000,
    )
    apps_limit: int = _setting("count", 1000, "Largest number of apps.")
    log_level: str = _setting(
        "choice",
        "info",
        "Least severe message that is logged.",
        choices=("debug", "info", "warning", "error"),
    )
    log_format: str = _setting(
        "choice",
        "text",
        "How messages are logged on standard error: lines of text, or a JSON object a line.",
        choices=("text", "json"),
    )
    # Names of settings that somebody gave, and what is odd without being wrong. Neither is a setting.
    given: frozenset[str] = field(default=frozenset(), compare=False)
    warnings: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def load(
        cls,
        flags: Mapping[str, Any],
        environ: Mapping[str, str],
        toml_path: Path | None = None,
    ) -> Settings:
        """Flags by setting name (None means not given), the environment, and a TOML file when there is one.

        Raises: SettingsError.
        """
        known = setting_fields()
        read, problems = read_settings(known, flags, environ, toml_path)
        if problems:
            raise SettingsError(problems)
        given = frozenset(read)
        if "state" not in read and environ.get("XDG_DATA_HOME"):
            read["state"] = Path(environ["XDG_DATA_HOME"]) / "isthmus"
        loaded = cls(**read, given=given, warnings=tuple(unknown_variables(known, environ)))
        return replace(loaded, state=loaded.state.expanduser())

    @staticmethod
    def reference() -> list[SettingRow]:
        """The rows of the generated reference page, in the order of this file."""
        rows = []
        for one in setting_fields():
            form = KINDS[one.metadata["kind"]].form(one.metadata["limits"])
            name = one.name
            row = SettingRow(
                name,
                flag_name(name),
                variable_name(name),
                form,
                show(one.default),
                one.metadata["help"],
            )
            rows.append(row)
        return rows


def setting_fields() -> list[Any]:
    """The dataclass fields that are settings; their metadata has kind, help and limits."""
    return [one for one in fields(Settings) if one.metadata]
