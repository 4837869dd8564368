//! Counts per API and stage, and per app, of one thread.
//!
//! `Tallies` belongs to a serving thread, which alone writes; the counts are shared with whoever sums them up
//! (`metrics`, the traffic reports of `follow`). A lock is taken only when a thread meets an API or an app for the first
//! time. What was refused before its API was known counts under empty names, so that callers cannot make up new ones.

use super::counters::add;
use super::entry::Entry;
use crate::request::answer::Kind;
use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

/// Upper bounds of the steps of a histogram, in microseconds; what is longer falls into one more.
pub const STEPS: [u64; 11] =
    [1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 5_000_000];

/// Which API, where.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ApiKey {
    pub group_id: Box<str>,
    pub instance_id: Box<str>,
    pub api_id: Box<str>,
    pub stage: Box<str>,
}

/// What happened to the requests of one API in one stage.
pub struct ApiTally {
    pub key: ApiKey,
    pub answers: Answers,
    pub bytes_in: AtomicU64,
    pub bytes_out: AtomicU64,
    pub backend_calls: AtomicU64,
    pub backend_us: AtomicU64,
    /// By step of the time from a request's head to the end of its answer.
    pub durations: [AtomicU64; STEPS.len() + 1],
    /// By kind of refusal; there once there was one.
    refusals: OnceLock<Box<[AtomicU64]>>,
}

/// What happened to the requests of one app.
#[derive(Default)]
pub struct AppTally {
    pub app_id: u64,
    pub answers: Answers,
}

#[derive(Default)]
pub struct Answers {
    /// 1xx … 5xx.
    pub classes: [AtomicU64; 5],
    pub total_us: AtomicU64,
}

impl Answers {
    fn count(&self, status: u16, total_us: u64) {
        let class = usize::from(status / 100).wrapping_sub(1);
        if let Some(counter) = self.classes.get(class) {
            add(counter, 1);
        }
        add(&self.total_us, total_us);
    }

    pub fn classes(&self) -> [u64; 5] {
        self.classes.each_ref().map(|counter| counter.load(Ordering::Relaxed))
    }
}

impl ApiTally {
    fn new(entry: &Entry) -> Self {
        let known = !entry.api_id.is_empty();
        let text = |text: &str| if known { Box::from(text) } else { Box::default() };
        Self {
            key: ApiKey {
                group_id: text(&entry.group_id),
                instance_id: text(&entry.instance_id),
                api_id: text(&entry.api_id),
                stage: text(&entry.stage),
            },
            answers: Answers::default(),
            bytes_in: AtomicU64::new(0),
            bytes_out: AtomicU64::new(0),
            backend_calls: AtomicU64::new(0),
            backend_us: AtomicU64::new(0),
            durations: Default::default(),
            refusals: OnceLock::new(),
        }
    }

    fn count(&self, entry: &Entry, total_us: u64) {
        self.answers.count(entry.status, total_us);
        add(&self.bytes_in, entry.request_bytes);
        add(&self.bytes_out, entry.response_bytes);
        if entry.backend_at.is_some() {
            add(&self.backend_calls, 1);
            add(&self.backend_us, u64::try_from(entry.service.as_micros()).unwrap_or(u64::MAX));
        }
        let step = STEPS.iter().position(|bound| total_us <= *bound).unwrap_or(STEPS.len());
        if let Some(counter) = self.durations.get(step) {
            add(counter, 1);
        }
        if !entry.error_code.is_empty() {
            let kinds = self.refusals.get_or_init(|| Kind::ALL.iter().map(|_| AtomicU64::new(0)).collect());
            let kind = Kind::ALL.iter().position(|kind| kind.listed().code == entry.error_code);
            if let Some(counter) = kind.and_then(|kind| kinds.get(kind)) {
                add(counter, 1);
            }
        }
    }

    /// Codes of refusals and how often each was given, those that never were left out.
    pub fn refusals(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        let counters = self.refusals.get().map(AsRef::as_ref).unwrap_or_default();
        let counts = counters.iter().map(|counter| counter.load(Ordering::Relaxed));
        Kind::ALL.iter().map(|kind| kind.listed().code).zip(counts).filter(|(_, count)| *count > 0)
    }
}

/// Everything one thread has counted, as others may read it.
#[derive(Default)]
pub struct Tallied {
    apis: Mutex<Vec<Arc<ApiTally>>>,
    apps: Mutex<Vec<Arc<AppTally>>>,
}

impl Tallied {
    pub fn apis(&self) -> Vec<Arc<ApiTally>> {
        lock(&self.apis).clone()
    }

    pub fn apps(&self) -> Vec<Arc<AppTally>> {
        lock(&self.apps).clone()
    }
}

/// A serving thread's own way to its counts.
pub struct Tallies {
    shared: Arc<Tallied>,
    /// By API; an API has few stages.
    apis: HashMap<Box<str>, Vec<Arc<ApiTally>>, RandomState>,
    apps: HashMap<u64, Arc<AppTally>, RandomState>,
}

impl Tallies {
    pub fn new(shared: Arc<Tallied>) -> Self {
        Self { shared, apis: HashMap::default(), apps: HashMap::default() }
    }

    pub fn count(&mut self, entry: &Entry, total: Duration) {
        let total_us = u64::try_from(total.as_micros()).unwrap_or(u64::MAX);
        self.api(entry).count(entry, total_us);
        if let Some(app_id) = entry.app_id {
            self.app(app_id).answers.count(entry.status, total_us);
        }
    }

    fn api(&mut self, entry: &Entry) -> Arc<ApiTally> {
        let stage = if entry.api_id.is_empty() { "" } else { entry.stage.as_str() };
        let known = self.apis.get(entry.api_id.as_str());
        if let Some(tally) = known.and_then(|stages| stages.iter().find(|tally| *tally.key.stage == *stage)) {
            return Arc::clone(tally);
        }
        let tally = Arc::new(ApiTally::new(entry));
        lock(&self.shared.apis).push(Arc::clone(&tally));
        self.apis.entry(tally.key.api_id.clone()).or_default().push(Arc::clone(&tally));
        tally
    }

    fn app(&mut self, app_id: u64) -> Arc<AppTally> {
        if let Some(tally) = self.apps.get(&app_id) {
            return Arc::clone(tally);
        }
        let tally = Arc::new(AppTally { app_id, ..AppTally::default() });
        lock(&self.shared.apps).push(Arc::clone(&tally));
        self.apps.insert(app_id, Arc::clone(&tally));
        tally
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
