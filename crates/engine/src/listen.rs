//! Stop 1: accepting connections, plain and TLS, and serving HTTP/1.1 on them until the engine drains.
//!
//! Each serving thread has its own listening sockets (`SO_REUSEPORT`), so the kernel spreads connections and threads
//! share nothing. An error of `accept` (no descriptors left, a peer gone already) never ends the loop.

use crate::backend::ResponseBody;
use crate::certificates::{ClientCertificate, Handshakes};
use crate::record::add;
use crate::request;
use crate::thread::Thread;
use futures_util::FutureExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use isthmus_plan::Scheme;
use socket2::{Domain, Protocol, Socket, Type};
use std::cell::Cell;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Length of the kernel's queue of connections not yet accepted.
const BACKLOG: i32 = 4096;
/// Largest head of a request, in bytes; the vendor accepts URLs of 128 KB.
const HEAD_LIMIT: usize = 192 * 1024;
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
}

impl Peer {
    pub fn new(address: SocketAddr, scheme: Scheme) -> Self {
        Self { address, address_text: address.ip().to_canonical().to_string(), scheme, client: None }
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
                let connection = Connection { thread: Rc::clone(&thread), open: Rc::clone(&open), stop: stop.clone() };
                tokio::task::spawn_local(connection.run(stream, address, tls.clone()));
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
        let open = Rc::clone(&self.open);
        stream.set_nodelay(true).ok();
        let limit = Duration::from_millis(self.thread.settings.client_timeout_ms);
        match tls {
            None => self.serve(stream, Peer::new(address, Scheme::Http)).await,
            Some(tls) => {
                // A handshake that fails or dawdles ends here; the peer gets TLS's own alert.
                if let Ok(Ok((stream, client))) = tokio::time::timeout(limit, tls.accept(stream)).await {
                    self.serve(stream, Peer { client, ..Peer::new(address, Scheme::Https) }).await;
                }
            }
        }
        open.0.set(open.0.get() - 1);
    }

    async fn serve<S: AsyncRead + AsyncWrite + Unpin + 'static>(mut self, stream: S, peer: Peer) {
        let peer = Rc::new(peer);
        let thread = Rc::clone(&self.thread);
        let limit = Duration::from_millis(thread.settings.client_timeout_ms);
        let service = service_fn(move |request| guarded(Rc::clone(&thread), Rc::clone(&peer), request));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limit)
            .max_buf_size(HEAD_LIMIT)
            .title_case_headers(true)
            .serve_connection(TokioIo::new(stream), service);
        tokio::pin!(connection);
        // What is malformed was answered by hyper (400, 431) before the error arrives here.
        tokio::select! {
            _ = connection.as_mut() => {}
            _ = self.stop.wait_for(|stopped| *stopped) => {
                connection.as_mut().graceful_shutdown();
                connection.await.ok();
            }
        }
    }
}

/// A panic is a defect: it is counted, ends its request with 500 and nothing else.
async fn guarded(
    thread: Rc<Thread>,
    peer: Rc<Peer>,
    request: Request<Incoming>,
) -> Result<Response<ResponseBody>, Infallible> {
    let counters = std::sync::Arc::clone(&thread.recorder.counters);
    let served = AssertUnwindSafe(request::serve(thread, peer, request)).catch_unwind().await;
    Ok(served.unwrap_or_else(|_| {
        add(&counters.panics, 1);
        let mut response = Response::new(ResponseBody::empty());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    }))
}
