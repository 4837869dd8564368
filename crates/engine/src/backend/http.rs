//! One exchange with a backend that speaks HTTP/1.1: a connection from the pool or a new one, the request, the head of
//! the answer.
//!
//! A request that meets a pooled connection which the backend had just closed is sent again on a new one, and only when
//! nothing of it was sent. One whose method may come twice is also sent again once when its connection was cut before an
//! answer and was a pooled one, which the backend may have closed at that moment (RFC 9112, section 9.5), or one that a
//! connector carried, which may be what died. Everything happens inside the API's timeout.

use super::connect::{dial, secure};
use super::pool::TargetPool;
use super::response::{Limit, Switched, Upstream};
use super::route::Route;
use super::spare::Spare;
use super::tunnel::Tunnel;
use super::{http2, ResponseBody};
use crate::record::{Entry, Stop, Verdict};
use crate::request::answer::{Kind, Refusal};
use crate::request::upgrade::{self, Handshake};
use crate::request::{map, BodyError, Outgoing, RequestBody, Traffic};
use crate::thread::Thread;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{HeaderMap, HeaderValue, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRAILER, TRANSFER_ENCODING};
use hyper::{Request, Response, StatusCode, Uri, Version};
use hyper_util::rt::TokioIo;
use isthmus_plan::Scheme;
use std::error::Error as _;
use std::io::ErrorKind;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{timeout_at, Instant};

pub async fn exchange(
    thread: &Rc<Thread>,
    mut route: Route<'_>,
    timeout_ms: u64,
    mut outgoing: Outgoing,
    entry: &mut Entry,
) -> Result<Response<ResponseBody>, Refusal> {
    let started = Instant::now();
    route.note(entry, started);
    // A handshake switches a connection of HTTP/1.1.
    if http2::is_grpc(&outgoing.headers) || (route.speaks_http2() && outgoing.handshake.is_none()) {
        return http2::exchange(thread, route, timeout_ms, outgoing, entry).await;
    }
    let deadline = started + Duration::from_millis(timeout_ms);
    let host = route.host_header(&mut outgoing);
    let handshake = outgoing.handshake.take();
    let request = request(outgoing, host)?;
    let outcome = send(thread, &mut route, request, deadline, entry).await;
    entry.service = started.elapsed();
    let (response, sender, pool) = outcome?;
    let running = route.worked();
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return switched(thread, response, handshake, pool);
    }
    let mut response = answer(thread, response, pool, sender, deadline);
    response.body_mut().keep(running);
    Ok(response)
}

/// An answer's head, and what it came on.
type Answered = (Response<Incoming>, SendRequest<RequestBody>, Rc<TargetPool>);

async fn send(
    thread: &Rc<Thread>,
    route: &mut Route<'_>,
    mut request: Request<RequestBody>,
    deadline: Instant,
    entry: &mut Entry,
) -> Result<Answered, Refusal> {
    let mut pool = route.pool(thread);
    let mut is_second = false;
    loop {
        // What else waits in the pool was carried by the same one or is closed as well, perhaps.
        let pooled = if is_second { None } else { pool.take() };
        let reused = pooled.is_some();
        route.note_target(&entry.notes, Some(reused));
        let connected = match pooled {
            Some(sender) => Ok(sender),
            None => connect_noted(thread, route, deadline, entry).await,
        };
        let mut sender = match connected {
            Ok(sender) => sender,
            Err(refusal) if route.failed(thread, true) && Instant::now() < deadline => {
                another(&refusal, entry);
                pool = route.pool(thread);
                route.readdress(request.headers_mut());
                continue;
            }
            Err(refusal) => return Err(refusal),
        };
        let may_be_gone = (reused || route.is_carried()) && !is_second;
        let may_repeat = may_be_gone || route.has_others();
        let spare = if may_repeat { Spare::of(&request) } else { None };
        let sent = async {
            sender.ready().await.ok();
            sender.try_send_request(request).await
        };
        match timeout_at(deadline, sent).await {
            Err(_) => return Err(Refusal::new(Kind::BackendTimeout)),
            Ok(Ok(response)) => return Ok((response, sender, pool)),
            Ok(Err(mut error)) => match (error.take_message(), spare) {
                (Some(unsent), _) if reused => {
                    another(&Refusal::new(Kind::BackendResponse).with_detail("it had closed the connection"), entry);
                    request = unsent;
                }
                (_, Some(spare)) if is_cut(error.error()) && route.failed(thread, !reused) => {
                    another(&failed(error.error()), entry);
                    request = spare.into_request();
                    pool = route.pool(thread);
                    route.readdress(request.headers_mut());
                }
                (_, Some(spare)) if is_cut(error.error()) && may_be_gone => {
                    another(&failed(error.error()), entry);
                    request = spare.into_request();
                    is_second = true;
                }
                _ => return Err(failed(error.error())),
            },
        }
    }
}

async fn connect_noted(
    thread: &Rc<Thread>,
    route: &Route<'_>,
    deadline: Instant,
    entry: &mut Entry,
) -> Result<SendRequest<RequestBody>, Refusal> {
    let connecting = Instant::now();
    let connected = connect(thread, route, deadline).await;
    entry.connect = connecting.elapsed();
    entry.notes.number("µs to connect", entry.connect.as_micros());
    connected
}

/// This attempt failed, and another one is made.
fn another(refusal: &Refusal, entry: &Entry) {
    entry.notes.open();
    refusal.note(&entry.notes);
    entry.notes.verdict(Verdict::Failed);
    entry.notes.begin(Stop::Attempt);
}

/// Whether the connection ended before anything of an answer came.
pub fn is_cut(error: &hyper::Error) -> bool {
    let ended = |cause: &std::io::Error| matches!(cause.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe);
    let cause = error.source().and_then(|cause| cause.downcast_ref::<std::io::Error>());
    error.is_incomplete_message() || error.is_closed() || error.is_canceled() || cause.is_some_and(ended)
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
    let limit = limit(thread, &head.headers, &pool, deadline);
    head.headers = response_headers(head.headers);
    // Of the connection to the backend, not of the one to the client (RFC 9110, section 2.5).
    head.version = Version::HTTP_11;
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
    Ok(Response::from_parts(head, ResponseBody::switched(Switched::Tunnel(Box::new(tunnel)))))
}

/// How long an answer with this head may take.
pub fn limit(thread: &Thread, headers: &HeaderMap, pool: &Rc<TargetPool>, deadline: Instant) -> Limit {
    if is_event_stream(headers) {
        Limit::idle(Duration::from_millis(thread.settings.stream_idle_ms), Traffic::start(), pool.closed())
    } else {
        Limit::Whole(deadline)
    }
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
    match route.scheme() {
        Scheme::Http => handshake(stream).await,
        Scheme::Https => {
            let config = thread.shared.backend_tls.http1(route.verifies());
            handshake(secure(config, route, stream, deadline).await?).await
        }
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

/// What went wrong after the connection stood.
pub fn failed(error: &hyper::Error) -> Refusal {
    let cause = error.source().and_then(|source| source.downcast_ref::<BodyError>());
    match cause {
        Some(body) => body.refusal(),
        None => Refusal::new(Kind::BackendResponse).with_detail(error.to_string()),
    }
}
