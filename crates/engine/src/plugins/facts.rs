//! What conditions and texts of plug-ins can see: of a request on its way in, and of an answer on its way out.

use super::{Passage, Step};
use crate::record::{From, Notes};
use crate::request::{form, has_form, Matched, System};
use crate::thread::Now;
use hyper::header::HeaderMap;
use hyper::http::request::Parts;
use isthmus_plan::expression::{Function, Scope, Value};
use isthmus_plan::plugin::{Parameters, Selector};
use isthmus_plan::Location;
use serde_json_path::JsonPath;
use std::borrow::Cow;
use std::cell::OnceCell;

/// A source of values.
pub trait Facts {
    /// Null for what is absent, or not known in this phase.
    fn value(&self, selector: &Selector) -> Value<'_>;
    /// A name that no `parameters` section declares; only routing allows those.
    fn undeclared(&self, name: &str) -> Value<'_>;
    /// Who remembers what was looked at.
    fn notes(&self) -> &Notes;
    fn now(&self) -> &Now;
}

/// Facts seen through a plug-in's `parameters` section.
pub struct Scoped<'f> {
    parameters: &'f Parameters,
    facts: &'f dyn Facts,
}

impl<'f> Scoped<'f> {
    pub fn new(parameters: &'f Parameters, facts: &'f dyn Facts) -> Self {
        Self { parameters, facts }
    }
}

impl Scope for Scoped<'_> {
    fn value(&self, name: &str) -> Value<'_> {
        match self.parameters.get(name) {
            Some(selector) => {
                let value = self.facts.value(selector);
                note(self.facts.notes(), name, selector, &value);
                value
            }
            None => {
                let value = self.facts.undeclared(name);
                note_value(self.facts.notes(), From::Own, name, name, &value);
                value
            }
        }
    }

    fn call(&self, function: Function) -> f64 {
        call(function, self.facts.now())
    }
}

fn note(notes: &Notes, name: &str, selector: &Selector, value: &Value<'_>) {
    let (from, key) = match selector {
        Selector::Header(key) => (From::Header, key.as_ref()),
        Selector::Query(key) => (From::Query, key.as_ref()),
        Selector::Form(key) => (From::Form, key.as_ref()),
        Selector::Token(key) => (From::Claim, key.as_ref()),
        Selector::Parameter(key) => (From::Parameter, key.as_ref()),
        Selector::BodyJsonField(_) => (From::Body, name),
        _ => (From::Own, name),
    };
    note_value(notes, from, key, name, value);
}

pub fn note_value(notes: &Notes, from: From, key: &str, name: &str, value: &Value<'_>) {
    match value {
        Value::Null => notes.input(from, key, name, "nothing"),
        Value::Text(text) => notes.input(from, key, name, text),
        Value::Boolean(is) => notes.input(from, key, name, if *is { "true" } else { "false" }),
        Value::Number(number) => notes.input(from, key, name, &number.to_string()),
    }
}

/// What a function of an expression gives at a moment.
pub fn call(function: Function, now: &Now) -> f64 {
    const DAY_MS: i64 = 24 * 60 * 60 * 1000;
    let now = now.unix_ms();
    #[allow(clippy::cast_precision_loss)] // Milliseconds of this age fit a double exactly.
    match function {
        Function::Random => f64::from(fastrand::u32(..)) / (f64::from(u32::MAX) + 1.0),
        Function::Timestamp => now as f64,
        Function::TimeOfDay => now.rem_euclid(DAY_MS) as f64,
    }
}

/// A request on its way in.
pub struct RequestFacts<'r, 'w> {
    head: &'r Parts,
    /// What was read of the body; empty while it streams.
    body: &'r [u8],
    matched: &'r Matched<'r>,
    passage: &'r Passage<'w>,
    system: System<'r>,
    now: &'r Now,
    json: OnceCell<Option<serde_json::Value>>,
}

impl<'r, 'w> RequestFacts<'r, 'w> {
    pub fn new(step: &'r Step<'_, 'w>, head: &'r Parts, body: &'r [u8], matched: &'r Matched<'r>) -> Self {
        let system = step.system(matched.edition);
        Self { head, body, matched, passage: step.passage, system, now: step.now, json: OnceCell::new() }
    }

    fn query(&self, name: &str) -> Value<'_> {
        Value::of(first(self.head.uri.query().unwrap_or_default().as_bytes(), name))
    }

    fn form(&self, name: &str) -> Value<'_> {
        if has_form(&self.head.headers) {
            let fields = form::texts(self.body, form::charset(&self.head.headers));
            Value::of(fields.into_iter().find(|(known, _)| known == name).map(|(_, value)| Cow::Owned(value)))
        } else {
            Value::Null
        }
    }

    /// One set by a plug-in, else the API's own from where it is declared, else its default.
    fn parameter(&self, name: &str) -> Value<'_> {
        if let Some((_, value)) = self.passage.set.iter().find(|(known, _)| **known == *name) {
            return Value::text(value.as_str());
        }
        let edition = self.matched.edition;
        let Some(parameter) = edition.parameters.iter().find(|known| known.declared.name == name) else {
            return self.placeholder(name);
        };
        let sent = match parameter.declared.location {
            Location::Path => self.placeholder(name),
            Location::Query => self.query(name),
            Location::Head => header(&self.head.headers, name),
            Location::Body => self.form(name),
        };
        match sent {
            Value::Null => Value::of(parameter.declared.default.as_deref().map(Cow::Borrowed)),
            sent => sent,
        }
    }

    fn placeholder(&self, name: &str) -> Value<'_> {
        let position = self.matched.edition.placeholders.iter().position(|known| **known == *name);
        let value = position.and_then(|position| self.matched.values.get(position));
        Value::of(value.map(|text| Cow::Borrowed(text.as_ref())))
    }
}

