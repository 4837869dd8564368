//! What an engine is told at its start, as one JSON document from `python/isthmus/settings.py`.
//!
//! Everything that may change while serving is in the plan instead.

use serde::Deserialize;
use std::net::SocketAddr;
use std::path::PathBuf;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EngineSettings {
    /// The name under which this engine reports to the control plane.
    pub node: String,
    pub http: SocketAddr,
    pub https: Option<SocketAddr>,
    /// Health and readiness; never reachable through a route.
    pub health: Option<SocketAddr>,
    /// Serving threads; 0 means one per core.
    pub threads: usize,
    /// Where the disk copy of the plan is kept.
    pub state: PathBuf,
    /// The key of the disk copy, 64 hexadecimal digits.
    pub state_key: String,
    pub feed: Option<FeedSettings>,
    /// None means no access log.
    pub access_log: Option<AccessLogSettings>,
    /// How much is kept of the last requests, in the state directory; none means nothing.
    #[serde(default)]
    pub records: Option<RecordSettings>,
    #[serde(default)]
    pub traces: TraceSettings,
    /// Distributed tracing; none means that headers of traces go through untouched.
    #[serde(default)]
    pub spans: Option<SpanSettings>,
    /// How far a caller's timestamp may be from now, in milliseconds.
    pub signature_window_ms: u64,
    /// How long a nonce may not come again, in milliseconds; 0 switches the check off.
    pub nonce_window_ms: u64,
    /// Calls a day on a group's automatic domain; 0 means no limit.
    pub automatic_domain_quota: u64,
    /// In bytes.
    pub request_body_limit: u64,
    pub connect_timeout_ms: u64,
    /// URL of functions that a plan names without one, with `{region}`, `{service}`, `{function}` and `{qualifier}`.
    #[serde(default)]
    pub function_url: Option<String>,
    /// How often registries of services are asked, in milliseconds.
    #[serde(default = "discovery_interval")]
    pub discovery_interval_ms: u64,
    /// Who signs in to which Nacos server (JSON).
    #[serde(default)]
    pub nacos_credentials_file: Option<PathBuf>,
    /// Name servers for registries of the type DNS; none means those of the system.
    #[serde(default)]
    pub name_servers: Vec<SocketAddr>,
    /// Authorities of backends' certificates (PEM), beside those of the system.
    #[serde(default)]
    pub backend_ca_file: Option<PathBuf>,
    /// What the gateway shows backends that ask for a certificate (PEM), and its key.
    #[serde(default)]
    pub backend_certificate_file: Option<PathBuf>,
    #[serde(default)]
    pub backend_key_file: Option<PathBuf>,
    /// How long a client may take to send a request's head, be silent inside a body, and leave a connection idle, in
    /// milliseconds.
    pub client_timeout_ms: u64,
    /// Connections that one client address may have open; 0 means any number.
    #[serde(default)]
    pub connections_per_address: u32,
    /// How long a stream (gRPC, WebSocket, server-sent events) may be silent, in milliseconds.
    pub stream_idle_ms: u64,
    #[serde(default)]
    pub two_way: TwoWaySettings,
    /// How long running requests may go on after a stop, in milliseconds.
    pub drain_ms: u64,
    /// Addresses and CIDR blocks of callers that are not on the Internet, for APIs that are closed to it.
    #[serde(default)]
    pub internal_networks: Vec<String>,
    /// Whether backends on loopback are allowed.
    pub loopback_backends: bool,
    /// The instance whose groups alone are served; all are without it.
    #[serde(default)]
    pub instance: Option<String>,
    /// Whether the process keeps no capability once it listens. Only for one whose sole thread starts the engine.
    #[serde(default)]
    pub gives_up_capabilities: bool,
    /// The user that it becomes then; it stays who it is without it.
    #[serde(default)]
    pub run_as: Option<isthmus_connector::RunAs>,
    /// Addresses that are the gateway's own and never a backend, beside its listeners.
    pub own_addresses: Vec<SocketAddr>,
    /// Whether a refusal carries a JSON body.
    pub refusal_body: RefusalBody,
}

/// What a two-way connection may do before it ends.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TwoWaySettings {
    /// Of all its messages, in both directions.
    pub bytes: u64,
    /// How long its device may say nothing, in milliseconds.
    pub silence_ms: u64,
}

impl Default for TwoWaySettings {
    /// Three heart beats of the vendor's Java SDK (25 s).
    fn default() -> Self {
        Self { bytes: 1 << 30, silence_ms: 75_000 }
    }
}

/// Where the access log (JSON lines) goes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessLogSettings {
    /// `-` is standard output.
    pub path: PathBuf,
    /// A file that would grow over this is put aside; 0 means never.
    #[serde(default)]
    pub bytes: u64,
    /// How many files that were put aside are kept, at least one.
    #[serde(default)]
    pub files: u32,
}

/// Which requests have spans: those whose caller has sampled them, and by chance.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpanSettings {
    /// One of so many requests that come without a trace begins one; 0 means none.
    pub one_in: u32,
}

/// Size and age of the ring of records; whichever is reached first ends a record's life.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordSettings {
    pub bytes: u64,
    pub age_ms: u64,
}

/// Which requests leave a trace beside their record; refusals and errors always do.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TraceSettings {
    /// In milliseconds: requests that take at least so long; 0 switches it off.
    pub slow_ms: u64,
    /// One of so many requests is picked out by chance; 0 picks none.
    pub one_in: u32,
}

fn discovery_interval() -> u64 {
    5000
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalBody {
    Empty,
    Json,
}

/// Where the plan comes from.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedSettings {
    /// For example `http://127.0.0.1:7080`.
    pub url: String,
    pub token: isthmus_plan::Secret,
}
