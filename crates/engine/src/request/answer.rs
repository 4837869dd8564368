//! Every answer the gateway makes itself: the one list of refusals, and the only place that turns one into a response.
//!
//! A refusal has a code of six characters whose middle is its status, a message, whose fault it is and whether trying
//! again can help. Source: vendor page "Error codes of API Gateway"; `docs/reference/compatibility.md` has the rows on
//! which sources differ. The caller gets the public message; what only the provider may know (addresses, hints) goes to
//! `detail`, which is logged and never sent.

use crate::backend::ResponseBody;
use crate::connection::{HEADER_COUNT_LIMIT, HEAD_LIMIT};
use crate::record::{Entry, Notes, Verdict};
use crate::settings::RefusalBody;
use bytes::Bytes;
use hyper::header::{HeaderName, HeaderValue, CONNECTION, CONTENT_TYPE};
use hyper::{Response, StatusCode};
use isthmus_plan::expression::Scope;
use isthmus_plan::plugin::{OwnAnswer, Template};
use std::borrow::Cow;

/// Whose fault a refusal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    Caller,
    Provider,
    Backend,
    Gateway,
}

/// What stands in the list for one kind of refusal; `{}` in the message is the reason.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct Listed {
    pub code: &'static str,
    pub status: u16,
    pub message: &'static str,
    pub fault: Fault,
    pub retryable: bool,
}