impl Facts for RequestFacts<'_, '_> {
    fn value(&self, selector: &Selector) -> Value<'_> {
        match selector {
            Selector::Method => Value::text(self.head.method.as_str()),
            Selector::Path => Value::text(self.head.uri.path()),
            Selector::Header(name) => header(&self.head.headers, name),
            Selector::Query(name) => self.query(name),
            Selector::Form(name) => self.form(name),
            Selector::Parameter(name) => self.parameter(name),
            Selector::BodyJsonField(path) => {
                let json = self.json.get_or_init(|| serde_json::from_slice(self.body).ok());
                json.as_ref().map_or(Value::Null, |json| field(json, path))
            }
            Selector::System(name) => Value::text(self.system.value(name)),
            Selector::Token(claim) => {
                self.passage.claims.as_ref().map_or(Value::Null, |claims| scalar(claims.get(&**claim)))
            }
            Selector::ForwardedFor(entry) => Value::of(forwarded_for(&self.head.headers, *entry).map(Cow::Borrowed)),
            Selector::Host(name) => {
                Value::of(self.matched.domain.part(&self.system.entry.domain, name).map(Cow::Borrowed))
            }
            Selector::StatusCode | Selector::ErrorCode => Value::Null,
        }
    }

    fn undeclared(&self, name: &str) -> Value<'_> {
        if name.starts_with("Ca") {
            Value::text(self.system.value(name))
        } else {
            self.parameter(name)
        }
    }

    fn notes(&self) -> &Notes {
        &self.system.entry.notes
    }

    fn now(&self) -> &Now {
        self.now
    }
}

/// An answer on its way out.
pub struct AnswerFacts<'r, 'w> {
    status: u16,
    /// Empty unless the gateway refused.
    error_code: &'static str,
    headers: &'r HeaderMap,
    /// What was read of the body.
    body: &'r [u8],
    passage: &'r Passage<'w>,
    system: Option<System<'r>>,
    notes: &'r Notes,
    now: &'r Now,
    json: OnceCell<Option<serde_json::Value>>,
}

impl<'r, 'w> AnswerFacts<'r, 'w> {
    /// `answered` is status, error code and headers.
    pub fn new(step: &'r Step<'_, 'w>, answered: (u16, &'static str, &'r HeaderMap), body: &'r [u8]) -> Self {
        let (status, error_code, headers) = answered;
        let system = step.passage.edition.map(|edition| step.system(edition));
        let (passage, notes, now) = (&*step.passage, &step.entry.notes, step.now);
        Self { status, error_code, headers, body, passage, system, notes, now, json: OnceCell::new() }
    }
}

impl Facts for AnswerFacts<'_, '_> {
    fn value(&self, selector: &Selector) -> Value<'_> {
        match selector {
            Selector::StatusCode => Value::Number(f64::from(self.status)),
            Selector::ErrorCode if self.error_code.is_empty() => Value::Null,
            Selector::ErrorCode => Value::text(self.error_code),
            Selector::Header(name) => header(self.headers, name),
            Selector::BodyJsonField(path) => {
                let json = self.json.get_or_init(|| serde_json::from_slice(self.body).ok());
                json.as_ref().map_or(Value::Null, |json| field(json, path))
            }
            Selector::System(name) => self.undeclared(name),
            Selector::Token(claim) => {
                self.passage.claims.as_ref().map_or(Value::Null, |claims| scalar(claims.get(&**claim)))
            }
            _ => Value::Null,
        }
    }

    fn undeclared(&self, name: &str) -> Value<'_> {
        self.system.as_ref().map_or(Value::Null, |system| Value::text(system.value(name)))
    }

    fn notes(&self) -> &Notes {
        self.notes
    }

    fn now(&self) -> &Now {
        self.now
    }
}

/// An entry of `X-Forwarded-For` as it arrived, from 0; negative from the end.
pub fn forwarded_for(headers: &HeaderMap, entry: i32) -> Option<&str> {
    let values = headers.get_all("x-forwarded-for");
    let entries: Vec<&str> =
        values.iter().filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(',')).collect();
    let position = usize::try_from(entry).ok().or_else(|| entries.len().checked_sub(entry.unsigned_abs() as usize));
    position.and_then(|position| entries.get(position)).map(|text| text.trim())
}

fn first<'t>(pairs: &'t [u8], name: &str) -> Option<Cow<'t, str>> {
    form_urlencoded::parse(pairs).find(|(known, _)| known == name).map(|(_, value)| value)
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Value<'h> {
    Value::of(headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes())))
}

fn field<'j>(json: &'j serde_json::Value, path: &JsonPath) -> Value<'j> {
    scalar(path.query(json).first())
}

/// Objects and lists are their JSON text.
fn scalar(value: Option<&serde_json::Value>) -> Value<'_> {
    match value {
        None | Some(serde_json::Value::Null) => Value::Null,
        Some(serde_json::Value::Bool(value)) => Value::Boolean(*value),
        Some(serde_json::Value::Number(number)) => number.as_f64().map_or(Value::Null, Value::Number),
        Some(serde_json::Value::String(text)) => Value::text(text.as_str()),
        Some(other) => Value::text(other.to_string()),
    }
}
