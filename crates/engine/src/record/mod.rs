//! Stop 10: what is written down of every request, answered or not.
//!
//! An `Entry` (`entry.rs`) travels with its request and ends with the answer's body. After the answer has left, the
//! thread's `Counters` and `tally` count it and `packed` puts it into a block of the thread, which is handed to the
//! `writer` when it is full or a moment old: into the `ring` on disk, and as a `line` into the `access_log`. `mask` keeps
//! secrets out of both.

mod access_log;
pub mod context;
mod counters;
mod entry;
mod line;
pub mod mask;
pub mod newest;
mod notes;
pub mod packed;
pub mod ring;
pub mod sampled;
mod stop;
pub mod tally;
pub mod trace;
pub mod writer;

pub use access_log::AccessLog;
pub use counters::{add, Counters};
pub use entry::{Entry, RequestId};
pub use notes::Notes;
pub use stop::{About, From, Stop, Verdict};

use crate::connection::Malformed;
use crate::listen::Peer;
use crate::request::answer::malformed_refusal;
use crate::settings::{SpanSettings, TraceSettings};
use crate::thread::Now;
use context::TraceContext;
use hyper::header::{HeaderMap, HeaderValue};
use hyper::Request;
use isthmus_plan::Scheme;
use packed::Packed;
use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tally::Tallies;
use trace::Worth;
use uuid::Uuid;
use writer::Inbox;

/// Entries a thread keeps for later requests.
const SPARE: usize = 256;
/// Bytes of records a thread keeps before it hands them on.
const BLOCK: usize = 64 * 1024;

/// Where a thread's records go.
pub struct Recorder {
    pub counters: Arc<Counters>,
    // Boxed, because an entry moves from step to step and is large.
    #[allow(clippy::vec_box)]
    spare: RefCell<Vec<Box<Entry>>>,
    kept: RefCell<Option<Kept>>,
    tallies: RefCell<Tallies>,
    worth: Worth,
    spans: Option<SpanSettings>,
    /// Where the record of an imagined request goes; then it is neither counted nor kept.
    imagined: Option<RefCell<Vec<u8>>>,
}

/// Records that wait to be handed to the writer.
struct Kept {
    inbox: Inbox,
    block: Vec<u8>,
    count: u32,
}

impl Recorder {
    pub fn new(counters: Arc<Counters>, inbox: Option<Inbox>, traces: TraceSettings) -> Self {
        let kept = inbox.map(|inbox| Kept { inbox, block: Vec::new(), count: 0 });
        let tallies = RefCell::new(Tallies::new(Arc::clone(&counters.tallied)));
        let (spare, kept, worth) = (RefCell::default(), RefCell::new(kept), Worth::new(traces));
        Self { tallies, counters, spare, kept, worth, spans: None, imagined: None }
    }

    /// Requests take part in distributed traces.
    #[must_use]
    pub fn with_spans(self, spans: Option<SpanSettings>) -> Self {
        Self { spans, ..self }
    }

    /// For requests that are only imagined.
    pub fn imagining(counters: Arc<Counters>) -> Self {
        let imagined = Some(RefCell::default());
        Self { imagined, ..Self::new(counters, None, TraceSettings::default()) }
    }

    /// The record of the last imagined request.
    pub fn imagined(&self) -> Option<Packed> {
        let bytes = self.imagined.as_ref()?.take();
        bytes.get(4..).map(Packed::whole)
    }

