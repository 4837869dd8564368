//! Stop 7: how often. In force here: calls a second of a group and of its instance, and the daily quota of a group's
//! automatic domain, which is for debugging.
//!
//! The day's count is one word that all threads share, found without a lock; nobody writes it more often than the quota
//! allows: once it is used up, requests only read. Days are UTC days. Source: vendor page "Limits" (1,000 calls a day on the second-level
//! domain). `engine.rs` keeps the counts in a file, so that a restart does not give a day's calls twice.

use super::answer::{Kind, Refusal};
use super::permit::Permitted;
use crate::limits::{Admission, Limit};
use crate::plugins::Step;
use crate::record::Stop;
use arc_swap::ArcSwap;
use isthmus_plan::Domain;
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// # Errors
/// `AutomaticDomainQuota`, `InstanceRate`, `GroupRate`.
pub fn check(step: &Step<'_, '_>, permitted: &Permitted<'_>) -> Result<(), Refusal> {
    let (matched, notes) = (&permitted.matched, &step.entry.notes);
    notes.begin(Stop::Throttle);
    if matched.domain.domain.automatic {
        notes.fact("domain", "automatic, with a daily quota");
    }
    step.thread.shared.automatic_domains.count(&matched.domain.domain, step.now.unix_ms(), !step.thread.imagines)?;
    if let Some(instance) = step.world.instance(matched.group) {
        if let Some(calls) = instance.instance.requests_per_second {
            let limit = ("instance", instance.instance.instance_id.as_str(), calls);
            admit(step, limit).ok_or_else(|| Refusal::new(Kind::InstanceRate))?;
        }
    }
    if let Some(calls) = matched.group.requests_per_second {
        let limit = ("group", matched.group.group_id.as_str(), calls);
        admit(step, limit).ok_or_else(|| Refusal::new(Kind::GroupRate))?;
    }
    Ok(())
}

/// Some when the call is within the limit: whose it is, and how many calls a second.
fn admit(step: &Step<'_, '_>, (scope, id, calls): (&'static str, &str, NonZeroU32)) -> Option<()> {
    let (counts, notes) = (&step.thread.shared.counts, &step.entry.notes);
    let limit = Limit { calls, window_ms: 1000, queue: false };
    let admitted = step.thread.leases.take(counts, counts.key(scope, id), limit, step.now.unix_ms()) == Admission::Now;
    if !admitted {
        notes.open();
        notes.rule(id);
    }
    notes.fact("limit of the", scope);
    notes.number("calls a second", calls);
    admitted.then_some(())
}

/// Calls of today on automatic domains.
pub struct AutomaticDomains {
    quota: u64,
    counted: ArcSwap<Counted>,
}

type Counted = HashMap<Box<str>, Arc<AtomicU64>, foldhash::fast::RandomState>;

/// The number of a day and its calls, both in one word.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Day {
    number: u32,
    calls: u32,
}

impl Day {
    #[allow(clippy::cast_possible_truncation)] // The halves of the word.
    fn of(word: u64) -> Self {
        Self { number: (word >> 32) as u32, calls: word as u32 }
    }

    fn word(self) -> u64 {
        (u64::from(self.number) << 32) | u64::from(self.calls)
    }
}

impl AutomaticDomains {
    /// `quota` calls a day for each domain; 0 means no limit.
    pub fn new(quota: u64) -> Self {
        Self { quota, counted: ArcSwap::default() }
    }

    /// Counts a call, unless it is only looked whether there is one left; `now` in Unix milliseconds.
    pub fn count(&self, domain: &Domain, now: i64, counts: bool) -> Result<(), Refusal> {
        if self.quota == 0 || !domain.automatic {
            return Ok(());
        }
        let today = u32::try_from(now.div_euclid(DAY_MS)).unwrap_or_default();
        let one_more = |word| {
            let day = Day::of(word);
            let calls = if day.number == today { day.calls } else { 0 };
            let fits = u64::from(calls) < self.quota;
            fits.then(|| Day { number: today, calls: calls.saturating_add(u32::from(counts)) }.word())
        };
        let counted = self.word_of(&domain.host).fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more);
        counted.map(drop).map_err(|_| {
            let reason = format!("{} is a test domain, only {} requests per day", domain.host, self.quota);
            let refusal = Refusal::because(Kind::AutomaticDomainQuota, reason);
            refusal.by(domain.host.as_str()).telling("calls a day", self.quota)
        })
    }

    fn word_of(&self, host: &str) -> Arc<AtomicU64> {
        if let Some(word) = self.counted.load().get(host) {
            return Arc::clone(word);
        }
        let fresh = Arc::new(AtomicU64::default());
        self.counted.rcu(|counted| {
            let mut more = Counted::clone(counted);
            more.entry(host.into()).or_insert_with(|| Arc::clone(&fresh));
            more
        });
        self.counted.load().get(host).map_or(fresh, Arc::clone)
    }

    /// The counts as text: a line for each domain with its day, its calls and its name.
    pub fn text(&self) -> String {
        let counted = self.counted.load();
        let mut lines: Vec<String> = counted
            .iter()
            .map(|(host, word)| {
                let day = Day::of(word.load(Ordering::Acquire));
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
                self.word_of(host).store(Day { number, calls }.word(), Ordering::Release);
            }
        }
    }
}
