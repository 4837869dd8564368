//! `cors` at work, and what holds where none is bound: every page may call, without the browser's credentials.
//!
//! A preflight request is answered here before anyone is identified, since browsers send it without credentials; an
//! API that takes `OPTIONS` itself gets it instead. Answers, refusals too, get their headers in `finish`, so that a
//! page can read why it was refused.

use super::Step;
use crate::backend::ResponseBody;
use crate::record::From;
use crate::request::answer::{Kind, Refusal};
use crate::request::Matched;
use hyper::header::{
    HeaderMap, HeaderValue, ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS,
    ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, HOST, VARY,
};
use hyper::http::request::Parts;
use hyper::Response;
use isthmus_plan::plugin::{CommaList, Cors as Definition, OriginPattern};
use isthmus_plan::{Auth, PlanError, Plugin};

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, DELETE, HEAD, OPTIONS, PATCH");
const HEADERS: HeaderValue = HeaderValue::from_static(
    "X-Requested-With, X-Ca-Key, X-Ca-Stage, X-Ca-Timestamp, X-Ca-Nonce, X-Ca-Version, X-Ca-Date, X-Ca-Signature, \
     X-Ca-Signature-Headers, X-Ca-Signature-Method, X-Ca-Request-Mode, X-Ca-Client-DeviceId, Authorization, \
     Content-Type, Content-MD5, Accept, Accept-Ranges, Cache-Control, Range, Date",
);
const ANY: HeaderValue = HeaderValue::from_static("*");
/// Two days, in seconds.
const MAX_AGE: u32 = 172_800;

pub struct Cors {
    origins: Vec<OriginPattern>,
    methods: HeaderValue,
    headers: AllowedHeaders,
    exposed: Option<HeaderValue>,
    credentials: bool,
    max_age: HeaderValue,
}

enum AllowedHeaders {
    AsAsked,
    Listed(HeaderValue),
}

impl Cors {
    pub fn compile(_: &Plugin, definition: &Definition) -> Result<Self, PlanError> {
        let allowed = definition.allow_headers.as_ref().filter(|list| !list.is_empty());
        let headers = match allowed {
            Some(list) if list.iter().any(|name| name == "*") => AllowedHeaders::AsAsked,
            Some(list) => AllowedHeaders::Listed(value("allowHeaders", list)?),
            None => AllowedHeaders::Listed(HEADERS),
        };
        let methods = definition.allow_methods.as_ref().filter(|list| !list.is_empty());
        let exposed = definition.expose_headers.as_ref().filter(|list| !list.is_empty());
        Ok(Self {
            origins: definition.origins(),
            methods: methods.map_or(Ok(METHODS), |list| value("allowMethods", list))?,
            headers,
            exposed: exposed.map(|list| value("exposeHeaders", list)).transpose()?,
            credentials: definition.allow_credentials,
            max_age: HeaderValue::from(definition.max_age.unwrap_or(MAX_AGE)),
        })
    }

    /// # Errors
    /// `CrossOriginForbidden` for a page of an origin that is not allowed.
    pub fn admit(&self, step: &Step<'_, '_>, head: &Parts) -> Result<(), Refusal> {
        if let Some(origin) = &step.passage.origin {
            step.entry.notes.input(From::Header, "origin", "origin", &String::from_utf8_lossy(origin.as_bytes()));
        }
        step.entry.notes.rule("allowOrigins");
        match &step.passage.origin {
            Some(origin) if !self.allows(origin) && !is_own(origin, head) => {
                let shown = String::from_utf8_lossy(origin.as_bytes()).into_owned();
                Err(Refusal::because(Kind::CrossOriginForbidden, shown))
            }
            _ => Ok(()),
        }
    }

    fn allows(&self, origin: &HeaderValue) -> bool {
        let Ok(text) = origin.to_str() else { return false };
        let origin = text.to_ascii_lowercase();
        self.origins.iter().any(|pattern| pattern.matches(&origin))
    }

    fn preflight(&self, head: &Parts, headers: &mut HeaderMap) {
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, self.methods.clone());
        headers.insert(ACCESS_CONTROL_MAX_AGE, self.max_age.clone());
        let allowed = match &self.headers {
            AllowedHeaders::Listed(list) => Some(list),
            // With credentials browsers take `*` for the name of a header; what was asked for is always right.
            AllowedHeaders::AsAsked => head.headers.get(ACCESS_CONTROL_REQUEST_HEADERS),
        };
        if let Some(allowed) = allowed {
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed.clone());
        }
    }

    /// The plug-in decides alone: what a backend says about origins is replaced.
    fn finish(&self, origin: Option<&HeaderValue>, headers: &mut HeaderMap) {
        let for_all = !self.credentials && self.origins.contains(&OriginPattern::Any);
        headers.remove(ACCESS_CONTROL_ALLOW_ORIGIN);
        headers.remove(ACCESS_CONTROL_ALLOW_CREDENTIALS);
        if !for_all {
            headers.append(VARY, HeaderValue::from_static("Origin"));
        }
        let Some(origin) = origin.filter(|origin| self.allows(origin)) else { return };
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, if for_all { ANY } else { origin.clone() });
        if self.credentials {
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        if let Some(exposed) = &self.exposed {
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed.clone());
        }
    }
}

/// Whether the gateway answers: the API does not take `OPTIONS`, or takes any method but could not let a request
/// without credentials through.
pub fn answers(step: &Step<'_, '_>, matched: &Matched<'_>) -> bool {
    let (edition, plugins) = (&matched.edition.edition, &step.passage.plugins);
    let asks = || edition.auth != Auth::Anonymous || edition.open_id.is_some() || plugins.ask_who_calls();
    matched.preflight && (edition.method != "ANY" || plugins.cors().is_some() || asks())
}

/// # Errors
/// `CrossOriginForbidden` for a page of an origin that is not allowed.
pub fn preflight(step: &mut Step<'_, '_>, head: &Parts) -> Result<Response<ResponseBody>, Refusal> {
    let mut response = Response::new(ResponseBody::empty());
    step.entry.plugin = "cors";
    match step.passage.plugins.cors() {
        Some(cors) => {
            step.at(&cors);
            cors.admit(step, head)?;
            cors.preflight(head, response.headers_mut());
        }
        None => {
            let headers = response.headers_mut();
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
            headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from(MAX_AGE));
        }
    }
    Ok(response)
}

/// The headers of an answer. Without a plug-in, a backend that says nothing about origins allows all.
pub fn finish(step: &Step<'_, '_>, headers: &mut HeaderMap) {
    let origin = step.passage.origin.as_ref();
    match step.passage.plugins.cors() {
        Some(cors) => cors.finish(origin, headers),
        None if origin.is_some() && !headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) => {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
        }
        None => {}
    }
}

/// Browsers name the origin of a page of this very site too when it posts.
fn is_own(origin: &HeaderValue, head: &Parts) -> bool {
    let authority = origin.to_str().ok().and_then(|text| text.split_once("://")).map(|(_, authority)| authority);
    let host = head.headers.get(HOST).and_then(|value| value.to_str().ok());
    let own = head.uri.authority().map(|authority| authority.as_str()).or(host);
    authority.zip(own).is_some_and(|(authority, own)| authority.eq_ignore_ascii_case(own))
}

fn value(field: &str, list: &CommaList) -> Result<HeaderValue, PlanError> {
    let wrong = |_| PlanError::new(format!("definition.{field}"), "cannot be part of a header");
    HeaderValue::from_str(&list.joined()).map_err(wrong)
}
