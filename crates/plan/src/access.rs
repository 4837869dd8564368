//! The right to reach backends: networks, how each is attached, and the accesses that name exactly one target.

use crate::backend::verified;
use crate::error::{not_empty, PlanError};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A private network. Key of its record: its id, for example `vpc-a`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    pub network_id: String,
    pub attachment: Attachment,
    /// Instance id → private address, for accesses that name an instance (`i-…`).
    #[serde(default)]
    pub instances: BTreeMap<String, String>,
}

/// How an engine reaches a network.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case", deny_unknown_fields)]
pub enum Attachment {
    /// The engine's own network.
    Host,
    /// A local connector stands in the network and hands over connected sockets through this Unix socket.
    Connector { socket: String },
}

impl Network {
    pub fn check(&self) -> Result<(), PlanError> {
        not_empty("network_id", &self.network_id)?;
        match &self.attachment {
            Attachment::Host => Ok(()),
            Attachment::Connector { socket } => not_empty("attachment.socket", socket),
        }
    }
}

/// A VPC access: name → network, target, port, optional Host. Key of its record: the name, which never changes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VpcAccess {
    pub access_id: String,
    pub name: String,
    pub network_id: String,
    /// An instance id, an address, or (in the engine's own network only) a host name.
    pub target: String,
    pub port: u16,
    /// The `Host` header sent to the backend (`VpcTargetHostName`); it never decides where to connect.
    #[serde(default)]
    pub host: Option<String>,
    /// Whether the certificate of an HTTPS backend must be good.
    #[serde(default = "verified")]
    pub verify_tls: bool,
}

impl VpcAccess {
    pub fn check(&self) -> Result<(), PlanError> {
        not_empty("name", &self.name)?;
        not_empty("network_id", &self.network_id)?;
        not_empty("target", &self.target)?;
        if self.port == 0 {
            return Err(PlanError::new("port", "must be between 1 and 65535"));
        }
        Ok(())
    }
}
