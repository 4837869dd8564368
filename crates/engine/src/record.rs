//! Stop 10: one access record and one set of counters for every request, answered or not.
//!
//! An `Entry` travels with its request and ends with the answer's body. It is a box that is used again for a later
//! request, so filling it allocates nothing once its texts have grown. The line is written after the answer has left:
//! into a buffer of the thread, and from there to the file when it is full or a moment old. Field names are those of the
//! vendor's access log (page "Log fields").

use crate::connection::Malformed;
use crate::listen::Peer;
use crate::request::answer::malformed_refusal;
use crate::thread::Now;
use hyper::header::HeaderValue;
use hyper::Request;
use isthmus_plan::{Edition, Group, Scheme};
use std::cell::RefCell;
use std::fs::File;
use std::io::Write;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Bytes of log lines a thread keeps before it writes them.
const BUFFER: usize = 32 * 1024;
/// Entries a thread keeps for later requests.
const SPARE: usize = 256;

/// What is known of one request.
pub struct Entry {
    id: [u8; 36],
    pub request_id_header: Option<HeaderValue>,
    started: Option<Instant>,
    time: Option<Rc<str>>,
    scheme: &'static str,
    pub client: String,
    method: String,
    path: String,
    pub domain: String,
    group_id: String,
    group_name: String,
    api_id: String,
    api_name: String,
    pub stage: String,
    app_id: Option<u64>,
    app_name: String,
    pub app_key: String,
    pub status: u16,
    error_code: &'static str,
    error_message: String,
    detail: String,
    pub request_bytes: u64,
    pub response_bytes: u64,
    /// Time spent waiting for the backend.
    pub service: Duration,
    /// Whether the answer was sent to its end.
    pub completed: bool,
}

impl Entry {
    fn new() -> Self {
        Self {
            id: [0; 36],
            request_id_header: None,
            started: None,
            time: None,
            scheme: "",
            client: String::new(),
            method: String::new(),
            path: String::new(),
            domain: String::new(),
            group_id: String::new(),
            group_name: String::new(),
            api_id: String::new(),
            api_name: String::new(),
            stage: String::new(),
            app_id: None,
            app_name: String::new(),
            app_key: String::new(),
            status: 0,
            error_code: "",
            error_message: String::new(),
            detail: String::new(),
            request_bytes: 0,
            response_bytes: 0,
            service: Duration::ZERO,
            completed: false,
        }
    }

    fn clear(&mut self) {
        for text in [
            &mut self.client,
            &mut self.method,
            &mut self.path,
            &mut self.domain,
            &mut self.group_id,
            &mut self.group_name,
            &mut self.api_id,
            &mut self.api_name,
            &mut self.stage,
            &mut self.app_name,
            &mut self.app_key,
            &mut self.error_message,
            &mut self.detail,
        ] {
            text.clear();
        }
        self.app_id = None;
        self.error_code = "";
        (self.status, self.request_bytes, self.response_bytes) = (0, 0, 0);
        self.service = Duration::ZERO;
        self.completed = false;
    }

    /// Upper-case UUID, the value of `X-Ca-Request-Id`.
    pub fn request_id(&self) -> &str {
        std::str::from_utf8(&self.id).unwrap_or_default()
    }

    pub fn group(&mut self, group: &Group) {
        self.group_id.push_str(&group.group_id);
        self.group_name.push_str(&group.name);
    }

    pub fn api(&mut self, edition: &Edition) {
        self.api_id.push_str(&edition.api_id);
        self.api_name.push_str(&edition.api_name);
    }

    pub fn caller(&mut self, caller: &crate::world::Caller) {
        self.app_id = Some(caller.app.app_id);
        self.app_name.push_str(&caller.app.name);
    }

    /// The message that a plug-in put in place of the answer's own.
    pub fn mapped(&mut self, message: Option<&str>) {
        if let Some(message) = message {
            self.error_message.clear();
            self.error_message.push_str(message);
        }
    }

    pub fn refused(&mut self, code: &'static str, message: &str, detail: Option<&str>) {
        self.error_code = code;
        self.error_message.push_str(message);
        self.detail.push_str(detail.unwrap_or_default());
    }
}

/// Counts of one thread. Only that thread writes; others read now and then, so plain loads and stores are enough.
#[derive(Default)]
pub struct Counters {
    pub requests: AtomicU64,
    /// Answers by class: 1xx … 5xx.
    pub classes: [AtomicU64; 5],
    /// Answers the gateway made itself.
    pub refusals: AtomicU64,
    /// Requests whose client went away before the answer's end.
    pub aborted: AtomicU64,
    pub bytes_out: AtomicU64,
    /// Log lines that could not be written.
    pub log_lost: AtomicU64,
    pub panics: AtomicU64,
}

