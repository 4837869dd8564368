//! What engine and connector say to each other: one JSON text per packet, and with a success the connected socket.
//!
//! Requests of one connection are independent; replies come in the order of completion and carry the request's id.

use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// A packet is never longer; what is longer is refused unread.
pub const PACKET_LIMIT: usize = 16 * 1024;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// Connect to exactly this address.
    Connect {
        id: u64,
        ip: IpAddr,
        port: u16,
        /// Shortens the connector's own limit, never lengthens it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timeout_ms: Option<u64>,
        /// One of the connector's source addresses, for a test of each; None takes them in turn.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<IpAddr>,
    },
    /// Who are you, and from which addresses do backends see you?
    Hello { id: u64 },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Reply {
    /// The socket travels with this packet.
    Connected {
        id: u64,
        ok: bool,
        source: Option<IpAddr>,
    },
    Hello {
        id: u64,
        egress: Vec<IpAddr>,
        allow_count: usize,
        version: String,
    },
    /// `id` is 0 when the request could not be read.
    Failed {
        id: u64,
        error: ErrorKind,
        detail: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// Not on the connector's list, or an address that is never a backend.
    RefusedByConnector,
    /// No answer: most often a security group that drops.
    Timeout,
    /// The machine is there, nothing listens on the port.
    Refused,
    /// No machine answers for the address, or there is no route to it.
    Unreachable,
    Reset,
    /// The source address does not exist here, or its ports are used up.
    NoSourceAddress,
    /// None of the network's remote connectors is connected.
    Offline,
    Other,
}
