//! Nonces seen inside the window, shared by all threads of an engine.
//!
//! Kept as keyed 64-bit hashes of AppKey and nonce in shards with a lock each: a nonce must be unique across threads,
//! so this is the one place where a signed request touches something that others write. A shard forgets what left the
//! window whenever it doubled since it last did.

use super::answer::{Kind, Refusal};
use foldhash::quality::RandomState;
use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::{Mutex, PoisonError};

const SHARDS: usize = 64;

pub struct Nonces {
    window_ms: u64,
    hasher: RandomState,
    shards: Vec<Mutex<Shard>>,
}

#[derive(Default)]
struct Shard {
    /// Hash → when it may come again (Unix milliseconds).
    seen: HashMap<u128, i64, foldhash::fast::RandomState>,
    clean_at: usize,
}

impl Nonces {
    /// `window_ms` 0 switches the check off.
    pub fn new(window_ms: u64) -> Self {
        Self { window_ms, hasher: RandomState::default(), shards: (0..SHARDS).map(|_| Mutex::default()).collect() }
    }

    /// Remembers a nonce; a second use inside the window is refused. `now` in Unix milliseconds.
    pub fn first_use(&self, app_key: &str, nonce: &[u8], now: i64) -> Result<(), Refusal> {
        let until = now.saturating_add_unsigned(self.window_ms);
        if self.window_ms == 0 || self.remember(app_key, nonce, now, until) {
            Ok(())
        } else {
            Err(Refusal::new(Kind::NonceUsed))
        }
    }

    /// Whether this is the first use of a text among those of `scope` that are remembered; then it is, until `until`.
    pub fn remember(&self, scope: &str, text: &[u8], now: i64, until: i64) -> bool {
        let low = self.hasher.hash_one((scope, text));
        let high = self.hasher.hash_one((text, scope, low));
        let hash = (u128::from(high) << 64) | u128::from(low);
        let index = usize::try_from(low % SHARDS as u64).unwrap_or_default();
        let Some(shard) = self.shards.get(index) else { return true };
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        shard.forget(now);
        match shard.seen.insert(hash, until) {
            Some(old) if old > now => {
                shard.seen.insert(hash, old);
                false
            }
            _ => true,
        }
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
