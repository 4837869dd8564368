//! Reaching networks.
use isthmus_plan::Network;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
pub struct AddressPolicy {
    pub loopback_allowed: bool,
    pub own_addresses: Vec<SocketAddr>,
}
pub struct Attachments {
    _policy: Arc<AddressPolicy>,
}
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
pub struct ConnectFailure {
    pub kind: FailureKind,
    pub detail: String,
}
impl Attachments {
    pub fn new(policy: Arc<AddressPolicy>) -> Self {
        Self { _policy: policy }
    }
    pub async fn connect(
        &self,
        _network: &Network,
        address: SocketAddr,
        timeout: Duration,
    ) -> Result<tokio::net::TcpStream, ConnectFailure> {
        match tokio::time::timeout(timeout, tokio::net::TcpStream::connect(address)).await {
            Ok(Ok(s)) => {
                s.set_nodelay(true).ok();
                Ok(s)
            }
            Ok(Err(e)) => Err(ConnectFailure { kind: FailureKind::Refused, detail: e.to_string() }),
            Err(_) => Err(ConnectFailure { kind: FailureKind::Timeout, detail: String::new() }),
        }
    }
}
pub async fn resolve(_network: &Network, target: &str, port: u16) -> Result<SocketAddr, ConnectFailure> {
    tokio::net::lookup_host((target, port))
        .await
        .ok()
        .and_then(|mut i| i.next())
        .ok_or(ConnectFailure { kind: FailureKind::Unresolved, detail: target.into() })
}
