//! `requestValidation` at work: what was sent as JSON values, and everything in them that does not fit.
//!
//! The schemas were compiled when the plug-in was read. Invariant: what passes is what the backend reads: a body with a
//! doubled key, whose value depends on who reads it, does not pass.

mod strict;

pub use strict::read as read_json;

use super::Step;
use crate::request::answer::{Kind, Refusal};
use crate::request::{form, has_form, Permitted, RequestBody};
use hyper::header::{HeaderMap, CONTENT_ENCODING, CONTENT_TYPE};
use hyper::http::request::Parts;
use hyper::Method;
use isthmus_plan::plugin::{RequestValidation as Definition, ValueSchema};
use isthmus_plan::{PlanError, Plugin};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Longest body that is checked; a longer one is refused.
const BODY_LIMIT: u64 = 1024 * 1024;
/// How many violations are named, and how long their text may be: it becomes a header.
const MOST_NAMED: usize = 20;
const MOST_TEXT: usize = 2_000;

pub struct RequestValidation(Definition);

/// What does not fit so far.
#[derive(Default)]
struct Found {
    first: Option<Kind>,
    named: Vec<String>,
}

impl Found {
    fn add(&mut self, kind: Kind, text: String) {
        self.first.get_or_insert(kind);
        self.named.push(text);
    }

    fn check(&mut self, kind: Kind, part: &str, schema: &ValueSchema, value: &Value) {
        for violation in schema.violations(value, MOST_NAMED) {
            self.add(kind, format!("{part}{} {}", violation.path, violation.problem));
        }
    }

    fn into_result(self) -> Result<(), Refusal> {
        let Some(kind) = self.first else { return Ok(()) };
        let mut text = String::new();
        for (index, one) in self.named.iter().enumerate() {
            if index == MOST_NAMED || text.len() + one.len() > MOST_TEXT {
                text.push_str(if index == 0 { "too much to name" } else { "; and more" });
                break;
            }
            if index > 0 {
                text.push_str("; ");
            }
            text.push_str(one);
        }
        Err(Refusal::because(kind, text))
    }
}

impl RequestValidation {
    pub fn compile(_: &Plugin, definition: &Definition) -> Result<Self, PlanError> {
        Ok(Self(definition.clone()))
    }

    /// # Errors
    /// `InvalidParameter` or `InvalidBody`, whichever comes first; the reason names all violations.
    pub async fn check(
        &self,
        step: &Step<'_, '_>,
        head: &Parts,
        body: &mut RequestBody,
        permitted: &Permitted<'_>,
    ) -> Result<(), Refusal> {
        let mut found = Found::default();
        let schemas =
            [("path", &self.0.path), ("query", &self.0.query), ("headers", &self.0.headers), ("body", &self.0.body)];
        for (part, _) in schemas.iter().filter(|(_, schema)| schema.is_some()) {
            step.entry.notes.fact("checked", part);
        }
        if let Some(schema) = &self.0.path {
            let edition = permitted.matched.edition;
            let pairs = edition.placeholders.iter().zip(&permitted.matched.values);
            let value = object(schema, pairs.map(|(name, value)| (name.as_ref(), Cow::Borrowed(value.as_ref()))));
            found.check(Kind::InvalidParameter, "path", schema, &value);
        }
        if let Some(schema) = &self.0.query {
            let pairs: Vec<_> = form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes()).collect();
            let value =
                object(schema, pairs.iter().map(|(name, value)| (name.as_ref(), Cow::Borrowed(value.as_ref()))));
            found.check(Kind::InvalidParameter, "query", schema, &value);
        }
        if let Some(schema) = &self.0.headers {
            found.check(Kind::InvalidParameter, "headers", schema, &headers_as_value(schema, &head.headers));
        }
        if let Some(schema) = &self.0.body {
            let asks = matches!(head.method, Method::POST | Method::PUT | Method::PATCH) && self.0.body_required;
            match read_body(schema, &head.headers, body, step.thread.settings.request_body_limit).await? {
                Some(Ok(value)) => found.check(Kind::InvalidBody, "body", schema, &value),
                Some(Err(problem)) => found.add(Kind::InvalidBody, format!("body {problem}")),
                None if asks => found.add(Kind::InvalidBody, "body is required".to_owned()),
                None => {}
            }
        }
        if let Some(first) = found.named.first() {
            step.entry.notes.rule(first.split(' ').next().unwrap_or_default());
        }
        found.into_result()
    }
}

/// None when there is no body.
async fn read_body(
    schema: &ValueSchema,
    headers: &HeaderMap,
    body: &mut RequestBody,
    limit: u64,
) -> Result<Option<Result<Value, String>>, Refusal> {
    if http_body::Body::is_end_stream(body) {
        return Ok(None);
    }
    if headers.contains_key(CONTENT_ENCODING) {
        return Ok(Some(Err("cannot be checked with a Content-Encoding".to_owned())));
    }
    let is_form = has_form(headers);
    if !is_form && !is_json(headers) {
        return Ok(Some(Err("is neither JSON nor a form: see Content-Type".to_owned())));
    }
    let read = body.collect(limit.min(BODY_LIMIT)).await?;
    if read.is_empty() {
        return Ok(None);
    }
    if is_form {
        let fields = form::texts(read, form::charset(headers));
        let pairs = fields.iter().map(|(name, value)| (name.as_str(), Cow::Borrowed(value.as_str())));
        return Ok(Some(Ok(object(schema, pairs))));
    }
    Ok(Some(strict::read(read)))
}

fn is_json(headers: &HeaderMap) -> bool {
    let text = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || kind.ends_with("+json")
}

/// Names with their values; a name that was sent several times has a list.
fn object<'t>(schema: &ValueSchema, pairs: impl Iterator<Item = (&'t str, Cow<'t, str>)>) -> Value {
    let mut grouped: Vec<(&str, Vec<Cow<'t, str>>)> = Vec::new();
    let mut positions = std::collections::HashMap::new();
    for (name, value) in pairs {
        let position = *positions.entry(name).or_insert(grouped.len());
        match grouped.get_mut(position) {
            Some((_, values)) => values.push(value),
            None => grouped.push((name, vec![value])),
        }
    }
    let read = |(name, values): (&str, Vec<Cow<'t, str>>)| (name.to_owned(), schema.read(name, &values));
    Value::Object(grouped.into_iter().map(read).collect())
}

fn headers_as_value(schema: &ValueSchema, headers: &HeaderMap) -> Value {
    let mut map = Map::new();
    for name in schema.names() {
        let texts: Vec<Cow<'_, str>> =
            headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        if !texts.is_empty() {
            map.insert(name.to_owned(), schema.read(name, &texts));
        }
    }
    Value::Object(map)
}