pub fn add(counter: &AtomicU64, amount: u64) {
    counter.store(counter.load(Ordering::Relaxed).wrapping_add(amount), Ordering::Relaxed);
}

/// Where a thread's records go.
pub struct Recorder {
    pub counters: Arc<Counters>,
    // Boxed, because an entry moves from step to step and is large.
    #[allow(clippy::vec_box)]
    spare: RefCell<Vec<Box<Entry>>>,
    log: RefCell<Option<Log>>,
}

struct Log {
    file: File,
    buffer: Vec<u8>,
}

impl Recorder {
    pub fn new(counters: Arc<Counters>, file: Option<File>) -> Self {
        let log = file.map(|file| Log { file, buffer: Vec::with_capacity(BUFFER + 4096) });
        Self { counters, spare: RefCell::default(), log: RefCell::new(log) }
    }

    /// The entry of a request that just arrived.
    pub fn begin<B: http_body::Body>(&self, request: &Request<B>, peer: &Peer, now: &Now) -> Box<Entry> {
        let mut entry = self.spare.borrow_mut().pop().unwrap_or_else(|| Box::new(Entry::new()));
        Uuid::new_v4().hyphenated().encode_upper(&mut entry.id);
        entry.request_id_header = HeaderValue::from_bytes(&entry.id).ok();
        entry.started = Some(Instant::now());
        entry.time = Some(now.text_shared());
        entry.scheme = match peer.scheme {
            Scheme::Http => "HTTP",
            Scheme::Https => "HTTPS",
        };
        entry.client.push_str(&peer.address_text);
        entry.method.push_str(request.method().as_str());
        entry.path.push_str(request.uri().path());
        entry.request_bytes = request.body().size_hint().lower();
        entry
    }

    /// A message that could not be read, so that only its peer and its answer are known.
    pub fn malformed(&self, malformed: &Malformed, peer: &Peer, now: &Now) {
        let Some(refusal) = malformed_refusal(malformed.status) else { return };
        let mut entry = self.begin(&Request::new(http_body_util::Empty::<bytes::Bytes>::new()), peer, now);
        entry.method.clear();
        entry.path.clear();
        if let Ok(id) = malformed.request_id.as_bytes().try_into() {
            entry.id = id;
        }
        let listed = refusal.kind.listed();
        entry.refused(listed.code, &refusal.message(), None);
        entry.status = listed.status;
        entry.completed = true;
        self.finish(entry);
    }

    /// Counts a request and writes its line.
    pub fn finish(&self, mut entry: Box<Entry>) {
        let counters = &self.counters;
        add(&counters.requests, 1);
        add(&counters.bytes_out, entry.response_bytes);
        let class = usize::from(entry.status / 100).wrapping_sub(1);
        counters.classes.get(class).into_iter().for_each(|counter| add(counter, 1));
        if !entry.error_code.is_empty() {
            add(&counters.refusals, 1);
        }
        if !entry.completed {
            add(&counters.aborted, 1);
        }
        if let Some(log) = self.log.borrow_mut().as_mut() {
            write_line(&mut log.buffer, &entry);
            if log.buffer.len() >= BUFFER {
                log.flush(counters);
            }
        }
        entry.clear();
        let mut spare = self.spare.borrow_mut();
        if spare.len() < SPARE {
            spare.push(entry);
        }
    }

    /// Writes what is buffered; called every moment and at the end.
    pub fn flush(&self) {
        if let Some(log) = self.log.borrow_mut().as_mut() {
            log.flush(&self.counters);
        }
    }
}

impl Log {
    /// A full disk loses lines, which are counted, and never a request.
    fn flush(&mut self, counters: &Counters) {
        if !self.buffer.is_empty() {
            if self.file.write_all(&self.buffer).is_err() {
                let lines = self.buffer.iter().filter(|byte| **byte == b'\n').count();
                add(&counters.log_lost, lines as u64);
            }
            self.buffer.clear();
        }
    }
}

fn write_line(line: &mut Vec<u8>, entry: &Entry) {
    let total = entry.started.map_or(0, |started| started.elapsed().as_millis());
    let _ = write!(
        line,
        "{{\"requestId\":\"{}\",\"requestHandleTime\":\"{}\"",
        entry.request_id(),
        entry.time.as_deref().unwrap_or_default()
    );
    let _ = write!(line, ",\"statusCode\":{},\"requestProtocol\":\"{}\"", entry.status, entry.scheme);
    for (name, text) in [
        ("httpMethod", &entry.method),
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
        ("errorMessage", &entry.error_message),
        ("exception", &entry.detail),
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
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => line.extend_from_slice(&[b'\\', byte]),
            0..=0x1f => {
                let _ = write!(line, "\\u{byte:04x}");
            }
            _ => line.push(byte),
        }
    }
}
