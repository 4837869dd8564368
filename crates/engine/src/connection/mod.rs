//! Stop 1, second half: one connection of a client, in the version of HTTP it speaks, until it ends or the engine
//! drains.
//!
//! `listen` accepts it; on plain connections the first bytes decide (`front`), on TLS the agreed protocol. `http2` has
//! the limits of HTTP/2, `activity` counts what a connection's requests do, `wire` watches its bytes. Invariant:
//! whatever a peer sends or stops sending, a connection costs bounded memory and ends.

mod activity;
mod front;
mod http2;
mod wire;

pub use activity::{Activity, Exchange, Malformed};
pub use http2::{LocalExecutor, HEADER_COUNT_LIMIT};

use crate::backend::ResponseBody;
use crate::listen::Peer;
use crate::record::add;
use crate::request::{self, RequestBody};
use crate::thread::Thread;
use futures_util::FutureExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use wire::Wire;

/// Largest head of a request, in bytes; the vendor accepts URLs of 128 KB.
pub const HEAD_LIMIT: usize = 192 * 1024;

/// What a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoken {
    /// Agreed by TLS: the one or the other.
    Http1,
    Http2,
    /// Nothing was agreed: the first bytes say it.
    Unknown,
}

/// Serves a connection to its end.
pub async fn serve<S>(mut stream: S, spoken: Spoken, mut peer: Peer, thread: Rc<Thread>, stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let limit = Duration::from_millis(thread.settings.client_timeout_ms);
    let (spoken, front) = match spoken {
        Spoken::Unknown => match tokio::time::timeout(limit, front::read(&mut stream)).await {
            Ok(Ok((spoken, front))) => (spoken, front),
            // It said nothing, or went away.
            Ok(Err(_)) | Err(_) => return,
        },
        agreed => (agreed, Vec::new()),
    };
    if spoken == Spoken::Http2 {
        peer.activity = Arc::new(Activity::of_many());
    }
    let peer = Rc::new(peer);
    let wire = Wire::new(stream, front, spoken, Arc::clone(&peer.activity), limit);
    if spoken == Spoken::Http2 {
        http2::serve(wire, peer, thread, stop).await;
    } else {
        http1(wire, &peer, &thread, stop.clone()).await;
        peer.activity.outlived(stop).await;
        if let Some(malformed) = peer.activity.malformed() {
            thread.recorder.malformed(malformed, &peer, &thread.now());
        }
    }
}

async fn http1<S>(wire: Wire<S>, peer: &Rc<Peer>, thread: &Rc<Thread>, mut stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let limit = Duration::from_millis(thread.settings.client_timeout_ms);
    let (called, caller) = (Rc::clone(thread), Rc::clone(peer));
    let service = service_fn(move |request| guarded(Rc::clone(&called), Rc::clone(&caller), request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limit)
        .max_buf_size(HEAD_LIMIT)
        .title_case_headers(true)
        .serve_connection(TokioIo::new(wire), service)
        .with_upgrades();
    tokio::pin!(connection);
    // What is malformed was answered before the error arrives here.
    tokio::select! {
        _ = connection.as_mut() => {}
        _ = stop.wait_for(|stopped| *stopped) => {
            connection.as_mut().graceful_shutdown();
            connection.await.ok();
        }
    }
}

/// A panic is a defect: it is counted, ends its request with 500 and nothing else.
async fn guarded(
    thread: Rc<Thread>,
    peer: Rc<Peer>,
    request: Request<Incoming>,
) -> Result<Response<ResponseBody>, Infallible> {
    let limit = thread.settings.request_body_limit;
    let silence = Duration::from_millis(thread.settings.client_timeout_ms);
    Ok(call(thread, peer, request.map(|incoming| RequestBody::new(incoming, limit, silence))).await)
}

/// One request of a connection, whichever way it came.
pub async fn call(thread: Rc<Thread>, peer: Rc<Peer>, request: Request<RequestBody>) -> Response<ResponseBody> {
    let exchange = Exchange::begin(&peer.activity);
    let counters = Arc::clone(&thread.recorder.counters);
    let served = AssertUnwindSafe(request::serve(thread, peer, request)).catch_unwind().await;
    let mut response = served.unwrap_or_else(|_| {
        add(&counters.panics, 1);
        let mut response = Response::new(ResponseBody::empty());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    });
    response.body_mut().hold(exchange);
    response
}
