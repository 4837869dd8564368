//! Stop 1: accepting connections, plain and TLS; `connection` serves HTTP on them.
//!
//! Each serving thread has its own listening sockets (`SO_REUSEPORT`), so the kernel spreads connections and threads
//! share nothing. An error of `accept` (no descriptors left, a peer gone already) never ends the loop.

use crate::certificates::{ClientCertificate, Handshakes};
use crate::connection::{self, Activity, Spoken};
use crate::record::add;
use crate::thread::Thread;
use crate::two_way::Device;
use isthmus_plan::Scheme;
use socket2::{Domain, Protocol, Socket, Type};
use std::cell::Cell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Length of the kernel's queue of connections not yet accepted.
const BACKLOG: i32 = 4096;
/// After an error of `accept` that may last (no descriptors left), so that the loop does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// Who is at the other end of a connection.
pub struct Peer {
    pub address: SocketAddr,
    /// The address without port, as `X-Forwarded-For` and `CaClientIp` have it.
    pub address_text: String,
    pub scheme: Scheme,
    /// The certificate it showed, when it was asked for one.
    pub client: Option<ClientCertificate>,
    /// The device whose two-way connection this is.
    pub device: Option<Rc<Device>>,
    /// What the requests of this connection do.
    pub activity: Arc<Activity>,
}

impl Peer {
    pub fn new(address: SocketAddr, scheme: Scheme) -> Self {
        let address_text = address.ip().to_canonical().to_string();
        Self { address, address_text, scheme, client: None, device: None, activity: Arc::default() }
    }
}

/// Opens one listening socket per thread on the same address; port 0 is chosen once, by the first.
///
/// # Errors
/// The system's error, for example when another program listens there.
pub fn open(address: SocketAddr, threads: usize) -> io::Result<(SocketAddr, Vec<std::net::TcpListener>)> {
    // Without SO_REUSEPORT first: with it, two engines of one user would share a port and each get half the calls.
    if address.port() != 0 {
        socket(address, false)?;
    }
    let first = socket(address, true)?;
    let chosen = first.local_addr()?;
    let mut listeners = vec![first];
    for _ in 1..threads {
        listeners.push(socket(chosen, true)?);
    }
    Ok((chosen, listeners))
}

fn socket(address: SocketAddr, shared: bool) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shared)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Connections that are open on a thread.
#[derive(Default)]
pub struct Open(Cell<usize>);

impl Open {
    pub fn count(&self) -> usize {
        self.0.get()
    }
}

/// Accepts until the engine stops.
pub async fn accept(
    listener: std::net::TcpListener,
    tls: Option<Handshakes>,
    thread: Rc<Thread>,
    open: Rc<Open>,
    mut stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stopped| *stopped) => return Ok(()),
        };
        match accepted {
            Ok((stream, address)) => {
                let Some(place) = thread.shared.callers.enter(address.ip()) else {
                    add(&thread.recorder.counters.connections_refused, 1);
                    continue;
                };
                let connection = Connection { thread: Rc::clone(&thread), open: Rc::clone(&open), stop: stop.clone() };
                let tls = tls.clone();
                tokio::task::spawn_local(async move {
                    connection.run(stream, address, tls).await;
                    drop(place);
                });
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

struct Connection {
    thread: Rc<Thread>,
    open: Rc<Open>,
    stop: watch::Receiver<bool>,
}

impl Connection {
    async fn run(self, stream: TcpStream, address: SocketAddr, tls: Option<Handshakes>) {
        self.open.0.set(self.open.0.get() + 1);
        let counters = Arc::clone(&self.thread.recorder.counters);
        add(&counters.connections_opened, 1);
        let open = Rc::clone(&self.open);
        stream.set_nodelay(true).ok();
        let limit = Duration::from_millis(self.thread.settings.client_timeout_ms);
        match tls {
            None => self.serve(stream, Spoken::Unknown, Peer::new(address, Scheme::Http)).await,
            Some(tls) => {
                // A handshake that fails or dawdles ends here; the peer gets TLS's own alert.
                if let Ok(Ok((stream, client))) = tokio::time::timeout(limit, tls.accept(stream)).await {
                    let spoken = match stream.get_ref().1.alpn_protocol() {
                        Some(b"h2") => Spoken::Http2,
                        _ => Spoken::Http1,
                    };
                    self.serve(stream, spoken, Peer { client, ..Peer::new(address, Scheme::Https) }).await;
                }
            }
        }
        open.0.set(open.0.get() - 1);
        add(&counters.connections_closed, 1);
    }

    async fn serve<S>(self, stream: S, spoken: Spoken, peer: Peer)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        connection::serve(stream, spoken, peer, self.thread, self.stop).await;
    }
}
