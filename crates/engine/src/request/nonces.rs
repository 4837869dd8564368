//! Nonces seen inside the window, and tokens that may be used once, shared by all threads of an engine.
//!
//! Kept as keyed 128-bit hashes of scope and text in shards with a lock each: a nonce must be unique across threads, so
//! this is the one place where a signed request touches something that others write. A shard forgets what left the
//! window whenever it doubled since it last did. `disk::nonce_file` keeps them across restarts, with the hashes' seeds.

use foldhash::quality::FixedState;
use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::{Mutex, PoisonError};

const SHARDS: usize = 64;
/// Uses that a shard keeps for a disk that does not take them.
const FRESH_LIMIT: usize = 64 * 1024;

/// What outlives an engine: hashes, each with when it may come again (Unix milliseconds), and what they were made with.
#[derive(Debug, Clone)]
pub struct SeenNonces {
    pub seeds: [u64; 2],
    pub seen: Vec<(u128, i64)>,
}

pub struct Nonces {
    window_ms: u64,
    seeds: [u64; 2],
    hashers: [FixedState; 2],
    shards: Vec<Mutex<Shard>>,
    /// Whether somebody takes what is new.
    kept: bool,
}

#[derive(Default)]
struct Shard {
    /// Hash → when it may come again (Unix milliseconds).
    seen: HashMap<u128, i64, foldhash::fast::RandomState>,
    clean_at: usize,
    fresh: Vec<(u128, i64)>,
}

impl Nonces {
    /// `window_ms` 0 switches the check of nonces off. `kept` says that `take_fresh` is called; `before` is what an
    /// earlier engine left.
    pub fn new(window_ms: u64, kept: bool, before: Option<SeenNonces>) -> Self {
        // Random from the operating system: without it, colliding nonces could be computed.
        let random = || std::collections::hash_map::RandomState::new().hash_one(0);
        let before = before.unwrap_or_else(|| SeenNonces { seeds: [random(), random()], seen: Vec::new() });
        let nonces = Self {
            window_ms,
            seeds: before.seeds,
            hashers: before.seeds.map(FixedState::with_seed),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            kept,
        };
        for (hash, until) in before.seen {
            if let Some(shard) = nonces.shard(hash) {
                shard.lock().unwrap_or_else(PoisonError::into_inner).seen.insert(hash, until);
            }
        }
        nonces
    }

    /// Until when a nonce that is used now may not come again; None when that is not checked.
    pub fn until(&self, now: i64) -> Option<i64> {
        (self.window_ms > 0).then(|| now.saturating_add_unsigned(self.window_ms))
    }

    /// Whether this is the first use of a text among those of `scope` that are remembered; then it is, until `until`.
    pub fn remember(&self, scope: &str, text: &[u8], now: i64, until: i64) -> bool {
        let hash = self.hash(scope, text);
        let Some(shard) = self.shard(hash) else { return true };
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        shard.forget(now);
        match shard.seen.insert(hash, until) {
            Some(old) if old > now => {
                shard.seen.insert(hash, old);
                false
            }
            _ => {
                if self.kept && shard.fresh.len() < FRESH_LIMIT {
                    shard.fresh.push((hash, until));
                }
                true
            }
        }
    }

    /// Whether a text may not be used now.
    pub fn knows(&self, scope: &str, text: &[u8], now: i64) -> bool {
        let hash = self.hash(scope, text);
        let shard = self.shard(hash).map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner));
        shard.is_some_and(|shard| shard.seen.get(&hash).is_some_and(|until| *until > now))
    }

    fn hash(&self, scope: &str, text: &[u8]) -> u128 {
        let [low, high] = &self.hashers;
        (u128::from(high.hash_one((scope, text))) << 64) | u128::from(low.hash_one((scope, text)))
    }

    /// What was used since this was last asked.
    pub fn take_fresh(&self) -> Vec<(u128, i64)> {
        let take =
            |shard: &Mutex<Shard>| std::mem::take(&mut shard.lock().unwrap_or_else(PoisonError::into_inner).fresh);
        self.shards.iter().flat_map(take).collect()
    }

    /// How many are remembered.
    pub fn count(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner).seen.len()).sum()
    }

    /// Everything that may not come again yet.
    pub fn all(&self, now: i64) -> SeenNonces {
        let mut seen = Vec::new();
        for shard in &self.shards {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            seen.extend(shard.seen.iter().filter(|(_, until)| **until > now).map(|(hash, until)| (*hash, *until)));
        }
        SeenNonces { seeds: self.seeds, seen }
    }

    fn shard(&self, hash: u128) -> Option<&Mutex<Shard>> {
        self.shards.get(usize::try_from(hash % SHARDS as u128).unwrap_or_default())
    }
}

impl Shard {
    fn forget(&mut self, now: i64) {
        if self.seen.len() >= self.clean_at.max(1024) {
            self.seen.retain(|_, until| *until > now);
            self.clean_at = self.seen.len() * 2;
        }
    }
}
