//! A network's connectors and their tunnels, as the hub knows them: which one a connection goes through.
//!
//! The least busy connector with a tunnel to spare is taken. One that turns out dead before its backend was reached
//! costs nothing but the attempt, one that is slow to answer is raced by another, and one that does not list a target
//! does not speak for the others.

use super::frame::{read, write, About, ToConnector};
use crate::dial::Failure;
use crate::protocol::{ErrorKind, Reply, Request};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch, Notify};
use tokio::time::{timeout, timeout_at, Instant};
use tokio_rustls::server::TlsStream;

/// Tunnels that one connector may have waiting; what comes beyond is closed.
const IDLE_LIMIT: usize = 2048;

pub type Tunnel = Box<TlsStream<TcpStream>>;

/// How long a request waits for a connector when none is there: one that was restarted is back by then.
const PATIENCE: Duration = Duration::from_secs(2);
/// A connector answers within its own limit; so much longer before its tunnel counts as dead.
const GRACE: Duration = Duration::from_secs(1);

/// How long an answer may take before another connector is asked, too: the first may be frozen.
const HEDGE: Duration = Duration::from_millis(300);
/// A connector that said nothing for so long is taken last; the hub pings every second.
const QUIET: Duration = Duration::from_millis(2500);

/// One connector while its control connection stands.
pub struct Remote {
    pub connector_id: String,
    pub serial: String,
    pub address: SocketAddr,
    pub about: About,
    pub control: mpsc::UnboundedSender<ToConnector>,
    /// Turns true when the certificate is revoked or the connector fell silent: ends everything that runs through it.
    pub ended: watch::Sender<bool>,
    heard: Cell<Instant>,
    idle: RefCell<VecDeque<Tunnel>>,
    busy: Cell<usize>,
}

impl Remote {
    pub fn new(connector_id: String, serial: String, address: SocketAddr, about: About) -> (Rc<Self>, Orders) {
        let (control, orders) = mpsc::unbounded_channel();
        let remote = Self {
            connector_id,
            serial,
            address,
            about,
            control,
            ended: watch::channel(false).0,
            heard: Cell::new(Instant::now()),
            idle: RefCell::default(),
            busy: Cell::new(0),
        };
        (Rc::new(remote), orders)
    }

    /// It has said something.
    pub fn hear(&self) {
        self.heard.set(Instant::now());
    }

    fn is_quiet(&self) -> bool {
        self.heard.get().elapsed() > QUIET
    }

    pub fn idle(&self) -> usize {
        self.idle.borrow().len()
    }

    pub fn busy(&self) -> usize {
        self.busy.get()
    }
}

/// What the hub wants a connector to hear.
pub type Orders = mpsc::UnboundedReceiver<ToConnector>;

/// Counts a tunnel as in use until dropped.
pub struct Busy(Rc<Remote>);

impl Busy {
    fn new(remote: &Rc<Remote>) -> Self {
        remote.busy.set(remote.busy.get() + 1);
        Self(Rc::clone(remote))
    }

    pub fn ended(&self) -> watch::Receiver<bool> {
        self.0.ended.subscribe()
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.set(self.0.busy.get().saturating_sub(1));
    }
}

/// A tunnel that reached its backend.
pub struct Opened {
    pub tunnel: Tunnel,
    pub source: Option<IpAddr>,
    pub busy: Busy,
}

#[derive(Default)]
pub struct NetworkPool {
    remotes: RefCell<Vec<Rc<Remote>>>,
    /// Connectors came, or tunnels did.
    changed: Notify,
}

impl NetworkPool {
    pub fn remotes(&self) -> Vec<Rc<Remote>> {
        self.remotes.borrow().clone()
    }

    pub fn join(&self, remote: Rc<Remote>) {
        self.remotes.borrow_mut().push(remote);
        self.changed.notify_waiters();
    }

    pub fn leave(&self, remote: &Rc<Remote>) {
        self.remotes.borrow_mut().retain(|known| !Rc::ptr_eq(known, remote));
    }

    /// Drops the tunnel when its connector has no control connection (any more).
    pub fn add_tunnel(&self, connector_id: &str, tunnel: Tunnel) {
        let remotes = self.remotes.borrow();
        if let Some(remote) = remotes.iter().rev().find(|remote| remote.connector_id == connector_id) {
            let mut idle = remote.idle.borrow_mut();
            if idle.len() < IDLE_LIMIT {
                idle.push_back(tunnel);
                self.changed.notify_waiters();
            }
        }
    }

