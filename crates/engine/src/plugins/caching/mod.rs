//! `caching` at work: `consider` looks at what the caller sent, `look_up` asks the store when the backend request is
//! built, `keep` puts a backend's answer there.
//!
//! By then the request was permitted, so a stored answer is never given to who may not call. The key has what the
//! backend request is made of, named by the definition; `policy.rs` says what may be used and kept, `store.rs` keeps it
//! within a bound. Invariant: what the backend calls private, or a caller's own `Authorization`, is never shared.

mod policy;
mod store;

pub use store::AnswerStore;

use super::{Routed, Step};
use crate::backend::ResponseBody;
use crate::request::answer::{refuse, Kind, Refusal};
use crate::request::{Outgoing, Permitted};
use hyper::header::{HeaderName, HeaderValue, ACCEPT_ENCODING, AGE, AUTHORIZATION, CACHE_CONTROL, IF_MATCH};
use hyper::header::{CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE, IF_MODIFIED_SINCE, IF_NONE_MATCH, RANGE};
use hyper::header::{IF_RANGE, IF_UNMODIFIED_SINCE, UPGRADE};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use isthmus_plan::plugin::{Caching as Definition, ClientCacheMode};
use isthmus_plan::{PlanError, Plugin};
use policy::Wish;
use std::sync::Arc;
use store::{Stored, ENTRY_LIMIT};

const CACHED: HeaderName = HeaderName::from_static("x-ca-caching");

/// Requests that ask for something else than the whole answer as it is now.
const SPECIAL: [HeaderName; 7] =
    [RANGE, IF_RANGE, IF_MATCH, IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE, UPGRADE];

pub struct Caching {
    definition: Definition,
    headers: Vec<HeaderName>,
    vary: Vec<HeaderName>,
}

/// What a request has to do with the store.
pub struct Intent {
    wish: Wish,
    /// It carries credentials for the backend.
    personal: bool,
    /// A stored answer is used, but this one is not kept.
    only_use: bool,
    /// Where its answer is kept; there once the backend request is built.
    key: Option<Box<[u8]>>,
}

impl Intent {
    pub fn only_use(&mut self) {
        self.only_use = true;
    }
}

impl Caching {
    pub fn compile(_: &Plugin, definition: &Definition) -> Result<Self, PlanError> {
        let names =
            |list: &[String]| list.iter().filter_map(|name| HeaderName::from_bytes(name.as_bytes()).ok()).collect();
        let mut headers: Vec<HeaderName> = names(&definition.cacheable_headers);
        headers.extend([CONTENT_TYPE, CONTENT_ENCODING, CONTENT_LANGUAGE]);
        Ok(Self { headers, vary: names(&definition.vary_by_headers), definition: definition.clone() })
    }

    /// None for a request that passes by the store.
    pub fn consider(&self, head: &Parts, permitted: &Permitted<'_>) -> Option<Intent> {
        let is_special = SPECIAL.iter().any(|name| head.headers.contains_key(name));
        if head.method != Method::GET || permitted.matched.domain.domain.automatic || is_special {
            return None;
        }
        let heard = match self.definition.client_cache_control.mode {
            ClientCacheMode::Off => false,
            ClientCacheMode::All => true,
            ClientCacheMode::App => permitted
                .caller
                .is_some_and(|caller| self.definition.client_cache_control.apps.contains(&caller.app.app_id)),
        };
        let wish = if heard { Wish::of(&head.headers) } else { Wish::default() };
        if wish.no_store {
            return None;
        }
        // An AppCode is for the gateway; anything else there is for the backend.
        let is_code =
            |value: &HeaderValue| value.as_bytes().get(..8).is_some_and(|word| word.eq_ignore_ascii_case(b"APPCODE "));
        let personal = head.headers.get_all(AUTHORIZATION).iter().any(|value| !is_code(value));
        Some(Intent { wish, personal, only_use: false, key: None })
    }

