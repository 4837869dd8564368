//! One exchange with a backend that speaks HTTP/1.1: a connection from the pool or a new one, the request, the head of
//! the answer.
//!
//! A request that meets a pooled connection which the backend had just closed is sent again on a new one, and only when
//! nothing of it was sent. Everything happens inside the API's timeout.

use super::pool::{TargetKey, TargetPool};
use super::response::{Limit, Upstream};
use super::tunnel::Tunnel;
use super::{http2, tls, ResponseBody};
use crate::attach::{ConnectFailure, FailureKind};
use crate::record::Entry;
use crate::request::answer::{Kind, Refusal};
use crate::request::upgrade::{self, Handshake};
use crate::request::{map, BodyError, Outgoing, RequestBody, Traffic};
use crate::thread::Thread;
use crate::world::{Access, World};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{HeaderMap, HeaderValue, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRAILER, TRANSFER_ENCODING};
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use isthmus_plan::{Attachment, Network, Scheme};
use rustls::ClientConfig;
use std::error::Error as _;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{timeout_at, Instant};
use tokio_rustls::client::TlsStream;

/// Where an exchange goes.
pub struct Route<'w> {
    scheme: Scheme,
    place: Place<'w>,
    /// `Host` of the backend service, stronger than that of the access.
    host: Option<&'w str>,
}

enum Place<'w> {
    Host { host: &'w str, port: u16 },
    Access { access: &'w Access, network: &'w Arc<Network> },
}

impl<'w> Route<'w> {
    pub fn to_host(scheme: Scheme, host: &'w str, port: u16, host_header: Option<&'w str>) -> Self {
        Self { scheme, place: Place::Host { host, port }, host: host_header }
    }

    /// # Errors
    /// `VpcAccess` when the access or its network is not there (any more).
    pub fn through_access(
        world: &'w World,
        name: &str,
        scheme: Scheme,
        host: Option<&'w str>,
    ) -> Result<Self, Refusal> {
        let gone = |what: &str| Refusal::new(Kind::VpcAccess).with_detail(format!("{what} does not exist"));
        let access = world.access(name).ok_or_else(|| gone(&format!("the VPC access {name:?}")))?;
        let network_id = &access.access.network_id;
        let network = world.network(network_id).ok_or_else(|| gone(&format!("the network {network_id:?}")))?;
        Ok(Self { scheme, place: Place::Access { access, network }, host })
    }

    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    pub fn pool(&self, thread: &Thread) -> Rc<TargetPool> {
        let (name, port, revision) = match &self.place {
            Place::Host { host, port } => (*host, *port, None),
            Place::Access { access, .. } => (access.access.name.as_str(), access.access.port, Some(access.revision)),
        };
        thread.pools.target(name, &TargetKey { port, scheme: self.scheme, revision })
    }

    /// Priority: backend service, access, the client's (when the group passes it), a constant, the address.
    /// Source: vendor page "Host header of backend requests".
    pub fn host_header(&self, outgoing: &mut Outgoing) -> Option<HeaderValue> {
        let own = match &self.place {
            Place::Access { access, .. } => self.host.or(access.access.host.as_deref()).filter(|host| !host.is_empty()),
            Place::Host { .. } => self.host,
        };
        if let Some(value) = own.and_then(|host| HeaderValue::from_str(host).ok()) {
            return Some(value);
        }
        outgoing.client_host.take().or(outgoing.constant_host.take()).or_else(|| self.address_header())
    }

    fn address_header(&self) -> Option<HeaderValue> {
        let (host, port) = match &self.place {
            Place::Host { host, port } => (*host, *port),
            Place::Access { access, network } => {
                let target = &access.access.target;
                (network.instances.get(target).unwrap_or(target).as_str(), access.access.port)
            }
        };
        let usual = matches!((self.scheme, port), (Scheme::Http, 80) | (Scheme::Https, 443));
        let bracketed = host.contains(':') && !host.starts_with('[');
        let host = if bracketed { format!("[{host}]") } else { host.to_owned() };
        let text = if usual { host } else { format!("{host}:{port}") };
        HeaderValue::from_str(&text).ok()
    }

    /// The name a certificate must have.
    fn tls_name(&self) -> &str {
        match &self.place {
            Place::Host { host, .. } => host,
            Place::Access { access, .. } => self
                .host
                .or(access.access.host.as_deref())
                .filter(|host| !host.is_empty())
                .unwrap_or(&access.access.target),
        }
    }
}

