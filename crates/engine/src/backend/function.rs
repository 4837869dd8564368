//! Functions: a request becomes an event, and what the function returns becomes the answer.
//!
//! The shapes are those of Function Compute behind the vendor's gateway (vendor page "Use Function Compute as backend"):
//! the event has path, method, headers, query, path parameters and body, binary bodies in Base64; a result has status,
//! headers and body. The function is called with an HTTP POST. Invariant: a result that is not of its shape is a
//! refusal, never half an answer.

use super::http;
use super::route::Route;
use super::ResponseBody;
use crate::record::Entry;
use crate::request::answer::{Kind, Refusal, REQUEST_ID};
use crate::request::{form, map, Outgoing, RequestBody};
use crate::thread::Thread;
use base64::engine::general_purpose::STANDARD;
use base64::Engine as _;
use bytes::Bytes;
use hyper::header::{HeaderMap, HeaderName, HeaderValue, CONTENT_LENGTH, CONTENT_TYPE};
use hyper::{Method, Response, StatusCode};
use isthmus_plan::plugin::routing::RoutedAddress;
use isthmus_plan::{Backend, Function};
use percent_encoding::{utf8_percent_encode, AsciiSet, NON_ALPHANUMERIC};
use serde_json::{Map, Value};
use std::rc::Rc;

/// Bytes of a result; what Function Compute allows a synchronous call, Base64 included, with some room.
const RESULT_LIMIT: usize = 8 * 1024 * 1024;
/// What stays as it is in a part of the function's URL.
const PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

/// # Errors
/// `FunctionResult` when there is no such function to call, or for a result of another shape; `FunctionForbidden` when its
/// endpoint does not let the gateway call it; what the exchange met.
pub async fn call(
    thread: &Rc<Thread>,
    backend: &Backend,
    function: &Function,
    mut outgoing: Outgoing,
    entry: &mut Entry,
) -> Result<Response<ResponseBody>, Refusal> {
    let address = address(function, thread.settings.function_url.as_deref())?;
    outgoing.body.collect(thread.settings.request_body_limit).await?;
    let event = event(&outgoing, &function.header_names);
    let question = question(event, &address, &outgoing.headers);
    let route = Route::to_host(address.scheme, &address.host, address.port, None).like(backend);
    let mut response = http::exchange(thread, route, backend.timeout_ms, question, entry).await?;
    if matches!(response.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
        let reason = format!("`{}`:the function's endpoint answered {}", function.function, response.status().as_u16());
        return Err(Refusal::because(Kind::FunctionForbidden, reason));
    }
    if !response.status().is_success() {
        return Err(invalid(format!("the function's endpoint answered {}", response.status().as_u16())));
    }
    let read = response.body_mut().peek(RESULT_LIMIT).await;
    let read = read.map_err(|error| Refusal::new(Kind::BackendResponse).with_detail(error.to_string()))?;
    let read = read.ok_or_else(|| invalid(format!("it is longer than {RESULT_LIMIT} bytes")))?;
    answer(&read)
}

fn invalid(reason: impl Into<String>) -> Refusal {
    Refusal::because(Kind::FunctionResult, reason.into())
}

/// The URL that the definition names, else that of the setting with the function's names in it.
fn address(function: &Function, template: Option<&str>) -> Result<RoutedAddress, Refusal> {
    let url = match (&function.url, template) {
        (Some(url), _) => url.clone(),
        (None, Some(template)) => {
            let mut url = template.to_owned();
            for (name, value) in [
                ("{region}", &function.region),
                ("{service}", &function.service),
                ("{function}", &function.function),
                ("{qualifier}", &function.qualifier),
            ] {
                url = url.replace(name, &utf8_percent_encode(value, PART).to_string());
            }
            url
        }
        (None, None) => {
            return Err(invalid("no URL is known for the function").with_detail("the setting function_url is empty"))
        }
    };
    RoutedAddress::parse(&url).map_err(|problem| invalid("the function has no good URL").with_detail(problem))
}

