//! Backends whose targets a registry tells: where it is, and under which name it knows them.

use crate::backend::Scheme;
use crate::error::{not_empty, PlanError};
use crate::plugin::routing::RoutedAddress;
use crate::targets::Balance;
use serde::Deserialize;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Discovered {
    pub scheme: Scheme,
    pub registry: Registry,
    #[serde(default)]
    pub balance: Balance,
    /// `Host` sent to the backend in place of the target's address.
    #[serde(default)]
    pub host_header: Option<String>,
}

/// Equal ones are asked once, whatever the number of APIs that use them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Registry {
    Nacos(Nacos),
    Dns(Dns),
}

/// Every address that a name has, or every target that its SRV records name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dns {
    pub name: String,
    /// Without a port, SRV records are asked for, which have ports and weights of their own.
    #[serde(default)]
    pub port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nacos {
    /// `http://host:port`, asked in turn until one answers; a path stands in front of `/v2/…`, `/nacos` without one.
    pub servers: Vec<String>,
    /// The id of a namespace; empty means the public one.
    #[serde(default)]
    pub namespace: String,
    pub group: String,
    #[serde(default)]
    pub clusters: Vec<String>,
    pub service: String,
}

impl Discovered {
    pub(crate) fn check(&self) -> Result<(), PlanError> {
        self.balance.check("backend.target.balance")?;
        match &self.registry {
            Registry::Dns(dns) => {
                not_empty("backend.target.registry.name", &dns.name)?;
                if dns.port == Some(0) {
                    return Err(PlanError::new("backend.target.registry.port", "must be between 1 and 65535"));
                }
                Ok(())
            }
            Registry::Nacos(nacos) => {
                not_empty("backend.target.registry.service", &nacos.service)?;
                not_empty("backend.target.registry.group", &nacos.group)?;
                if nacos.servers.is_empty() || nacos.servers.len() > 16 {
                    return Err(PlanError::new("backend.target.registry.servers", "must have 1 to 16 entries"));
                }
                for (index, server) in nacos.servers.iter().enumerate() {
                    RoutedAddress::parse(server).map_err(|problem| {
                        PlanError::new(format!("backend.target.registry.servers[{index}]"), problem)
                    })?;
                }
                Ok(())
            }
        }
    }
}
