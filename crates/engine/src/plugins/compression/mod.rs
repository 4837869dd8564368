//! `compression` at work: whether an answer is compressed, and what its headers then say.
//!
//! The last plug-in on the way out, so that stored and mapped answers are looked at as they were made. `negotiation.rs`
//! reads `Accept-Encoding`; the bytes are compressed in `backend/compressed.rs` as they pass. Invariant: headers that
//! describe the bytes of the body (length, digests, a strong tag, ranges) never outlive the bytes they describe.

mod negotiation;

use super::Step;
use crate::backend::ResponseBody;
use http_body::Body;
use hyper::header::{HeaderMap, HeaderName, HeaderValue, ACCEPT_ENCODING, ACCEPT_RANGES, CACHE_CONTROL};
use hyper::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, VARY};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use isthmus_plan::plugin::Compression as Definition;
use isthmus_plan::{PlanError, Plugin};

/// They are about the bytes that are not sent any more.
const DIGESTS: [&str; 5] = ["content-md5", "x-ca-content-md5", "digest", "content-digest", "repr-digest"];

pub struct Compression {
    definition: Definition,
    /// In lower case.
    types: Vec<Box<str>>,
}

/// What a request says that is needed on the way out.
pub struct Asked {
    /// All of `Accept-Encoding`.
    accepted: Vec<u8>,
    is_head: bool,
}

impl Compression {
    pub fn compile(_: &Plugin, definition: &Definition) -> Result<Self, PlanError> {
        let types = definition.types.iter().map(|name| name.to_ascii_lowercase().into()).collect();
        Ok(Self { definition: definition.clone(), types })
    }

    pub fn asked(head: &Parts) -> Asked {
        let values: Vec<&[u8]> = head.headers.get_all(ACCEPT_ENCODING).iter().map(HeaderValue::as_bytes).collect();
        Asked { accepted: values.join(&b','), is_head: head.method == Method::HEAD }
    }

    pub fn apply(&self, step: &Step<'_, '_>, response: &mut Response<ResponseBody>) {
        if !self.could(response) {
            step.entry.notes.fact("answer", "of a kind or size that is not compressed");
            return;
        }
        vary(response.headers_mut());
        let Some(asked) = &step.passage.compression else { return };
        let Some(algorithm) = negotiation::choose(&asked.accepted, &self.definition.algorithms) else { return };
        if !asked.is_head && !response.body_mut().compress(algorithm) {
            return;
        }
        step.entry.notes.rule(algorithm.name());
        let headers = response.headers_mut();
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(algorithm.name()));
        headers.remove(CONTENT_LENGTH);
        headers.remove(ACCEPT_RANGES);
        DIGESTS.iter().for_each(|name| drop(headers.remove(*name)));
        weaken(headers);
    }

    /// Whether the answer would be compressed for somebody.
    fn could(&self, response: &Response<ResponseBody>) -> bool {
        let status = response.status();
        let is_whole = !status.is_informational()
            && !matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED | StatusCode::PARTIAL_CONTENT);
        let headers = response.headers();
        let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        let known = length.or(response.body().size_hint().exact().filter(|exact| *exact > 0));
        is_whole
            && !headers.contains_key(CONTENT_ENCODING)
            && !headers.contains_key(CONTENT_RANGE)
            && !says(headers, &CACHE_CONTROL, "no-transform")
            && known.is_none_or(|length: u64| length >= self.definition.minimum_size)
            && self.takes_type(headers)
    }

    fn takes_type(&self, headers: &HeaderMap) -> bool {
        let text = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let own = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        // An event that waits in a compressor is late, and one that is flushed alone hardly gets smaller.
        let in_full = own == "text/event-stream" || own.starts_with("application/grpc");
        self.types.iter().any(|name| match name.strip_suffix('*') {
            Some(start) => !in_full && own.starts_with(start),
            None => **name == *own,
        })
    }
}

fn says(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|text| text.split(',')).any(|part| part.trim().eq_ignore_ascii_case(word))
}

/// Caches must know that the answer depends on the request's `Accept-Encoding`, compressed or not.
fn vary(headers: &mut HeaderMap) {
    if !says(headers, &VARY, "accept-encoding") && !says(headers, &VARY, "*") {
        headers.append(VARY, HeaderValue::from_static("Accept-Encoding"));
    }
}

/// The same content in other bytes has a weak tag only (RFC 9110 section 8.8.1).
fn weaken(headers: &mut HeaderMap) {
    let Some(tag) = headers.get(ETAG).filter(|tag| !tag.as_bytes().starts_with(b"W/")) else { return };
    let weak = [b"W/", tag.as_bytes()].concat();
    match HeaderValue::from_bytes(&weak) {
        Ok(weak) => drop(headers.insert(ETAG, weak)),
        Err(_) => drop(headers.remove(ETAG)),
    }
}
