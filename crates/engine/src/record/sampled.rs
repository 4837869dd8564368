//! Records of sampled requests, waiting for whoever sends their spans to a collector.
//!
//! The writer's thread puts them here, the host of the engine takes them. Invariant: nobody waits for anybody; what
//! finds no room is dropped and counted.

use super::packed::Record;
use super::writer::Lost;
use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Records that may wait.
const WAITING: usize = 4096;

#[derive(Debug)]
pub struct Sampled {
    waiting: Mutex<VecDeque<String>>,
    lost: Arc<Lost>,
}

impl Sampled {
    pub fn new(lost: Arc<Lost>) -> Self {
        Self { waiting: Mutex::default(), lost }
    }

    pub(super) fn put(&self, record: &Record<'_>) {
        let text = serde_json::to_string(record).ok();
        let mut waiting = self.lock();
        match text.filter(|_| waiting.len() < WAITING) {
            Some(text) => waiting.push_back(text),
            None => drop(self.lost.spans.fetch_add(1, Ordering::Relaxed)),
        }
    }

    /// The oldest, as JSON texts, so many at most.
    pub fn take(&self, most: usize) -> Vec<String> {
        let mut waiting = self.lock();
        let end = waiting.len().min(most);
        waiting.drain(..end).collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_takes_is_dropped_and_counted() {
        let lost = Arc::new(Lost::default());
        let sampled = Sampled::new(Arc::clone(&lost));
        for _ in 0..WAITING + 2 {
            sampled.put(&Record::default());
        }
        assert_eq!((sampled.take(10).len(), sampled.take(usize::MAX).len()), (10, WAITING - 10));
        assert_eq!(lost.spans.load(Ordering::Relaxed), 2);
    }
}
