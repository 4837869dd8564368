//! A record in few bytes, as the ring keeps it: numbers of fixed size, then texts with their lengths.
//!
//! `pack` runs on the serving thread after the answer was sent, so it formats nothing; `Record::unpack` runs where a
//! line of the access log is written or somebody asks. Secrets are masked here, before anything is kept. Both sides name the same fields in the same order.
//! What was added later stands behind them in sections with a tag and a length, so that each version reads the other's.

use super::context::TraceContext;
use super::entry::{Entry, RequestId};
use super::mask;
use super::trace::Trace;
use serde::{Serialize, Serializer};
use std::time::Duration;

/// Bytes of one text that are kept.
const TEXT_LIMIT: usize = 4096;

/// One request as it is shown: sizes in bytes, times in microseconds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Record<'b> {
    pub request_id: RequestId,
    /// When the request arrived, Unix milliseconds.
    pub time: i64,
    pub status: u16,
    /// Whether the answer was sent to its end.
    pub completed: bool,
    pub scheme: &'static str,
    pub app_id: Option<u64>,
    pub request_bytes: u64,
    pub response_bytes: u64,
    /// From the request's head to the end of the answer.
    pub total_us: u32,
    /// Until the request went to the backend; 0 when it did not.
    pub before_backend_us: u32,
    /// Opening a connection to the backend; 0 when there was one.
    pub connect_us: u32,
    /// Until the head of the backend's answer, connecting included.
    pub backend_us: u32,
    pub client_ip: &'b str,
    pub method: &'b str,
    pub domain: &'b str,
    pub path: &'b str,
    pub query: &'b str,
    pub group_id: &'b str,
    pub group_name: &'b str,
    pub api_id: &'b str,
    pub api_name: &'b str,
    pub stage: &'b str,
    pub version: &'b str,
    pub instance_id: &'b str,
    pub region: &'b str,
    pub app_name: &'b str,
    pub app_key: &'b str,
    pub error_code: &'b str,
    pub error_message: &'b str,
    /// For the provider only.
    pub detail: &'b str,
    /// Host or VPC access, and port.
    pub backend: &'b str,
    /// Type of the plug-in that gave the answer.
    pub plugin: &'b str,
    pub plugin_id: &'b str,
    /// Whether no text has anything that JSON writes in another way.
    #[serde(skip)]
    pub plain: bool,
    /// Whether there is a trace.
    pub traced: bool,
    /// Read only when it is asked for.
    pub trace: Option<Trace<'b>>,
    /// Of requests that are sampled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<TraceContext>,
}

const COMPLETED: u8 = 1;
const HTTPS: u8 = 2;
const HAS_APP: u8 = 4;
const WEBSOCKET: u8 = 8;
/// The lengths of all texts stand before the first of them; without it, each before its own, as older engines wrote it.
const LENGTHS_FIRST: u8 = 16;
const TEXTS: usize = 20;

/// Tags of sections.
const PLUGIN_ID: u8 = 1;
const TRACE: u8 = 2;
const CONTEXT: u8 = 3;

/// Bytes of the numbers, and of everything before the texts: their length, they, and the lengths of the texts.
const NUMBERS: usize = 67;
const HEAD: usize = 4 + NUMBERS + 2 * TEXTS;

/// Appends the record of a request that is over, with its length before it; and its trace when there is a reason to.
pub fn pack(out: &mut Vec<u8>, entry: &Entry, total: Duration, reason: Option<&'static str>) {
    let begin = out.len();
    texts(out, entry, total);
    if !entry.plugin_id.is_empty() {
        section(out, PLUGIN_ID, |out| out.extend_from_slice(entry.plugin_id.as_bytes()));
    }
    if let (Some(reason), Some(started)) = (reason, entry.started) {
        entry.notes.open();
        let kept = entry.notes.read();
        let trace = Trace::of(entry, &kept, reason, started + total);
        // Writing into memory does not fail, and what could not be written is no JSON and so no trace.
        section(out, TRACE, |out| drop(serde_json::to_writer(out, &trace)));
    }
    if let Some(context) = entry.context {
        section(out, CONTEXT, |out| out.extend_from_slice(&context.to_bytes()));
    }
    let length = u32::try_from(out.len() - begin - 4).unwrap_or(0);
    if let Some(place) = out.get_mut(begin..begin + 4) {
        place.copy_from_slice(&length.to_le_bytes());
    }
}

