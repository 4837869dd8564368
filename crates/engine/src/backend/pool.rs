//! Idle upstream connections of one thread, by target.
//!
//! A target is a host with port and scheme, or one revision of a VPC access with the address it stands for: when an
//! access changes or ends, its connections are of no target any more and are closed at once.

use crate::request::RequestBody;
use crate::world::World;
use hyper::client::conn::http1::SendRequest;
use hyper::client::conn::http2;
use isthmus_plan::Scheme;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::Future;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Idle connections kept for one target.
const IDLE_LIMIT: usize = 128;
/// Exchanges at once on one connection of HTTP/2; what common servers allow.
const STREAM_LIMIT: usize = 100;
/// Shorter than the 60 s after which common servers close, so that a request seldom meets a closing connection.
const IDLE_TIME: Duration = Duration::from_secs(50);

/// What a target is found by; the name is looked up first, without an allocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetKey<'k> {
    pub port: u16,
    pub scheme: Scheme,
    /// The newer one of the VPC access and of its network, None for a plain host.
    pub revision: Option<u64>,
    /// Which one, of several targets of an access.
    pub member: Option<&'k str>,
    /// The name that certificates must have, and whether they must be good: what was verified for one name is no
    /// connection for another.
    pub tls_name: Option<&'k str>,
    pub verifies: bool,
}

pub struct TargetPool {
    port: u16,
    scheme: Scheme,
    revision: Option<u64>,
    member: Option<Box<str>>,
    tls_name: Option<Box<str>>,
    verifies: bool,
    /// Connections of HTTP/2, which exchanges share.
    shared: RefCell<Vec<SharedConnection>>,
    idle: RefCell<Vec<(SendRequest<RequestBody>, Instant)>>,
    closing: Rc<Closing>,
}

/// Tells what runs on a target's connections that the target is gone.
#[derive(Default)]
struct Closing {
    closed: Cell<bool>,
    told: Notify,
}

struct SharedConnection {
    sender: http2::SendRequest<RequestBody>,
    /// One more reference for every exchange that runs.
    places: Rc<()>,
    used: Instant,
}

/// A place on a connection that exchanges share.
pub struct Taken {
    pub sender: http2::SendRequest<RequestBody>,
    _place: Rc<()>,
    _pool: Rc<TargetPool>,
}

/// All targets of one thread, by host or access name.
#[derive(Default)]
pub struct Pools {
    targets: RefCell<HashMap<Box<str>, Vec<Rc<TargetPool>>, foldhash::fast::RandomState>>,
}

impl Pools {
    pub fn target(&self, name: &str, key: &TargetKey<'_>) -> Rc<TargetPool> {
        let mut targets = self.targets.borrow_mut();
        if let Some(found) = targets.get(name).into_iter().flatten().find(|pool| pool.has(key)) {
            return Rc::clone(found);
        }
        let pool = Rc::new(TargetPool {
            port: key.port,
            scheme: key.scheme,
            revision: key.revision,
            member: key.member.map(Into::into),
            tls_name: key.tls_name.map(Into::into),
            verifies: key.verifies,
            shared: RefCell::default(),
            idle: RefCell::default(),
            closing: Rc::default(),
        });
        targets.entry(name.into()).or_default().push(Rc::clone(&pool));
        pool
    }

    /// Closes what belongs to accesses that changed or ended, and what was idle for too long.
    pub fn sweep(&self, world: &World) {
        self.targets.borrow_mut().retain(|name, pools| {
            pools.retain(|pool| {
                let current = match pool.revision {
                    None => true,
                    Some(revision) => world.access_revision(name) == Some(revision),
                };
                if !current {
                    pool.close();
                }
                pool.drop_stale();
                current && (Rc::strong_count(pool) > 1 || !pool.is_empty())
            });
            !pools.is_empty()
        });
    }
}

impl TargetPool {
    fn has(&self, key: &TargetKey<'_>) -> bool {
        self.port == key.port
            && self.scheme == key.scheme
            && self.revision == key.revision
            && self.verifies == key.verifies
            && self.member.as_deref() == key.member
            && self.tls_name.as_deref() == key.tls_name
    }

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
        if !self.closing.closed.get() && !sender.is_closed() && idle.len() < IDLE_LIMIT {
            idle.push((sender, Instant::now()));
        }
    }

    /// A place on a connection that has one.
    pub fn take_shared(self: &Rc<Self>) -> Option<Taken> {
        let mut shared = self.shared.borrow_mut();
        shared.retain(|connection| !connection.sender.is_closed());
        let free = shared.iter_mut().find(|connection| Rc::strong_count(&connection.places) <= STREAM_LIMIT)?;
        free.used = Instant::now();
        Some(self.place(free))
    }

    /// Lets others share a connection that was just made, and takes the first place on it.
    pub fn share(self: &Rc<Self>, sender: http2::SendRequest<RequestBody>) -> Taken {
        let connection = SharedConnection { sender, places: Rc::default(), used: Instant::now() };
        let taken = self.place(&connection);
        if !self.closing.closed.get() {
            self.shared.borrow_mut().push(connection);
        }
        taken
    }

    fn place(self: &Rc<Self>, connection: &SharedConnection) -> Taken {
        let (sender, place) = (connection.sender.clone(), Rc::clone(&connection.places));
        Taken { sender, _place: place, _pool: Rc::clone(self) }
    }

    /// Ends when the target is gone.
    pub fn closed(&self) -> impl Future<Output = ()> + 'static {
        let closing = Rc::clone(&self.closing);
        async move {
            let told = closing.told.notified();
            if !closing.closed.get() {
                told.await;
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.idle.borrow().is_empty() && self.shared.borrow().is_empty()
    }

    fn close(&self) {
        self.closing.closed.set(true);
        self.closing.told.notify_waiters();
        self.idle.borrow_mut().clear();
        self.shared.borrow_mut().clear();
    }

    fn drop_stale(&self) {
        self.idle.borrow_mut().retain(|(sender, since)| !sender.is_closed() && since.elapsed() < IDLE_TIME);
        self.shared.borrow_mut().retain(|connection| {
            let running = Rc::strong_count(&connection.places) > 1;
            !connection.sender.is_closed() && (running || connection.used.elapsed() < IDLE_TIME)
        });
    }
}
