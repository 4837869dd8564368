//! The connector's life: bind, give up every right, answer engines until told to stop.
//!
//! Each engine has one connection with many requests in flight; an engine that goes takes its unfinished requests with
//! it, and one that does not read its replies stops being read from.

use crate::allow::AllowList;
use crate::config::{Config, ConfigError};
use crate::dial::{Dialler, Wanted};
use crate::packet::{Packet, PacketListener, PacketSocket};
use crate::privileges;
use crate::protocol::{ErrorKind, Reply, Request, PACKET_LIMIT};
use rustix::process::{getrlimit, setrlimit, Resource, Rlimit};
use std::fmt;
use std::future::{pending, Future};
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;
use tokio::signal::unix::{signal, SignalKind};
use tokio::task::{JoinSet, LocalSet};

/// Requests of one engine thread that may be in flight; more wait in the socket, whatever their backend. One that waits
/// in its backend's lane costs a little memory alone.
const IN_FLIGHT: usize = 8192;
/// How long to wait when the process has no descriptor left for one more engine.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Why a connector could not start.
#[derive(Debug)]
pub enum ConnectorError {
    Config(ConfigError),
    Allow(String),
    Socket {
        path: PathBuf,
        problem: String,
    },
    Privileges(io::Error),
    Runtime(io::Error),
    /// What stands between a remote connector and its hub, for either side.
    Hub(String),
}

impl fmt::Display for ConnectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => error.fmt(f),
            Self::Allow(problem) => write!(f, "connector: {problem}"),
            Self::Socket { path, problem } => write!(f, "connector: the socket {}: {problem}", path.display()),
            Self::Privileges(error) => write!(f, "connector: it cannot give up its rights: {error}"),
            Self::Runtime(error) => write!(f, "connector: {error}"),
            Self::Hub(problem) => write!(f, "connector: {problem}"),
        }
    }
}

impl std::error::Error for ConnectorError {}

/// Serves until SIGTERM or SIGINT, or until a child of the process ends: a tunnel's program, without which it reaches
/// nothing.
///
/// # Errors
/// When it cannot start.
pub fn run_until_signal(config: Config) -> Result<(), ConnectorError> {
    run(config, async {
        tokio::select! { () = until_signal() => {}, () = until_child_ends() => {} }
    })
}

async fn until_child_ends() {
    let Ok(mut child) = signal(SignalKind::child()) else { return pending().await };
    child.recv().await;
}

/// Completes with SIGTERM or SIGINT.
pub async fn until_signal() {
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        return;
    };
    tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
}

/// Serves until `stop` completes.
///
/// # Errors
/// When it cannot start.
pub fn run(config: Config, stop: impl Future<Output = ()>) -> Result<(), ConnectorError> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(ConnectorError::Runtime)?;
    LocalSet::new().block_on(&runtime, async {
        let listener = open(&config)?;
        let served = match prepare(&config, &listener) {
            Err(error) => Err(error),
            Ok(dialler) => {
                tokio::select! {
                    () = accept(&listener, &dialler) => {}
                    () = stop => {}
                }
                Ok(())
            }
        };
        std::fs::remove_file(&config.socket).ok();
        served
    })
}

fn open(config: &Config) -> Result<PacketListener, ConnectorError> {
    let mode = config.file_mode().map_err(ConnectorError::Config)?;
    raise_descriptor_limit();
    bind_socket(&config.socket, mode)
}

/// As far as the system lets this process: each connection holds a descriptor or two.
pub(crate) fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).ok();
}

/// Binds without listening; the file of a connector that is gone is replaced.
///
/// # Errors
/// When another file or connector has the path, or the system refuses.
pub(crate) fn bind_socket(path: &Path, mode: u32) -> Result<PacketListener, ConnectorError> {
    let failed = |problem: String| ConnectorError::Socket { path: path.to_owned(), problem };
    remove_stale(path).map_err(failed)?;
    let listener = PacketListener::bind(path).map_err(|error| failed(error.to_string()))?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).map_err(|error| failed(error.to_string()))?;
    Ok(listener)
}

