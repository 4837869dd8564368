//! Stop 9: sending a permitted request to its backend.
//!
//! Where a request goes is decided here from the plan alone; nothing the client sent takes part. Each kind of backend
//! has its file: `http.rs` for everything that speaks HTTP (VPC accesses included), `http2.rs` for what needs HTTP/2
//! there, `tunnel.rs` for WebSocket, `function.rs`, `mock.rs`. `route.rs` is where an exchange goes, `connect.rs` gets there, `pool.rs`
//! keeps connections, per thread and per target; `breaker.rs` leaves a backend alone that fails.

pub mod breaker;
pub mod checks;
mod compressed;
mod connect;
pub mod discovery;
mod function;
mod http;
mod http2;
mod mock;
mod pool;
mod response;
mod route;
mod spare;
mod targets;
mod tls;
mod tunnel;
mod turns;

pub use pool::Pools;
pub use response::{ResponseBody, Switched};
pub use route::without_port;
pub use targets::Targets;
pub use tls::{connect as tls_connect, BackendTls};
pub use turns::Turns;

use crate::record::{Entry, Stop, Verdict};
use crate::request::answer::{Kind, Refusal};
use crate::request::Outgoing;
use crate::thread::Thread;
use crate::world::World;
use hyper::Response;
use isthmus_plan::{Backend, Target};
use route::Route;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::Instant;

pub async fn send(
    thread: &Rc<Thread>,
    world: &World,
    backend: &Backend,
    outgoing: Outgoing,
    entry: &mut Entry,
) -> Result<Response<ResponseBody>, Refusal> {
    entry.notes.begin(Stop::Attempt);
    if thread.imagines {
        return imagined(thread, world, backend, &outgoing, entry);
    }
    match &backend.target {
        Target::Mock { status, headers, body } => Ok(mock::answer(*status, headers, body)),
        Target::Http { scheme, host, port, host_header } => {
            let route = Route::to_host(*scheme, host, *port, host_header.as_deref());
            let route = route.like(backend);
            http::exchange(thread, route, backend.timeout_ms, outgoing, entry).await
        }
        Target::Function(function) => function::call(thread, backend, function, outgoing, entry).await,
        Target::Discovered(discovered) => {
            let limit = Duration::from_millis(backend.timeout_ms);
            let targets = thread.shared.discovery.find(discovered, limit).await?;
            let route = Route::to_found(thread, discovered, &targets, &outgoing.headers)?.like(backend);
            http::exchange(thread, route, backend.timeout_ms, outgoing, entry).await
        }
        // Filled in before a request gets here.
        Target::Address { .. } => Err(Refusal::new(Kind::BackendAddress)),
        Target::Vpc { access, scheme, host } => {
            let route = Route::through_access(thread, world, access, *scheme, &outgoing.headers)?;
            let route = route.with_host(host.as_deref()).like(backend);
            http::exchange(thread, route, backend.timeout_ms, outgoing, entry).await
        }
    }
}

/// What a trace tells of a backend that gave no answer: what the definition says of it.
pub fn telling(refusal: Refusal, backend: &Backend) -> Refusal {
    let place = match &backend.target {
        Target::Mock { .. } => "a mock".to_owned(),
        Target::Http { host, port, .. } => format!("{host}:{port}"),
        Target::Function(function) => format!("the function {}", function.function),
        Target::Discovered(discovered) => format!("the service {}", discovery::name_of(&discovered.registry)),
        Target::Address { address, .. } => address.clone(),
        Target::Vpc { access, .. } => format!("the VPC access {access}"),
    };
    let refusal = refusal.telling("defined as", place);
    if refusal.kind == Kind::BackendTimeout {
        return refusal.telling("timeout", format!("{} ms", backend.timeout_ms));
    }
    refusal
}

/// What there is to say of an exchange that is only imagined: where it would go, and whether it may.
fn imagined(
    thread: &Thread,
    world: &World,
    backend: &Backend,
    outgoing: &Outgoing,
    entry: &mut Entry,
) -> Result<Response<ResponseBody>, Refusal> {
    let route = match &backend.target {
        Target::Mock { status, headers, body } => return Ok(mock::answer(*status, headers, body)),
        Target::Http { scheme, host, port, host_header } => {
            Some(Route::to_host(*scheme, host, *port, host_header.as_deref()))
        }
        Target::Vpc { access, scheme, .. } => {
            Some(Route::through_access(thread, world, access, *scheme, &outgoing.headers)?)
        }
        Target::Address { .. } => return Err(Refusal::new(Kind::BackendAddress)),
        Target::Function(_) | Target::Discovered(_) => None,
    };
    if let Some(route) = &route {
        route.note_target(&entry.notes, None);
        route.note(entry, Instant::now());
    }
    entry.notes.verdict(Verdict::Skipped);
    entry.notes.fact("request", "not sent, this is a dry run");
    Ok(Response::new(ResponseBody::empty()))
}