pub async fn exchange(
    thread: &Rc<Thread>,
    route: Route<'_>,
    timeout_ms: u64,
    mut outgoing: Outgoing,
    entry: &mut Entry,
) -> Result<Response<ResponseBody>, Refusal> {
    if http2::wanted(&outgoing.headers) {
        return http2::exchange(thread, route, timeout_ms, outgoing, entry).await;
    }
    let started = Instant::now();
    let deadline = started + Duration::from_millis(timeout_ms);
    let host = route.host_header(&mut outgoing);
    let handshake = outgoing.handshake.take();
    let mut request = request(outgoing, host)?;
    let pool = route.pool(thread);
    let outcome = loop {
        let pooled = pool.take();
        let reused = pooled.is_some();
        let mut sender = match pooled {
            Some(sender) => sender,
            None => connect(thread, &route, deadline).await?,
        };
        let sent = async {
            sender.ready().await.ok();
            sender.try_send_request(request).await
        };
        match timeout_at(deadline, sent).await {
            Err(_) => break Err(Refusal::new(Kind::BackendTimeout)),
            Ok(Ok(response)) => break Ok((response, sender)),
            Ok(Err(mut error)) => match error.take_message() {
                Some(unsent) if reused => request = unsent,
                _ => break Err(failed(error.error())),
            },
        }
    };
    entry.service = started.elapsed();
    let (response, sender) = outcome?;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return switched(thread, response, handshake, pool);
    }
    Ok(answer(thread, response, pool, sender, deadline))
}

fn request(outgoing: Outgoing, host: Option<HeaderValue>) -> Result<Request<RequestBody>, Refusal> {
    let uri = Uri::try_from(outgoing.target).map_err(|error| {
        Refusal::because(Kind::InvalidPath, "cannot be sent to the backend").with_detail(error.to_string())
    })?;
    let mut request = Request::new(outgoing.body);
    *request.method_mut() = outgoing.method;
    *request.uri_mut() = uri;
    *request.headers_mut() = outgoing.headers;
    if let Some(host) = host {
        request.headers_mut().insert(HOST, host);
    }
    Ok(request)
}

fn answer(
    thread: &Thread,
    response: Response<Incoming>,
    pool: Rc<TargetPool>,
    sender: SendRequest<RequestBody>,
    deadline: Instant,
) -> Response<ResponseBody> {
    let (mut head, incoming) = response.into_parts();
    let limit = if is_event_stream(&head.headers) {
        Limit::idle(Duration::from_millis(thread.settings.stream_idle_ms), Traffic::start(), pool.closed())
    } else {
        Limit::Whole(deadline)
    };
    head.headers = response_headers(head.headers);
    Response::from_parts(head, ResponseBody::upstream(Upstream::new(incoming, pool, sender, limit)))
}

/// A backend may switch to what it was asked to, and to nothing else.
fn switched(
    thread: &Thread,
    mut response: Response<Incoming>,
    handshake: Option<Handshake>,
    pool: Rc<TargetPool>,
) -> Result<Response<ResponseBody>, Refusal> {
    let Some(handshake) = handshake.filter(|_| upgrade::accepts(response.headers())) else {
        return Err(Refusal::new(Kind::BackendResponse).with_detail("it switches to a protocol nobody asked for"));
    };
    let backend = hyper::upgrade::on(&mut response);
    let (mut head, _) = response.into_parts();
    let own = upgrade::handshake(&head.headers);
    head.headers = map::without_hops(head.headers);
    for (name, value) in &own {
        head.headers.insert(name, value.clone());
    }
    let silence = Duration::from_millis(thread.settings.stream_idle_ms);
    let tunnel = Tunnel { client: handshake.client, backend, pool, silence };
    Ok(Response::from_parts(head, ResponseBody::tunnel(tunnel)))
}

/// An answer that goes on for as long as it likes.
fn is_event_stream(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    value.get(..17).is_some_and(|start| start.eq_ignore_ascii_case(b"text/event-stream"))
}

