//! Reaching networks: one interface, whatever the way a network is attached.
//!
//! A backend's target is resolved to one address, the address policy is asked about exactly that address, and exactly
//! that address is connected to: by this process for its own network, by a connector for every other
//! (`connector.rs`). Nothing a caller sends takes part. `egress.rs` keeps the addresses that backends see.

mod connector;
mod egress;
#[cfg(test)]
mod tests;

pub use egress::Egress;

use connector::Clients;
use isthmus_connector::address::{forbidden, inner, is_loopback};
use isthmus_connector::kind_of;
use isthmus_connector::protocol::ErrorKind;
use isthmus_plan::{Attachment, Network};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{lookup_host, TcpStream};
use tokio::time::timeout;

/// Why there is no connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    Timeout,
    Refused,
    Unreachable,
    Reset,
    RefusedByConnector,
    ConnectorGone,
    AddressRefused,
    NoSourceAddress,
    Unresolved,
    Other,
}

/// `detail` is for the log and the provider: it names addresses.
#[derive(Debug)]
pub struct ConnectFailure {
    pub kind: FailureKind,
    pub detail: String,
}

impl ConnectFailure {
    fn new(kind: FailureKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }
}

impl From<ErrorKind> for FailureKind {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::RefusedByConnector => FailureKind::RefusedByConnector,
            ErrorKind::Timeout => FailureKind::Timeout,
            ErrorKind::Refused => FailureKind::Refused,
            ErrorKind::Unreachable => FailureKind::Unreachable,
            ErrorKind::Reset => FailureKind::Reset,
            ErrorKind::NoSourceAddress => FailureKind::NoSourceAddress,
            ErrorKind::Other => FailureKind::Other,
        }
    }
}

/// Addresses that may be dialled.
#[derive(Debug, Clone, Default)]
pub struct AddressPolicy {
    pub loopback_allowed: bool,
    /// The gateway's own listeners: never a backend. An unspecified address stands for every address of this machine.
    pub own_addresses: Vec<SocketAddr>,
}

impl AddressPolicy {
    /// # Errors
    /// Why the address is refused.
    pub fn check(&self, attachment: &Attachment, address: SocketAddr) -> Result<(), String> {
        if let Some(what) = forbidden(address.ip()) {
            return Err(format!("{} is {what}", address.ip()));
        }
        let loopback = is_loopback(address.ip());
        if *attachment != Attachment::Host {
            return if loopback { Err(format!("{} is loopback in a private network", address.ip())) } else { Ok(()) };
        }
        if loopback && !self.loopback_allowed {
            return Err(format!("{} is loopback; the setting loopback_backends allows it", address.ip()));
        }
        let target = inner(address.ip());
        let own = |listener: &SocketAddr| {
            listener.port() == address.port()
                && (inner(listener.ip()) == target || listener.ip().is_unspecified() && is_own_address(target))
        };
        if self.own_addresses.iter().any(own) {
            return Err(format!("{address} is the gateway's own"));
        }
        Ok(())
    }
}

/// Whether an address is this machine's: then the kernel takes it as its own source towards itself.
fn is_own_address(address: IpAddr) -> bool {
    address.is_loopback() || isthmus_connector::source_address(SocketAddr::new(address, 9)) == Some(address)
}

/// A thread's ways into networks.
pub struct Attachments {
    policy: Arc<AddressPolicy>,
    clients: Clients,
}

impl Attachments {
    pub fn new(policy: Arc<AddressPolicy>) -> Self {
        Self { policy, clients: Clients::default() }
    }

    /// Connects to exactly this address in this network.
    ///
    /// # Errors
    /// The first reason that stands in its way.
    pub async fn connect(
        &self,
        network: &Network,
        address: SocketAddr,
        limit: Duration,
    ) -> Result<TcpStream, ConnectFailure> {
        let refused = |why| ConnectFailure::new(FailureKind::AddressRefused, why);
        self.policy.check(&network.attachment, address).map_err(refused)?;
        let stream = match &network.attachment {
            Attachment::Host => dial(address, limit).await?,
            Attachment::Connector { socket } => self.clients.connect(socket, address, limit).await?,
        };
        stream.set_nodelay(true).ok();
        Ok(stream)
    }
}

async fn dial(address: SocketAddr, limit: Duration) -> Result<TcpStream, ConnectFailure> {
    match timeout(limit, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(ConnectFailure::new(kind_of(&error).into(), format!("{address}: {error}"))),
        Err(_) => {
            let detail = format!("no answer from {address} within {} ms", limit.as_millis());
            Err(ConnectFailure::new(FailureKind::Timeout, detail))
        }
    }
}

/// The address that a target stands for: an instance id, an address in canonical form, or (in the engine's own
/// network only) a host name. Odd spellings such as `127.1` or `0x7f.1` are host names, and no resolver knows them.
///
/// # Errors
/// `Unresolved` when it stands for none.
pub async fn resolve(network: &Network, target: &str, port: u16) -> Result<SocketAddr, ConnectFailure> {
    let text = network.instances.get(target).map_or(target, String::as_str);
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(SocketAddr::new(address, port));
    }
    let unresolved = |why: String| ConnectFailure::new(FailureKind::Unresolved, why);
    if network.attachment != Attachment::Host {
        return Err(unresolved(format!("{target:?} is neither an address nor an instance of {}", network.network_id)));
    }
    let looks_numeric = text.split('.').all(|part| part.starts_with(|first: char| first.is_ascii_digit()));
    if looks_numeric {
        return Err(unresolved(format!("{target:?} is not an address in canonical form")));
    }
    let mut found = lookup_host((text, port)).await.map_err(|error| unresolved(format!("{target:?}: {error}")))?;
    found.next().ok_or_else(|| unresolved(format!("{target:?} has no address")))
}
