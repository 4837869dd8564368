//! How many connections each client address has open, for all threads of an engine together.
//!
//! `listen` asks for a place when it accepts a connection and closes one that gets none; nothing here is on the path of
//! a request. Addresses of IPv6 count by the network of a customer, /64. Invariant: a place ends with its connection.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Parts of the table, so that threads seldom wait for each other.
const PARTS: usize = 16;

type Part = HashMap<IpAddr, u32, foldhash::fast::RandomState>;

pub struct Callers {
    /// Connections of one address; 0 means any number.
    limit: u32,
    parts: [Mutex<Part>; PARTS],
    hasher: foldhash::fast::RandomState,
}

/// One connection's place.
pub struct CallerPlace {
    callers: Arc<Callers>,
    address: Option<IpAddr>,
}

impl Callers {
    pub fn new(limit: u32) -> Arc<Self> {
        Arc::new(Self { limit, parts: Default::default(), hasher: foldhash::fast::RandomState::default() })
    }

    /// None when the address has as many connections as it may have.
    pub fn enter(self: &Arc<Self>, address: IpAddr) -> Option<CallerPlace> {
        if self.limit == 0 {
            return Some(CallerPlace { callers: Arc::clone(self), address: None });
        }
        let address = counted(address);
        let mut part = self.part(address)?;
        let open = part.entry(address).or_default();
        if *open >= self.limit {
            return None;
        }
        *open += 1;
        drop(part);
        Some(CallerPlace { callers: Arc::clone(self), address: Some(address) })
    }

    fn part(&self, address: IpAddr) -> Option<MutexGuard<'_, Part>> {
        let index = usize::try_from(self.hasher.hash_one(address) >> 32).unwrap_or_default() % PARTS;
        self.parts.get(index).map(|part| part.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for CallerPlace {
    fn drop(&mut self) {
        let Some(address) = self.address else { return };
        let Some(mut part) = self.callers.part(address) else { return };
        match part.get_mut(&address) {
            Some(open) if *open > 1 => *open -= 1,
            _ => drop(part.remove(&address)),
        }
    }
}

fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::Callers;

    #[test]
    fn addresses_of_one_network_share_their_places_and_give_them_back() {
        let callers = Callers::new(2);
        let enter = |address: &str| callers.enter(address.parse().unwrap_or([0, 0, 0, 0].into()));
        let (first, second) = (enter("2001:db8::1"), enter("2001:db8::ffff:2"));
        assert!(first.is_some() && second.is_some());
        assert!(enter("2001:db8::3").is_none());
        assert!(enter("2001:db8:0:1::3").is_some() && enter("192.0.2.1").is_some());
        drop(first);
        assert!(enter("2001:db8::3").is_some());
        drop(second);
        let emptied = callers.parts.iter().all(|part| part.lock().is_ok_and(|part| part.is_empty()));
        assert!(emptied, "nothing is kept of who is gone");
    }
}
