//! Stop 8: from what the caller sent to what the backend gets.
//!
//! Pass-through forwards everything and only builds the path; the mapping modes read what is declared, check it, and
//! build path, query, headers and form from the mappings. Headers of ours are set last, after everything that came
//! from the client and after what its `Connection` header named has gone. Source: vendor page "Request parameters".

use super::answer::{Kind, Refusal};
use super::body::RequestBody;
use super::chosen::Chosen;
use super::claimed;
use super::form;
use super::parameters;
use super::permit::Permitted;
use super::signature::has_form;
use super::system::System;
use super::upgrade::Handshake;
use crate::record::From;
use crate::two_way::{Device, DEVICE_ID};
use crate::world::PathPiece;
use bytes::Bytes;
use hyper::header::{self, Entry as HeaderEntry, HeaderMap, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::Method;
use isthmus_plan::{BodyFormat, ContentType, Location, Mapping, RequestMode, Source, Target};
use percent_encoding::{utf8_percent_encode, AsciiSet, NON_ALPHANUMERIC};

/// A request for the backend; where it goes is `backend`'s business.
pub struct Outgoing {
    pub method: Method,
    /// Path and query.
    pub target: String,
    pub headers: HeaderMap,
    pub body: RequestBody,
    /// The client's `Host`, when the group passes it on.
    pub client_host: Option<HeaderValue>,
    /// Values of the path's placeholders, for backends that get them beside the path.
    pub path_parameters: Vec<(Box<str>, String)>,
    /// A constant header named `host`: the weakest of the backend's Host settings.
    pub constant_host: Option<HeaderValue>,
    /// The request is a WebSocket handshake.
    pub handshake: Option<Handshake>,
}

/// Unreserved characters of RFC 3986 stay as they are in a path segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const REST: &AsciiSet = &SEGMENT.remove(b'/');

/// Distinguished name of the caller's certificate.
const CLIENT_SUBJECT: HeaderName = HeaderName::from_static("x-client-s-dn");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const GATEWAY: HeaderName = HeaderName::from_static("x-ca-api-gateway");
const FORM: &str = "application/x-www-form-urlencoded; charset=UTF-8";

/// What mapping needs to know besides the request.
pub struct Rules<'r> {
    /// Names of client headers that the group passes on.
    pub passed_headers: &'r [String],
    pub body_limit: u64,
}

/// Builds the backend request.
///
/// # Errors
/// Every violation of a declared parameter at once; a value that cannot be part of a header.
pub async fn build(
    permitted: &Permitted<'_>,
    chosen: Chosen<'_>,
    mut head: Parts,
    mut body: RequestBody,
    system: &System<'_>,
    rules: &Rules<'_>,
) -> Result<Outgoing, Refusal> {
    let edition = permitted.matched.edition;
    let handshake = Handshake::take(&mut head);
    let passed = rules.passed_headers;
    let mut built = Built::default();
    let mut form = None;
    if edition.passes_through() {
        // Only constants, system parameters and the path's placeholders; everything else goes through untouched.
        built.query = head.uri.query().unwrap_or_default().to_owned();
        built.apply(&edition.edition.mappings, system, |name| placeholder(permitted, name).into_iter().collect())?;
    } else {
        let is_form = edition.edition.body_format == BodyFormat::Form && has_form(&head.headers);
        let charset = form::charset(&head.headers);
        let fields = if is_form { form::texts(body.collect(rules.body_limit).await?, charset) } else { Vec::new() };
        let query = form::texts(head.uri.query().unwrap_or_default().as_bytes(), None);
        let values = parameters::read(edition, &permitted.matched.values, &head.headers, &query, &fields)?;
        built.apply(&edition.edition.mappings, system, |name| values.all(name).iter().map(AsRef::as_ref).collect())?;
        if edition.edition.request_mode == RequestMode::MappingPassthrough {
            built.pass_undeclared(&edition.parameters, &query, &fields);
        }
        form = is_form.then(|| Bytes::from(std::mem::take(&mut built.form)));
    }
    let target = target(chosen.path, &built, permitted);
    note_built(system, &target);
    let client_host = passed.iter().any(|name| name == "host").then(|| head.headers.remove(header::HOST)).flatten();
    let mut headers = match edition.edition.request_mode {
        RequestMode::Mapping => kept(&head.headers, passed, system.entry.context.is_some()),
        RequestMode::MappingPassthrough => without_declared(without_hops(head.headers), &edition.parameters),
        RequestMode::Passthrough => without_hops(head.headers),
    };
    claimed::remove(&mut headers, passed);
    let constant_host = built.headers.remove(header::HOST);
    for (name, value) in built.headers {
        if let Some(name) = name {
            headers.insert(name, value);
        }
    }
    set_content_type(&mut headers, &chosen.backend.content_type, form.is_some(), &body);
    if let Some(form) = form {
        headers.remove(header::CONTENT_LENGTH);
        body = RequestBody::from_bytes(form);
    }
    set_own(&mut headers, system);
    if let Some(handshake) = &handshake {
        handshake.put(&mut headers);
    }
    let method = match &chosen.backend.method {
        Some(method) => Method::from_bytes(method.as_bytes()).unwrap_or(head.method),
        None => head.method,
    };
    let path_parameters = path_parameters(chosen, built.path, permitted);
    Ok(Outgoing { method, target, headers, body, client_host, path_parameters, constant_host, handshake })
}

