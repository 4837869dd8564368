//! The notes of a request in words: made for the few requests that are worth it, kept beside their records.
//!
//! `worth` says which those are. A trace is made after the answer was sent, as JSON of this module's own structures, so
//! that a ring written by one version is read by another. Invariant: every value that a client or a backend wrote passes
//! `mask` before it is kept.

use super::entry::Entry;
use super::mask::{self, MASK};
use super::notes::{Fact as Noted, Kept, Note, NotedPlugin, Span, MOST_VALUE};
use super::stop::{From, Stop};
use crate::settings::TraceSettings;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::cell::Cell;
use std::time::{Duration, Instant};

/// Traces that one thread keeps in a second, so that a flood of refusals does not push everything else out of the ring.
const MOST_IN_A_SECOND: u32 = 500;

/// Why one request was answered as it was, step by step.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Trace<'t> {
    /// `refused`, `error`, `slow`, `sampled`, `debug`.
    pub kept: Cow<'t, str>,
    /// Whether only plug-ins and what refused have more to tell than that they were.
    pub brief: bool,
    pub steps: Vec<Step<'t>>,
    pub request_headers: Vec<Fact<'t>>,
    pub response_headers: Vec<Fact<'t>>,
    /// Whether something did not fit.
    pub cut: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Step<'t> {
    pub step: Cow<'t, str>,
    pub verdict: Cow<'t, str>,
    pub microseconds: u64,
    pub rule: Cow<'t, str>,
    pub plugin_id: Cow<'t, str>,
    pub plugin_name: Cow<'t, str>,
    pub plugin_type: Cow<'t, str>,
    /// `API` or `group`.
    pub binding: Cow<'t, str>,
    pub facts: Vec<Fact<'t>>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Fact<'t> {
    pub name: Cow<'t, str>,
    pub value: Cow<'t, str>,
}

/// Decides which requests are worth a trace.
pub struct Worth {
    settings: TraceSettings,
    /// The second that is counted in, and how many traces it had.
    counted: Cell<(i64, u32)>,
}

impl Worth {
    pub fn new(settings: TraceSettings) -> Self {
        Self { settings, counted: Cell::default() }
    }

    /// Whether a request is picked out before anything is known of it; the reason, or nothing.
    pub fn sampled(&self) -> &'static str {
        let picked = self.settings.one_in > 0 && fastrand::u32(..self.settings.one_in) == 0;
        if picked {
            "sampled"
        } else {
            ""
        }
    }

    /// Whether the trace will be kept, as far as that is known when the answer's head is.
    pub fn is_likely(&self, entry: &Entry) -> bool {
        let passed =
            entry.started.filter(|_| self.settings.slow_ms > 0).map_or(Duration::ZERO, |start| start.elapsed());
        self.is_worth(entry, passed).is_some()
    }

    fn is_worth(&self, entry: &Entry, passed: Duration) -> Option<&'static str> {
        match entry {
            _ if !entry.traced.is_empty() => Some(entry.traced),
            _ if !entry.error_code.is_empty() => Some("refused"),
            _ if entry.status >= 500 => Some("error"),
            _ if self.settings.slow_ms > 0 && passed >= Duration::from_millis(self.settings.slow_ms) => Some("slow"),
            _ => None,
        }
    }

    /// Why the trace of a request is kept; None when it is not.
    pub fn reason(&self, entry: &Entry, total: Duration) -> Option<&'static str> {
        let reason = self.is_worth(entry, total)?;
        let second = entry.unix_ms.div_euclid(1000);
        let (counted, count) = self.counted.get();
        let count = if counted == second { count } else { 0 };
        self.counted.set((second, count + 1));
        (count < MOST_IN_A_SECOND).then_some(reason)
    }
}

