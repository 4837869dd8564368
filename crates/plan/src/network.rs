//! A private network: how it is attached, which addresses it has, and which of them have names.
//!
//! Read by the engine, which reaches backends in it; written by the operations on networks. Invariant: an attachment
//! says everything that is needed to get there, and a kind of attachment that this engine does not know is refused.

use crate::error::{not_empty, PlanError};
use crate::Secret;
use ipnet::IpNet;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// The longest name of an interface that the kernel takes.
const DEVICE_LENGTH: usize = 15;
/// User name and password of SOCKS5 have one byte for their length (RFC 1929).
const CREDENTIAL_LENGTH: usize = 255;

/// A private network. Key of its record: its id, for example `vpc-a`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    pub network_id: String,
    pub attachment: Attachment,
    /// Its address ranges; empty: not known, and so not checked.
    #[serde(default)]
    pub cidrs: Vec<IpNet>,
    /// Instance id → private address, for accesses that name an instance (`i-…`).
    #[serde(default)]
    pub instances: BTreeMap<String, String>,
    /// Addresses that may be reached although they are of a kind that never is, such as link-local ones.
    #[serde(default)]
    pub special_addresses: Vec<IpAddr>,
    /// Revision of its record, set by whoever keeps it.
    #[serde(skip)]
    pub revision: u64,
}

/// How an engine reaches a network.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case", deny_unknown_fields)]
pub enum Attachment {
    /// The engine's own network, perhaps from a certain source address or through a certain interface alone.
    Host {
        #[serde(default)]
        source: Option<IpAddr>,
        #[serde(default)]
        device: Option<String>,
    },
    /// A local connector stands in the network and hands over connected sockets through this Unix socket.
    Connector { socket: String },
    /// A bastion that speaks SOCKS5 (RFC 1928).
    Socks5(Bastion),
    /// A bastion that speaks HTTP CONNECT.
    HttpConnect(Bastion),
}

/// A server that passes connections on, and who the gateway is there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bastion {
    pub host: String,
    pub port: u16,
    #[serde(default)]
    pub user: Option<String>,
    #[serde(default)]
    pub password: Option<Secret>,
}

impl Network {
    /// The engine's own network, in which plain HTTP backends stand.
    pub fn of_engine() -> Self {
        Self {
            network_id: String::new(),
            attachment: Attachment::Host { source: None, device: None },
            cidrs: Vec::new(),
            instances: BTreeMap::new(),
            special_addresses: Vec::new(),
            revision: 0,
        }
    }

    pub fn check(&self) -> Result<(), PlanError> {
        not_empty("network_id", &self.network_id)?;
        match &self.attachment {
            Attachment::Host { device, .. } => check_device(device.as_deref()),
            Attachment::Connector { socket } => not_empty("attachment.socket", socket),
            Attachment::Socks5(bastion) | Attachment::HttpConnect(bastion) => bastion.check(),
        }
    }
}

impl Attachment {
    /// Whether the engine's own machine is where connections start.
    pub fn is_host(&self) -> bool {
        matches!(self, Self::Host { .. })
    }
}

impl Bastion {
    fn check(&self) -> Result<(), PlanError> {
        not_empty("attachment.host", &self.host)?;
        if self.port == 0 {
            return Err(PlanError::new("attachment.port", "must be between 1 and 65535"));
        }
        let password = self.password.as_ref().map(Secret::reveal);
        for (field, text) in [("attachment.user", self.user.as_deref()), ("attachment.password", password)] {
            if text.is_some_and(|text| text.is_empty() || text.len() > CREDENTIAL_LENGTH) {
                return Err(PlanError::new(field, "must have 1 to 255 bytes"));
            }
        }
        if self.user.is_none() && password.is_some() {
            return Err(PlanError::new("attachment.password", "needs a user"));
        }
        Ok(())
    }
}

fn check_device(device: Option<&str>) -> Result<(), PlanError> {
    let Some(name) = device else { return Ok(()) };
    if name.is_empty() || name.len() > DEVICE_LENGTH || name.contains(['/', '\0', ' ']) {
        return Err(PlanError::new("attachment.device", "must be the name of an interface, 1 to 15 bytes"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kind, Record};

    fn problem(attachment: &str) -> String {
        let body = format!(r#"{{"network_id": "vpc-a", "attachment": {attachment}}}"#);
        Record::decode(Kind::Network, "vpc-a", &body).unwrap_err().to_string()
    }

    #[test]
    fn reads_every_kind_of_attachment() {
        for attachment in [
            r#"{"mode": "host"}"#,
            r#"{"mode": "host", "source": "10.0.0.240", "device": "eth1"}"#,
            r#"{"mode": "connector", "socket": "/run/a.sock"}"#,
            r#"{"mode": "socks5", "host": "bastion", "port": 1080}"#,
            r#"{"mode": "http_connect", "host": "10.1.0.1", "port": 3128, "user": "u", "password": "p"}"#,
        ] {
            let body = format!(r#"{{"network_id": "v", "attachment": {attachment}, "cidrs": ["10.0.0.0/24"]}}"#);
            assert!(Record::decode(Kind::Network, "v", &body).is_ok(), "{attachment}");
        }
    }

    #[test]
    fn names_the_part_that_is_wrong() {
        for (attachment, words) in [
            (r#"{"mode": "wireguard"}"#, "unknown variant `wireguard`"),
            (r#"{"mode": "host", "mark": 7}"#, "unknown field `mark`"),
            (r#"{"mode": "host", "device": "a-name-that-is-too-long"}"#, "attachment.device"),
            (r#"{"mode": "connector", "socket": ""}"#, "attachment.socket"),
            (r#"{"mode": "socks5", "host": "", "port": 1}"#, "attachment.host"),
            (r#"{"mode": "socks5", "host": "b", "port": 0}"#, "attachment.port"),
            (r#"{"mode": "socks5", "host": "b", "port": 1, "password": "p"}"#, "attachment.password: needs a user"),
            (r#"{"mode": "socks5", "host": "b", "port": 1, "user": ""}"#, "attachment.user"),
        ] {
            let found = problem(attachment);
            assert!(found.contains(words), "{attachment}: {found}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let body = r#"{"mode": "socks5", "host": "b", "port": 1, "user": "u", "password": "hunter2"}"#;
        let attachment: Attachment = serde_json::from_str(body).unwrap();
        assert!(!format!("{attachment:?}").contains("hunter2"));
    }
}