/// What the mappings produced so far.
#[derive(Default)]
struct Built {
    /// Values of the backend path's placeholders.
    path: Vec<(Box<str>, String)>,
    query: String,
    form: String,
    headers: HeaderMap,
}

impl Built {
    /// `requested` gives the values of a declared request parameter.
    fn apply<'v>(
        &mut self,
        mappings: &[Mapping],
        system: &System<'_>,
        requested: impl Fn(&str) -> Vec<&'v str>,
    ) -> Result<(), Refusal> {
        for mapping in mappings {
            match &mapping.source {
                Source::Request(name) => requested(name).into_iter().try_for_each(|value| {
                    note(mapping, ("parameter", name), value, system);
                    self.put(mapping, value)
                })?,
                Source::Constant(value) => {
                    note(mapping, ("constant", ""), value, system);
                    self.put(mapping, value)?;
                }
                Source::System(name) => {
                    let value = system.value(name);
                    note(mapping, ("system parameter", name), &value, system);
                    self.put(mapping, &value)?;
                }
            }
        }
        Ok(())
    }

    fn put(&mut self, mapping: &Mapping, value: &str) -> Result<(), Refusal> {
        match mapping.location {
            Location::Path => self.path.push((mapping.name.as_str().into(), value.to_owned())),
            Location::Query => append_pair(&mut self.query, &mapping.name, value),
            Location::Body => append_pair(&mut self.form, &mapping.name, value),
            Location::Head => {
                let refuse = || {
                    Refusal::because(Kind::InvalidParameter, format!("`{}` cannot be a header", mapping.name))
                        .by(mapping.name.as_str())
                };
                let name = HeaderName::from_bytes(mapping.name.as_bytes()).map_err(|_| refuse())?;
                let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| refuse())?;
                self.headers.append(name, value);
            }
        }
        Ok(())
    }

    fn pass_undeclared(
        &mut self,
        declared: &[crate::world::CompiledParameter],
        query: &[(String, String)],
        form: &[(String, String)],
    ) {
        let unknown = |location: Location, name: &str| {
            !declared.iter().any(|parameter| parameter.declared.location == location && parameter.declared.name == name)
        };
        for (name, value) in query.iter().filter(|(name, _)| unknown(Location::Query, name)) {
            append_pair(&mut self.query, name, value);
        }
        for (name, value) in form.iter().filter(|(name, _)| unknown(Location::Body, name)) {
            append_pair(&mut self.form, name, value);
        }
    }
}

fn note_built(system: &System<'_>, target: &str) {
    let notes = &system.entry.notes;
    notes.written("request mode", format_args!("{:?}", system.edition.edition.request_mode));
    notes.fact("path for the backend", target.split('?').next().unwrap_or_default());
}

/// What a mapping takes from where to where.
fn note(mapping: &Mapping, (kind, name): (&str, &str), value: &str, system: &System<'_>) {
    if !system.entry.notes.write() {
        return;
    }
    let declared = system.edition.parameters.iter().find(|known| known.declared.name == name);
    let location = declared.filter(|_| kind == "parameter").map(|known| known.declared.location);
    let from = location.map_or(From::Own, from);
    // A constant for the backend may be a key of the backend's; the name of its place says so.
    let key = if location.is_some() { name } else { mapping.name.as_str() };
    let to = (mapping.location, mapping.name.as_str());
    let spaced = if name.is_empty() { "" } else { " " };
    system.entry.notes.mapped(from, key, format_args!("{kind}{spaced}{name} → {:?} {}", to.0, to.1), value);
}

fn from(location: Location) -> From {
    match location {
        Location::Path => From::Path,
        Location::Query => From::Query,
        Location::Head => From::Header,
        Location::Body => From::Form,
    }
}

fn append_pair(text: &mut String, name: &str, value: &str) {
    if !text.is_empty() {
        text.push('&');
    }
    text.extend(form_urlencoded::byte_serialize(name.as_bytes()));
    text.push('=');
    text.extend(form_urlencoded::byte_serialize(value.as_bytes()));
}

fn target(pieces: &[PathPiece], built: &Built, permitted: &Permitted<'_>) -> String {
    let mut target = String::with_capacity(64 + built.query.len());
    for piece in pieces {
        match piece {
            PathPiece::Text(text) => target.push_str(text),
            PathPiece::Parameter(name) => {
                let mapped = built.path.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
                let value = mapped.or_else(|| placeholder(permitted, name)).unwrap_or_default();
                target.extend(utf8_percent_encode(value, SEGMENT));
            }
            PathPiece::Rest => {
                target.extend(utf8_percent_encode(placeholder(permitted, "*").unwrap_or_default(), REST));
            }
        }
    }
    if target.is_empty() {
        target.push('/');
    }
    if !built.query.is_empty() {
        target.push('?');
        target.push_str(&built.query);
    }
    target
}

