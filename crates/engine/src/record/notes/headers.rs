//! The headers of a request and of its answer, as they came: bytes behind each other, and where each header is.
//!
//! Kept for every request, because nobody knows before the end whether a trace will be wanted: so nothing is looked at,
//! only copied. `trace.rs` reads them as text, and `rewrite.rs` has the last word on their values. Invariant: bounded by
//! `MOST_HEADERS`, and in bytes together with the notes.

use super::{MOST_HEADERS, MOST_TEXT, MOST_VALUE};
use crate::record::From;
use hyper::header::HeaderMap;
use std::borrow::Cow;

/// The vendor's header with which a caller asks for a trace.
const REQUEST_MODE: &str = "x-ca-request-mode";
/// Bytes that the buffer keeps between requests.
const KEPT_BYTES: usize = 4096;

/// Whether a caller asks to be traced, and told how long it took.
pub fn asks(headers: &HeaderMap) -> bool {
    headers.get(REQUEST_MODE).is_some_and(|mode| mode.as_bytes().eq_ignore_ascii_case(b"debug"))
}

/// Where a header is; its name ends where its value begins.
#[derive(Debug, Clone, Copy)]
struct Place {
    name: u32,
    value: u32,
    end: u32,
}

#[derive(Debug, Default)]
pub(in crate::record) struct Headers {
    bytes: Vec<u8>,
    request: Vec<Place>,
    answer: Vec<Place>,
    /// Bytes that the notes have.
    beside: usize,
    pub(super) cut: bool,
}

/// The buffers are bounded, so this always fits.
fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

impl Headers {
    /// Keeps the head of a request; whether it asks to be traced.
    pub(super) fn request(&mut self, headers: &HeaderMap) -> bool {
        let mut asks = false;
        for (name, value) in headers.iter().take(MOST_HEADERS) {
            let name = name.as_str();
            let at = self.add(name, value.as_bytes());
            self.request.push(at);
            asks |= name == REQUEST_MODE && value.as_bytes().eq_ignore_ascii_case(b"debug");
        }
        self.cut |= headers.len() > MOST_HEADERS;
        asks
    }

    pub(super) fn answer(&mut self, headers: &HeaderMap, beside: usize) {
        self.beside = beside;
        for (name, value) in headers.iter().take(MOST_HEADERS) {
            let at = self.add(name.as_str(), value.as_bytes());
            self.answer.push(at);
        }
        self.cut |= headers.len() > MOST_HEADERS;
    }

    fn add(&mut self, name: &str, value: &[u8]) -> Place {
        let begin = self.bytes.len();
        let fits = value.len() <= MOST_VALUE && begin + self.beside + value.len() <= MOST_TEXT;
        let value = if fits { value } else { self.shorten(value) };
        self.bytes.extend_from_slice(name.as_bytes());
        let middle = self.bytes.len();
        self.bytes.extend_from_slice(value);
        Place { name: place(begin), value: place(middle), end: place(self.bytes.len()) }
    }

    /// As much of a value as there is room for, without half a character.
    #[cold]
    fn shorten<'v>(&mut self, value: &'v [u8]) -> &'v [u8] {
        self.cut = true;
        let room = MOST_VALUE.min(MOST_TEXT.saturating_sub(self.bytes.len() + self.beside));
        let begins = |at: &usize| value.get(*at).is_none_or(|byte| byte & 0xc0 != 0x80);
        let end = (0..=room.min(value.len())).rev().find(begins).unwrap_or(0);
        value.get(..end).unwrap_or_default()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn clear(&mut self) {
        self.request.clear();
        self.answer.clear();
        self.bytes.clear();
        if self.bytes.capacity() > 2 * KEPT_BYTES {
            self.bytes.shrink_to(KEPT_BYTES);
        }
        (self.beside, self.cut) = (0, false);
    }

    fn of(&self, from: From) -> &[Place] {
        if from == From::Header {
            &self.request
        } else {
            &self.answer
        }
    }

    fn text(&self, begin: u32, end: u32) -> Cow<'_, str> {
        String::from_utf8_lossy(self.bytes.get(begin as usize..end as usize).unwrap_or_default())
    }

    fn shown(&self, header: &Place) -> (Cow<'_, str>, Cow<'_, str>) {
        (self.text(header.name, header.value), self.text(header.value, header.end))
    }

    /// Names and values of the request (`From::Header`) or of the answer.
    pub(in crate::record) fn read(&self, from: From) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        self.of(from).iter().map(|header| self.shown(header))
    }

    /// Puts other values in place of those that `change` has one for.
    pub(super) fn rewrite(&mut self, change: &dyn Fn(From, &str, &str) -> Option<String>) {
        for from in [From::Header, From::AnswerHeader] {
            for index in 0..self.of(from).len() {
                let Some(header) = self.of(from).get(index).copied() else { break };
                let (name, value) = self.shown(&header);
                let Some(text) = change(from, &name, &value) else { continue };
                let name = name.into_owned();
                let changed = self.add(&name, text.as_bytes());
                let list = if from == From::Header { &mut self.request } else { &mut self.answer };
                list.get_mut(index).into_iter().for_each(|header| *header = changed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use super::*;
    use hyper::header::HeaderValue;

    fn kept(value: &[u8]) -> (String, bool) {
        let mut headers = HeaderMap::new();
        headers.insert("x-a", HeaderValue::from_bytes(value).unwrap());
        let mut kept = Headers::default();
        kept.request(&headers);
        let shown = kept.read(From::Header).map(|(_, value)| value.into_owned()).next().unwrap();
        (shown, kept.cut)
    }

    #[test]
    fn a_value_is_kept_as_it_came_and_a_long_one_as_far_as_there_is_room() {
        assert_eq!(kept(b"plain"), ("plain".to_owned(), false));
        assert_eq!(kept(b"a\xffb"), ("a\u{fffd}b".to_owned(), false));
        let long = format!("{}é", "x".repeat(MOST_VALUE - 1));
        assert_eq!(kept(long.as_bytes()), ("x".repeat(MOST_VALUE - 1), true));
    }

    #[test]
    fn many_headers_are_kept_as_far_as_there_is_room() {
        let mut headers = HeaderMap::new();
        for _ in 0..MOST_HEADERS + 1 {
            headers.append("x-a", HeaderValue::from_bytes(&[b'x'; 1000]).unwrap());
        }
        let mut kept = Headers::default();
        kept.request(&headers);
        assert_eq!((kept.read(From::Header).count(), kept.cut), (MOST_HEADERS, true));
        assert!(kept.bytes() <= MOST_TEXT + 3 * MOST_HEADERS);
    }

    #[test]
    fn a_value_that_is_rewritten_is_shown_so_and_no_other() {
        let mut headers = HeaderMap::new();
        headers.insert("x-a", HeaderValue::from_static("hush"));
        headers.insert("x-b", HeaderValue::from_static("b"));
        let mut kept = Headers::default();
        kept.request(&headers);
        kept.rewrite(&|_, name, _| (name == "x-a").then(|| "***".to_owned()));
        let shown: Vec<_> = kept.read(From::Header).map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(shown, ["x-a=***", "x-b=b"]);
    }
}
