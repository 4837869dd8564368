//! The right to reach backends: accesses, each of which names exactly one target in a network.

use crate::backend::verified;
use crate::error::{not_empty, PlanError};
use crate::targets::TargetSet;
use serde::Deserialize;

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
    /// Whether its targets are spoken to by HTTP/2.
    #[serde(default)]
    pub http2: bool,
    /// Several targets in place of the one above, which is one of them.
    #[serde(default)]
    pub set: Option<TargetSet>,
}

impl VpcAccess {
    pub fn check(&self) -> Result<(), PlanError> {
        not_empty("name", &self.name)?;
        not_empty("network_id", &self.network_id)?;
        not_empty("target", &self.target)?;
        if self.port == 0 {
            return Err(PlanError::new("port", "must be between 1 and 65535"));
        }
        self.set.as_ref().map_or(Ok(()), TargetSet::check)
    }
}
