//! The circuit breaker of an API's backend: closed, open for a while, then half-open with one request that tries.
//!
//! Every API has one (`CompiledEdition`), with the rule below or that of a `circuitBreaker` plug-in. Threads share it;
//! a request reads one word that nobody writes while all is well, and only failures write. Only the request that tries
//! can close it: answers to older ones say nothing of now. Called by `plugins/circuit_breaker.rs`.

use std::sync::atomic::{AtomicU64, Ordering};

/// When it opens, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    pub threshold: u32,
    pub window_ms: u64,
    pub open_ms: u64,
}

/// Source: vendor page "Plug-in of the circuit breaker type": 1,000 timeouts in 30 s open it for 90 s.
pub const DEFAULT: Rule = Rule { threshold: 1000, window_ms: 30_000, open_ms: 90_000 };

/// Marks the word of a breaker whose trying request is under way.
const TRYING: u64 = 1 << 63;
const CLOSED: u64 = 0;

#[derive(Default)]
pub struct Breaker {
    /// `CLOSED`, or when it may be tried (Unix milliseconds), or `TRYING` with the time at which that began.
    state: AtomicU64,
    /// When counting began (Unix seconds, upper half) and what was counted.
    failures: AtomicU64,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Blocked {
    Open,
    /// One request tries already.
    HalfOpen,
}

impl Blocked {
    pub fn word(&self) -> &'static str {
        match self {
            Blocked::Open => "open: the backend failed too often",
            Blocked::HalfOpen => "half open: another request tries the backend",
        }
    }
}

/// The right to ask the backend. Dropped without a word, it leaves everything as it was.
pub struct Pass<'b> {
    breaker: &'b Breaker,
    /// The word it set, when it tries.
    trying: Option<u64>,
}

impl Breaker {
    /// `now` in Unix milliseconds.
    pub fn admit(&self, now: u64) -> Result<Pass<'_>, Blocked> {
        let state = self.state.load(Ordering::Acquire);
        if state == CLOSED {
            return Ok(Pass { breaker: self, trying: None });
        }
        if state & TRYING != 0 {
            return Err(Blocked::HalfOpen);
        }
        if now < state {
            return Err(Blocked::Open);
        }
        let mine = TRYING | now;
        match self.state.compare_exchange(state, mine, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => Ok(Pass { breaker: self, trying: Some(mine) }),
            Err(_) => Err(Blocked::HalfOpen),
        }
    }

    /// Counts a failure; whether that is one too many.
    fn count(&self, rule: Rule, now: u64) -> bool {
        let second = now / 1000;
        let mut reached = 0;
        let update = |word: u64| {
            let (began, count) = (word >> 32, word & u64::from(u32::MAX));
            let fresh = second.saturating_sub(began) >= rule.window_ms / 1000 || began > second;
            let (began, count) = if fresh { (second, 1) } else { (began, (count + 1).min(u64::from(u32::MAX))) };
            reached = count;
            Some((began << 32) | count)
        };
        self.failures.fetch_update(Ordering::AcqRel, Ordering::Acquire, update).is_ok()
            && reached >= u64::from(rule.threshold)
    }
}

impl Pass<'_> {
    /// The backend failed.
    pub fn failed(mut self, rule: Rule, now: u64) {
        let until = now.saturating_add(rule.open_ms).clamp(1, TRYING - 1);
        let breaker = self.breaker;
        match self.trying.take() {
            Some(mine) => breaker.change(mine, until),
            None if breaker.count(rule, now) => {
                breaker.failures.store(0, Ordering::Release);
                breaker.change(CLOSED, until);
            }
            None => {}
        }
    }

    /// The backend did well.
    pub fn succeeded(mut self) {
        if let Some(mine) = self.trying.take() {
            self.breaker.change(mine, CLOSED);
        }
    }
}

impl Breaker {
    fn change(&self, from: u64, to: u64) {
        // Another thread may have been first; its word is as good.
        self.state.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).ok();
    }
}

impl Drop for Pass<'_> {
    /// The next request may try.
    fn drop(&mut self) {
        if let Some(mine) = self.trying.take() {
            self.breaker.change(mine, (mine & !TRYING).max(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Blocked, Breaker, Rule};

    const RULE: Rule = Rule { threshold: 3, window_ms: 10_000, open_ms: 15_000 };
    const BEGIN: u64 = 1_800_000_000_000;

    fn fail(breaker: &Breaker, at: u64) {
        breaker.admit(BEGIN + at).ok().unwrap().failed(RULE, BEGIN + at);
    }

    fn blocked(breaker: &Breaker, at: u64) -> Option<Blocked> {
        breaker.admit(BEGIN + at).err()
    }

    #[test]
    fn opens_at_the_threshold_within_the_window_only() {
        let breaker = Breaker::default();
        for at in [0, 9_000, 10_000, 19_000] {
            fail(&breaker, at);
            assert_eq!(blocked(&breaker, at), None, "two in each window");
        }
        fail(&breaker, 19_900);
        assert_eq!(blocked(&breaker, 19_901), Some(Blocked::Open));
        assert_eq!(blocked(&breaker, 34_899), Some(Blocked::Open));
    }

    #[test]
    fn one_request_tries_and_decides() {
        let breaker = Breaker::default();
        let late = breaker.admit(BEGIN).ok().unwrap();
        (0..3).for_each(|_| fail(&breaker, 0));
        let trying = breaker.admit(BEGIN + 15_000).ok().unwrap();
        assert_eq!(blocked(&breaker, 15_000), Some(Blocked::HalfOpen));
        late.succeeded();
        assert_eq!(blocked(&breaker, 15_000), Some(Blocked::HalfOpen), "an older answer says nothing of now");
        trying.failed(RULE, BEGIN + 16_000);
        assert_eq!(blocked(&breaker, 30_999), Some(Blocked::Open));
        breaker.admit(BEGIN + 31_000).ok().unwrap().succeeded();
        assert_eq!(blocked(&breaker, 31_000), None);
        fail(&breaker, 31_000);
        assert_eq!(blocked(&breaker, 31_000), None, "counting began anew");
    }

    #[test]
    fn a_try_that_was_given_up_lets_the_next_one_try() {
        let breaker = Breaker::default();
        (0..3).for_each(|_| fail(&breaker, 0));
        drop(breaker.admit(BEGIN + 15_000));
        assert_eq!(blocked(&breaker, 15_001), None);
    }
}
