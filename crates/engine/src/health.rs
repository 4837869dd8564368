//! Health and readiness of an engine, on a listener of its own that no route leads to.
//!
//! `/healthz` answers 200 while the engine lives; `/readyz` once it has a plan (503 before). Both carry the same JSON:
//! store, revision, content hash, refused records, counters. `/metrics` is for Prometheus.

use crate::metrics::{self, Sources};
use crate::record::Counters;
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{HeaderValue, CONTENT_TYPE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// Answers until the engine stops; runs in a `LocalSet`.
pub async fn serve(
    listener: std::net::TcpListener,
    health: Arc<Sources>,
    mut stop: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stopped| *stopped) => return Ok(()),
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let health = Arc::clone(&health);
        tokio::task::spawn_local(async move {
            let service = service_fn(move |request| {
                let response = answer(&health, &request);
                async move { Ok::<_, Infallible>(response) }
            });
            let builder = &mut http1::Builder::new();
            builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
            builder.serve_connection(TokioIo::new(stream), service).await.ok();
        });
    }
}

fn answer(health: &Sources, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let applied = health.live.applied();
    let status = match (request.method(), request.uri().path()) {
        (&Method::GET, "/healthz") => StatusCode::OK,
        (&Method::GET, "/readyz") if applied.revision > 0 => StatusCode::OK,
        (&Method::GET, "/readyz") => StatusCode::SERVICE_UNAVAILABLE,
        (&Method::GET, "/metrics") => return exported(health),
        _ => {
            let told = b"see /healthz, /readyz and /metrics\n";
            let mut response = Response::new(Full::new(Bytes::from_static(told)));
            *response.status_mut() = StatusCode::NOT_FOUND;
            return response;
        }
    };
    let total = |pick: fn(&Counters) -> &AtomicU64| -> u64 {
        health.counters.iter().map(|counters| pick(counters).load(Ordering::Relaxed)).sum()
    };
    let body = serde_json::json!({
        "store": applied.store,
        "revision": applied.revision,
        "digest": applied.digest,
        "refused": applied.refused,
        "requests": total(|counters| &counters.requests),
        "refusals": total(|counters| &counters.refusals),
        "aborted": total(|counters| &counters.aborted),
        "bytes_out": total(|counters| &counters.bytes_out),
        "log_lines_lost": health.lost.lines.load(Ordering::Relaxed),
        "records_lost": health.lost.records.load(Ordering::Relaxed),
        "panics": total(|counters| &counters.panics),
    });
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn exported(sources: &Sources) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    match metrics::text(sources) {
        Ok(text) => {
            *response.body_mut() = Full::new(Bytes::from(text));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(metrics::CONTENT_TYPE));
        }
        Err(_) => *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
    }
    response
}
