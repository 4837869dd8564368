//! HTTP/2 with clients: the same service as HTTP/1.1, under limits of its own.
//!
//! Every limit is one that an attack is known for: streams at once, decoded size of a head, given-up streams (here and
//! in the library), buffered answers, connections that are open and say nothing. `docs/reference/http2.md` lists them.

use super::wire::Wire;
use super::{guarded, HEAD_LIMIT};
use crate::listen::Peer;
use crate::thread::Thread;
use hyper::rt::Executor;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;

const STREAM_LIMIT: u32 = 100;
/// Bytes of one answer that wait for the client's window.
const SEND_BUFFER: usize = 64 * 1024;
/// Streams reset before they were looked at, and streams that the peer makes us reset (CVE-2023-44487, CVE-2025-8671).
const PENDING_RESET_LIMIT: usize = 20;
const LOCAL_RESET_LIMIT: usize = 100;
/// Fields of one request, crumbs of cookies counted one by one, as many as the HTTP/1.1 parser takes.
pub const HEADER_COUNT_LIMIT: usize = 100;
/// What a peer that is turned away gets to read the farewell.
const FAREWELL: Duration = Duration::from_millis(200);

/// Runs the parts of a connection on its own thread.
#[derive(Clone, Copy)]
pub struct LocalExecutor;

impl<F: Future + 'static> Executor<F> for LocalExecutor {
    fn execute(&self, future: F) {
        tokio::task::spawn_local(async move { drop(future.await) });
    }
}

pub async fn serve<S>(wire: Wire<S>, peer: Rc<Peer>, thread: Rc<Thread>, mut stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let limit = Duration::from_millis(thread.settings.client_timeout_ms);
    let stalled = Duration::from_millis(thread.settings.stream_idle_ms);
    let activity = std::sync::Arc::clone(&peer.activity);
    let service = service_fn(move |request| guarded(Rc::clone(&thread), Rc::clone(&peer), request));
    let connection = http2::Builder::new(LocalExecutor)
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAM_LIMIT)
        .max_header_list_size(u32::try_from(HEAD_LIMIT).unwrap_or(u32::MAX))
        .max_send_buf_size(SEND_BUFFER)
        .max_pending_accept_reset_streams(PENDING_RESET_LIMIT)
        .max_local_error_reset_streams(LOCAL_RESET_LIMIT)
        .keep_alive_interval(limit)
        .keep_alive_timeout(limit)
        .serve_connection(TokioIo::new(wire), service);
    tokio::pin!(connection);
    let mut seen = 0;
    loop {
        tokio::select! {
            _ = connection.as_mut() => return,
            _ = stop.wait_for(|stopped| *stopped) => {
                connection.as_mut().graceful_shutdown();
                connection.await.ok();
                return;
            }
            () = activity.abused.notified() => break,
            () = tokio::time::sleep(limit) => {
                // Open, and nothing asked for a whole time limit; or an answer that the client does not take.
                let silent = activity.running() == 0 && activity.begun() == seen;
                if silent || activity.has_untaken(stalled) {
                    break;
                }
                seen = activity.begun();
            }
        }
    }
    connection.as_mut().graceful_shutdown();
    tokio::time::timeout(FAREWELL, connection).await.ok();
}
