//! What the deciding functions of one request note while they decide: the trace is that very decision, told later.
//!
//! `Notes` travel in the entry. `begin` names the step that is under way and so ends the one before it; `fact`, `rule` and
//! `verdict` are about the newest step. Most requests are noted briefly: a step is one bit, its facts are those that the
//! entry has anyway, and only plug-ins and refusals (`open`) write more. Requests that were picked out are noted in full.
//! The buffers are used again for later requests, so a note allocates nothing once they have grown. `trace.rs` puts them
//! into words when a request is worth it. Invariant: a note never changes what is decided, and is bounded.

mod headers;
mod rewrite;

use super::stop::{About, From, Stop, Verdict};
pub(super) use headers::asks;
use headers::Headers;
use hyper::header::HeaderMap;
use std::cell::{Cell, Ref, RefCell};
use std::fmt::Write as _;
use std::time::Instant;
use time::format_description::well_known::Rfc3339;
use time::OffsetDateTime;

/// Limits of one request's notes; what is over them is left out, and the trace says so.
const MOST_STEPS: usize = 64;
const MOST_FACTS: usize = 400;
const MOST_HEADERS: usize = 120;
const MOST_TEXT: usize = 32 * 1024;
/// Bytes of one value.
pub(super) const MOST_VALUE: usize = 2048;
/// Bytes that the buffers keep between requests.
const KEPT_TEXT: usize = 4096;

