//! The source addresses that backends see, by network: what a security group has to admit.
//!
//! A thread of its own asks connectors again and again and the kernel for the engine's own network; the follower
//! reports what is kept here to the control plane.

use super::connector::Clients;
use crate::live::Live;
use crate::world::World;
use isthmus_plan::Attachment;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// How often connectors are asked when nothing changes.
const INTERVAL: Duration = Duration::from_secs(2);

/// Addresses by network id.
#[derive(Clone, Default)]
pub struct Egress {
    known: Arc<Mutex<BTreeMap<String, Vec<String>>>>,
}

impl Egress {
    pub fn addresses(&self) -> BTreeMap<String, Vec<String>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps the addresses up to date until `stop`; runs in a `LocalSet`.
    pub async fn watch(self, live: Arc<Live>, mut stop: watch::Receiver<bool>) {
        let clients = Clients::default();
        let mut changes = live.changes();
        loop {
            let found = look(&live.world(), &clients).await;
            *self.known.lock().unwrap_or_else(PoisonError::into_inner) = found;
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(INTERVAL) => {}
                _ = stop.wait_for(|stopped| *stopped) => return,
            }
        }
    }
}

async fn look(world: &World, clients: &Clients) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    for network in world.networks() {
        let addresses = match &network.attachment {
            Attachment::Host { source: Some(source), .. } => vec![*source],
            Attachment::Host { .. } => own_sources(world, &network.network_id),
            // A connector that is away has no addresses to admit.
            Attachment::Connector { socket } => clients.egress(socket).await.unwrap_or_default(),
            // Its address on the other side is not known here: the network's own entry says it.
            Attachment::Socks5(_) | Attachment::HttpConnect(_) => Vec::new(),
        };
        let texts = addresses.into_iter().map(|address| address.to_string()).collect();
        found.insert(network.network_id.clone(), texts);
    }
    found
}

/// What the kernel would take towards each authorised address.
fn own_sources(world: &World, network_id: &str) -> Vec<IpAddr> {
    let accesses = world.accesses().filter(|access| access.access.network_id == network_id);
    let sources: BTreeSet<IpAddr> = accesses
        .filter_map(|access| {
            let target = access.access.target.parse::<IpAddr>().ok()?;
            isthmus_connector::source_address(SocketAddr::new(target, access.access.port))
        })
        .collect();
    sources.into_iter().collect()
}