/// Puts bytes at the beginning of a place, and leaves what is behind them.
#[inline]
fn put<const N: usize>(place: &mut &mut [u8], bytes: [u8; N]) {
    if let Some((first, rest)) = std::mem::take(place).split_first_chunk_mut::<N>() {
        *first = bytes;
        *place = rest;
    }
}

#[inline]
fn pack_numbers(mut place: &mut [u8], entry: &Entry, total: Duration) {
    let place = &mut place;
    put(place, [0; 4]);
    put(place, entry.uuid);
    put(place, entry.unix_ms.to_le_bytes());
    put(place, entry.status.to_le_bytes());
    let flags = [
        (entry.completed, COMPLETED),
        (entry.scheme == "HTTPS", HTTPS),
        (entry.scheme == "WS", WEBSOCKET),
        (entry.app_id.is_some(), HAS_APP),
    ];
    put(place, [flags.iter().fold(LENGTHS_FIRST, |all, (is, flag)| all | (u8::from(*is) * flag))]);
    for number in [entry.app_id.unwrap_or(0), entry.request_bytes, entry.response_bytes] {
        put(place, number.to_le_bytes());
    }
    let before = match (entry.started, entry.backend_at) {
        (Some(started), Some(sent)) => sent.duration_since(started),
        _ => Duration::ZERO,
    };
    for time in [total, before, entry.connect, entry.service] {
        put(place, u32::try_from(time.as_micros()).unwrap_or(u32::MAX).to_le_bytes());
    }
}

fn section(out: &mut Vec<u8>, tag: u8, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(tag);
    let begin = out.len();
    out.extend_from_slice(&[0; 4]);
    write(out);
    let length = u32::try_from(out.len() - begin - 4).unwrap_or(0);
    if let Some(place) = out.get_mut(begin..begin + 4) {
        place.copy_from_slice(&length.to_le_bytes());
    }
}

/// Numbers and texts, behind room for the length of all.
fn texts(out: &mut Vec<u8>, entry: &Entry, total: Duration) {
    let also = entry.secret_names();
    let query = mask::query(&entry.query, also.parameter);
    let (message, detail) = (mask::message(&entry.error_message, also), mask::message(&entry.detail, also));
    let mut plain: [&str; TEXTS] = [
        &entry.client,
        &entry.method,
        &entry.domain,
        &entry.path,
        &query,
        &entry.group_id,
        &entry.group_name,
        &entry.api_id,
        &entry.api_name,
        &entry.stage,
        &entry.version,
        &entry.instance_id,
        &entry.region,
        &entry.app_name,
        &entry.app_key,
        entry.error_code,
        &message,
        &detail,
        &entry.backend,
        entry.plugin,
    ];
    // Every request comes by here: what is of fixed size is made in one piece, and an empty text costs nothing.
    let (mut lengths, mut bytes) = ([[0; 2]; TEXTS], HEAD);
    for (place, text) in lengths.iter_mut().zip(&mut plain) {
        if text.len() > TEXT_LIMIT {
            *text = shortened(text);
        }
        bytes += text.len();
        *place = two_bytes(text.len());
    }
    let mut head = [0; HEAD];
    let (numbers, lengths_place) = head.split_at_mut(4 + NUMBERS);
    pack_numbers(numbers, entry, total);
    lengths_place.copy_from_slice(lengths.as_flattened());
    out.reserve(bytes);
    out.extend_from_slice(&head);
    for text in &plain {
        if !text.is_empty() {
            out.extend_from_slice(text.as_bytes());
        }
    }
}

#[allow(clippy::cast_possible_truncation)] // No text is longer than the limit, which is far below the largest number.
fn two_bytes(length: usize) -> [u8; 2] {
    (length as u16).to_le_bytes()
}

/// Without a branch for each byte, so that many are looked at together.
fn is_plain(text: &str) -> bool {
    let other = |byte: u8| (byte < b' ') | (byte == b'"') | (byte == b'\\');
    !text.bytes().fold(false, |found, byte| found | other(byte))
}

