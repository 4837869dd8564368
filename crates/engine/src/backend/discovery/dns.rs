//! Names as registries: the addresses of a name, or what its SRV records (RFC 2782) name, and how long that is good.
//!
//! Called by `mod.rs` again and again. The system's name servers, search list and hosts file are asked, or the name
//! servers of a setting. Of SRV records those with the best priority count, by their weights. Invariant: what is
//! answered is never kept here, so that a time to live is the one of the moment.

use super::Answered;
use hickory_resolver::config::{NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{RData, RecordType};
use hickory_resolver::{Resolver as Library, TokioResolver};
use isthmus_plan::{Dns, WeightedTarget};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// SRV records have weights of 0: a small share, not none (RFC 2782).
const WEIGHT_UNIT: u32 = 10;

pub struct Resolver(TokioResolver);

impl Resolver {
    /// # Errors
    /// A configuration of the system's that cannot be read.
    pub fn new(name_servers: &[SocketAddr]) -> Result<Self, String> {
        let mut builder = if name_servers.is_empty() {
            Library::builder_tokio().map_err(|error| format!("the system's name servers: {error}"))?
        } else {
            let servers = name_servers.iter().map(|server| {
                let mut config = NameServerConfig::udp_and_tcp(server.ip());
                config.connections.iter_mut().for_each(|connection| connection.port = server.port());
                config
            });
            let config = ResolverConfig::from_name_servers(servers.collect());
            Library::builder_with_config(config, TokioRuntimeProvider::default())
        };
        builder.options_mut().cache_size = 0;
        builder.build().map(Self).map_err(|error| error.to_string())
    }

    /// # Errors
    /// What the name servers say, or that nobody answers.
    pub async fn targets(&self, dns: &Dns) -> Result<Answered, String> {
        match dns.port {
            Some(port) => {
                let (addresses, until) = self.addresses(&dns.name).await?;
                let targets = addresses.into_iter().map(|target| WeightedTarget { target, port, weight: 1 }).collect();
                Ok(Answered { targets, good_for: good_for(until) })
            }
            None => self.services(&dns.name).await,
        }
    }

    async fn addresses(&self, name: &str) -> Result<(Vec<String>, Instant), String> {
        let found = self.0.lookup_ip(name).await.map_err(|error| format!("{name}: {error}"))?;
        Ok((found.iter().map(|address| address.to_string()).collect(), found.valid_until()))
    }

    async fn services(&self, name: &str) -> Result<Answered, String> {
        let found = self.0.lookup(name, RecordType::SRV).await.map_err(|error| format!("{name}: {error}"))?;
        let services: Vec<_> = found
            .answers()
            .iter()
            .filter_map(|record| match &record.data {
                RData::SRV(service) => Some(service),
                _ => None,
            })
            .collect();
        let best = services.iter().map(|service| service.priority).min();
        let used = services.into_iter().filter(|service| Some(service.priority) == best && !service.target.is_root());
        let mut until = found.valid_until();
        let (mut targets, mut trouble) = (Vec::new(), None);
        for service in used {
            match self.addresses(&service.target.to_utf8()).await {
                Ok((addresses, good_until)) => {
                    until = until.min(good_until);
                    let weight = (u32::from(service.weight) * WEIGHT_UNIT).max(1);
                    let port = service.port;
                    targets.extend(addresses.into_iter().map(|target| WeightedTarget { target, port, weight }));
                }
                Err(error) => trouble = Some(error),
            }
        }
        match trouble {
            // One that leads nowhere takes nothing from the others.
            Some(trouble) if targets.is_empty() => Err(trouble),
            _ => Ok(Answered { targets, good_for: good_for(until) }),
        }
    }
}

/// A time to live of nothing says nothing about when to ask again.
fn good_for(until: Instant) -> Option<Duration> {
    let left = until.saturating_duration_since(Instant::now());
    (!left.is_zero()).then_some(left)
}
