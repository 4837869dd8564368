//! Counting calls against limits, for all serving threads of an engine together.
//!
//! `window.rs` is the one count of a limit, in a word that all threads share; `Counts` finds them by what is counted;
//! `Leases` is what one thread holds: it takes calls of a window in portions and spends them alone, so threads do not
//! write to one cache line for each request. Called by plug-ins and by anything else that limits.
//!
//! Error bound: never more than the limit passes in a window. A portion is at most a 64th of a thread's equal share and
//! at most 256 calls, so a limit under 128 calls for each thread is exact, and over that at most a 64th of it is held
//! by threads that nobody asks. Counts that nobody used for longest are forgotten beyond `COUNTS`, so keys that
//! callers choose cannot fill the memory.

mod window;

use foldhash::quality::RandomState;
use quick_cache::{sync, unsync};
use std::cell::RefCell;
use std::hash::{BuildHasher, Hash};
use std::num::NonZeroU32;
use std::sync::Arc;
use window::Window;

/// Limits that one engine counts at a time, and those of them that a thread knows without asking.
const COUNTS: usize = 200_000;
const HELD: usize = 20_000;
const PORTIONS: u32 = 64;
const LARGEST_PORTION: u32 = 256;
/// Longest queue, whatever the limit.
const LONGEST_QUEUE: u32 = 1000;

/// Which count: a hash that nobody outside can foresee, so nobody can make two of them one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CountKey(u128);

/// How many calls in how long.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    pub calls: NonZeroU32,
    /// Length of a window in milliseconds; windows begin at its multiples (Unix time).
    pub window_ms: i64,
    /// Whether calls over the limit may wait for the next window.
    pub queue: bool,
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    Now,
    /// It has a place in the next window, which begins at this moment (Unix milliseconds).
    At(i64),
    Refused,
}

/// The counts of an engine.
pub struct Counts {
    threads: u32,
    hasher: RandomState,
    windows: sync::Cache<CountKey, Arc<Window>>,
}

impl Counts {
    pub fn new(threads: u32) -> Self {
        Self::with_room(threads, COUNTS)
    }

    fn with_room(threads: u32, room: usize) -> Self {
        Self { threads: threads.max(1), hasher: RandomState::default(), windows: sync::Cache::new(room) }
    }

    /// The key of what is told apart by `parts`. `scope` says what they are, so that an app and an account of the same
    /// number are two.
    pub fn key(&self, scope: &str, parts: impl Hash) -> CountKey {
        let low = self.hasher.hash_one((scope, &parts));
        let high = self.hasher.hash_one((low, &parts, scope));
        CountKey((u128::from(high) << 64) | u128::from(low))
    }

    fn window(&self, key: CountKey) -> Arc<Window> {
        let made = self.windows.get_or_insert_with(&key, || Ok::<_, std::convert::Infallible>(Arc::default()));
        match made {
            Ok(window) => window,
            Err(never) => match never {},
        }
    }

    fn portion(&self, calls: NonZeroU32) -> u32 {
        (calls.get() / self.threads / PORTIONS).clamp(1, LARGEST_PORTION)
    }
}

/// What one thread holds.
pub struct Leases {
    held: RefCell<unsync::Cache<CountKey, Lease>>,
    /// Nothing is taken, only looked at.
    looks: bool,
}

struct Lease {
    window: Arc<Window>,
    index: u32,
    left: u32,
    /// The window is known to have no more for a limit up to this, not even in its queue.
    spent: u32,
}

impl Default for Leases {
    fn default() -> Self {
        Self::with_room(HELD)
    }
}

impl Leases {
    fn with_room(room: usize) -> Self {
        Self { held: RefCell::new(unsync::Cache::new(room)), looks: false }
    }

    /// Says what would become of a call, and takes none.
    pub fn looking() -> Self {
        Self { looks: true, ..Self::with_room(1) }
    }

    /// Takes one call; `now` in Unix milliseconds.
    pub fn take(&self, counts: &Counts, key: CountKey, limit: Limit, now: i64) -> Admission {
        let index = window_index(limit, now);
        if self.looks {
            let has_room = counts.window(key).has_room(index, limit.calls.get(), queue_of(limit));
            return if has_room { Admission::Now } else { Admission::Refused };
        }
        let mut held = self.held.borrow_mut();
        let fresh = || Lease { window: counts.window(key), index, left: 0, spent: 0 };
        let known = held.get_mut_or_insert_with(&key, || Ok::<_, std::convert::Infallible>(fresh()));
        let Ok(Some(mut lease)) = known else {
            // Only a cache without room has no place for it.
            return fresh().take(index, limit, 1);
        };
        lease.take(index, limit, counts.portion(limit.calls))
    }

    /// Gives a call back that was taken and not used, because another limit refused it.
    pub fn give_back(&self, key: CountKey, limit: Limit, now: i64) {
        let index = window_index(limit, now);
        if let Some(mut lease) = self.held.borrow_mut().get_mut(&key) {
            if lease.index == index {
                lease.left += 1;
                lease.spent = 0;
            }
        }
    }
}

impl Lease {
    fn take(&mut self, index: u32, limit: Limit, portion: u32) -> Admission {
        if self.index != index {
            (self.index, self.left, self.spent) = (index, 0, 0);
        }
        if self.left > 0 {
            self.left -= 1;
            return Admission::Now;
        }
        let calls = limit.calls.get();
        if calls <= self.spent {
            return Admission::Refused;
        }
        match self.window.take(index, calls, portion, queue_of(limit)) {
            window::Taken::Now(got) => {
                self.left = got.saturating_sub(1);
                Admission::Now
            }
            window::Taken::Queued => Admission::At((i64::from(index) + 1).saturating_mul(limit.window_ms)),
            window::Taken::Nothing => {
                self.spent = calls;
                Admission::Refused
            }
        }
    }
}

fn queue_of(limit: Limit) -> u32 {
    if limit.queue {
        limit.calls.get().min(LONGEST_QUEUE)
    } else {
        0
    }
}

/// Seconds since 1970 fit 32 bits until 2106; windows are never shorter.
fn window_index(limit: Limit, now: i64) -> u32 {
    u32::try_from(now.div_euclid(limit.window_ms.max(1000))).unwrap_or_default()
}

#[cfg(test)]
mod tests;
