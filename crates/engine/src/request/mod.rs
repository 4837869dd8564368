//! Stops 2 to 10 of a request, called in order in `serve`. Read this first.

pub mod answer;
mod body;
mod guard;
mod identify;
pub mod map;
mod nonces;
mod parameters;
mod permit;
pub mod route;
mod signature;
mod system;
mod throttle;

pub use body::{BodyError, RequestBody};
pub use map::Outgoing;
pub use nonces::Nonces;
pub use permit::Permitted;
pub use throttle::AutomaticDomains;

use crate::backend::{self, ResponseBody};
use crate::listen::Peer;
use crate::record::Entry;
use crate::thread::Thread;
use crate::world::World;
use answer::{Refusal, REQUEST_ID};
use hyper::body::Incoming;
use hyper::{Request, Response};
use std::rc::Rc;

/// One request from its arrival to its answer; the answer's body carries the record to its end.
pub async fn serve(thread: Rc<Thread>, peer: Rc<Peer>, request: Request<Incoming>) -> Response<ResponseBody> {
    let world = thread.world();
    let mut entry = thread.recorder.begin(&request, &peer, &thread.now());
    let mut response = match steps(&thread, &world, &peer, request, &mut entry).await {
        Ok(response) => response,
        Err(refusal) => answer::refuse(&refusal, thread.settings.refusal_body, &mut entry),
    };
    if let Some(id) = &entry.request_id_header {
        response.headers_mut().insert(REQUEST_ID, id.clone());
    }
    entry.status = response.status().as_u16();
    response.body_mut().carry(thread, entry);
    response
}

async fn steps(
    thread: &Rc<Thread>,
    world: &World,
    peer: &Peer,
    request: Request<Incoming>,
    entry: &mut Entry,
) -> Result<Response<ResponseBody>, Refusal> {
    let now = thread.now();
    let limit = thread.settings.request_body_limit;
    let (head, incoming) = request.into_parts();
    let mut body = RequestBody::new(incoming, limit);
    let matched = route::find(world, &head, entry)?;
    guard::check(&matched, &head, peer, limit)?;
    let rules = identify::Rules {
        now: now.unix_ms(),
        signature_window_ms: thread.settings.signature_window_ms,
        nonces: &thread.shared.nonces,
        body_limit: limit,
    };
    let identified = identify::caller(world, matched, &head, &mut body, &rules, entry).await?;
    let permitted = permit::check(world, identified, now.unix_ms())?;
    thread.shared.automatic_domains.count(permitted.matched.domain, now.unix_ms())?;
    let group = world.group(&permitted.matched.edition.edition.group_id).map(AsRef::as_ref);
    let outgoing = {
        let system = system::System::new(&permitted, entry, peer, &now, &head.headers);
        map::build(&permitted, group, head, body, &system, limit).await?
    };
    backend::send(thread, world, &permitted, outgoing, entry).await
}
