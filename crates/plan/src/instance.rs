//! Instances: what holds for all groups of one gateway that serves them.

use crate::error::{not_empty, PlanError};
use crate::plugin::parse_block;
use serde::Deserialize;
use std::num::NonZeroU32;

/// How an instance serves its groups. Key of its record: the instance id. Without a record: as `Default` says.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instance {
    pub instance_id: String,
    #[serde(default)]
    pub oldest_tls: TlsVersion,
    /// Calls a second for all groups together.
    #[serde(default)]
    pub requests_per_second: Option<NonZeroU32>,
    /// Lists of addresses, at most one for each version of IP.
    #[serde(default)]
    pub access: Vec<AccessList>,
}

/// The oldest version of TLS that is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum TlsVersion {
    #[default]
    #[serde(rename = "1.2")]
    Tls12,
    #[serde(rename = "1.3")]
    Tls13,
}

/// Addresses of one version of IP that may call, or may not. A list without blocks is not in force.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessList {
    pub version: IpVersion,
    pub mode: AccessMode,
    /// Addresses and CIDR blocks.
    pub blocks: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IpVersion {
    Ipv4,
    Ipv6,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessMode {
    /// Only these may call.
    White,
    /// All but these may call.
    Black,
}

impl Instance {
    pub fn check(&self) -> Result<(), PlanError> {
        not_empty("instance_id", &self.instance_id)?;
        for (index, list) in self.access.iter().enumerate() {
            if self.access.iter().take(index).any(|other| other.version == list.version) {
                return Err(PlanError::new(format!("access[{index}]"), "is the second one for its version of IP"));
            }
            for (number, block) in list.blocks.iter().enumerate() {
                let is_six = parse_block(block).map(|block| block.addr().is_ipv6());
                if is_six != Some(list.version == IpVersion::Ipv6) {
                    let field = format!("access[{index}].blocks[{number}]");
                    return Err(PlanError::new(field, "is not an address or a block of this version of IP"));
                }
            }
        }
        Ok(())
    }
}
