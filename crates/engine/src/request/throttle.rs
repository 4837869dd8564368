//! Stop 7: how often. In force here: calls a second of a group and of its instance, and the daily quota of a group's
//! automatic domain, which is for debugging.
//!
//! The day's count is shared by all threads, yet no thread writes it more often than the quota allows: once it is used
//! up, requests only read. Days are UTC days. Source: vendor page "Limits" (1,000 calls a day on the second-level
//! domain). `engine.rs` keeps the counts in a file, so that a restart does not give a day's calls twice.

use super::answer::{Kind, Refusal};
use super::permit::Permitted;
use crate::limits::{Admission, Limit};
use crate::plugins::Step;
use isthmus_plan::Domain;
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// # Errors
/// `AutomaticDomainQuota`, `InstanceRate`, `GroupRate`.
pub fn check(step: &Step<'_, '_>, permitted: &Permitted<'_>) -> Result<(), Refusal> {
    let matched = &permitted.matched;
    step.thread.shared.automatic_domains.count(&matched.domain.domain, step.now.unix_ms())?;
    if let Some(instance) = step.world.instance(matched.group) {
        let limit = instance.instance.requests_per_second;
        if limit.is_some_and(|calls| !admits(step, "instance", &instance.instance.instance_id, calls)) {
            return Err(Refusal::new(Kind::InstanceRate));
        }
    }
    let limit = matched.group.requests_per_second;
    if limit.is_some_and(|calls| !admits(step, "group", &matched.group.group_id, calls)) {
        return Err(Refusal::new(Kind::GroupRate));
    }
    Ok(())
}

fn admits(step: &Step<'_, '_>, scope: &str, id: &str, calls: NonZeroU32) -> bool {
    let counts = &step.thread.shared.counts;
    let limit = Limit { calls, window_ms: 1000, queue: false };
    step.thread.leases.take(counts, counts.key(scope, id), limit, step.now.unix_ms()) == Admission::Now
}

/// Calls of today on automatic domains.
pub struct AutomaticDomains {
    quota: u64,
    counted: Mutex<HashMap<Box<str>, Arc<Mutex<Day>>, foldhash::fast::RandomState>>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
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

    /// The counts as text: a line for each domain with its day, its calls and its name.
    pub fn text(&self) -> String {
        let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lines: Vec<String> = counted
            .iter()
            .map(|(host, day)| {
                let day = *day.lock().unwrap_or_else(PoisonError::into_inner);
                format!("{} {} {host}\n", day.number, day.calls)
            })
            .collect();
        lines.sort();
        lines.concat()
    }

    /// Goes on from a text; lines that are not of this form count for nothing.
    pub fn resume(&self, text: &str) {
        for line in text.lines() {
            let mut words = line.split(' ');
            let (number, calls) =
                (words.next().and_then(|word| word.parse().ok()), words.next().and_then(|word| word.parse().ok()));
            if let (Some(number), Some(calls), Some(host)) = (number, calls, words.next()) {
                *self.day_of(host).lock().unwrap_or_else(PoisonError::into_inner) = Day { number, calls };
            }
        }
    }
}
