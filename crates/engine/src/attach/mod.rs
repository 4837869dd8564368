//! Reaching networks: one interface, whatever the way a network is attached.
//!
//! A backend's target is resolved once, and each address that is dialled is one that the address policy was asked about:
//! by this process always, and by a connector again. `direct.rs` dials from this machine, `connector.rs` asks a connector
//! that stands in the network, `bastion.rs` a bastion at its edge; `names.rs` knows host names. Nothing a caller sends takes part. `egress.rs` keeps
//! the addresses that backends see.

mod bastion;
mod connector;
mod direct;
mod egress;
mod names;
#[cfg(test)]
mod tests;

pub use egress::Egress;

use bastion::{Bastions, Speech};
use connector::Clients;
use isthmus_connector::address::{forbidden, inner, is_loopback};
use isthmus_connector::protocol::ErrorKind;
use isthmus_plan::{Attachment, Network};
use names::Names;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::Instant;

/// Addresses of one name that are tried; a resolver sorts by what is near and reachable.
const ADDRESS_LIMIT: usize = 4;

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
            ErrorKind::Offline => FailureKind::ConnectorGone,
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
    pub fn check(&self, network: &Network, address: SocketAddr) -> Result<(), String> {
        let ip = address.ip();
        let is_host = network.attachment.is_host();
        if !network.special_addresses.contains(&ip) {
            if let Some(what) = forbidden(ip) {
                return Err(format!("{ip} is {what}"));
            }
            if is_loopback(ip) && !is_host {
                return Err(format!("{ip} is loopback in a private network"));
            }
            if is_loopback(ip) && !self.loopback_allowed {
                return Err(format!("{ip} is loopback; the setting loopback_backends allows it"));
            }
            if !network.cidrs.is_empty() && !network.cidrs.iter().any(|cidr| cidr.contains(&ip)) {
                return Err(format!("{ip} is outside the ranges of {}", network.network_id));
            }
        }
        if !is_host {
            return Ok(());
        }
        let target = inner(ip);
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
    bastions: Bastions,
    names: Rc<Names>,
}

impl Attachments {
    pub fn new(policy: Arc<AddressPolicy>) -> Self {
        Self { policy, clients: Clients::default(), bastions: Bastions::default(), names: Rc::default() }
    }

    /// Resolves a target and connects to the first of its addresses that answers; each gets its share of the time.
    ///
    /// # Errors
    /// `Unresolved`, or what the first address met.
    pub async fn reach(
        &self,
        network: &Network,
        target: &str,
        port: u16,
        limit: Duration,
    ) -> Result<TcpStream, ConnectFailure> {
        let addresses = self.resolve(network, target, port).await?;
        self.connect_any(network, &addresses, Instant::now() + limit).await
    }

    /// The addresses that a target stands for.
    ///
    /// # Errors
    /// `Unresolved`.
    pub async fn resolve(&self, network: &Network, target: &str, port: u16) -> Result<Vec<SocketAddr>, ConnectFailure> {
        resolve(&self.names, network, target, port).await
    }

    /// The source addresses that can be chosen towards a network; None: there is no choice.
    ///
    /// # Errors
    /// `ConnectorGone`.
    pub async fn sources(&self, network: &Network) -> Result<Vec<Option<IpAddr>>, ConnectFailure> {
        let Attachment::Connector { socket } = &network.attachment else { return Ok(vec![None]) };
        let egress = self.clients.egress(socket).await?;
        // It takes them from its own configuration, so each can be asked for; without one the kernel chooses.
        Ok(if egress.is_empty() { vec![None] } else { egress.into_iter().map(Some).collect() })
    }

    async fn connect_any(
        &self,
        network: &Network,
        addresses: &[SocketAddr],
        deadline: Instant,
    ) -> Result<TcpStream, ConnectFailure> {
        let mut first = None;
        for (address, left) in addresses.iter().zip((1..=addresses.len()).rev()) {
            let share = deadline.saturating_duration_since(Instant::now()) / u32::try_from(left).unwrap_or(u32::MAX);
            match self.connect(network, *address, share).await {
                Ok(stream) => return Ok(stream),
                Err(failure) => first = first.or(Some(failure)),
            }
        }
        Err(first.unwrap_or_else(|| ConnectFailure::new(FailureKind::Unresolved, "no address")))
    }

    /// Connects to exactly this address in this network, from one of its source addresses in turn.
    ///
    /// # Errors
    /// The first reason that stands in its way.
    async fn connect(
        &self,
        network: &Network,
        address: SocketAddr,
        limit: Duration,
    ) -> Result<TcpStream, ConnectFailure> {
        self.connect_from(network, address, None, limit).await
    }

    /// The same from a certain source address, None for any.
    ///
    /// # Errors
    /// The first reason that stands in its way.
    pub async fn connect_from(
        &self,
        network: &Network,
        address: SocketAddr,
        from: Option<IpAddr>,
        limit: Duration,
    ) -> Result<TcpStream, ConnectFailure> {
        let refused = |why| ConnectFailure::new(FailureKind::AddressRefused, why);
        self.policy.check(network, address).map_err(refused)?;
        let bastions = |speech, bastion| self.bastions.connect((speech, bastion), &self.policy, address, limit);
        let stream = match &network.attachment {
            Attachment::Host { source, device } => {
                let way = direct::Way { source: from.or(*source), device: device.as_deref() };
                direct::dial(address, &way, limit).await?
            }
            Attachment::Connector { socket } => self.clients.connect(socket, (address, from), limit).await?,
            Attachment::Socks5(bastion) => bastions(Speech::Socks5, bastion).await?,
            Attachment::HttpConnect(bastion) => bastions(Speech::HttpConnect, bastion).await?,
        };
        stream.set_nodelay(true).ok();
        Ok(stream)
    }
}

/// The addresses that a target stands for, never none: that of an instance id, an address in canonical form, or (in the
/// engine's own network only) those of a host name. Odd spellings such as `127.1` or `0x7f.1` stand for none.
///
/// # Errors
/// `Unresolved` when it stands for none.
async fn resolve(
    names: &Rc<Names>,
    network: &Network,
    target: &str,
    port: u16,
) -> Result<Vec<SocketAddr>, ConnectFailure> {
    let text = network.instances.get(target).map_or(target, String::as_str);
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let unresolved = |why: String| ConnectFailure::new(FailureKind::Unresolved, why);
    if !network.attachment.is_host() {
        return Err(unresolved(format!("{target:?} is neither an address nor an instance of {}", network.network_id)));
    }
    let looks_numeric = text.split('.').all(|part| part.starts_with(|first: char| first.is_ascii_digit()));
    if looks_numeric {
        return Err(unresolved(format!("{target:?} is not an address in canonical form")));
    }
    let found = names.addresses(text).await.map_err(|error| unresolved(format!("{target:?}: {error}")))?;
    let addresses: Vec<_> = found.iter().map(|address| SocketAddr::new(*address, port)).collect();
    if addresses.is_empty() {
        return Err(unresolved(format!("{target:?} has no address")));
    }
    Ok(addresses)
}
