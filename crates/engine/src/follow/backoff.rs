//! How long to wait before connecting again: growing, capped, with full jitter.
//!
//! Full jitter (any time up to the cap of the moment) spreads a fleet of engines over time when a control plane comes
//! back; anything less lets them come in waves.

use std::time::Duration;

#[derive(Debug)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    failures: u32,
}

impl Backoff {
    pub fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, failures: 0 }
    }

    /// The feed works: start from the shortest again.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// How long to wait now; `random` is any number, all equally likely.
    pub fn next(&mut self, random: u32) -> Duration {
        let cap = self.first.saturating_mul(1u32.checked_shl(self.failures).unwrap_or(u32::MAX)).min(self.longest);
        self.failures = self.failures.saturating_add(1);
        cap.mul_f64(f64::from(random) / f64::from(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backoff() -> Backoff {
        Backoff::new(Duration::from_millis(50), Duration::from_secs(5))
    }

    #[test]
    fn grows_up_to_the_cap_and_starts_anew() {
        let mut backoff = backoff();
        let waits: Vec<_> = (0..9).map(|_| backoff.next(u32::MAX).as_millis()).collect();
        assert_eq!(waits, [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        for _ in 0..100 {
            assert!(backoff.next(u32::MAX) <= Duration::from_secs(5));
        }
        backoff.reset();
        assert_eq!(backoff.next(u32::MAX).as_millis(), 50);
    }

    #[test]
    fn any_time_up_to_the_cap_is_possible() {
        assert_eq!(backoff().next(0), Duration::ZERO);
        assert_eq!((backoff().next(u32::MAX / 2).as_secs_f64() * 1000.0).round() as u32, 25);
    }
}
