//! A record in few bytes, as the ring keeps it: numbers of fixed size, then texts with their lengths.
//!
//! `pack` runs on the serving thread after the answer was sent, so it formats nothing; `Record::unpack` runs where a
//! line of the access log is written or somebody asks. Secrets are masked here, before anything is kept. Both sides name the same fields in the same order.

use super::entry::{Entry, RequestId};
use super::mask;
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
}

const COMPLETED: u8 = 1;
const HTTPS: u8 = 2;
const HAS_APP: u8 = 4;
const WEBSOCKET: u8 = 8;

/// Appends the record of a request that is over, with its length before it.
pub fn pack(out: &mut Vec<u8>, entry: &Entry, total: Duration) {
    let begin = out.len();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&entry.uuid);
    out.extend_from_slice(&entry.unix_ms.to_le_bytes());
    out.extend_from_slice(&entry.status.to_le_bytes());
    let flags = [
        (entry.completed, COMPLETED),
        (entry.scheme == "HTTPS", HTTPS),
        (entry.scheme == "WS", WEBSOCKET),
        (entry.app_id.is_some(), HAS_APP),
    ];
    out.push(flags.iter().filter(|(is, _)| *is).map(|(_, flag)| flag).sum());
    for number in [entry.app_id.unwrap_or(0), entry.request_bytes, entry.response_bytes] {
        out.extend_from_slice(&number.to_le_bytes());
    }
    let before = match (entry.started, entry.backend_at) {
        (Some(started), Some(sent)) => sent.duration_since(started),
        _ => Duration::ZERO,
    };
    for time in [total, before, entry.connect, entry.service] {
        out.extend_from_slice(&u32::try_from(time.as_micros()).unwrap_or(u32::MAX).to_le_bytes());
    }
    texts(out, entry);
    let length = u32::try_from(out.len() - begin - 4).unwrap_or(0);
    if let Some(place) = out.get_mut(begin..begin + 4) {
        place.copy_from_slice(&length.to_le_bytes());
    }
}

fn texts(out: &mut Vec<u8>, entry: &Entry) {
    let also = entry.secret_parameter.as_str();
    let query = mask::query(&entry.query, also);
    let (message, detail) = (mask::message(&entry.error_message, also), mask::message(&entry.detail, also));
    let plain: [&str; 20] = [
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
    for text in plain {
        let text = text.get(..text.len().min(TEXT_LIMIT)).unwrap_or_else(|| shortened(text));
        // No text is longer than the limit, which is far below the largest number of two bytes.
        let length = u16::try_from(text.len()).unwrap_or(0);
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(text.as_bytes());
    }
}

/// As much as fits, where the limit is inside a character.
fn shortened(text: &str) -> &str {
    let end = (0..=TEXT_LIMIT).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

impl<'b> Record<'b> {
    /// Reads what `pack` wrote; None for anything else.
    pub fn unpack(bytes: &'b [u8]) -> Option<Record<'b>> {
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
        for text in record.texts() {
            *text = bytes.text()?;
        }
        Some(record)
    }

    /// In the order in which they are packed.
    fn texts(&mut self) -> [&mut &'b str; 20] {
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
pub struct Packed(Box<[u8]>);

impl From<&[u8]> for Packed {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }
}

impl Packed {
    pub fn record(&self) -> Option<Record<'_>> {
        Record::unpack(&self.0)
    }
}

impl Serialize for Packed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.record().serialize(serializer)
    }
}

struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn text(&mut self) -> Option<&'b str> {
        let length = usize::from(u16::from_le_bytes(self.take()?));
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }
}
