//! Answers that are used again, for all threads of an engine, within a bound of bytes; those that were not asked for
//! longest make room.

use bytes::Bytes;
use hyper::header::{HeaderName, HeaderValue};
use quick_cache::sync::Cache;
use quick_cache::Weighter;
use std::sync::Arc;

/// Bytes of all answers, and of the body of one.
const MEMORY: u64 = 64 * 1024 * 1024;
pub const ENTRY_LIMIT: usize = 1024 * 1024;
/// What an answer counts beside its texts.
const OVERHEAD: usize = 256;

/// An answer with the status 200.
pub struct Stored {
    /// When the backend made it, and until when it is good (Unix milliseconds).
    pub since: i64,
    pub until: i64,
    pub shared: bool,
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub body: Bytes,
}

impl Stored {
    pub fn fresh(&self, now: i64) -> bool {
        now < self.until
    }

    pub fn age(&self, now: i64) -> i64 {
        now.saturating_sub(self.since).max(0)
    }
}

#[derive(Clone)]
struct BySize;

impl Weighter<Box<[u8]>, Arc<Stored>> for BySize {
    fn weight(&self, key: &Box<[u8]>, stored: &Arc<Stored>) -> u64 {
        let headers: usize = stored.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 64).sum();
        (OVERHEAD + key.len() + headers + stored.body.len()) as u64
    }
}

pub struct AnswerStore(Cache<Box<[u8]>, Arc<Stored>, BySize>);

impl Default for AnswerStore {
    fn default() -> Self {
        // So few that the crate makes no more than eight shards of them: each must have room for the largest answer.
        Self(Cache::with_weighter(256, MEMORY, BySize))
    }
}

impl AnswerStore {
    pub fn get(&self, key: &[u8]) -> Option<Arc<Stored>> {
        self.0.get(key)
    }

    pub fn put(&self, key: Box<[u8]>, stored: Arc<Stored>) {
        self.0.insert(key, stored);
    }
}
