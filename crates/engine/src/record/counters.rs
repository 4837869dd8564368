//! Counts of one thread, which the health port and the metrics sum up.
//!
//! Only the thread writes; others read now and then, so plain loads and stores are enough and no lock is needed.

use super::tally::Tallied;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

/// What one thread has counted since its start.
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
    pub panics: AtomicU64,
    /// Connections of clients.
    pub connections_opened: AtomicU64,
    pub connections_closed: AtomicU64,
    /// Closed at once, because their address has as many as it may have.
    pub connections_refused: AtomicU64,
    /// Counts per API and per app.
    pub tallied: Arc<Tallied>,
}

pub fn add(counter: &AtomicU64, amount: u64) {
    counter.store(counter.load(Ordering::Relaxed).wrapping_add(amount), Ordering::Relaxed);
}
