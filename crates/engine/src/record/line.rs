//! A line of the access log: a JSON object with the field names of the vendor's access log (page "Log fields").
//!
//! Made by the writer's thread from a packed record, whose secrets are masked already. Times are in milliseconds, sizes
//! in bytes; a text that is empty is left out. Names and plain values are written as they stand, others by the JSON
//! library.

use super::packed::Record;
use std::io;
use time::format_description::well_known::Rfc3339;
use time::OffsetDateTime;

/// Makes lines; remembers the text of the second of the last one.
#[derive(Default)]
pub struct Lines {
    second: i64,
    utc: String,
}

impl Lines {
    /// Appends the line of a record, with its line end.
    pub fn write(&mut self, into: &mut Vec<u8>, record: &Record<'_>) -> io::Result<()> {
        self.tell(record.time.div_euclid(1000));
        into.extend_from_slice(b"{\"requestId\":\"");
        into.extend_from_slice(record.request_id.as_str().as_bytes());
        // `2018-11-15T06:11:33Z`
        into.extend_from_slice(b"\",\"requestHandleTime\":\"");
        into.extend_from_slice(self.utc.as_bytes());
        into.extend_from_slice(b"\",\"statusCode\":");
        number(into, record.status)?;
        for (name, text) in texts(record).into_iter().filter(|(_, text)| !text.is_empty()) {
            into.extend_from_slice(name.as_bytes());
            if record.plain {
                // Nearly every record; the JSON library looks at each character of its own.
                into.extend_from_slice(text.as_bytes());
                into.push(b'"');
            } else {
                into.pop();
                serde_json::to_writer(&mut *into, text)?;
            }
        }
        if let Some(app_id) = record.app_id {
            into.extend_from_slice(b",\"appId\":");
            number(into, app_id)?;
        }
        if let Some(context) = &record.context {
            into.extend_from_slice(b",\"traceId\":");
            serde_json::to_writer(&mut *into, &format_args!("{:032x}", context.trace_id))?;
        }
        for (name, value) in [
            (",\"requestSize\":", record.request_bytes),
            (",\"responseSize\":", record.response_bytes),
            (",\"serviceLatency\":", u64::from(record.backend_us / 1000)),
            (",\"totalLatency\":", u64::from(record.total_us / 1000)),
        ] {
            into.extend_from_slice(name.as_bytes());
            number(into, value)?;
        }
        moments(into, record)?;
        let end: &[u8] = if record.completed { b",\"completed\":true}\n" } else { b",\"completed\":false}\n" };
        into.extend_from_slice(end);
        Ok(())
    }

    fn tell(&mut self, second: i64) {
        if self.second != second || self.utc.is_empty() {
            let text = OffsetDateTime::from_unix_timestamp(second).ok().and_then(|time| time.format(&Rfc3339).ok());
            (self.second, self.utc) = (second, text.unwrap_or_default());
        }
    }
}

/// With the quotation mark before a value.
fn texts<'r>(record: &Record<'r>) -> [(&'static str, &'r str); 18] {
    [
        (",\"requestProtocol\":\"", record.scheme),
        (",\"httpMethod\":\"", record.method),
        (",\"domain\":\"", record.domain),
        (",\"path\":\"", record.path),
        (",\"clientIp\":\"", record.client_ip),
        (",\"instanceId\":\"", record.instance_id),
        (",\"region\":\"", record.region),
        (",\"apiGroupUid\":\"", record.group_id),
        (",\"apiGroupName\":\"", record.group_name),
        (",\"apiUid\":\"", record.api_id),
        (",\"apiName\":\"", record.api_name),
        (",\"apiStageName\":\"", record.stage),
        (",\"appName\":\"", record.app_name),
        (",\"consumerAppKey\":\"", record.app_key),
        (",\"plugin\":\"", record.plugin),
        (",\"errorCode\":\"", record.error_code),
        (",\"errorMessage\":\"", record.error_message),
        (",\"exception\":\"", record.detail),
    ]
}

/// Unix milliseconds of the moments of an exchange; those of a backend only where there was one.
fn moments(into: &mut Vec<u8>, record: &Record<'_>) -> io::Result<()> {
    let after = |micros: u32| record.time + i64::from(micros / 1000);
    into.extend_from_slice(b",\"exchangeTimestamp\":{\"FrontRequestStart\":");
    number(into, record.time)?;
    // A backend that was called has a name, whatever it answered.
    if !record.backend.is_empty() {
        into.extend_from_slice(b",\"BackendRequestStart\":");
        number(into, after(record.before_backend_us))?;
        into.extend_from_slice(b",\"BackendResponseStart\":");
        number(into, after(record.before_backend_us.saturating_add(record.backend_us)))?;
    }
    into.extend_from_slice(b",\"FrontResponseEnd\":");
    number(into, after(record.total_us))?;
    into.push(b'}');
    Ok(())
}

fn number(into: &mut Vec<u8>, number: impl serde::Serialize) -> io::Result<()> {
    serde_json::to_writer(into, &number).map_err(io::Error::from)
}
