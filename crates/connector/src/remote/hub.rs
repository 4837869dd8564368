//! The gateway's side: takes connectors by TLS, and engines by the Unix socket of each network.
//!
//! It owns no private network and knows no backend; what may be reached is decided by the engine before it asks and by
//! the connector after. Certificates are written by the control plane, which `Authority` asks; who is revoked, and
//! which networks there are, comes from a file that is read again when it changes.

use super::frame::{read, write, About, ToConnector, ToHub};
use super::identity::Identity;
use super::pool::{NetworkPool, Opened, Orders, Remote, Tunnel, Wanted};
use super::{tls, watch};
use crate::packet::PacketListener;
use crate::protocol::{ErrorKind, Reply, Request};
use crate::serve::{self, bind_socket, raise_descriptor_limit, ConnectorError, Respond};
use serde::Deserialize;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinHandle, LocalSet};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

const HANDSHAKE: Duration = Duration::from_secs(10);
const PING: Duration = Duration::from_secs(1);
/// A connector that said nothing for so long is frozen or cut off: what runs through it ends.
const SILENCE: Duration = Duration::from_secs(5);
/// Peers that have not shown a good certificate yet.
const STRANGERS: usize = 512;
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How often the file of networks is looked at, and the list of connectors told.
const ROUND: Duration = Duration::from_secs(1);
const USUAL_LIMIT: Duration = Duration::from_secs(5);

/// Asks the control plane: JSON in, JSON out; an error is a reason for the connector.
pub type Authority = Arc<dyn Fn(String) -> Result<String, String> + Send + Sync>;

/// What a hub is told at its start.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HubConfig {
    pub listen: SocketAddr,
    /// PEM texts: the hub's certificate and key, and the authority of both sides.
    pub certificate: String,
    pub key: String,
    pub authority: String,
    /// Where the networks' sockets are made, `NETWORK.sock` each.
    pub sockets: PathBuf,
    /// JSON: `{"networks": [id…], "revoked": [serial…]}`; replace it by renaming.
    pub networks: PathBuf,
    /// Mode of the sockets' files.
    #[serde(default = "default_mode")]
    pub mode: u32,
}

fn default_mode() -> u32 {
    0o660
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    networks: BTreeSet<String>,
    revoked: BTreeSet<String>,
}

/// Serves until `stop` completes; `listening` is told the address once.
///
/// # Errors
/// When it cannot start.
pub fn run_hub(
    config: HubConfig,
    authority: Authority,
    listening: impl FnOnce(SocketAddr),
    stop: impl Future<Output = ()>,
) -> Result<(), ConnectorError> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(ConnectorError::Runtime)?;
    raise_descriptor_limit();
    LocalSet::new().block_on(&runtime, async {
        let server = tls::server(&config.certificate, &config.key, &config.authority).map_err(ConnectorError::Hub)?;
        let listener = TcpListener::bind(config.listen)
            .await
            .map_err(|error| ConnectorError::Hub(format!("cannot listen on {}: {error}", config.listen)))?;
        let address = listener.local_addr().map_err(ConnectorError::Runtime)?;
        let hub = Rc::new(Hub { config, authority, networks: RefCell::default(), revoked: RefCell::default() });
        hub.refresh();
        listening(address);
        tokio::select! {
            () = hub.accept(listener, TlsAcceptor::from(server)) => {}
            () = hub.look_after() => {}
            () = stop => {}
        }
        hub.close();
        Ok(())
    })
}

struct Hub {
    config: HubConfig,
    authority: Authority,
    networks: RefCell<BTreeMap<String, Served>>,
    revoked: RefCell<BTreeSet<String>>,
}

/// A network and the task that serves its socket.
struct Served {
    pool: Rc<NetworkPool>,
    task: JoinHandle<()>,
}

