//! What is known of one request while it is under way.
//!
//! An entry travels with its request and ends with the answer's body; the stops of a request fill it in. It is used
//! again for a later request, so filling it allocates nothing once its texts have grown.

use super::context::TraceContext;
use super::mask::Also;
use super::notes::Notes;
use super::stop::From;
use hyper::header::HeaderValue;
use isthmus_plan::{AppCodePlace, Edition, Group};
use serde::{Serialize, Serializer};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// What is known of one request.
#[derive(Default)]
pub struct Entry {
    pub(super) id: RequestId,
    pub(super) uuid: [u8; 16],
    pub request_id_header: Option<HeaderValue>,
    /// Of requests that are sampled.
    pub context: Option<TraceContext>,
    pub(super) started: Option<Instant>,
    pub(super) unix_ms: i64,
    pub(super) scheme: &'static str,
    pub client: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    pub domain: String,
    pub(super) group_id: String,
    pub(super) group_name: String,
    pub(super) instance_id: String,
    pub(super) region: String,
    pub(super) api_id: String,
    pub(super) api_name: String,
    pub(super) version: String,
    pub stage: String,
    pub(super) app_id: Option<u64>,
    pub(super) app_name: String,
    pub app_key: String,
    pub status: u16,
    pub(super) error_code: &'static str,
    pub(super) error_message: String,
    pub(super) detail: String,
    /// Type of the plug-in that is at work, and after a refusal of the one that gave it.
    pub plugin: &'static str,
    /// The id of that plug-in.
    pub plugin_id: String,
    /// A parameter of the query that holds an AppCode, beside those that everybody knows.
    pub(super) secret_parameter: String,
    /// A header that does.
    pub(super) secret_header: String,
    /// What was noted while the request was decided on.
    pub notes: Notes,
    /// The caller asks how long it took.
    pub(super) debug: bool,
    /// The trace is kept whatever comes of the request, and why.
    pub(super) traced: &'static str,
    pub request_bytes: u64,
    pub response_bytes: u64,
    pub(super) backend: String,
    pub(super) backend_at: Option<Instant>,
    /// Time spent opening a connection to the backend.
    pub connect: Duration,
    /// Time spent waiting for the backend.
    pub service: Duration,
    /// Whether the answer was sent to its end.
    pub completed: bool,
}

/// Text of a UUID in upper case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestId([u8; 36]);

impl Default for RequestId {
    fn default() -> Self {
        Self([0; 36])
    }
}

impl RequestId {
    pub(super) fn of(id: &Uuid) -> Self {
        let mut text = [0; 36];
        id.hyphenated().encode_upper(&mut text);
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Serialize for RequestId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Entry {
    pub(super) fn clear(&mut self) {
        for text in [
            &mut self.client,
            &mut self.method,
            &mut self.path,
            &mut self.query,
            &mut self.domain,
            &mut self.group_id,
            &mut self.group_name,
            &mut self.instance_id,
            &mut self.region,
            &mut self.api_id,
            &mut self.api_name,
            &mut self.version,
            &mut self.stage,
            &mut self.app_name,
            &mut self.app_key,
            &mut self.error_message,
            &mut self.detail,
            &mut self.secret_parameter,
            &mut self.secret_header,
            &mut self.plugin_id,
            &mut self.backend,
        ] {
            text.clear();
        }
        (self.app_id, self.context) = (None, None);
        (self.error_code, self.plugin) = ("", "");
        (self.status, self.request_bytes, self.response_bytes) = (0, 0, 0);
        self.backend_at = None;
        (self.connect, self.service) = (Duration::ZERO, Duration::ZERO);
        (self.completed, self.debug) = (false, false);
        self.notes.clear();
        self.traced = "";
    }

    pub(super) fn secret_names(&self) -> Also<'_> {
        Also { header: &self.secret_header, parameter: &self.secret_parameter }
    }

    /// As it was sent.
    pub fn query(&self) -> &str {
        &self.query
    }

    /// Upper-case UUID, the value of `X-Ca-Request-Id`.
    pub fn request_id(&self) -> &str {
        self.id.as_str()
    }

    /// Of the group that the request is for.
    pub fn instance_id(&self) -> &str {
        &self.instance_id
    }

    pub fn group(&mut self, group: &Group) {
        self.group_id.push_str(&group.group_id);
        self.group_name.push_str(&group.name);
        self.instance_id.push_str(&group.instance_id);
        self.region.push_str(&group.region);
        match &group.app_code.place {
            Some(AppCodePlace::Query(name)) => self.secret_parameter.push_str(name),
            Some(AppCodePlace::Header(name)) => self.secret_header.push_str(name),
            None => {}
        }
    }

    pub fn api(&mut self, edition: &Edition) {
        self.api_id.push_str(&edition.api_id);
        self.api_name.push_str(&edition.api_name);
        self.version.push_str(&edition.version);
    }

    pub fn caller(&mut self, caller: &crate::world::Caller) {
        self.app_id = Some(caller.app.app_id);
        self.app_name.push_str(&caller.app.name);
    }

    /// The request goes to its backend now; `port` belongs to the address or VPC access of this name.
    pub fn sent_to(&mut self, name: &str, port: u16, now: Instant) {
        self.backend_at = Some(now);
        self.backend.push_str(name);
        self.backend.push(':');
        self.backend.push_str(itoa::Buffer::new().format(port));
    }

    /// The message that a plug-in put in place of the answer's own.
    pub fn mapped(&mut self, message: Option<&str>) {
        if let Some(message) = message {
            self.error_message.clear();
            self.error_message.push_str(message);
        }
    }

    /// Puts other texts in place of what somebody else wrote: the query, and what was noted.
    pub fn rewrite(&mut self, query: impl Fn(&str) -> String, change: &dyn Fn(From, &str, &str) -> Option<String>) {
        self.query = query(&self.query);
        self.error_message = change(From::Own, "", &self.error_message).unwrap_or_else(|| self.error_message.clone());
        self.detail = change(From::Own, "", &self.detail).unwrap_or_else(|| self.detail.clone());
        self.notes.rewrite(change);
    }

    /// What a caller in debug mode gets to know with the head of the answer.
    pub fn debug_info(&self) -> Option<HeaderValue> {
        let total = self.started.filter(|_| self.debug)?.elapsed();
        let (service, total) = (self.service.as_millis(), total.as_millis());
        HeaderValue::try_from(format!("{{\"ServiceLatency\":{service},\"TotalLatency\":{total}}}")).ok()
    }

    pub fn refused(&mut self, code: &'static str, message: &str, detail: Option<&str>) {
        self.error_code = code;
        self.error_message.push_str(message);
        self.detail.push_str(detail.unwrap_or_default());
    }
}
