//! Idle upstream connections of one thread, by target.
//!
//! A target is a host with port and scheme, or one revision of a VPC access with the address it stands for: when an
//! access changes or ends, its connections are of no target any more and are closed at once.

use crate::request::RequestBody;
use crate::world::World;
use hyper::client::conn::http1::SendRequest;
use isthmus_plan::Scheme;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Idle connections kept for one target.
const IDLE_LIMIT: usize = 128;
/// Shorter than the 60 s after which common servers close, so that a request seldom meets a closing connection.
const IDLE_TIME: Duration = Duration::from_secs(50);

/// What a target is found by; the name is looked up first, without an allocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetKey {
    pub port: u16,
    pub scheme: Scheme,
    /// Revision of the VPC access, None for a plain host.
    pub revision: Option<u64>,
}

pub struct TargetPool {
    key: TargetKey,
    idle: RefCell<Vec<(SendRequest<RequestBody>, Instant)>>,
    closed: Cell<bool>,
}

/// All targets of one thread, by host or access name.
#[derive(Default)]
pub struct Pools {
    targets: RefCell<HashMap<Box<str>, Vec<Rc<TargetPool>>, foldhash::fast::RandomState>>,
}

impl Pools {
    pub fn target(&self, name: &str, key: &TargetKey) -> Rc<TargetPool> {
        let mut targets = self.targets.borrow_mut();
        if let Some(found) = targets.get(name).into_iter().flatten().find(|pool| pool.key == *key) {
            return Rc::clone(found);
        }
        let pool = Rc::new(TargetPool { key: key.clone(), idle: RefCell::default(), closed: Cell::new(false) });
        targets.entry(name.into()).or_default().push(Rc::clone(&pool));
        pool
    }

    /// Closes what belongs to accesses that changed or ended, and what was idle for too long.
    pub fn sweep(&self, world: &World) {
        self.targets.borrow_mut().retain(|name, pools| {
            pools.retain(|pool| {
                let current = match pool.key.revision {
                    None => true,
                    Some(revision) => world.access(name).is_some_and(|access| access.revision == revision),
                };
                if !current {
                    pool.close();
                }
                pool.drop_stale();
                current && (Rc::strong_count(pool) > 1 || !pool.idle.borrow().is_empty())
            });
            !pools.is_empty()
        });
    }
}

impl TargetPool {
    /// The connection used last, if one is still good.
    pub fn take(&self) -> Option<SendRequest<RequestBody>> {
        let mut idle = self.idle.borrow_mut();
        while let Some((sender, since)) = idle.pop() {
            if !sender.is_closed() && since.elapsed() < IDLE_TIME {
                return Some(sender);
            }
        }
        None
    }

    pub fn give_back(&self, sender: SendRequest<RequestBody>) {
        let mut idle = self.idle.borrow_mut();
        if !self.closed.get() && !sender.is_closed() && idle.len() < IDLE_LIMIT {
            idle.push((sender, Instant::now()));
        }
    }

    fn close(&self) {
        self.closed.set(true);
        self.idle.borrow_mut().clear();
    }

    fn drop_stale(&self) {
        self.idle.borrow_mut().retain(|(sender, since)| !sender.is_closed() && since.elapsed() < IDLE_TIME);
    }
}
