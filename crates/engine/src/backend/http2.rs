//! One exchange with a backend that speaks HTTP/2: gRPC calls, whose trailers and streams both ways need it, and any
//! other where the backend or its VPC access says so.
//!
//! Plain backends are spoken to with prior knowledge, HTTPS ones must agree to `h2`. Many exchanges share a connection;
//! `pool` keeps them. A request that may come twice is sent again once when such a connection ends before an answer,
//! or refuses it.
//!
//! Time: a gRPC exchange may be silent, in both directions together, for the API's timeout until the answer's head is
//! there, and for the stream's idle limit afterwards; any other one has the API's timeout for the whole.

use super::connect::{dial, secure};
use super::http;
use super::pool::TargetPool;
use super::response::{Limit, Upstream};
use super::route::Route;
use super::spare::Spare;
use super::ResponseBody;
use crate::connection::LocalExecutor;
use crate::record::Entry;
use crate::request::answer::{Kind, Refusal};
use crate::request::{Outgoing, RequestBody};
use crate::thread::Thread;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper::header::{HeaderMap, HeaderValue, CONTENT_TYPE, HOST, TE};
use hyper::{Request, Response, Uri};
use hyper_util::rt::{TokioIo, TokioTimer};
use isthmus_plan::Scheme;
use std::error::Error as _;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{timeout_at, Instant};

/// How often a connection with running exchanges is asked whether it is still there.
const PING: Duration = Duration::from_secs(20);

/// Whether a request needs HTTP/2 towards its backend.
pub fn is_grpc(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|value| {
        let value = value.as_bytes();
        value.get(..16).is_some_and(|start| start.eq_ignore_ascii_case(b"application/grpc"))
            && matches!(value.get(16), None | Some(b'+' | b';' | b' '))
    })
}

pub async fn exchange(
    thread: &Rc<Thread>,
    mut route: Route<'_>,
    timeout_ms: u64,
    mut outgoing: Outgoing,
    entry: &mut Entry,
) -> Result<Response<ResponseBody>, Refusal> {
    let started = Instant::now();
    let limit = Duration::from_millis(timeout_ms);
    let deadline = started + limit;
    let host = route.host_header(&mut outgoing);
    let traffic = is_grpc(&outgoing.headers).then(|| outgoing.body.watch());
    let mut request = request(outgoing, host, route.scheme())?;
    if traffic.is_some() {
        // The one value that HTTP/2 allows; gRPC servers ask for it (gRPC over HTTP/2, "Requests").
        request.headers_mut().insert(TE, HeaderValue::from_static("trailers"));
    }
    let mut pool = route.pool(thread);
    let mut is_repeated = false;
    let outcome = loop {
        let (mut taken, reused) = match pool.take_shared() {
            Some(taken) => (taken, true),
            None => match connect(thread, &route, &pool, deadline).await {
                Ok(sender) => (pool.share(sender), false),
                Err(_) if route.failed(thread, true) && Instant::now() < deadline => {
                    pool = route.pool(thread);
                    continue;
                }
                Err(refusal) => break Err(refusal),
            },
        };
        let spare = if reused && !is_repeated { Spare::of(&request) } else { None };
        let sent = taken.sender.try_send_request(request);
        let sent = match &traffic {
            Some(traffic) => traffic.within(limit, sent).await,
            None => timeout_at(deadline, sent).await.ok(),
        };
        match sent {
            None => break Err(Refusal::new(Kind::BackendTimeout)),
            Some(Ok(response)) => break Ok((response, taken)),
            Some(Err(mut error)) => match (error.take_message(), spare) {
                (Some(unsent), _) if reused => request = unsent,
                (_, Some(spare)) if is_undone(error.error()) => (request, is_repeated) = (spare.into_request(), true),
                _ => break Err(http::failed(error.error())),
            },
        }
    };
    entry.service = started.elapsed();
    let (response, taken) = outcome?;
    let (mut head, incoming) = response.into_parts();
    head.headers = http::response_headers(head.headers);
    let limit = match traffic {
        Some(traffic) => Limit::idle(Duration::from_millis(thread.settings.stream_idle_ms), traffic, pool.closed()),
        None => http::limit(thread, &head.headers, &pool, deadline),
    };
    let mut body = ResponseBody::upstream(Upstream::shared(incoming, taken, limit));
    body.keep(route.worked());
    Ok(Response::from_parts(head, body))
}

/// Whether the connection ended, or the backend did not begin with the request (RFC 9113, section 8.7).
fn is_undone(error: &hyper::Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<h2::Error>());
    let refused = |cause: &h2::Error| cause.is_go_away() || cause.reason() == Some(h2::Reason::REFUSED_STREAM);
    http::is_cut(error) || cause.is_some_and(refused)
}

fn request(outgoing: Outgoing, host: Option<HeaderValue>, scheme: Scheme) -> Result<Request<RequestBody>, Refusal> {
    let scheme = match scheme {
        Scheme::Http => "http",
        Scheme::Https => "https",
    };
    let authority = host.as_ref().and_then(|host| host.to_str().ok()).unwrap_or_default();
    let uri = Uri::builder().scheme(scheme).authority(authority).path_and_query(outgoing.target).build();
    let uri = uri.map_err(|error| {
        Refusal::because(Kind::InvalidPath, "cannot be sent to the backend").with_detail(error.to_string())
    })?;
    let mut request = Request::new(outgoing.body);
    *request.method_mut() = outgoing.method;
    *request.uri_mut() = uri;
    *request.headers_mut() = outgoing.headers;
    request.headers_mut().remove(HOST);
    Ok(request)
}

async fn connect(
    thread: &Rc<Thread>,
    route: &Route<'_>,
    pool: &Rc<TargetPool>,
    deadline: Instant,
) -> Result<SendRequest<RequestBody>, Refusal> {
    let stream = dial(thread, route, deadline).await?;
    match route.scheme() {
        Scheme::Http => handshake(stream, pool).await,
        Scheme::Https => {
            let config = thread.shared.backend_tls.http2(route.verifies());
            let stream = secure(config, route, stream, deadline).await?;
            if stream.get_ref().1.alpn_protocol() != Some(b"h2") {
                return Err(Refusal::because(Kind::BackendTls, "the backend does not speak HTTP/2"));
            }
            handshake(stream, pool).await
        }
    }
}

async fn handshake<S>(stream: S, pool: &Rc<TargetPool>) -> Result<SendRequest<RequestBody>, Refusal>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let (sender, connection) = Builder::new(LocalExecutor)
        .timer(TokioTimer::new())
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| http::failed(&error))?;
    let closed = pool.closed();
    tokio::task::spawn_local(async move {
        // What runs on a connection of an access that is gone ends with it.
        tokio::select! {
            _ = connection => {}
            () = closed => {}
        }
    });
    Ok(sender)
}
