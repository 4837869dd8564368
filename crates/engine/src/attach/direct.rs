//! Connections that start on the engine's own machine, perhaps from a certain address or through a certain interface.
//!
//! Called by `mod.rs` for networks attached as `host`, and for the way to a bastion. No capability is needed: the kernel
//! lets anybody bind a socket to an interface that was bound to none.

use super::{ConnectFailure, FailureKind};
use isthmus_connector::{kind_of, leave_from, no_neighbour};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// Where a connection leaves; nothing given: the kernel chooses.
#[derive(Debug, Clone, Copy, Default)]
pub struct Way<'n> {
    pub source: Option<IpAddr>,
    pub device: Option<&'n str>,
}

pub async fn dial(address: SocketAddr, way: &Way<'_>, limit: Duration) -> Result<TcpStream, ConnectFailure> {
    let connecting = async {
        if way.source.is_none() && way.device.is_none() {
            return TcpStream::connect(address).await.map_err(|error| failed(address, way, &error));
        }
        let socket = socket(address, way)?;
        socket.connect(address).await.map_err(|error| failed(address, way, &error))
    };
    match timeout(limit, connecting).await {
        Ok(outcome) => outcome,
        Err(_) if no_neighbour(address.ip()) => {
            Err(ConnectFailure::new(FailureKind::Unreachable, format!("no machine answers for {}", address.ip())))
        }
        Err(_) => {
            let detail = format!("no answer from {address} within {} ms{}", limit.as_millis(), way.text());
            Err(ConnectFailure::new(FailureKind::Timeout, detail))
        }
    }
}

fn socket(address: SocketAddr, way: &Way<'_>) -> Result<TcpSocket, ConnectFailure> {
    let none = |why: String| ConnectFailure::new(FailureKind::NoSourceAddress, why);
    let made = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
    let socket = made.map_err(|error| failed(address, way, &error))?;
    if let Some(device) = way.device {
        let bound = socket.bind_device(Some(device.as_bytes()));
        bound.map_err(|error| none(format!("the interface {device} cannot be used: {error}")))?;
    }
    if let Some(source) = way.source {
        if source.is_ipv4() != address.is_ipv4() {
            return Err(none(format!("the source address {source} is of another version of IP than {address}")));
        }
        let bound = leave_from(&socket, source);
        bound.map_err(|error| none(format!("the source address {source} cannot be used: {error}")))?;
    }
    Ok(socket)
}

fn failed(address: SocketAddr, way: &Way<'_>, error: &io::Error) -> ConnectFailure {
    ConnectFailure::new(kind_of(error).into(), format!("{address}{}: {error}", way.text()))
}

impl Way<'_> {
    fn text(&self) -> String {
        let source = self.source.map_or(String::new(), |source| format!(" from {source}"));
        let device = self.device.map_or(String::new(), |device| format!(" through {device}"));
        source + &device
    }
}