/// What of an answer's head goes on; the names of its trailers do, because they are passed on too.
pub fn response_headers(headers: HeaderMap) -> HeaderMap {
    let trailer = headers.get(TRAILER).cloned();
    let chunked = headers.contains_key(TRANSFER_ENCODING);
    let mut headers = map::without_hops(headers);
    if chunked {
        // The library read the chunks; a length beside them would cut the body for the client (RFC 9112 section 6.3).
        headers.remove(CONTENT_LENGTH);
    }
    if let Some(names) = trailer {
        headers.insert(TRAILER, names);
    }
    headers
}

async fn connect(
    thread: &Rc<Thread>,
    route: &Route<'_>,
    deadline: Instant,
) -> Result<SendRequest<RequestBody>, Refusal> {
    let stream = dial(thread, route, deadline).await?;
    match route.scheme {
        Scheme::Http => handshake(stream).await,
        Scheme::Https => handshake(secure(&thread.shared.backend_tls, route, stream, deadline).await?).await,
    }
}

/// A connection to where the route leads.
pub async fn dial(thread: &Rc<Thread>, route: &Route<'_>, deadline: Instant) -> Result<TcpStream, Refusal> {
    let limit = Duration::from_millis(thread.settings.connect_timeout_ms).min(deadline - Instant::now());
    let engine_network;
    let (network, target, port) = match &route.place {
        Place::Access { access, network } => (network.as_ref(), access.access.target.as_str(), access.access.port),
        Place::Host { host, port } => {
            engine_network = Network {
                network_id: String::new(),
                attachment: Attachment::Host,
                instances: std::collections::BTreeMap::new(),
            };
            (&engine_network, *host, *port)
        }
    };
    let connecting = thread.attachments.reach(network, target, port, limit);
    let through_access = matches!(route.place, Place::Access { .. });
    match timeout_at(deadline, connecting).await {
        Ok(connected) => connected.map_err(|failure| not_connected(failure, target, through_access)),
        Err(_) => Err(Refusal::new(Kind::BackendTimeout)),
    }
}

pub async fn secure(
    config: &Arc<ClientConfig>,
    route: &Route<'_>,
    stream: TcpStream,
    deadline: Instant,
) -> Result<TlsStream<TcpStream>, Refusal> {
    match timeout_at(deadline, tls::connect(config, route.tls_name(), stream)).await {
        Ok(stream) => stream,
        Err(_) => Err(Refusal::new(Kind::BackendTimeout)),
    }
}

async fn handshake<S>(stream: S) -> Result<SendRequest<RequestBody>, Refusal>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http1::Builder::new()
        .title_case_headers(true)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| failed(&error))?;
    // Its errors reach the request that waits for it; a connection that ends while idle ends silently.
    tokio::task::spawn_local(async move { connection.with_upgrades().await.ok() });
    Ok(sender)
}

fn not_connected(failure: ConnectFailure, target: &str, through_access: bool) -> Refusal {
    let (kind, reason) = match failure.kind {
        FailureKind::Timeout => (Kind::BackendConnect, "timeout"),
        FailureKind::Refused => (Kind::BackendConnect, "connection refused"),
        FailureKind::Unreachable => (Kind::BackendConnect, "host unreachable"),
        FailureKind::Reset => (Kind::BackendConnect, "connection reset"),
        FailureKind::Unresolved if through_access => (Kind::VpcAccess, ""),
        FailureKind::Unresolved => {
            return Refusal::because(Kind::BackendUnresolved, target.to_owned()).with_detail(failure.detail)
        }
        FailureKind::AddressRefused if through_access => (Kind::VpcAccess, ""),
        FailureKind::AddressRefused => (Kind::BackendAddress, ""),
        FailureKind::RefusedByConnector | FailureKind::ConnectorGone => (Kind::VpcAccess, ""),
        FailureKind::NoSourceAddress | FailureKind::Other => (Kind::BackendConnect, "no connection"),
    };
    Refusal::because(kind, reason).with_detail(failure.detail)
}

/// What went wrong after the connection stood.
pub fn failed(error: &hyper::Error) -> Refusal {
    let cause = error.source().and_then(|source| source.downcast_ref::<BodyError>());
    match cause {
        Some(BodyError::TooLarge) => Refusal::new(Kind::BodyTooLarge),
        Some(BodyError::Client(_)) => Refusal::because(Kind::InvalidBody, "it was not sent to its end"),
        None => Refusal::new(Kind::BackendResponse).with_detail(error.to_string()),
    }
}