    /// # Errors
    /// `NotCached` when the caller wants nothing else than a stored answer.
    pub fn look_up(
        &self,
        step: &mut Step<'_, '_>,
        routed: Option<&Routed<'_>>,
        outgoing: &Outgoing,
    ) -> Result<Option<Response<ResponseBody>>, Refusal> {
        let Some(mut intent) = step.passage.caching.take() else { return Ok(None) };
        let key = self.key(step, routed, outgoing);
        let now = step.now.unix_ms();
        if !intent.wish.no_cache {
            let fresh = step.thread.shared.answers.get(&key).filter(|stored| {
                let usable = stored.fresh(now) && intent.wish.accepts(stored.age(now));
                usable && (stored.shared || !intent.personal)
            });
            if let Some(stored) = fresh {
                step.entry.notes.number("age of the stored answer in milliseconds", stored.age(now));
                return Ok(Some(answer(&stored, now)));
            }
        }
        step.entry.notes.fact("stored answer", if intent.wish.no_cache { "not wanted" } else { "none" });
        if intent.wish.only_if_cached {
            step.entry.notes.rule("only-if-cached");
            return Err(Refusal::new(Kind::NotCached));
        }
        intent.key = (!intent.only_use).then_some(key);
        step.passage.caching = Some(intent);
        Ok(None)
    }

    /// Keeps the answer if it may be kept, and lets it go on as it is, unless it breaks off while it is read.
    pub async fn keep(&self, step: &mut Step<'_, '_>, mut response: Response<ResponseBody>) -> Response<ResponseBody> {
        let Some((Some(key), personal)) = step.passage.caching.take().map(|intent| (intent.key, intent.personal))
        else {
            return response;
        };
        let terms = policy::terms(response.headers(), &self.vary, self.definition.duration);
        let Some(terms) = terms.filter(|terms| terms.shared || !personal) else { return response };
        let least = http_body::Body::size_hint(response.body()).lower();
        if response.status() != StatusCode::OK || least > ENTRY_LIMIT as u64 {
            return response;
        }
        let body = match response.body_mut().peek(ENTRY_LIMIT).await {
            Ok(Some(body)) => body,
            Ok(None) => return response,
            Err(error) => {
                let broken = Refusal::new(Kind::BackendResponse).with_detail(error.to_string());
                return refuse(&broken, step.thread.settings.refusal_body, step.entry);
            }
        };
        let of = |name: &HeaderName| {
            response.headers().get_all(name).iter().map(|value| (name.clone(), value.clone())).collect::<Vec<_>>()
        };
        let headers = self.headers.iter().flat_map(of).collect();
        let now = step.thread.now().unix_ms();
        let stored =
            Stored { since: now - terms.age_ms, until: now + terms.left_ms, shared: terms.shared, headers, body };
        step.entry.notes.fact("answer", "stored");
        step.thread.shared.answers.put(key, Arc::new(stored));
        response
    }

    /// Every part with its length, so that no two requests have one key.
    fn key(&self, step: &Step<'_, '_>, routed: Option<&Routed<'_>>, outgoing: &Outgoing) -> Box<[u8]> {
        let mut key = Vec::with_capacity(256);
        let mut add = |part: &[u8]| {
            key.extend_from_slice(&(part.len() as u64).to_le_bytes());
            key.extend_from_slice(part);
        };
        if let Some(edition) = step.passage.edition {
            add(edition.key.as_bytes());
            add(edition.edition.version.as_bytes());
        }
        add(&[step.peer.scheme as u8]);
        add(step.entry.domain.as_bytes());
        add(routed.map(Routed::name).unwrap_or_default().as_bytes());
        let (path, query) = outgoing.target.split_once('?').unwrap_or((&outgoing.target, ""));
        add(path.as_bytes());
        match &self.definition.vary_by_parameters {
            None => add(query.as_bytes()),
            Some(names) => {
                for name in names {
                    let sent = form_urlencoded::parse(query.as_bytes()).filter(|(known, _)| known == name);
                    add(name.as_bytes());
                    sent.for_each(|(_, value)| add(value.as_bytes()));
                }
            }
        }
        for name in self.vary.iter().chain([&ACCEPT_ENCODING]) {
            add(name.as_str().as_bytes());
            outgoing.headers.get_all(name).iter().for_each(|value| add(value.as_bytes()));
        }
        if self.definition.vary_by_app {
            add(&step.passage.caller.map_or(0, |caller| caller.app.app_id).to_le_bytes());
        }
        key.into_boxed_slice()
    }
}

fn answer(stored: &Stored, now: i64) -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::full(stored.body.clone()));
    let headers = response.headers_mut();
    for (name, value) in &stored.headers {
        headers.append(name, value.clone());
    }
    headers.insert(CACHED, HeaderValue::from_static("true"));
    headers.insert(AGE, HeaderValue::from(u64::try_from(stored.age(now) / 1000).unwrap_or_default()));
    headers.remove(CACHE_CONTROL);
    response
}