fn placeholder<'p>(permitted: &'p Permitted<'_>, name: &str) -> Option<&'p str> {
    let position = permitted.matched.edition.placeholders.iter().position(|known| **known == *name)?;
    permitted.matched.values.get(position).map(AsRef::as_ref)
}

/// For a function: what is mapped into the path, and the request's own placeholders beside it.
fn path_parameters(
    chosen: Chosen<'_>,
    mut mapped: Vec<(Box<str>, String)>,
    permitted: &Permitted<'_>,
) -> Vec<(Box<str>, String)> {
    if !matches!(chosen.backend.target, Target::Function(_)) {
        return Vec::new();
    }
    for (name, value) in permitted.matched.edition.placeholders.iter().zip(&permitted.matched.values) {
        if !mapped.iter().any(|(known, _)| known == name) {
            mapped.push((name.clone(), value.to_string()));
        }
    }
    mapped
}

/// Mapping drops what is not declared, but for the headers that the group passes on, and the state of a trace.
fn kept(client: &HeaderMap, passed: &[String], is_traced: bool) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(passed.len() + 8);
    let always = ["content-type", "content-length", "x-forwarded-for"];
    let state = is_traced.then_some("tracestate");
    for name in passed.iter().map(String::as_str).chain(always).chain(state) {
        if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
            for value in client.get_all(&name) {
                headers.append(name.clone(), value.clone());
            }
        }
    }
    without_hops(headers)
}

fn without_declared(mut headers: HeaderMap, declared: &[crate::world::CompiledParameter]) -> HeaderMap {
    for parameter in declared.iter().filter(|parameter| parameter.declared.location == Location::Head) {
        headers.remove(parameter.declared.name.as_str());
    }
    headers
}

/// Takes out what belongs to one connection only (RFC 9110 section 7.6.1), and what its `Connection` header names.
pub fn without_hops(mut headers: HeaderMap) -> HeaderMap {
    static HOPS: [HeaderName; 10] = [
        header::CONNECTION,
        header::TE,
        header::TRAILER,
        header::TRANSFER_ENCODING,
        header::UPGRADE,
        header::PROXY_AUTHORIZATION,
        header::EXPECT,
        HeaderName::from_static("http2-settings"),
        HeaderName::from_static("keep-alive"),
        HeaderName::from_static("proxy-connection"),
    ];
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','))
        .filter_map(|name| HeaderName::from_bytes(name.trim().as_bytes()).ok())
        .collect();
    for name in named.iter().filter(|name| !framing(name)) {
        headers.remove(name);
    }
    // Looking at what is there is cheaper than asking for each of them.
    while let Some(name) = headers.keys().find(|name| HOPS.contains(name)).cloned() {
        headers.remove(name);
    }
    headers
}

/// Removing these would change what the message is.
fn framing(name: &HeaderName) -> bool {
    *name == header::CONTENT_LENGTH || *name == header::HOST
}

fn set_content_type(headers: &mut HeaderMap, rule: &ContentType, is_form: bool, body: &RequestBody) {
    match rule {
        ContentType::Client if is_form => {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(FORM));
        }
        ContentType::Client => {}
        ContentType::Custom(value) => {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(header::CONTENT_TYPE, value);
            }
        }
        ContentType::Default => {
            let streams = !is_form && !http_body::Body::is_end_stream(body);
            let value = if streams { "application/octet-stream; charset=UTF-8" } else { FORM };
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(value));
        }
    }
}

/// Headers that only the gateway sets, whatever the client sent under these names.
fn set_own(headers: &mut HeaderMap, system: &System<'_>) {
    let address = system.client_address();
    match headers.entry(FORWARDED_FOR) {
        HeaderEntry::Occupied(mut entry) => {
            let mut chain: Vec<u8> = Vec::new();
            for value in entry.iter() {
                chain.extend_from_slice(value.as_bytes());
                chain.extend_from_slice(b", ");
            }
            chain.extend_from_slice(address.as_bytes());
            if let Ok(value) = HeaderValue::from_bytes(&chain) {
                entry.insert(value);
            }
        }
        HeaderEntry::Vacant(entry) => {
            if let Ok(value) = HeaderValue::from_str(address) {
                entry.insert(value);
            }
        }
    }
    if let Some(id) = system.peer.device.as_deref().and_then(Device::id).filter(|_| system.names_device()) {
        if let Ok(id) = HeaderValue::from_str(id) {
            headers.insert(DEVICE_ID, id);
        }
    }
    if let Some(subject) = system.peer.client.as_ref().and_then(|client| client.subject.as_ref()) {
        headers.insert(CLIENT_SUBJECT, subject.clone());
    }
    if let Some(context) = &system.entry.context {
        context.put(headers);
    }
    if let Some(id) = system.request_id_header() {
        headers.insert(GATEWAY, id.clone());
        headers.insert(super::answer::REQUEST_ID, id.clone());
    }
}