    /// # Errors
    /// What the connector met, or that none could be asked.
    pub async fn open(&self, wanted: &Wanted) -> Result<Opened, Failure> {
        let deadline = Instant::now() + wanted.limit;
        let mut unlisted = None;
        let mut asked: Vec<String> = Vec::new();
        loop {
            let changed = self.changed.notified();
            let Some((remote, tunnel)) = self.take(&asked) else {
                if let Some(failure) = unlisted {
                    return Err(failure);
                }
                let until = if self.remotes.borrow().is_empty() { Instant::now() + PATIENCE } else { deadline };
                self.ask_for_more();
                if timeout_at(until.min(deadline), changed).await.is_err() {
                    return Err(self.nobody());
                }
                continue;
            };
            match self.race(&remote, tunnel, (wanted, deadline), &asked).await {
                Attempt::Opened(opened) => return Ok(opened),
                Attempt::Failed(failure) if failure.kind == ErrorKind::RefusedByConnector => {
                    asked.push(remote.connector_id.clone());
                    unlisted = Some(failure);
                }
                Attempt::Failed(failure) => return Err(failure),
                Attempt::Dead if Instant::now() >= deadline => return Err(self.nobody()),
                Attempt::Dead => {}
            }
        }
    }

    /// A tunnel of the least busy connector that was not asked yet; the newest one, because it is the likeliest alive.
    fn take(&self, asked: &[String]) -> Option<(Rc<Remote>, Tunnel)> {
        let remotes = self.remotes.borrow();
        let fitting = remotes.iter().filter(|remote| remote.idle() > 0 && !asked.contains(&remote.connector_id));
        let remote = fitting.min_by_key(|remote| (remote.is_quiet(), remote.busy()))?;
        let tunnel = remote.idle.borrow_mut().pop_back()?;
        Some((Rc::clone(remote), tunnel))
    }

    /// Through one connector and, when that takes long and there is another, through that one as well.
    async fn race(
        &self,
        remote: &Rc<Remote>,
        tunnel: Tunnel,
        (wanted, deadline): (&Wanted, Instant),
        asked: &[String],
    ) -> Attempt {
        let mut first = pin!(self.try_tunnel(remote, tunnel, wanted, deadline));
        if let Ok(attempt) = timeout(HEDGE, &mut first).await {
            return attempt;
        }
        let others: Vec<String> = asked.iter().chain([&remote.connector_id]).cloned().collect();
        let Some((other, tunnel)) = self.take(&others) else { return first.await };
        let mut second = pin!(self.try_tunnel(&other, tunnel, wanted, deadline));
        // What is not taken is dropped, and its tunnel with it.
        tokio::select! {
            attempt = &mut first => if attempt.is_open() { attempt } else { second.await },
            attempt = &mut second => if attempt.is_open() { attempt } else { first.await },
        }
    }

    async fn try_tunnel(&self, remote: &Rc<Remote>, mut tunnel: Tunnel, wanted: &Wanted, deadline: Instant) -> Attempt {
        let busy = Busy::new(remote);
        let left = deadline.saturating_duration_since(Instant::now());
        let request = Request::Connect {
            id: 0,
            ip: wanted.target.ip(),
            port: wanted.target.port(),
            timeout_ms: u64::try_from(left.as_millis()).ok(),
            source: wanted.source,
        };
        let exchange = async {
            write(&mut tunnel, &request).await?;
            read::<Reply>(&mut tunnel).await
        };
        let answered: io::Result<Reply> = match timeout_at(deadline + GRACE, exchange).await {
            Ok(answered) => answered,
            Err(_) => return Attempt::Dead,
        };
        match answered {
            Ok(Reply::Connected { ok: true, source, .. }) => Attempt::Opened(Opened { tunnel, source, busy }),
            Ok(Reply::Failed { error, detail, .. }) => {
                remote.idle.borrow_mut().push_back(tunnel);
                Attempt::Failed(Failure::new(error, format!("{detail} (connector {})", remote.connector_id)))
            }
            Ok(_) | Err(_) => Attempt::Dead,
        }
    }

    fn ask_for_more(&self) {
        for remote in self.remotes.borrow().iter() {
            // One that is gone will not be in the list for long.
            remote.control.send(ToConnector::More { count: 1 }).ok();
        }
    }

    fn nobody(&self) -> Failure {
        if self.remotes.borrow().is_empty() {
            return Failure::new(ErrorKind::Offline, "no connector of this network is connected; start one there");
        }
        Failure::new(ErrorKind::Timeout, "the network's connectors had no tunnel to spare in time")
    }
}

pub struct Wanted {
    pub target: SocketAddr,
    pub limit: Duration,
    pub source: Option<IpAddr>,
}

enum Attempt {
    Opened(Opened),
    Failed(Failure),
    /// The tunnel, not the backend.
    Dead,
}

impl Attempt {
    fn is_open(&self) -> bool {
        matches!(self, Self::Opened(_))
    }
}
