//! What the authentication service is asked: built from the configured parts of a request, and from nothing else of it.

use crate::plugins::{Facts, RequestFacts};
use crate::request::answer::{Kind, Refusal, REQUEST_ID};
use crate::request::{Outgoing, RequestBody};
use bytes::Bytes;
use form_urlencoded::Serializer;
use hyper::header::{HeaderMap, HeaderName, HeaderValue, AUTHORIZATION, CONTENT_TYPE};
use hyper::http::request::Parts;
use hyper::Method;
use isthmus_plan::plugin::{RemoteAuth as Definition, SourceLocation, TargetLocation};
use ring::digest::{Context, SHA256};

const RAW_PATH: HeaderName = HeaderName::from_static("x-ca-remote-auth-raw-path");
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded; charset=UTF-8");

pub struct Question {
    method: Method,
    /// Path and query.
    target: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Question {
    /// `path` is the service's. The request's own body is given when it is passed on.
    ///
    /// # Errors
    /// `InvalidParameter` for a value that a header cannot hold.
    pub fn new(
        definition: &Definition,
        path: &str,
        head: &Parts,
        facts: &RequestFacts<'_, '_>,
        body: Option<Bytes>,
    ) -> Result<Self, Refusal> {
        let (mut query, mut form) = (Serializer::new(String::new()), Serializer::new(String::new()));
        let mut headers = HeaderMap::new();
        for one in &definition.auth_parameters {
            let Some(value) = facts.value(&one.source()).into_text() else { continue };
            let trims = definition.trim_authorization_header_prefix
                && one.source_location == SourceLocation::Header
                && one.source_parameter_name.eq_ignore_ascii_case(AUTHORIZATION.as_str());
            let value = if trims { without_scheme(&value) } else { &value };
            let name = one.target_parameter_name.as_str();
            match one.target_location {
                TargetLocation::Query => drop(query.append_pair(name, value)),
                TargetLocation::Form => drop(form.append_pair(name, value)),
                TargetLocation::Header => {
                    let refuse =
                        || Refusal::because(Kind::InvalidParameter, format!("`{name}` cannot be a header")).by(name);
                    let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| refuse())?;
                    headers.append(HeaderName::from_bytes(name.as_bytes()).map_err(|_| refuse())?, value);
                }
            }
        }
        if definition.pass_through_path {
            let path = HeaderValue::from_str(head.uri.path());
            headers.insert(RAW_PATH, path.unwrap_or_else(|_| HeaderValue::from_static("")));
        }
        let (query, form) = (query.finish(), form.finish());
        let body = match body {
            Some(body) => {
                headers.extend(head.headers.get(CONTENT_TYPE).map(|value| (CONTENT_TYPE, value.clone())));
                body
            }
            None if form.is_empty() => Bytes::new(),
            None => {
                headers.insert(CONTENT_TYPE, FORM);
                Bytes::from(form)
            }
        };
        let mark = if query.is_empty() { "" } else { "?" };
        let method = Method::from_bytes(definition.method().as_bytes()).unwrap_or(Method::POST);
        Ok(Self { method, target: format!("{path}{mark}{query}"), headers, body })
    }

    /// Everything that the service can decide by, for this API and stage.
    pub fn digest(&self, edition: &str) -> [u8; 32] {
        let mut context = Context::new(&SHA256);
        let mut add = |bytes: &[u8]| {
            context.update(&(bytes.len() as u64).to_be_bytes());
            context.update(bytes);
        };
        add(edition.as_bytes());
        add(self.target.as_bytes());
        for (name, value) in &self.headers {
            add(name.as_str().as_bytes());
            add(value.as_bytes());
        }
        add(&self.body);
        let mut digest = [0; 32];
        digest.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
        digest
    }

    pub fn into_outgoing(self, request_id: Option<&HeaderValue>) -> Outgoing {
        let Self { method, target, mut headers, body } = self;
        headers.extend(request_id.map(|id| (REQUEST_ID, id.clone())));
        let body = RequestBody::from_bytes(body);
        Outgoing {
            method,
            target,
            headers,
            body,
            client_host: None,
            path_parameters: Vec::new(),
            constant_host: None,
            handshake: None,
        }
    }
}

/// `hello` of `Bearer hello`.
fn without_scheme(text: &str) -> &str {
    text.trim().split_once(' ').map_or(text, |(_, rest)| rest.trim())
}