/// Listens last: an engine can only ever connect to a connector without rights and with a list.
fn prepare(config: &Config, listener: &PacketListener) -> Result<Rc<Dialler>, ConnectorError> {
    privileges::drop_all(config.run_as).map_err(ConnectorError::Privileges)?;
    let allow = AllowList::new(config).map_err(ConnectorError::Allow)?;
    listener
        .listen()
        .map_err(|error| ConnectorError::Socket { path: config.socket.clone(), problem: error.to_string() })?;
    Ok(Rc::new(Dialler::new(config, allow)))
}

fn remove_stale(path: &Path) -> Result<(), String> {
    let Ok(metadata) = std::fs::symlink_metadata(path) else { return Ok(()) };
    if !metadata.file_type().is_socket() {
        return Err("another file is there; choose another path or remove it".to_owned());
    }
    match PacketSocket::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            std::fs::remove_file(path).map_err(|error| format!("an old socket cannot be removed: {error}"))
        }
        Err(error) => Err(error.to_string()),
        Ok(_) => Err("another connector serves it; stop that one first".to_owned()),
    }
}

/// Who answers an engine: a connector that dials itself, or a hub that knows who does.
pub(crate) trait Respond {
    /// A success carries a connected socket.
    fn respond(&self, request: Request) -> impl Future<Output = (Reply, Option<OwnedFd>)>;
}

pub(crate) async fn accept<R: Respond + 'static>(listener: &PacketListener, responder: &Rc<R>) {
    let mut engines = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok(socket) => {
                engines.spawn_local(serve(socket, Rc::clone(responder)));
            }
            Err(error) => {
                eprintln!("connector: an engine could not be accepted: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
        while engines.try_join_next().is_some() {}
    }
}

/// One engine thread, until it closes its connection.
async fn serve<R: Respond + 'static>(socket: PacketSocket, responder: Rc<R>) {
    let socket = Rc::new(socket);
    let mut requests = JoinSet::new();
    loop {
        tokio::select! {
            packet = socket.receive(), if requests.len() < IN_FLIGHT => match packet {
                Ok(Some(packet)) => {
                    requests.spawn_local(answer(Rc::clone(&socket), packet, Rc::clone(&responder)));
                }
                Ok(None) | Err(_) => return,
            },
            Some(_) = requests.join_next() => {}
        }
    }
}

async fn answer<R: Respond>(socket: Rc<PacketSocket>, packet: Packet, responder: Rc<R>) {
    let (reply, stream) = match read(&packet) {
        Err(detail) => (Reply::Failed { id: 0, error: ErrorKind::Other, detail }, None),
        Ok(request) => responder.respond(request).await,
    };
    if let Ok(text) = serde_json::to_vec(&reply) {
        // An engine that is gone needs no answer; the stream closes with this task.
        socket.send(&text, stream.as_ref().map(AsFd::as_fd)).await.ok();
    }
}

fn read(packet: &Packet) -> Result<Request, String> {
    if packet.truncated {
        return Err(format!("the request is longer than {PACKET_LIMIT} bytes"));
    }
    serde_json::from_slice(&packet.bytes).map_err(|error| format!("the request cannot be read: {error}"))
}

impl Respond for Dialler {
    async fn respond(&self, request: Request) -> (Reply, Option<OwnedFd>) {
        let (id, wanted) = match request {
            Request::Hello { id } => {
                let reply = Reply::Hello {
                    id,
                    egress: self.egress(),
                    allow_count: self.allow.addresses().len(),
                    version: env!("CARGO_PKG_VERSION").to_owned(),
                };
                return (reply, None);
            }
            Request::Connect { id, ip, port, timeout_ms, source } => {
                let limit = timeout_ms.map(Duration::from_millis);
                (id, Wanted { target: SocketAddr::new(ip, port), limit, source })
            }
        };
        match self.connect(&wanted).await {
            Ok((stream, source)) => match stream.into_std() {
                Ok(stream) => (Reply::Connected { id, ok: true, source }, Some(stream.into())),
                Err(error) => (Reply::Failed { id, error: ErrorKind::Other, detail: error.to_string() }, None),
            },
            Err(failure) => (Reply::Failed { id, error: failure.kind, detail: failure.detail }, None),
        }
    }
}