    /// The entry of a request that just arrived.
    pub fn begin<B: http_body::Body>(&self, request: &Request<B>, peer: &Peer, now: &Now) -> Box<Entry> {
        let mut entry = self.spare.borrow_mut().pop().unwrap_or_default();
        let id = Uuid::new_v4();
        entry.uuid = *id.as_bytes();
        entry.id = RequestId::of(&id);
        entry.request_id_header = HeaderValue::from_bytes(entry.id.as_bytes()).ok();
        let started = Instant::now();
        entry.started = Some(started);
        entry.context = self.spans.and_then(|spans| {
            let by_chance = || spans.one_in > 0 && fastrand::u32(..spans.one_in) == 0;
            TraceContext::of(request.headers(), id.as_u128(), by_chance)
        });
        if self.imagined.is_some() || self.kept.borrow().is_some() {
            entry.notes.start();
            entry.debug = entry.notes.request(request.headers());
            entry.traced = match entry.context {
                _ if self.imagined.is_some() => "dry-run",
                _ if entry.debug => "debug",
                Some(_) => "sampled",
                None => self.worth.sampled(),
            };
            if !entry.traced.is_empty() {
                entry.notes.in_full(started);
            }
        } else {
            entry.debug = notes::asks(request.headers());
        }
        entry.unix_ms = now.unix_ms();
        entry.scheme = match peer.scheme {
            _ if peer.device.is_some() => "WS",
            Scheme::Http => "HTTP",
            Scheme::Https => "HTTPS",
        };
        entry.client.push_str(&peer.address_text);
        entry.method.push_str(request.method().as_str());
        entry.path.push_str(request.uri().path());
        entry.query.push_str(request.uri().query().unwrap_or_default());
        entry.request_bytes = request.body().size_hint().lower();
        entry
    }

    /// A message that could not be read, so that only its peer and its answer are known.
    pub fn malformed(&self, malformed: &Malformed, peer: &Peer, now: &Now) {
        let Some(refusal) = malformed_refusal(malformed.status) else { return };
        let mut entry = self.begin(&Request::new(http_body_util::Empty::<bytes::Bytes>::new()), peer, now);
        entry.method.clear();
        entry.path.clear();
        if let Ok(id) = Uuid::try_parse(&malformed.request_id) {
            entry.uuid = *id.as_bytes();
            entry.id = RequestId::of(&id);
        }
        let listed = refusal.kind.listed();
        refusal.note(&entry.notes);
        entry.refused(listed.code, &refusal.message(), None);
        entry.status = listed.status;
        entry.completed = true;
        self.finish(entry);
    }

    /// The head of the answer is known.
    pub fn answered(&self, entry: &mut Entry, status: u16, headers: &HeaderMap) {
        // No backend has answered what was only imagined.
        let unanswered = self.imagined.is_some() && entry.error_code.is_empty() && entry.backend_at.is_some();
        entry.status = if unanswered { 0 } else { status };
        entry.notes.begin(Stop::Answer);
        if self.worth.is_likely(entry) {
            entry.notes.answer(headers);
        }
    }

    /// Counts a request and writes it down.
    pub fn finish(&self, mut entry: Box<Entry>) {
        if let Some(imagined) = &self.imagined {
            let total = entry.started.map_or(Duration::ZERO, |started| started.elapsed());
            packed::pack(&mut imagined.borrow_mut(), &entry, total, Some(entry.traced));
            return;
        }
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
        let total = entry.started.map_or(Duration::ZERO, |started| started.elapsed());
        self.tallies.borrow_mut().count(&entry, total);
        if let Some(kept) = self.kept.borrow_mut().as_mut() {
            packed::pack(&mut kept.block, &entry, total, self.worth.reason(&entry, total));
            kept.count += 1;
            if kept.block.len() >= BLOCK {
                kept.hand_on();
            }
        }
        entry.clear();
        let mut spare = self.spare.borrow_mut();
        if spare.len() < SPARE {
            spare.push(entry);
        }
    }

    /// Hands on what is buffered; called every moment and at the end.
    pub fn flush(&self) {
        if let Some(kept) = self.kept.borrow_mut().as_mut() {
            kept.hand_on();
        }
    }
}

impl Kept {
    fn hand_on(&mut self) {
        if self.count > 0 {
            let block = std::mem::replace(&mut self.block, Vec::with_capacity(BLOCK + 4096));
            self.inbox.put(block, std::mem::take(&mut self.count));
        }
    }
}