/// As much as fits, without half a character.
#[cold]
fn shortened(text: &str) -> &str {
    let end = (0..=TEXT_LIMIT).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

impl<'b> Record<'b> {
    /// Reads what `pack` wrote, but for the trace; None for anything else.
    pub fn unpack(bytes: &'b [u8]) -> Option<Record<'b>> {
        Record::read(bytes).map(|(record, _)| record)
    }

    /// The same with its trace.
    pub fn unpack_whole(bytes: &'b [u8]) -> Option<Record<'b>> {
        let (record, trace) = Record::read(bytes)?;
        Some(Record { trace: trace.and_then(|text| serde_json::from_slice(text).ok()), ..record })
    }

    fn read(bytes: &'b [u8]) -> Option<(Record<'b>, Option<&'b [u8]>)> {
        let mut bytes = Reader(bytes);
        let uuid = bytes.take::<16>()?;
        let time = i64::from_le_bytes(bytes.take()?);
        let status = u16::from_le_bytes(bytes.take()?);
        let [flags] = bytes.take::<1>()?;
        let app_id = u64::from_le_bytes(bytes.take()?);
        let mut record = Record {
            request_id: RequestId::of(&uuid::Uuid::from_bytes(uuid)),
            time,
            status,
            completed: flags & COMPLETED != 0,
            scheme: match flags & (HTTPS | WEBSOCKET) {
                HTTPS => "HTTPS",
                WEBSOCKET => "WS",
                _ => "HTTP",
            },
            app_id: (flags & HAS_APP != 0).then_some(app_id),
            request_bytes: u64::from_le_bytes(bytes.take()?),
            response_bytes: u64::from_le_bytes(bytes.take()?),
            total_us: u32::from_le_bytes(bytes.take()?),
            before_backend_us: u32::from_le_bytes(bytes.take()?),
            connect_us: u32::from_le_bytes(bytes.take()?),
            backend_us: u32::from_le_bytes(bytes.take()?),
            ..Record::default()
        };
        let mut plain = true;
        if flags & LENGTHS_FIRST == 0 {
            for text in record.texts() {
                let length = u16::from_le_bytes(bytes.take()?);
                *text = bytes.text(usize::from(length))?;
                plain &= is_plain(text);
            }
        } else {
            let lengths: [u8; 2 * TEXTS] = bytes.take()?;
            let lengths = lengths.as_chunks::<2>().0.iter().map(|length| usize::from(u16::from_le_bytes(*length)));
            // One look at all of them is cheaper than one at each.
            let mut rest = bytes.text(lengths.clone().sum())?;
            plain = is_plain(rest);
            for (text, length) in record.texts().into_iter().zip(lengths) {
                (*text, rest) = rest.split_at_checked(length)?;
            }
        }
        record.plain = plain;
        let mut trace = None;
        while let Some((tag, section)) = bytes.section() {
            match tag {
                PLUGIN_ID => record.plugin_id = std::str::from_utf8(section).unwrap_or_default(),
                TRACE => (record.traced, trace) = (true, Some(section)),
                CONTEXT => record.context = TraceContext::from_bytes(section),
                _ => {}
            }
        }
        Some((record, trace))
    }

    /// In the order in which they are packed.
    fn texts(&mut self) -> [&mut &'b str; TEXTS] {
        [
            &mut self.client_ip,
            &mut self.method,
            &mut self.domain,
            &mut self.path,
            &mut self.query,
            &mut self.group_id,
            &mut self.group_name,
            &mut self.api_id,
            &mut self.api_name,
            &mut self.stage,
            &mut self.version,
            &mut self.instance_id,
            &mut self.region,
            &mut self.app_name,
            &mut self.app_key,
            &mut self.error_code,
            &mut self.error_message,
            &mut self.detail,
            &mut self.backend,
            &mut self.plugin,
        ]
    }
}

/// The bytes of a record, to be kept a while and then shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    bytes: Box<[u8]>,
    with_trace: bool,
}

impl From<&[u8]> for Packed {
    fn from(bytes: &[u8]) -> Self {
        Self { bytes: bytes.into(), with_trace: false }
    }
}

impl Packed {
    /// To be shown with its trace.
    pub fn whole(bytes: &[u8]) -> Self {
        Self { bytes: bytes.into(), with_trace: true }
    }

    pub fn record(&self) -> Option<Record<'_>> {
        if self.with_trace {
            Record::unpack_whole(&self.bytes)
        } else {
            Record::unpack(&self.bytes)
        }
    }
}

impl Serialize for Packed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.record().serialize(serializer)
    }
}

struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn section(&mut self) -> Option<(u8, &'b [u8])> {
        let [tag] = self.take::<1>()?;
        let length = usize::try_from(u32::from_le_bytes(self.take()?)).ok()?;
        let (section, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, section))
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn text(&mut self, length: usize) -> Option<&'b str> {
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }
}