/// A part of the text buffer.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Span {
    begin: u32,
    end: u32,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Name {
    Known(&'static str),
    Written(Span),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Fact {
    pub name: Name,
    pub value: Span,
    pub from: From,
    /// The name of the header, parameter or claim that has the value.
    pub key: Span,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct NotedPlugin {
    pub id: Span,
    pub name: Span,
    pub kind: &'static str,
    pub by_group: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Note {
    pub stop: Stop,
    pub verdict: Verdict,
    /// None for a step of which only this is known, that it was.
    pub begin: Option<Instant>,
    /// Its first fact; they end where the next note's begin.
    pub first_fact: usize,
    pub rule: Span,
    pub plugin: Option<NotedPlugin>,
}

/// Texts and what points into them.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub notes: Vec<Note>,
    pub facts: Vec<Fact>,
    pub headers: Headers,
    cut: bool,
    text: String,
}

/// The notes of one request.
#[derive(Debug, Default)]
pub struct Notes {
    kept: RefCell<Kept>,
    on: bool,
    /// Everything is noted.
    in_full: bool,
    /// Steps that were, by their bits, and those of them that have no note yet.
    unwritten: Cell<u16>,
    /// Whether facts are noted now.
    writes: Cell<bool>,
}

impl Kept {
    /// Whether something did not fit.
    pub fn is_cut(&self) -> bool {
        self.cut || self.headers.cut
    }

    pub fn text(&self, span: Span) -> &str {
        self.text.get(span.begin as usize..span.end as usize).unwrap_or_default()
    }

    /// From there to the end; the text is never longer than `MOST_TEXT` and one value.
    fn span(&self, begin: usize) -> Span {
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span { begin: place(begin), end: place(self.text.len()) }
    }

    pub fn name(&self, fact: &Fact) -> &str {
        match fact.name {
            Name::Known(name) => name,
            Name::Written(span) => self.text(span),
        }
    }

    fn put(&mut self, text: &str) -> Span {
        let room = MOST_VALUE.min(MOST_TEXT.saturating_sub(self.text.len() + self.headers.bytes()));
        let begin = self.text.len();
        if text.len() <= room {
            self.text.push_str(text);
        } else {
            let end = (0..=room).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
            self.text.push_str(text.get(..end).unwrap_or_default());
            self.cut = true;
        }
        self.span(begin)
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) -> Span {
        let begin = self.text.len();
        if begin + self.headers.bytes() < MOST_TEXT {
            let _ = self.text.write_fmt(text);
        }
        if self.text.len() > begin + MOST_VALUE {
            let end = (0..=begin + MOST_VALUE).rev().find(|end| self.text.is_char_boundary(*end)).unwrap_or(begin);
            self.text.truncate(end);
            self.cut = true;
        }
        self.span(begin)
    }

    fn add_note(&mut self, note: Note) {
        if self.notes.len() < MOST_STEPS {
            self.notes.push(note);
        } else {
            self.cut = true;
        }
    }

    fn add(&mut self, fact: Fact) {
        if self.facts.len() < MOST_FACTS {
            self.facts.push(fact);
        } else {
            self.cut = true;
        }
    }

    /// Whether the newest step has a fact of this place and key already.
    fn has(&self, from: From, key: &str) -> bool {
        let first = self.notes.last().map_or(0, |note| note.first_fact);
        let own = self.facts.get(first..).unwrap_or_default();
        own.iter().any(|fact| fact.from == from && self.text(fact.key) == key)
    }
}

impl Notes {
    /// Begins anew for a request that arrived at this moment.
    pub(super) fn start(&mut self) {
        self.on = true;
        self.unwritten.set(Stop::Message.bit());
    }

    /// Keeps the head of the request; whether it asks to be traced.
    pub(super) fn request(&mut self, headers: &HeaderMap) -> bool {
        self.kept.get_mut().headers.request(headers)
    }

    /// Notes everything from now on, on a request that arrived then.
    pub(super) fn in_full(&mut self, begin: Instant) {
        self.in_full = true;
        self.writes.set(true);
        self.unwritten.set(0);
        self.push(Stop::Message, Some(begin), None);
    }

    pub(super) fn clear(&mut self) {
        if !self.on {
            return;
        }
        let kept = self.kept.get_mut();
        kept.notes.clear();
        kept.facts.clear();
        kept.headers.clear();
        kept.text.clear();
        if kept.text.capacity() > 2 * KEPT_TEXT {
            kept.text.shrink_to(KEPT_TEXT);
        }
        kept.cut = false;
        (self.on, self.in_full) = (false, false);
        self.unwritten.set(0);
        self.writes.set(false);
    }

    pub(super) fn read(&self) -> Ref<'_, Kept> {
        self.kept.borrow()
    }

    /// Whether a fact that is not free to make would be noted.
    #[inline]
    pub fn write(&self) -> bool {
        self.writes.get()
    }

    #[inline]
    pub fn are_in_full(&self) -> bool {
        self.in_full
    }

    /// This step is under way now.
    #[inline]
    pub fn begin(&self, stop: Stop) {
        if self.writes.get() {
            self.push(stop, Some(Instant::now()), None);
            self.writes.set(self.in_full);
        } else {
            self.unwritten.set(self.unwritten.get() | stop.bit());
        }
    }

    /// A plug-in is at work now.
    pub fn plugin(&self, about: &About, by_group: bool) {
        self.open();
        if self.on {
            self.push(Stop::PlugIn, Some(Instant::now()), Some((about, by_group)));
        }
    }

    /// The plug-in goes on after something else, such as an exchange that it wanted.
    pub fn plugin_again(&self) {
        let kept = &mut *self.kept.borrow_mut();
        if let Some(last) = kept.notes.iter().rev().find(|note| note.plugin.is_some()).copied() {
            let first_fact = kept.facts.len();
            kept.add_note(Note { begin: Some(Instant::now()), first_fact, verdict: Verdict::Passed, ..last });
            self.writes.set(true);
        }
    }

    /// What is noted of the step under way is worth its cost: a plug-in decides, or a refusal was.
    pub fn open(&self) {
        if !self.on || self.writes.get() {
            return;
        }
        let unwritten = self.unwritten.take();
        for stop in Stop::IN_ORDER.into_iter().filter(|stop| unwritten & stop.bit() != 0) {
            self.push(stop, None, None);
        }
        self.writes.set(true);
    }

    fn push(&self, stop: Stop, begin: Option<Instant>, plugin: Option<(&About, bool)>) {
        let kept = &mut *self.kept.borrow_mut();
        let plugin = plugin.map(|(about, by_group)| {
            let (id, name) = (kept.put(&about.plugin_id), kept.put(&about.name));
            NotedPlugin { id, name, kind: about.kind, by_group }
        });
        let first_fact = kept.facts.len();
        kept.add_note(Note { stop, verdict: Verdict::Passed, begin, first_fact, rule: Span::default(), plugin });
    }

    #[inline]
    pub fn verdict(&self, verdict: Verdict) {
        if self.writes.get() {
            self.kept.borrow_mut().notes.last_mut().into_iter().for_each(|note| note.verdict = verdict);
        }
    }

    /// What decided: a rule, a case, a route.
    #[inline]
    pub fn rule(&self, name: &str) {
        if self.writes.get() {
            let kept = &mut *self.kept.borrow_mut();
            let rule = kept.put(name);
            kept.notes.last_mut().into_iter().for_each(|note| note.rule = rule);
        }
    }

    #[inline]
    pub fn fact(&self, name: &'static str, value: &str) {
        if self.writes.get() {
            self.put_fact(name, value);
        }
    }

    #[cold]
    fn put_fact(&self, name: &'static str, value: &str) {
        let kept = &mut *self.kept.borrow_mut();
        let value = kept.put(value);
        kept.add(Fact { name: Name::Known(name), value, from: From::Own, key: Span::default() });
    }

    #[inline]
    pub fn number(&self, name: &'static str, number: impl std::fmt::Display) {
        if self.writes.get() {
            self.put_written(name, format_args!("{number}"));
        }
    }

    /// Unix milliseconds.
    pub fn moment(&self, name: &'static str, unix_ms: i64) {
        let moment = OffsetDateTime::from_unix_timestamp(unix_ms.div_euclid(1000)).ok();
        match moment.and_then(|moment| moment.format(&Rfc3339).ok()) {
            Some(text) => self.fact(name, &text),
            None => self.number(name, unix_ms),
        }
    }

    /// A fact whose text is made only when it is noted.
    #[inline]
    pub fn written(&self, name: &'static str, text: std::fmt::Arguments<'_>) {
        if self.writes.get() {
            self.put_written(name, text);
        }
    }

    #[cold]
    fn put_written(&self, name: &'static str, text: std::fmt::Arguments<'_>) {
        let kept = &mut *self.kept.borrow_mut();
        let value = kept.write(text);
        kept.add(Fact { name: Name::Known(name), value, from: From::Own, key: Span::default() });
    }

    /// A value that somebody else wrote, looked at under `name`; one step has each only once.
    pub fn input(&self, from: From, key: &str, name: &str, value: &str) {
        if self.writes.get() {
            let kept = &mut *self.kept.borrow_mut();
            if !kept.has(from, key) {
                let key = kept.put(key);
                let (name, value) = (kept.put(name), kept.put(value));
                kept.add(Fact { name: Name::Written(name), value, from, key });
            }
        }
    }

    /// A value that goes from one place to another.
    pub fn mapped(&self, from: From, key: &str, name: std::fmt::Arguments<'_>, value: &str) {
        if self.writes.get() {
            let kept = &mut *self.kept.borrow_mut();
            let (key, name) = (kept.put(key), kept.write(name));
            let value = kept.put(value);
            kept.add(Fact { name: Name::Written(name), value, from, key });
        }
    }

    /// The head of the answer, when the trace will be kept.
    pub(super) fn answer(&mut self, headers: &HeaderMap) {
        let kept = self.kept.get_mut();
        kept.headers.answer(headers, kept.text.len());
    }
}
