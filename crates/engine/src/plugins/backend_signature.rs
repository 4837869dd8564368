//! `backendSignature` at work: the last change to a backend request.
//!
//! The signed headers are those that the gateway was told to send: mapped, constant and system parameters, and what
//! other plug-ins put. A body that is no form is read for its MD5, which is in the string and in `Content-MD5`: the
//! vendor's pages put the header's value there, its published verifier hashes the body itself, and both then agree.

use super::{Routed, Step};
use crate::request::answer::Refusal;
use crate::request::{has_form, Outgoing};
use base64::engine::general_purpose::STANDARD as BASE64;
use base64::Engine as _;
use hyper::header::{HeaderName, HeaderValue};
use hyper::Method;
use isthmus_plan::plugin::BackendSignature as Definition;
use isthmus_plan::{Location, PlanError, Plugin};
use md5::{Digest, Md5};
use ring::hmac;
use std::borrow::Cow;

const SIGNATURE: HeaderName = HeaderName::from_static("x-ca-proxy-signature");
const SIGNED_HEADERS: HeaderName = HeaderName::from_static("x-ca-proxy-signature-headers");
const KEY_NAME: HeaderName = HeaderName::from_static("x-ca-proxy-signature-secret-key");
const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");

pub struct BackendSignature {
    name: HeaderValue,
    key: hmac::Key,
}

impl BackendSignature {
    pub fn compile(_: &Plugin, definition: &Definition) -> Result<Self, PlanError> {
        let name = HeaderValue::from_str(&definition.key)
            .map_err(|_| PlanError::new("definition.key", "cannot be part of a header"))?;
        Ok(Self { name, key: hmac::Key::new(hmac::HMAC_SHA256, definition.secret.reveal().as_bytes()) })
    }

    /// # Errors
    /// `BodyTooLarge`, `InvalidBody` when the body had to be read.
    pub async fn sign(
        &self,
        step: &Step<'_, '_>,
        routed: Option<&Routed<'_>>,
        outgoing: &mut Outgoing,
    ) -> Result<(), Refusal> {
        let is_form = has_form(&outgoing.headers);
        let has_entity = outgoing.method == Method::POST || outgoing.method == Method::PUT;
        if is_form || has_entity {
            let body = outgoing.body.collect(step.thread.settings.request_body_limit).await?;
            if !is_form && !body.is_empty() {
                if let Ok(digest) = HeaderValue::from_str(&BASE64.encode(Md5::digest(body))) {
                    outgoing.headers.insert(CONTENT_MD5, digest);
                }
            }
        }
        let signed = signed_headers(step, routed, outgoing);
        step.entry.notes.rule(self.name.to_str().unwrap_or_default());
        step.entry.notes.fact("signed headers", &signed.join(", "));
        let form = if is_form { outgoing.body.collected() } else { b"" };
        let string = string_to_sign(outgoing, &signed, form);
        let signature = BASE64.encode(hmac::sign(&self.key, &string));
        for (name, value) in [(SIGNATURE, signature), (SIGNED_HEADERS, signed.join(","))] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                outgoing.headers.insert(name, value);
            }
        }
        outgoing.headers.insert(KEY_NAME, self.name.clone());
        Ok(())
    }
}

/// Lower case, sorted, each once, and only those that are sent.
fn signed_headers(step: &Step<'_, '_>, routed: Option<&Routed<'_>>, outgoing: &Outgoing) -> Vec<String> {
    let plugins = step.passage.plugins;
    let edition = step.passage.edition.map(|edition| edition.edition.mappings.as_slice()).unwrap_or_default();
    let mapped = edition.iter().filter(|one| one.location == Location::Head).map(|one| one.name.as_str());
    let routed = routed.into_iter().flat_map(Routed::constant_headers);
    let claims = plugins.jwt_auth().into_iter().flat_map(|acting| acting.ready.claim_headers());
    let put = plugins.transformer().into_iter().flat_map(|acting| acting.ready.put_headers());
    let mut names: Vec<String> = mapped
        .chain(routed)
        .chain(claims)
        .chain(put)
        .map(str::to_ascii_lowercase)
        .filter(|name| name != "host" && outgoing.headers.contains_key(name.as_str()))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn string_to_sign(outgoing: &Outgoing, signed: &[String], form: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(256);
    text.extend_from_slice(outgoing.method.as_str().as_bytes());
    text.push(b'\n');
    text.extend_from_slice(outgoing.headers.get(CONTENT_MD5).map(HeaderValue::as_bytes).unwrap_or_default());
    text.push(b'\n');
    for name in signed {
        text.extend_from_slice(name.as_bytes());
        text.push(b':');
        text.extend_from_slice(outgoing.headers.get(name).map(HeaderValue::as_bytes).unwrap_or_default());
        text.push(b'\n');
    }
    let (path, query) = outgoing.target.split_once('?').unwrap_or((&outgoing.target, ""));
    text.extend_from_slice(path.as_bytes());
    // The first of a repeated name counts, and the query stands before the form, as in a servlet's parameters.
    let mut pairs: Vec<(Cow<'_, str>, Cow<'_, str>)> =
        form_urlencoded::parse(query.as_bytes()).chain(form_urlencoded::parse(form)).collect();
    pairs.retain(|(name, _)| !name.is_empty());
    pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
    pairs.dedup_by(|later, earlier| later.0 == earlier.0);
    for (index, (name, value)) in pairs.iter().enumerate() {
        text.push(if index == 0 { b'?' } else { b'&' });
        text.extend_from_slice(name.as_bytes());
        text.push(b'=');
        text.extend_from_slice(value.as_bytes());
    }
    text
}