macro_rules! refusals {
    ($($(#[$doc:meta])* $kind:ident = $code:literal $status:literal $message:literal $fault:ident $retryable:literal;)*) => {
        /// Every kind of refusal.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Kind { $($(#[$doc])* $kind,)* }

        impl Kind {
            pub const ALL: &'static [Kind] = &[$(Kind::$kind,)*];

            pub fn listed(self) -> Listed {
                match self {
                    $(Kind::$kind => Listed {
                        code: $code, status: $status, message: $message, fault: Fault::$fault, retryable: $retryable,
                    },)*
                }
            }
        }
    };
}

refusals! {
    InvalidHeader = "I400HD" 400 "Invalid Header {}" Caller false;
    InvalidBody = "I400BD" 400 "Invalid Body: {}" Caller false;
    InvalidPath = "I400PA" 400 "Invalid Request Path `{}`" Caller false;
    UnsupportedProtocol = "I403PT" 403 "Invalid protocol {} unsupported" Caller false;
    BodyTooLarge = "I413RL" 413 "Request body too Large" Caller false;
    HeadTooLarge = "I431HD" 431 "Request Header Fields Too Large" Caller false;
    Misdirected = "I421MD" 421 "Misdirected Request: the connection is not for `{}`" Caller true;
    UrlTooLarge = "I413UL" 413 "Request URL too Large" Caller false;
    InvalidDomain = "I404DO" 404 "Invalid Domain `{}`" Caller false;
    InvalidStage = "I400SG" 400 "Invalid Stage `{}`" Caller false;
    ApiNotFound = "I404NF" 404 "API not found with {}" Caller false;
    NotCached = "I404CH" 404 "Content not cached, with `Cache-Control:only-if-cached`" Caller false;
    CrossOriginNotFound = "I404CO" 404 "Cross origin resource not found `{}`" Caller false;
    DeviceNotFound = "I404DD" 404 "Device id {} not found" Caller false;
    BrokenApi = "X500AM" 500 "Invalid Api Meta, deploy the API again" Provider false;
    InvalidPlugin = "X400PM" 400 "Invalid plugin meta {}" Provider false;
    BrokenGroup = "X403DG" 403 "Bad Domain or Group: {}" Provider false;
    AuthorizationNeeded = "A400MA" 400 "Need authorization, `X-Ca-Key` or `Authorization: APPCODE ...` is required" Caller false;
    InvalidAppCode = "A400AC" 400 "Invalid AppCode {}" Caller false;
    InvalidAppKey = "A400IK" 400 "Invalid AppKey" Caller false;
    InvalidSignature = "A403IS" 403 "Invalid Signature, Server StringToSign:`{}`" Caller false;
    GrantExpired = "A403EP" 403 "App authorization expired" Caller false;
    Unauthorized = "I403AA" 403 "Unauthorized" Caller false;
    CrossOriginForbidden = "A403CO" 403 "Cross origin resource forbidden `{}`" Caller false;
    JwtRequired = "I400JR" 400 "JWT required" Caller false;
    JwtUnreadable = "I400JD" 400 "JWT Deserialize Failed: {}" Caller false;
    InvalidJwtPlugin = "I400JP" 400 "Invalid JWT plugin config: {}" Provider false;
    InvalidJwt = "A403JT" 403 "Invalid JWT: {}" Caller false;
    JwtKeyNotFound = "A403JK" 403 "No matching JWK, kid:{} not found" Caller false;
    JwtExpired = "A403JE" 403 "JWT is expired at `{}`" Caller false;
    JtiRequired = "S403JI" 403 "Claim jti is required when preventJtiReplay:true" Caller false;
    JtiUsed = "S403JU" 403 "Claim jti in JWT is used" Caller false;
    PluginAuthorization = "A403PR" 403 "Plugin Authorization Needed: {}" Caller false;
    IpDenied = "A403IP" 403 "Access denied by IP Control Policy" Caller false;
    InternetDenied = "A403IN" 403 "Access from internet is disabled" Caller false;
    AccessDenied = "A403AC" 403 "Access Control Forbidden by {}" Caller false;
    InvalidContentMd5 = "I400I5" 400 "Invalid Content-MD5 {}" Caller false;
    NonceRequired = "I400NC" 400 "X-Ca-Nonce is required" Caller false;
    NonceUsed = "S403NU" 403 "Nonce Used" Caller false;
    TimestampExpired = "S403TE" 403 "X-Ca-Timestamp is expired" Caller false;
    ParameterRequired = "I400MP" 400 "Invalid Parameter Required {}" Caller false;
    InvalidParameter = "I400IP" 400 "Invalid parameter {}" Caller false;
    AutomaticDomainQuota = "T429ID" 429 "Throttled by INNER DOMAIN Flow Control, {}" Caller true;
    InstanceRate = "T429IN" 429 "Throttled by INSTANCE Flow Control" Caller true;
    GroupRate = "T429GR" 429 "Throttled by GROUP Flow Control" Caller true;
    CallRate = "T429PA" 429 "Throttled by {} Flow Control" Caller true;
    PluginRate = "T429PR" 429 "Throttled by PLUGIN Flow Control, {}" Caller true;
    StageRoute = "I404SR" 404 "Stage route missing: {}" Provider false;
    IncompleteBackend = "I504RB" 504 "Backend incomplete after routing" Provider false;
    BackendUnresolved = "D504RE" 504 "Backend domain `{}` resolve failed" Backend true;
    BackendAddress = "D504IL" 504 "Backend domain resolve to invalid address" Provider false;
    BackendConnect = "D504CO" 504 "Backend service connect failed `{}`" Backend true;
    BackendTls = "D504CS" 504 "Backend http ssl connect failed `{}`" Backend false;
    BackendTimeout = "D504TO" 504 "Backend service request timeout" Backend true;
    BreakerOpen = "D503CB" 503 "Backend circuit breaker open" Backend true;
    BreakerBusy = "D503BB" 503 "Backend circuit breaker busy" Backend true;
    NoHealthyTarget = "D503NH" 503 "Backend has no healthy target" Backend true;
    FunctionForbidden = "A403FC" 403 "Function Compute AssumeRole failed {}" Provider false;
    FunctionResult = "D502FC" 502 "Function Compute response invalid: {}" Backend true;
    VpcAccess = "X504VE" 504 "Backend VPC access/instance invalid" Provider false;
    BackendResponse = "N502RE" 502 "Backend response transport failure" Backend true;
    Internal = "X500ER" 500 "Service Internal Error" Gateway true;
}

/// A request that is answered here and goes no further.
#[derive(Debug, Clone)]
pub struct Refusal {
    pub kind: Kind,
    /// What the message's `{}` stands for.
    pub reason: Cow<'static, str>,
    /// For the log and the provider only.
    pub detail: Option<Box<str>>,
    /// What a plug-in's rule puts in place of the list's answer.
    pub custom: Option<Box<Custom>>,
    /// For the trace only.
    told: Option<Box<Told>>,
}

/// What decided: a name or an id, and what was looked at, as far as the step has not noted it already.
#[derive(Debug, Clone, Default)]
struct Told {
    rule: Box<str>,
    facts: Vec<(&'static str, Box<str>)>,
}

/// A tenant's own answer for a refusal; each part replaces the list's when it is there. The code stays.
#[derive(Debug, Clone, Default)]
pub struct Custom {
    pub status: Option<u16>,
    pub message: Option<String>,
    pub headers: Vec<(String, String)>,
    pub body: Option<String>,
}

impl Custom {
    pub fn of(answer: &OwnAnswer, scope: &dyn Scope) -> Self {
        let rendered = |text: &Option<Template>| text.as_ref().map(|text| text.render(scope));
        let headers = answer.response_headers.iter().map(|(name, text)| (name.clone(), text.render(scope)));
        Self {
            status: answer.status_code,
            message: rendered(&answer.error_message),
            headers: headers.collect(),
            body: rendered(&answer.response_body),
        }
    }
}

impl Refusal {
    pub fn new(kind: Kind) -> Self {
        Self::because(kind, "")
    }

    pub fn because(kind: Kind, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, reason: reason.into(), detail: None, custom: None, told: None }
    }

    pub fn with_detail(mut self, detail: impl Into<Box<str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    pub fn with_custom(mut self, custom: Custom) -> Self {
        self.custom = Some(Box::new(custom));
        self
    }

    /// Names what decided, for the trace.
    pub fn by(mut self, rule: impl Into<Box<str>>) -> Self {
        self.told.get_or_insert_default().rule = rule.into();
        self
    }

    /// A fact that decided, for the trace; never a secret.
    pub fn telling(mut self, name: &'static str, value: impl ToString) -> Self {
        self.told.get_or_insert_default().facts.push((name, value.to_string().into()));
        self
    }

    /// What the step that is under way came to.
    pub fn note(&self, notes: &Notes) {
        notes.open();
        notes.verdict(Verdict::Refused);
        if let Some(told) = &self.told {
            if !told.rule.is_empty() {
                notes.rule(&told.rule);
            }
            told.facts.iter().for_each(|(name, value)| notes.fact(name, value));
        }
        notes.fact("code", self.kind.listed().code);
        notes.fact("message", &self.message());
        if let Some(detail) = &self.detail {
            notes.fact("detail", detail);
        }
    }

    pub fn message(&self) -> String {
        if let Some(message) = self.custom.as_ref().and_then(|custom| custom.message.clone()) {
            return message;
        }
        self.kind.listed().message.replacen("{}", &self.reason, 1)
    }
}

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-ca-request-id");
pub const DEBUG_INFO: HeaderName = HeaderName::from_static("x-ca-debug-info");
const ERROR_CODE: HeaderName = HeaderName::from_static("x-ca-error-code");
const ERROR_MESSAGE: HeaderName = HeaderName::from_static("x-ca-error-message");

/// The response for a refusal; the record's entry learns of it.
pub fn refuse(refusal: &Refusal, form: RefusalBody, entry: &mut Entry) -> Response<ResponseBody> {
    let listed = refusal.kind.listed();
    let message = refusal.message();
    entry.refused(listed.code, &message, refusal.detail.as_deref());
    let mut response = Response::new(match form {
        RefusalBody::Empty => ResponseBody::empty(),
        RefusalBody::Json => ResponseBody::full(json_body(listed.code, &message, entry.request_id())),
    });
    *response.status_mut() = StatusCode::from_u16(listed.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(ERROR_CODE, HeaderValue::from_static(listed.code));
    headers.insert(ERROR_MESSAGE, header_text(&message));
    if refusal.kind == Kind::InvalidHeader {
        // Where such a message ends is not certain, so nothing behind it is read.
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    if form == RefusalBody::Json {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=UTF-8"));
    }
    if let Some(custom) = &refusal.custom {
        customize(&mut response, custom);
    }
    response
}

/// The whole answer to a message that is no HTTP/1.1, with its request id; `status` is what the parser found.
pub fn malformed(status: u16) -> Option<(Vec<u8>, String)> {
    let refusal = malformed_refusal(status)?;
    let listed = refusal.kind.listed();
    let status = StatusCode::from_u16(listed.status).ok()?;
    let id = uuid::Uuid::new_v4().hyphenated().encode_upper(&mut uuid::Uuid::encode_buffer()).to_owned();
    let (reason, code, message) = (status.canonical_reason().unwrap_or_default(), listed.code, refusal.message());
    let answer = format!(
        "HTTP/1.1 {} {reason}\r\nConnection: close\r\nContent-Length: 0\r\nX-Ca-Request-Id: {id}\r\n\
         X-Ca-Error-Code: {code}\r\nX-Ca-Error-Message: {message}\r\n\r\n",
        status.as_u16()
    );
    Some((answer.into_bytes(), id))
}

/// What stands for the parser's status.
pub fn malformed_refusal(status: u16) -> Option<Refusal> {
    match status {
        400 => Some(Refusal::because(Kind::InvalidHeader, "the message is not HTTP/1.1").by("HTTP/1.1 (RFC 9112)")),
        414 => Some(Refusal::new(Kind::UrlTooLarge).telling("bytes allowed", HEAD_LIMIT)),
        431 => Some(head_too_large()),
        _ => None,
    }
}

pub fn head_too_large() -> Refusal {
    let refusal = Refusal::new(Kind::HeadTooLarge);
    refusal.telling("headers allowed", HEADER_COUNT_LIMIT).telling("bytes allowed", HEAD_LIMIT)
}

/// Puts a tenant's own status, headers and body in place; what cannot be part of an answer is left out.
pub fn customize(response: &mut Response<ResponseBody>, custom: &Custom) {
    if let Some(status) = custom.status.and_then(|status| StatusCode::from_u16(status).ok()) {
        *response.status_mut() = status;
    }
    if let Some(body) = &custom.body {
        *response.body_mut() = ResponseBody::full(Bytes::from(body.clone()));
        // They describe the body that is not sent any more.
        for name in ["content-type", "content-length", "content-encoding", "content-md5", "x-ca-content-md5", "etag"] {
            response.headers_mut().remove(name);
        }
    }
    if let Some(message) = &custom.message {
        response.headers_mut().insert(ERROR_MESSAGE, header_text(message));
    }
    for (name, value) in &custom.headers {
        if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
            response.headers_mut().insert(name, header_text(value));
        }
    }
}

/// A message as a header value: UTF-8 bytes; what a header cannot hold (control characters) becomes a space.
fn header_text(message: &str) -> HeaderValue {
    let bytes: Vec<u8> = message.bytes().map(|byte| if byte < b' ' || byte == 0x7f { b' ' } else { byte }).collect();
    HeaderValue::from_bytes(&bytes).unwrap_or_else(|_| HeaderValue::from_static("see X-Ca-Error-Code"))
}

fn json_body(code: &str, message: &str, request_id: &str) -> Bytes {
    let body = serde_json::json!({ "code": code, "message": message, "requestId": request_id });
    Bytes::from(body.to_string())
}
