//! Stops 2 to 10 of a request, called in order in `serve`. Read this first.

pub mod answer;
mod app_code;
mod body;
mod chosen;
mod claimed;
mod entrance;
pub mod form;
mod framing;
mod guard;
mod identify;
pub mod map;
mod mistakes;
mod nonces;
mod pace;
mod parameters;
mod permit;
pub mod route;
mod signature;
mod system;
mod throttle;
mod traffic;
pub mod upgrade;
mod variables;
mod version;

pub use body::{BodyError, RequestBody};
pub use chosen::Chosen;
pub use map::Outgoing;
pub use nonces::{Nonces, SeenNonces};
pub use permit::Permitted;
pub use route::{Matched, Place};
pub use signature::{has_form, SignedRequest};
pub use system::System;
pub use throttle::AutomaticDomains;
pub use traffic::Traffic;

use crate::backend::{self, ResponseBody};
use crate::listen::Peer;
use crate::plugins::{self, Flow, Passage, Step};
use crate::record::Stop;
use crate::thread::Thread;
use crate::two_way;
use answer::{Refusal, DEBUG_INFO, REQUEST_ID};
use hyper::header::{ORIGIN, USER_AGENT};
use hyper::{Request, Response};
use std::rc::Rc;

/// Goes on, or returns the answer that a plug-in gave.
macro_rules! go_on {
    ($plugins:expr) => {
        if let Flow::Answer(response) = $plugins.await? {
            return Ok(*response);
        }
    };
}

/// One request from its arrival to its answer; the answer's body carries the record to its end.
pub async fn serve(thread: Rc<Thread>, peer: Rc<Peer>, request: Request<RequestBody>) -> Response<ResponseBody> {
    let world = thread.world();
    let now = thread.now();
    let mut entry = thread.recorder.begin(&request, &peer, &now);
    let mut passage = Passage { origin: request.headers().get(ORIGIN).cloned(), ..Passage::default() };
    let mut step =
        Step { thread: &thread, world: &world, peer: &peer, now: &now, entry: &mut entry, passage: &mut passage };
    let mut response = match steps(&mut step, request).await {
        // What stands for an answer that was only imagined is nothing to work on.
        Ok(response) if thread.imagines => response,
        Ok(response) => plugins::on_answer(&mut step, response, None).await,
        Err(refusal) => {
            refusal.note(&step.entry.notes);
            let response = answer::refuse(&refusal, thread.settings.refusal_body, step.entry);
            plugins::on_answer(&mut step, response, Some(&refusal)).await
        }
    };
    if let Some(id) = &entry.request_id_header {
        response.headers_mut().insert(REQUEST_ID, id.clone());
    }
    if let Some(info) = entry.debug_info() {
        response.headers_mut().insert(DEBUG_INFO, info);
    }
    thread.recorder.answered(&mut entry, response.status().as_u16(), response.headers());
    if let Some(mask) = passage.plugins.log_mask() {
        entry.notes.plugin(mask.about, mask.by_group);
        mask.apply(&mut entry);
    }
    response.body_mut().carry(Rc::clone(&thread), entry);
    response
}

async fn steps(step: &mut Step<'_, '_>, request: Request<RequestBody>) -> Result<Response<ResponseBody>, Refusal> {
    let (thread, world, now) = (step.thread, step.world, step.now);
    let limit = thread.settings.request_body_limit;
    let (mut head, mut body) = request.into_parts();
    framing::check(&head.headers)?;
    version::like_http1(&mut head)?;
    let place = route::place(world, &head, step.entry)?;
    if let Some(answer) = entrance::check(step, &place, &head)? {
        return Ok(answer);
    }
    if let Some(answer) = two_way::open(step, &place, &mut head)? {
        return Ok(answer);
    }
    let matched = route::find(world, place, &head, step.entry)?;
    step.begin(matched.edition, &head)?;
    guard::check(step, &matched, &head, limit)?;
    go_on!(plugins::on_arrival(step, &head, &matched));
    let rules = identify::Rules {
        now: now.unix_ms(),
        signature_window_ms: thread.settings.signature_window_ms,
        thread,
        body_limit: limit,
    };
    let identified = identify::caller(world, matched, &head, &mut body, &rules, step.entry).await?;
    step.passage.caller = identified.caller;
    go_on!(plugins::on_identified(step, &mut head, &mut body, &identified.matched));
    let permitted = permit::check(step, identified)?;
    throttle::check(step, &permitted)?;
    go_on!(plugins::on_permitted(step, &head, &mut body, &permitted));
    if two_way::is_management(&permitted) {
        if let Some(answer) = two_way::instead(step, &permitted, &head, &mut body).await? {
            return Ok(answer);
        }
    }
    let edition = permitted.matched.edition;
    let routed = plugins::route(step, &head, &mut body, &permitted.matched).await?;
    let own = Chosen { backend: &edition.edition.backend, path: &edition.backend_path };
    let entered = plugins::enter(step, edition)?;
    let chosen = entered.chosen(routed.as_ref().map_or(own, plugins::Routed::chosen));
    let filled = variables::fill(step, chosen, &permitted.matched, &head)?;
    let chosen = filled.as_ref().map_or(chosen, variables::Filled::chosen);
    step.passage.user_agent = step.passage.user_agent.take().or_else(|| head.headers.get(USER_AGENT).cloned());
    step.entry.notes.begin(Stop::Mapping);
    let group = permitted.matched.group;
    if group.app_code.hidden {
        app_code::hide(&mut head, &group.app_code);
    }
    let mut outgoing = {
        let passed_headers = &group.passthrough_headers;
        let system = step.system(edition);
        map::build(&permitted, chosen, head, body, &system, &map::Rules { passed_headers, body_limit: limit }).await?
    };
    go_on!(plugins::on_mapped(step, routed.as_ref(), &mut outgoing));
    entered.may_ask(step)?;
    let answer = backend::send(thread, world, chosen.backend, outgoing, step.entry).await;
    let answer = answer.map_err(|refusal| backend::telling(refusal, chosen.backend));
    entered.leave(step, &answer);
    two_way::answered(step, &permitted, &answer);
    answer
}
