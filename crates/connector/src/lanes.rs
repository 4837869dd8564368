//! One lane per backend: a backend that gives no answer fills its own lane, never the connector.
//!
//! Whoever dials takes a place first; a place is given back when it is dropped. Only what the list allows gets a lane,
//! so there are as many as the list is long.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Connections to one backend that may be on their way; each holds a descriptor, those who wait for a place do not.
const PLACES: usize = 256;

#[derive(Default)]
pub struct Lanes {
    by_target: RefCell<HashMap<SocketAddr, Arc<Semaphore>>>,
}

/// The right to dial, until dropped.
pub struct Place {
    _permit: Option<OwnedSemaphorePermit>,
}

impl Lanes {
    pub async fn enter(&self, target: SocketAddr) -> Place {
        // A lane is never closed, so there is always a place in the end.
        Place { _permit: self.lane(target).acquire_owned().await.ok() }
    }

    fn lane(&self, target: SocketAddr) -> Arc<Semaphore> {
        let mut lanes = self.by_target.borrow_mut();
        Arc::clone(lanes.entry(target).or_insert_with(|| Arc::new(Semaphore::new(PLACES))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;

    #[tokio::test(start_paused = true)]
    async fn a_full_lane_waits_for_a_place_and_leaves_the_others_open() {
        let (lanes, limit) = (Lanes::default(), Duration::from_secs(1));
        let [full, other] = [80, 81].map(|port| SocketAddr::from(([10, 0, 0, 11], port)));
        let mut places = Vec::new();
        for _ in 0..PLACES {
            places.push(lanes.enter(full).await);
        }
        assert!(timeout(limit, lanes.enter(full)).await.is_err());
        assert!(timeout(limit, lanes.enter(other)).await.is_ok());
        places.pop();
        assert!(timeout(limit, lanes.enter(full)).await.is_ok());
    }
}