impl Hub {
    async fn accept(self: &Rc<Self>, listener: TcpListener, acceptor: TlsAcceptor) {
        let strangers = Arc::new(Semaphore::new(STRANGERS));
        loop {
            match listener.accept().await {
                Ok((stream, address)) => {
                    let (hub, acceptor) = (Rc::clone(self), acceptor.clone());
                    // More strangers than that wait in the kernel's queue: each costs a handshake and a descriptor.
                    let Ok(place) = Arc::clone(&strangers).acquire_owned().await else { return };
                    tokio::task::spawn_local(async move {
                        // A peer that fails or dawdles is no connector; TLS tells it why.
                        hub.greet(stream, address, &acceptor, place).await.ok();
                    });
                }
                Err(error) => {
                    eprintln!("hub: a connector could not be accepted: {error}");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// `place` is held until the peer has shown who it is.
    async fn greet(
        self: Rc<Self>,
        stream: TcpStream,
        address: SocketAddr,
        acceptor: &TlsAcceptor,
        place: OwnedSemaphorePermit,
    ) -> io::Result<()> {
        watch::prepare(&stream)?;
        let mut stream = Box::new(timeout(HANDSHAKE, acceptor.accept(stream)).await??);
        let first: ToHub = timeout(HANDSHAKE, read(&mut stream)).await??;
        let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first).map(|shown| Identity::of(shown));
        let identity = match (shown, first) {
            (_, ToHub::Enrol { token, request, name }) => {
                let asked = serde_json::json!({"op": "enrol", "token": token, "request": request, "name": name});
                let answer = self.ask(asked).await;
                return write(&mut stream, &answer).await;
            }
            (None, _) => return write(&mut stream, &refused("a certificate is needed")).await,
            (Some(Err(problem)), _) => return write(&mut stream, &refused(&problem)).await,
            (Some(Ok(identity)), first) => (identity, first),
        };
        let (identity, first) = identity;
        if self.revoked.borrow().contains(&identity.serial) {
            return write(&mut stream, &refused("this connector was removed from the gateway")).await;
        }
        let pool = self.networks.borrow().get(&identity.network_id).map(|served| Rc::clone(&served.pool));
        let Some(pool) = pool else {
            let problem = format!("the network {} is not attached by connectors", identity.network_id);
            return write(&mut stream, &refused(&problem)).await;
        };
        drop(place);
        match first {
            ToHub::Control { about } => self.control(stream, address, identity, about, &pool).await,
            ToHub::Tunnel => {
                pool.add_tunnel(&identity.connector_id, stream);
                Ok(())
            }
            _ => write(&mut stream, &refused("this cannot come first")).await,
        }
    }

    /// A connector is in its network's pool as long as this runs.
    async fn control(
        &self,
        mut stream: Tunnel,
        address: SocketAddr,
        identity: Identity,
        about: About,
        pool: &NetworkPool,
    ) -> io::Result<()> {
        let (remote, orders) = Remote::new(identity.connector_id.clone(), identity.serial.clone(), address, about);
        write(&mut stream, &ToConnector::Welcome { connector_id: identity.connector_id.clone() }).await?;
        pool.join(Rc::clone(&remote));
        let outcome = self.converse(&mut stream, &identity, &remote, orders).await;
        pool.leave(&remote);
        if outcome.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::TimedOut) {
            remote.ended.send_replace(true);
        }
        outcome
    }

    async fn converse(
        &self,
        stream: &mut Tunnel,
        identity: &Identity,
        remote: &Remote,
        mut orders: Orders,
    ) -> io::Result<()> {
        let mut revoked = remote.ended.subscribe();
        let mut pings = tokio::time::interval(PING);
        let (mut receiving, mut sending) = tokio::io::split(stream);
        let (told, mut heard) = tokio::sync::mpsc::channel(1);
        let listening = async {
            loop {
                let text: ToHub = timeout(SILENCE, read(&mut receiving)).await??;
                remote.hear();
                if told.send(text).await.is_err() {
                    return Ok::<(), io::Error>(());
                }
            }
        };
        let speaking = async {
            loop {
                tokio::select! {
                    _ = pings.tick() => write(&mut sending, &ToConnector::Ping).await?,
                    Some(order) = orders.recv() => write(&mut sending, &order).await?,
                    Ok(_) = revoked.wait_for(|revoked| *revoked) => return Ok(()),
                    text = heard.recv() => match text {
                        Some(ToHub::Renew { request }) => {
                            let asked = serde_json::json!({"op": "renew", "request": request,
                                "connector_id": identity.connector_id, "network_id": identity.network_id});
                            let answer = self.ask(asked).await;
                            write(&mut sending, &answer).await?;
                        }
                        Some(ToHub::Pong) => {}
                        _ => return Ok(()),
                    },
                }
            }
        };
        tokio::select! { ended = listening => ended, ended = speaking => ended }
    }

    /// The control plane's word, on a thread of its own because it may take its time.
    async fn ask(&self, asked: serde_json::Value) -> ToConnector {
        let authority = Arc::clone(&self.authority);
        let answered = tokio::task::spawn_blocking(move || authority(asked.to_string())).await;
        let text = match answered {
            Ok(Ok(text)) => text,
            Ok(Err(problem)) => return refused(&problem),
            Err(_) => return refused("the gateway could not answer; try again"),
        };
        serde_json::from_str(&text).unwrap_or_else(|_| refused("the gateway's answer cannot be read; try again"))
    }

    async fn look_after(self: &Rc<Self>) {
        loop {
            sleep(ROUND).await;
            self.refresh();
            let asked = serde_json::json!({"op": "seen", "connectors": self.seen()});
            let authority = Arc::clone(&self.authority);
            // What is not told now is told in the next round.
            tokio::task::spawn_blocking(move || authority(asked.to_string()).ok()).await.ok();
        }
    }

    fn seen(&self) -> Vec<serde_json::Value> {
        let networks = self.networks.borrow();
        let each = networks.iter().flat_map(|(id, served)| served.pool.remotes().into_iter().map(move |one| (id, one)));
        each.map(|(network_id, remote)| {
            serde_json::json!({"network_id": network_id, "connector_id": remote.connector_id,
                "address": remote.address.to_string(), "version": remote.about.version,
                "egress": remote.about.egress, "allow_count": remote.about.allow_count,
                "idle": remote.idle(), "busy": remote.busy()})
        })
        .collect()
    }

    /// Networks that came get a socket, those that went lose it, connectors that were revoked lose everything.
    fn refresh(self: &Rc<Self>) {
        // A file that cannot be read changes nothing: what is served goes on.
        let Ok(text) = std::fs::read_to_string(&self.config.networks) else { return };
        let Ok(known) = serde_json::from_str::<Known>(&text) else { return };
        let mut networks = self.networks.borrow_mut();
        networks.retain(|id, served| {
            let kept = known.networks.contains(id);
            if !kept {
                served.end(|_| true);
                std::fs::remove_file(self.socket(id)).ok();
            }
            kept
        });
        for id in &known.networks {
            if !networks.contains_key(id) {
                match open(&self.socket(id), self.config.mode) {
                    Ok(listener) => drop(networks.insert(id.clone(), Served::start(listener))),
                    Err(problem) => eprintln!("hub: {problem}"),
                }
            }
        }
        for served in networks.values() {
            served.pool.remotes().iter().filter(|remote| known.revoked.contains(&remote.serial)).for_each(|remote| {
                remote.ended.send_replace(true);
            });
        }
        *self.revoked.borrow_mut() = known.revoked;
    }

    fn socket(&self, network_id: &str) -> PathBuf {
        // Ids are the control plane's; what is no plain name must still not leave the folder.
        let plain: String =
            network_id.chars().filter(|letter| letter.is_ascii_alphanumeric() || "-_".contains(*letter)).collect();
        self.config.sockets.join(format!("{plain}.sock"))
    }

    fn close(&self) {
        for (id, served) in self.networks.borrow().iter() {
            served.end(|_| false);
            std::fs::remove_file(self.socket(id)).ok();
        }
    }
}

impl Served {
    fn start(listener: PacketListener) -> Self {
        let pool = Rc::new(NetworkPool::default());
        let asked = Rc::clone(&pool);
        let task = tokio::task::spawn_local(async move { serve::accept(&listener, &asked).await });
        Self { pool, task }
    }

    fn end(&self, cut: impl Fn(&Remote) -> bool) {
        self.task.abort();
        for remote in self.pool.remotes().iter().filter(|remote| cut(remote)) {
            remote.ended.send_replace(true);
        }
    }
}

/// Bound and listening.
fn open(path: &Path, mode: u32) -> Result<PacketListener, ConnectorError> {
    let listener = bind_socket(path, mode)?;
    listener.listen().map_err(|error| ConnectorError::Socket { path: path.to_owned(), problem: error.to_string() })?;
    Ok(listener)
}

fn refused(problem: &str) -> ToConnector {
    ToConnector::Refused { problem: problem.to_owned() }
}

impl Respond for NetworkPool {
    async fn respond(&self, request: Request) -> (Reply, Option<OwnedFd>) {
        let (id, wanted) = match request {
            Request::Hello { id } => return (hello(id, self), None),
            Request::Connect { id, ip, port, timeout_ms, source } => {
                let limit = timeout_ms.map_or(USUAL_LIMIT, Duration::from_millis);
                (id, Wanted { target: SocketAddr::new(ip, port), limit, source })
            }
        };
        let opened = match self.open(&wanted).await {
            Ok(opened) => opened,
            Err(failure) => return (Reply::Failed { id, error: failure.kind, detail: failure.detail }, None),
        };
        match pair() {
            Ok((ours, theirs)) => {
                let source = opened.source;
                tokio::task::spawn_local(relay(opened, ours));
                (Reply::Connected { id, ok: true, source }, Some(theirs.into()))
            }
            Err(error) => (Reply::Failed { id, error: ErrorKind::Other, detail: format!("hub: {error}") }, None),
        }
    }
}

async fn relay(opened: Opened, mut ours: UnixStream) {
    let Opened { mut tunnel, busy, .. } = opened;
    watch::copy(&mut tunnel, &mut ours, busy.ended()).await;
}

fn pair() -> io::Result<(UnixStream, StdUnixStream)> {
    let (ours, theirs) = StdUnixStream::pair()?;
    ours.set_nonblocking(true)?;
    theirs.set_nonblocking(true)?;
    Ok((UnixStream::from_std(ours)?, theirs))
}

fn hello(id: u64, pool: &NetworkPool) -> Reply {
    let remotes = pool.remotes();
    let mut egress: Vec<_> = remotes.iter().flat_map(|remote| remote.about.egress.iter().copied()).collect();
    egress.sort_unstable();
    egress.dedup();
    let allow_count = remotes.iter().map(|remote| remote.about.allow_count).max().unwrap_or_default();
    Reply::Hello { id, egress, allow_count, version: env!("CARGO_PKG_VERSION").to_owned() }
}
