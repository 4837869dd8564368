//! Connecting to where a route leads, and what it means when that fails.
//!
//! Called by `http.rs` and `http2.rs` for each new connection; `attach` finds the way and `tls.rs` makes it secure.
//! Invariant: the address policy is asked about every address that is dialled.

use super::route::{Place, Route};
use super::tls;
use crate::attach::{ConnectFailure, FailureKind};
use crate::request::answer::{Kind, Refusal};
use crate::thread::Thread;
use isthmus_plan::Network;
use rustls::ClientConfig;
use std::rc::Rc;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{timeout_at, Instant};
use tokio_rustls::client::TlsStream;

/// Where hosts are that no access names.
static OWN_NETWORK: LazyLock<Network> = LazyLock::new(Network::of_engine);

/// A connection to where the route leads.
pub async fn dial(thread: &Rc<Thread>, route: &Route<'_>, deadline: Instant) -> Result<TcpStream, Refusal> {
    let left = deadline.saturating_duration_since(Instant::now());
    // Another target gets its chance too.
    let left = if route.has_others() { left / 2 } else { left };
    let limit = Duration::from_millis(thread.settings.connect_timeout_ms).min(left);
    let network = match &route.place {
        Place::Access { network, .. } => network.as_ref(),
        Place::Host { .. } | Place::Found { .. } => &*OWN_NETWORK,
    };
    let (target, port) = route.target();
    let connecting = thread.attachments.reach(network, target, port, limit);
    let through_access = matches!(route.place, Place::Access { .. });
    match timeout_at(deadline, connecting).await {
        Ok(connected) => connected.map_err(|failure| not_connected(failure, target, through_access)),
        Err(_) => Err(Refusal::new(Kind::BackendTimeout)),
    }
}

pub async fn secure(
    config: &Arc<ClientConfig>,
    route: &Route<'_>,
    stream: TcpStream,
    deadline: Instant,
) -> Result<TlsStream<TcpStream>, Refusal> {
    match timeout_at(deadline, tls::connect(config, route.tls_name(), stream)).await {
        Ok(stream) => stream,
        Err(_) => Err(Refusal::new(Kind::BackendTimeout)),
    }
}

fn not_connected(failure: ConnectFailure, target: &str, through_access: bool) -> Refusal {
    let (kind, reason) = match failure.kind {
        FailureKind::Timeout => (Kind::BackendConnect, "timeout"),
        FailureKind::Refused => (Kind::BackendConnect, "connection refused"),
        FailureKind::Unreachable => (Kind::BackendConnect, "host unreachable"),
        FailureKind::Reset => (Kind::BackendConnect, "connection reset"),
        FailureKind::Unresolved if through_access => (Kind::VpcAccess, ""),
        FailureKind::Unresolved => {
            return Refusal::because(Kind::BackendUnresolved, target.to_owned()).with_detail(failure.detail)
        }
        FailureKind::AddressRefused if through_access => (Kind::VpcAccess, ""),
        FailureKind::AddressRefused => (Kind::BackendAddress, ""),
        FailureKind::RefusedByConnector | FailureKind::ConnectorGone => (Kind::VpcAccess, ""),
        FailureKind::NoSourceAddress | FailureKind::Other => (Kind::BackendConnect, "no connection"),
    };
    Refusal::because(kind, reason).with_detail(failure.detail)
}