impl<'t> Trace<'t> {
    /// `end` is when the request was over.
    pub(super) fn of(entry: &'t Entry, kept: &'t Kept, reason: &'static str, end: Instant) -> Self {
        let shown = |facts: &'t [Noted]| facts.iter().map(|fact| shown(kept, fact, entry)).collect::<Vec<_>>();
        let mut steps = Vec::with_capacity(kept.notes.len());
        // Steps that have no time of their own were measured together: the last of them has it.
        let mut since = entry.started.unwrap_or(end);
        for (index, note) in kept.notes.iter().enumerate() {
            let next = kept.notes.get(index + 1);
            let begin = begin_of(note, entry).unwrap_or(since);
            let until = next.map_or(Some(end), |next| begin_of(next, entry)).unwrap_or(begin).max(begin);
            since = until;
            let last = next.map_or(kept.facts.len(), |next| next.first_fact);
            let own = shown(kept.facts.get(note.first_fact..last).unwrap_or_default());
            let mut facts = if note.begin.is_none() { brief_facts(note, entry) } else { Vec::new() };
            facts.retain(|fact| own.iter().all(|other| other.name != fact.name));
            facts.extend(own);
            let plugin = |text: fn(&NotedPlugin) -> Span| note.plugin.map_or("", |plugin| kept.text(text(&plugin)));
            steps.push(Step {
                step: note.stop.word().into(),
                verdict: note.verdict.word().into(),
                microseconds: u64::try_from(until.duration_since(begin).as_micros()).unwrap_or(u64::MAX),
                rule: kept.text(note.rule).into(),
                plugin_id: plugin(|plugin| plugin.id).into(),
                plugin_name: plugin(|plugin| plugin.name).into(),
                plugin_type: note.plugin.map_or("", |plugin| plugin.kind).into(),
                binding: note.plugin.map_or("", |plugin| if plugin.by_group { "group" } else { "API" }).into(),
                facts,
            });
        }
        Self {
            kept: reason.into(),
            brief: !entry.notes.are_in_full(),
            steps,
            request_headers: headers(kept, From::Header, entry),
            response_headers: headers(kept, From::AnswerHeader, entry),
            cut: kept.is_cut(),
        }
    }
}

fn begin_of(note: &Note, entry: &Entry) -> Option<Instant> {
    match note.stop {
        Stop::Attempt => note.begin.or(entry.backend_at),
        Stop::Answer => note.begin.or(entry.backend_at.map(|sent| sent + entry.service)),
        _ => note.begin,
    }
}

/// What the entry knows of a step that was noted briefly.
fn brief_facts<'t>(note: &Note, entry: &'t Entry) -> Vec<Fact<'t>> {
    let app = entry.app_id.map(|app_id| app_id.to_string()).unwrap_or_default();
    // A backend that was never chosen had no connection, and one that was not reached had none that was open.
    let connect = match entry.connect {
        _ if entry.backend.is_empty() => String::new(),
        Duration::ZERO if entry.service.is_zero() => String::new(),
        Duration::ZERO => "one that was open".to_owned(),
        time => micro(time),
    };
    let facts: [(&'static str, Cow<'t, str>); 2] = match note.stop {
        Stop::Domain => [("host", (&entry.domain).into()), ("group", (&entry.group_id).into())],
        Stop::Stage => [("stage", (&entry.stage).into()), ("", "".into())],
        Stop::Api => [("API", (&entry.api_id).into()), ("edition", (&entry.version).into())],
        Stop::Identity => [("AppKey", (&entry.app_key).into()), ("app", app.into())],
        Stop::Attempt => [("backend", (&entry.backend).into()), ("connection", connect.into())],
        _ => Default::default(),
    };
    let known = facts.into_iter().filter(|(_, value)| !value.is_empty());
    known.map(|(name, value)| Fact { name: name.into(), value: short(value) }).collect()
}

/// The entry has texts as long as callers send them, and a record that is too long is not found again.
fn short(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.len() <= MOST_VALUE {
        return text;
    }
    let end = (0..=MOST_VALUE).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.get(..end).unwrap_or_default().to_owned().into()
}

fn micro(time: Duration) -> String {
    format!("new, {} µs", time.as_micros())
}

fn headers<'t>(kept: &'t Kept, from: From, entry: &Entry) -> Vec<Fact<'t>> {
    let shown = |(name, value): (Cow<'t, str>, Cow<'t, str>)| {
        let value = match value {
            Cow::Borrowed(value) => masked(from, &name, value, entry),
            Cow::Owned(value) => masked(from, &name, &value, entry).into_owned().into(),
        };
        Fact { name, value }
    };
    kept.headers.read(from).map(shown).collect()
}

fn shown<'t>(kept: &'t Kept, fact: &Noted, entry: &Entry) -> Fact<'t> {
    let value = masked(fact.from, kept.text(fact.key), kept.text(fact.value), entry);
    Fact { name: kept.name(fact).into(), value }
}

/// A value without what nobody may read.
fn masked<'t>(from: From, key: &str, value: &'t str, entry: &Entry) -> Cow<'t, str> {
    let own = match from {
        From::Header => entry.secret_header.as_str(),
        From::Query => &entry.secret_parameter,
        _ => "",
    };
    let secret = mask::is_secret_name(key) || (!own.is_empty() && key.eq_ignore_ascii_case(own));
    if secret && !value.is_empty() {
        MASK.into()
    } else {
        mask::message(value, entry.secret_names())
    }
}
