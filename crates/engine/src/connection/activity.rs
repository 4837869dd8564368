//! What the requests of one connection do: how many run, how many were given up, which answers the peer does not take,
//! and whether it abuses that.
//!
//! Written by `Exchange`, one per request, which lives from the request's arrival to the end of its answer's body; read
//! by `wire` and `http2`. All of a connection happens on one thread: the atomics are plain loads and stores, and only
//! there because an upgraded connection must be `Send`.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{watch, Notify};

/// A client that gives up more requests than this within `WINDOW` is turned away. Source: CVE-2023-44487.
const ABANDONED_LIMIT: u32 = 200;
const WINDOW: Duration = Duration::from_secs(10);

#[derive(Default)]
pub struct Activity {
    running: AtomicU32,
    begun: AtomicU64,
    abandoned: AtomicU32,
    window: Mutex<Option<Instant>>,
    malformed: OnceLock<Malformed>,
    /// Since when answers wait for the peer's window, by their exchange; None where one connection is one answer.
    untaken: Option<Mutex<HashMap<u64, Instant>>>,
    /// Told when the peer gives up too many requests.
    pub abused: Notify,
    /// Tells a tunnel that the engine drains, and the connection that its tunnel has ended.
    ending: Notify,
    ended: Notify,
}

/// A message that could not be read as HTTP, answered by `wire`.
#[derive(Debug, Clone)]
pub struct Malformed {
    pub request_id: String,
    pub status: u16,
}

impl Activity {
    /// Of a connection on which one answer can wait while others go on.
    pub fn of_many() -> Self {
        Self { untaken: Some(Mutex::default()), ..Self::default() }
    }

    /// Whether an answer has waited for so long.
    pub fn has_untaken(&self, limit: Duration) -> bool {
        let Some(untaken) = &self.untaken else { return false };
        let untaken = untaken.lock().unwrap_or_else(PoisonError::into_inner);
        untaken.values().any(|since| since.elapsed() >= limit)
    }

    fn note_untaken(&self, exchange: u64, since: Option<Instant>) {
        let Some(untaken) = &self.untaken else { return };
        let mut untaken = untaken.lock().unwrap_or_else(PoisonError::into_inner);
        match since {
            Some(since) => drop(untaken.insert(exchange, since)),
            None => drop(untaken.remove(&exchange)),
        }
    }

    pub fn running(&self) -> u32 {
        self.running.load(Ordering::Relaxed)
    }

    /// Requests so far.
    pub fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    pub fn malformed(&self) -> Option<&Malformed> {
        self.malformed.get()
    }

    pub fn set_malformed(&self, malformed: Malformed) {
        // A connection ends with its first malformed message.
        self.malformed.set(malformed).ok();
    }

    /// Waits for a tunnel, which outlives the HTTP of its connection.
    pub async fn outlived(&self, mut stop: watch::Receiver<bool>) {
        if self.running() == 0 {
            return;
        }
        tokio::select! {
            () = self.ended.notified() => {}
            _ = stop.wait_for(|stopped| *stopped) => {
                self.ending.notify_one();
                self.ended.notified().await;
            }
        }
    }

    fn abandon(&self) {
        let now = Instant::now();
        let Ok(mut window) = self.window.lock() else { return };
        if window.is_none_or(|start| now.duration_since(start) > WINDOW) {
            *window = Some(now);
            self.abandoned.store(0, Ordering::Relaxed);
        }
        let count = self.abandoned.load(Ordering::Relaxed) + 1;
        self.abandoned.store(count, Ordering::Relaxed);
        if count > ABANDONED_LIMIT {
            self.abused.notify_one();
        }
    }
}

/// One request of a connection.
pub struct Exchange {
    activity: Arc<Activity>,
    number: u64,
    completed: bool,
    offers: bool,
}

impl Exchange {
    pub fn begin(activity: &Arc<Activity>) -> Self {
        activity.running.store(activity.running() + 1, Ordering::Relaxed);
        let number = activity.begun() + 1;
        activity.begun.store(number, Ordering::Relaxed);
        Self { activity: Arc::clone(activity), number, completed: false, offers: false }
    }

    /// Something of the answer is there, and the peer's turn.
    pub fn offer(&mut self) {
        if self.activity.untaken.is_some() {
            self.offers = true;
            self.activity.note_untaken(self.number, Some(Instant::now()));
        }
    }

    /// The peer took what was offered.
    pub fn taken(&mut self) {
        if std::mem::take(&mut self.offers) {
            self.activity.note_untaken(self.number, None);
        }
    }

    /// Ends when what follows the answer must.
    pub async fn ending(&self) {
        self.activity.ending.notified().await;
    }

    /// What followed the answer is over.
    pub fn ended(self) {
        self.activity.ended.notify_one();
    }

    /// The answer was sent to its end.
    pub fn complete(&mut self) {
        self.completed = true;
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.taken();
        self.activity.running.store(self.activity.running().saturating_sub(1), Ordering::Relaxed);
        if !self.completed {
            self.activity.abandon();
        }
    }
}
