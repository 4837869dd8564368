//! The texts of a two-way connection: words with `#` between their parts, and calls and answers as JSON.
//!
//! Source: the vendor's page on how an SDK does two-way communication, and its Java SDK. A call becomes an HTTP request
//! with nothing in it that belongs to a connection; an answer has its header values in lists, as the vendor's has.

use crate::backend::ResponseBody;
use crate::request::answer::{Kind, Refusal};
use crate::request::{form, map, RequestBody};
use base64::engine::general_purpose::STANDARD as BASE64;
use base64::Engine as _;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::header::{HeaderMap, HeaderName, HeaderValue, CONTENT_LENGTH, CONTENT_TYPE, HOST};
use hyper::{Method, Request, Response, Uri};
use percent_encoding::{utf8_percent_encode, AsciiSet, CONTROLS};
use serde::Deserialize;
use serde_json::json;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What cannot stand in a path as it is; `%` can, because a path may come encoded.
const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');
const SEQUENCE: HeaderName = HeaderName::from_static("x-ca-seq");
/// Characters of a device id.
const DEVICE_ID_LIMIT: usize = 128;

/// What a client says.
pub enum Word<'t> {
    Register(&'t str),
    HeartBeat,
    /// The last notice is taken.
    Taken,
    Call(&'t str),
}

impl<'t> Word<'t> {
    pub fn read(text: &'t str) -> Option<Self> {
        match text {
            "H1" => Some(Word::HeartBeat),
            "NO" => Some(Word::Taken),
            _ if text.starts_with('{') => Some(Word::Call(text)),
            _ => text.strip_prefix("RG#").map(Word::Register),
        }
    }
}

pub fn is_device_id(text: &str) -> bool {
    (1..=DEVICE_ID_LIMIT).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#')
}

/// The vendor's `WebSocketApiRequest`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Call {
    method: String,
    host: Option<String>,
    path: String,
    #[serde(default)]
    querys: Option<BTreeMap<String, Option<Values>>>,
    #[serde(default)]
    headers: Option<BTreeMap<String, Option<Values>>>,
    #[serde(default)]
    is_base64: Option<serde_json::Value>,
    body: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Values {
    One(String),
    Several(Vec<String>),
}

impl Values {
    fn all(&self) -> &[String] {
        match self {
            Values::One(value) => std::slice::from_ref(value),
            Values::Several(values) => values,
        }
    }
}

/// A call as a request, and the number that its answer must repeat.
pub struct ReadCall {
    pub request: Request<RequestBody>,
    pub sequence: Option<HeaderValue>,
}

/// Reads a call that came on a connection to `domain`.
///
/// # Errors
/// Why the text is no call, in words for its sender.
pub fn read_call(text: &str, domain: &str) -> Result<ReadCall, Cow<'static, str>> {
    let call: Call = serde_json::from_str(text).map_err(|error| format!("not a call: {error}"))?;
    let headers = headers(&call)?;
    let is_here = |host: &str| host.rsplit_once(':').map_or(host, |(host, _)| host).eq_ignore_ascii_case(domain);
    let named = headers.get(HOST).map(|host| host.to_str().unwrap_or_default());
    if !call.host.as_deref().into_iter().chain(named).all(is_here) {
        return Err("`host` must be the domain of this connection".into());
    }
    let encoded = call.is_base64.as_ref().is_some_and(|value| value == &json!(1) || value == &json!(true));
    let body = match call.body {
        None => Bytes::new(),
        Some(text) if encoded => BASE64.decode(text).map_err(|error| format!("`body`: {error}"))?.into(),
        Some(text) => form::charset(&headers).map_or_else(
            || Bytes::from(text.clone().into_bytes()),
            |charset| Bytes::from(charset.encode(&text).0.into_owned()),
        ),
    };
    let mut target = utf8_percent_encode(&call.path, PATH).to_string();
    let mut separator = '?';
    for (name, values) in call.querys.iter().flatten() {
        for value in values.as_ref().map_or(&[String::new()][..], Values::all) {
            target.push(separator);
            separator = '&';
            target.extend(form_urlencoded::byte_serialize(name.as_bytes()));
            target.push('=');
            target.extend(form_urlencoded::byte_serialize(value.as_bytes()));
        }
    }
    let sequence = headers.get(&SEQUENCE).cloned();
    let mut request = Request::new(RequestBody::from_bytes(body));
    *request.method_mut() = Method::from_bytes(call.method.as_bytes()).map_err(|_| "`method` is none")?;
    *request.uri_mut() =
        Uri::try_from(target).ok().filter(|uri| uri.host().is_none()).ok_or("`path` is none that a URL can have")?;
    *request.headers_mut() = headers;
    let host = HeaderValue::from_str(domain).map_err(|_| "the domain is no host")?;
    request.headers_mut().insert(HOST, host);
    Ok(ReadCall { request, sequence })
}

fn headers(call: &Call) -> Result<HeaderMap, Cow<'static, str>> {
    let mut headers = HeaderMap::new();
    for (name, values) in call.headers.iter().flatten() {
        let refuse = || format!("`headers`: {:?} cannot be a header", name.chars().take(64).collect::<String>());
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refuse())?;
        let values = values.as_ref().map_or(&[][..], Values::all);
        for value in values {
            let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| refuse())?;
            headers.append(&key, value);
        }
    }
    headers.remove(CONTENT_LENGTH);
    Ok(map::without_hops(headers))
}

/// An answer as the text that its caller gets.
pub async fn write_answer(response: Response<ResponseBody>, sequence: Option<HeaderValue>, limit: usize) -> String {
    let (head, body) = response.into_parts();
    let body = match http_body_util::Limited::new(body, limit).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => {
            let refusal = Refusal::new(Kind::BackendResponse);
            return refused(&refusal, sequence);
        }
    };
    let text = match form::charset(&head.headers) {
        Some(charset) => charset.decode_without_bom_handling(&body).0,
        None => String::from_utf8_lossy(&body),
    };
    answer(head.status.as_u16(), map::without_hops(head.headers), sequence, &text)
}

/// An answer of the gateway to what it could not read as a call.
pub fn refused(refusal: &Refusal, sequence: Option<HeaderValue>) -> String {
    let listed = refusal.kind.listed();
    let mut headers = HeaderMap::new();
    headers.insert("x-ca-error-code", HeaderValue::from_static(listed.code));
    if let Ok(message) = HeaderValue::from_str(&refusal.message()) {
        headers.insert("x-ca-error-message", message);
    }
    answer(listed.status, headers, sequence, "")
}

fn answer(status: u16, mut headers: HeaderMap, sequence: Option<HeaderValue>, body: &str) -> String {
    if let Some(sequence) = sequence {
        headers.insert(&SEQUENCE, sequence);
    }
    headers.remove(CONTENT_LENGTH);
    if !headers.contains_key(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    }
    let mut shown: BTreeMap<&str, Vec<Cow<'_, str>>> = BTreeMap::new();
    for (name, value) in &headers {
        shown.entry(name.as_str()).or_default().push(String::from_utf8_lossy(value.as_bytes()));
    }
    json!({"status": status, "header": shown, "body": body}).to_string()
}