fn event(outgoing: &Outgoing, names: &[String]) -> Value {
    let (path, query) = outgoing.target.split_once('?').unwrap_or((&outgoing.target, ""));
    let mut parameters = Map::new();
    for (name, value) in form::texts(query.as_bytes(), None) {
        parameters.entry(name).or_insert(Value::String(value));
    }
    let placeholders =
        outgoing.path_parameters.iter().map(|(name, value)| (name.to_string(), Value::String(value.clone())));
    let body = outgoing.body.collected();
    let text = if is_binary(&outgoing.headers) { None } else { std::str::from_utf8(body).ok() };
    serde_json::json!({
        "path": path,
        "httpMethod": outgoing.method.as_str(),
        "headers": event_headers(&outgoing.headers, names),
        "queryParameters": parameters,
        "pathParameters": placeholders.collect::<Map<_, _>>(),
        "body": text.map_or_else(|| STANDARD.encode(body), str::to_owned),
        "isBase64Encoded": text.is_none(),
    })
}

fn is_binary(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    value.get(..24).is_some_and(|start| start.eq_ignore_ascii_case(b"application/octet-stream"))
}

/// Under the spelling in which the definition has them, else in the usual one: `X-Forwarded-For`.
fn event_headers(headers: &HeaderMap, names: &[String]) -> Map<String, Value> {
    let mut shown = Map::new();
    for name in headers.keys() {
        let texts: Vec<_> =
            headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        let spelling = names.iter().find(|known| known.eq_ignore_ascii_case(name.as_str())).cloned();
        shown.insert(spelling.unwrap_or_else(|| titled(name.as_str())), Value::String(texts.join(",")));
    }
    shown
}

fn titled(name: &str) -> String {
    let mut starts = true;
    let letter = |letter: char| {
        let shown = if starts { letter.to_ascii_uppercase() } else { letter };
        starts = letter == '-';
        shown
    };
    name.chars().map(letter).collect()
}

fn question(event: Value, address: &RoutedAddress, headers: &HeaderMap) -> Outgoing {
    let mut own = HeaderMap::with_capacity(2);
    own.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(id) = headers.get(REQUEST_ID) {
        own.insert(REQUEST_ID, id.clone());
    }
    Outgoing {
        method: Method::POST,
        target: if address.path.is_empty() { "/".to_owned() } else { address.path.clone() },
        headers: own,
        body: RequestBody::from_bytes(Bytes::from(event.to_string())),
        client_host: None,
        constant_host: None,
        handshake: None,
        path_parameters: Vec::new(),
    }
}

fn answer(bytes: &[u8]) -> Result<Response<ResponseBody>, Refusal> {
    let result: Value = serde_json::from_slice(bytes).map_err(|_| invalid("it is not JSON"))?;
    let result = result.as_object().ok_or_else(|| invalid("it is not an object"))?;
    // Samples of the vendor write the flag and the status as texts too.
    let status = match result.get("statusCode") {
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    };
    let status = status.and_then(|status| u16::try_from(status).ok()).filter(|status| (200..=599).contains(status));
    let status = status.ok_or_else(|| invalid("statusCode is not a status from 200 to 599"))?;
    let is_base64 = match result.get("isBase64Encoded") {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::Bool(true)) => true,
        Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => true,
        Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => false,
        Some(_) => return Err(invalid("isBase64Encoded is neither true nor false")),
    };
    let body = match result.get("body") {
        None | Some(Value::Null) => Bytes::new(),
        Some(Value::String(text)) if is_base64 => {
            Bytes::from(STANDARD.decode(text).map_err(|_| invalid("body is not Base64"))?)
        }
        Some(Value::String(text)) => Bytes::from(text.clone()),
        Some(_) => return Err(invalid("body is not a string")),
    };
    let headers = answer_headers(result.get("headers"))?;
    let mut response = Response::new(ResponseBody::full(body));
    *response.status_mut() = StatusCode::from_u16(status).map_err(|_| invalid("statusCode is no status"))?;
    *response.headers_mut() = headers;
    Ok(response)
}

fn answer_headers(given: Option<&Value>) -> Result<HeaderMap, Refusal> {
    let mut headers = HeaderMap::new();
    let given = match given {
        None | Some(Value::Null) => return Ok(headers),
        Some(Value::Object(given)) => given,
        Some(_) => return Err(invalid("headers is not an object")),
    };
    for (name, value) in given {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            _ => return Err(invalid(format!("the header {name:?} is not a string"))),
        };
        let wrong = || invalid(format!("{name:?} cannot be a header"));
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        headers.append(name, HeaderValue::from_bytes(text.as_bytes()).map_err(|_| wrong())?);
    }
    // The length is that of the body that is sent.
    headers.remove(CONTENT_LENGTH);
    Ok(map::without_hops(headers))
}
