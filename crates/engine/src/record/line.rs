//! The access log: one JSON line for each request, with the field names of the vendor's access log (page "Log fields").
//!
//! Lines wait in a buffer of the thread until it is full or a moment old.

use super::counters::{add, Counters};
use super::entry::Entry;
use super::mask;
use std::fs::File;
use std::io::Write;
use std::time::Duration;

/// Bytes of log lines a thread keeps before it writes them.
const BUFFER: usize = 32 * 1024;

/// A thread's end of the access log.
pub struct Log {
    file: File,
    buffer: Vec<u8>,
}

impl Log {
    pub fn new(file: File) -> Self {
        Self { file, buffer: Vec::with_capacity(BUFFER + 4096) }
    }

    pub fn write(&mut self, entry: &Entry, total: Duration, counters: &Counters) {
        write_line(&mut self.buffer, entry, total);
        if self.buffer.len() >= BUFFER {
            self.flush(counters);
        }
    }

    /// A full disk loses lines, which are counted, and never a request.
    pub fn flush(&mut self, counters: &Counters) {
        if !self.buffer.is_empty() {
            if self.file.write_all(&self.buffer).is_err() {
                let lines = self.buffer.iter().filter(|byte| **byte == b'\n').count();
                add(&counters.log_lost, lines as u64);
            }
            self.buffer.clear();
        }
    }
}

fn write_line(line: &mut Vec<u8>, entry: &Entry, total: Duration) {
    let total = total.as_millis();
    let also = entry.secret_parameter.as_str();
    let _ = write!(
        line,
        "{{\"requestId\":\"{}\",\"requestHandleTime\":\"{}\"",
        entry.request_id(),
        entry.time.as_deref().unwrap_or_default()
    );
    let _ = write!(line, ",\"statusCode\":{},\"requestProtocol\":\"{}\"", entry.status, entry.scheme);
    for (name, text) in [
        ("httpMethod", entry.method.as_str()),
        ("domain", &entry.domain),
        ("path", &entry.path),
        ("clientIp", &entry.client),
        ("apiGroupUid", &entry.group_id),
        ("apiGroupName", &entry.group_name),
        ("apiUid", &entry.api_id),
        ("apiName", &entry.api_name),
        ("apiStageName", &entry.stage),
        ("appName", &entry.app_name),
        ("consumerAppKey", &entry.app_key),
        ("errorMessage", mask::message(&entry.error_message, also).as_ref()),
        ("exception", mask::message(&entry.detail, also).as_ref()),
    ] {
        if !text.is_empty() {
            line.extend_from_slice(b",\"");
            line.extend_from_slice(name.as_bytes());
            line.extend_from_slice(b"\":\"");
            escape(line, text);
            line.push(b'"');
        }
    }
    if let Some(app_id) = entry.app_id {
        let _ = write!(line, ",\"appId\":{app_id}");
    }
    if !entry.error_code.is_empty() {
        let _ = write!(line, ",\"errorCode\":\"{}\"", entry.error_code);
    }
    let (sent, received) = (entry.response_bytes, entry.request_bytes);
    let _ = write!(
        line,
        ",\"requestSize\":{received},\"responseSize\":{sent},\"serviceLatency\":{}",
        entry.service.as_millis()
    );
    let _ = write!(line, ",\"totalLatency\":{total},\"completed\":{}}}", entry.completed);
    line.push(b'\n');
}

/// JSON string escapes (RFC 8259 section 7).
fn escape(line: &mut Vec<u8>, text: &str) {
    let mut rest = text.as_bytes();
    // Nearly every text is plain and goes in as one piece.
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f)) {
        let (plain, special) = rest.split_at_checked(at).unwrap_or((rest, &[]));
        line.extend_from_slice(plain);
        let Some((byte, behind)) = special.split_first() else { return };
        match byte {
            b'"' | b'\\' => line.extend_from_slice(&[b'\\', *byte]),
            _ => {
                let _ = write!(line, "\\u{byte:04x}");
            }
        }
        rest = behind;
    }
    line.extend_from_slice(rest);
}
