//! Plug-ins at work: each type in a file of its own, and `order.rs` as the one list of when each acts.
//!
//! A plug-in's definition and its checks are in `isthmus_plan::plugin`; here it is made ready once (`compile`) and then
//! run per request. `facts` says what conditions can see, `bound` which plug-ins an API has. Invariant: an API whose
//! plug-in cannot be run refuses its requests (X400PM); it never runs without it.

mod access_control;
mod backend_signature;
mod basic_auth;
mod bound;
mod caching;
mod circuit_breaker;
mod compression;
mod cors;
mod error_mapping;
mod facts;
mod ip_control;
mod jwt;
mod log_mask;
mod order;
mod outgoing;
mod remote_auth;
mod request_validation;
mod routing;
mod traffic_control;
mod transformer;

pub use access_control::AccessControl;
pub use backend_signature::BackendSignature;
pub use basic_auth::BasicAuth;
pub use bound::{Acting, Bound, Compiled, Plugins};
pub use caching::{AnswerStore, Caching};
pub use circuit_breaker::{enter, CircuitBreaker, Entered};
pub use compression::Compression;
pub use cors::Cors;
pub use error_mapping::ErrorMapping;
pub use facts::{AnswerFacts, Facts, RequestFacts, Scoped};
pub use ip_control::IpControl;
pub use jwt::{JwtAuth, KeySet, TokenKey};
pub use log_mask::LogMask;
pub use order::{on_answer, on_arrival, on_identified, on_mapped, on_permitted, route, Flow};
pub use remote_auth::RemoteAuth;
pub use request_validation::{read_json, RequestValidation};
pub use routing::{Routed, Routing};
pub use traffic_control::TrafficControl;
pub use transformer::Transformer;

use crate::backend::ResponseBody;
use crate::listen::Peer;
use crate::record::{Entry, Verdict};
use crate::request::answer::{Kind, Refusal};
use crate::request::System;
use crate::thread::{Now, Thread};
use crate::world::{Caller, CompiledEdition, World};
use hyper::header::HeaderValue;
use hyper::http::request::Parts;
use hyper::Response;
use std::rc::Rc;

/// What the way in leaves for the way out: filled by the steps of a request, read by plug-ins on its answer.
#[derive(Default)]
pub struct Passage<'w> {
    pub plugins: Plugins<'w>,
    pub edition: Option<&'w CompiledEdition>,
    pub caller: Option<&'w Caller>,
    /// What the request has to do with stored answers.
    pub caching: Option<caching::Intent>,
    /// What the request says of compressed answers.
    pub compression: Option<compression::Asked>,
    /// Claims of a verified JSON Web Token.
    pub claims: Option<serde_json::Value>,
    /// Parameters that plug-ins set, by name.
    pub set: Vec<(Box<str>, String)>,
    pub user_agent: Option<HeaderValue>,
    /// `Origin` of the page that calls, when a browser says so.
    pub origin: Option<HeaderValue>,
}

/// What every plug-in call gets: where the request is and what is known of it.
pub struct Step<'a, 'w> {
    pub thread: &'a Rc<Thread>,
    pub world: &'w World,
    pub peer: &'a Peer,
    pub now: &'a Now,
    pub entry: &'a mut Entry,
    pub passage: &'a mut Passage<'w>,
}

impl<'w> Step<'_, 'w> {
    /// This plug-in is at work now.
    fn at<T>(&mut self, acting: &Acting<'_, T>) {
        self.entry.plugin = acting.about.kind;
        self.entry.plugin_id.clear();
        self.entry.plugin_id.push_str(&acting.about.plugin_id);
        self.entry.notes.plugin(acting.about, acting.by_group);
    }

    /// No plug-in answered at this stop.
    fn go_on(&mut self) -> Result<Flow, Refusal> {
        self.no_plugin();
        Ok(Flow::Continue)
    }

    fn no_plugin(&mut self) {
        self.entry.plugin = "";
        self.entry.plugin_id.clear();
    }

    /// The plug-in at work answers.
    fn answered(&self, response: Response<ResponseBody>) -> Result<Flow, Refusal> {
        self.entry.notes.verdict(Verdict::Answered);
        Ok(Flow::Answer(Box::new(response)))
    }

    /// The system parameters of the request, as far as they are known.
    pub fn system<'s>(&'s self, edition: &'s CompiledEdition) -> System<'s> {
        let user_agent = self.passage.user_agent.clone();
        System { edition, caller: self.passage.caller, entry: self.entry, peer: self.peer, now: self.now, user_agent }
    }

    /// Looks up what is bound to the API that the request is for.
    ///
    /// # Errors
    /// `InvalidPlugin` when one of them cannot be run.
    pub fn begin(&mut self, edition: &'w CompiledEdition, head: &Parts) -> Result<(), Refusal> {
        self.passage.edition = Some(edition);
        self.passage.plugins = self.world.plugins(edition);
        if let Some(broken) = self.passage.plugins.broken() {
            self.at(&broken);
            let name = &broken.about.name;
            let refusal = Refusal::because(Kind::InvalidPlugin, format!("`{name}` cannot be run by this engine"));
            return Err(refusal.by("its definition"));
        }
        if !self.passage.plugins.is_empty() {
            self.passage.user_agent = head.headers.get(hyper::header::USER_AGENT).cloned();
            self.passage.compression = self.passage.plugins.compression().map(|_| Compression::asked(head));
        }
        Ok(())
    }
}
