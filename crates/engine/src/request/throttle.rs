//! Stop 7: how often. In force here: the daily quota of a group's automatic domain, which is for debugging.
//!
//! The count is shared by all threads, yet no thread writes it more often than the quota allows: once it is used up,
//! requests only read. Days are UTC days. Source: vendor page "Limits" (1,000 calls a day on the second-level domain).

use super::answer::{Kind, Refusal};
use isthmus_plan::Domain;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Calls of today on automatic domains.
pub struct AutomaticDomains {
    quota: u64,
    counted: Mutex<HashMap<Box<str>, Arc<Mutex<Day>>, foldhash::fast::RandomState>>,
}

#[derive(Default)]
struct Day {
    number: i64,
    calls: u64,
}

impl AutomaticDomains {
    /// `quota` calls a day for each domain; 0 means no limit.
    pub fn new(quota: u64) -> Self {
        Self { quota, counted: Mutex::default() }
    }

    /// Counts a call; `now` in Unix milliseconds.
    pub fn count(&self, domain: &Domain, now: i64) -> Result<(), Refusal> {
        if self.quota == 0 || !domain.automatic {
            return Ok(());
        }
        let day = self.day_of(&domain.host);
        let mut day = day.lock().unwrap_or_else(PoisonError::into_inner);
        let today = now.div_euclid(DAY_MS);
        if day.number != today {
            *day = Day { number: today, calls: 0 };
        }
        if day.calls >= self.quota {
            let reason = format!("{} is a test domain, only {} requests per day", domain.host, self.quota);
            return Err(Refusal::because(Kind::AutomaticDomainQuota, reason));
        }
        day.calls += 1;
        Ok(())
    }

    fn day_of(&self, host: &str) -> Arc<Mutex<Day>> {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(day) = counted.get(host) {
            return Arc::clone(day);
        }
        Arc::clone(counted.entry(host.into()).or_default())
    }
}
