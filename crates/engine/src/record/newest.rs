//! The newest records that fit a question, taken from the ring a page at a time.
//!
//! Used by `follow::questions`. The ring has records in the order in which requests ended, a page has them in the order in which
//! they arrived: a request that took an hour lies among new ones. Invariant: between the first record of a page and its
//! last, or `looked_back_to` when the look ended early, no record that fits is missing.

use super::entry::RequestId;
use super::packed::{Packed, Record};
use super::ring::Ring;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Records that one question may return.
const MOST: usize = 500;
/// How long one question may look; the control plane waits a little longer.
const LONGEST_LOOK: Duration = Duration::from_millis(2000);
/// Serving threads hand their records over a second late at most, each its own.
const OUT_OF_ORDER_MS: i64 = 2000;

/// Which records; a field that is not there is no condition.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    api_id: Option<String>,
    group_id: Option<String>,
    stage: Option<String>,
    app_id: Option<u64>,
    client_ip: Option<String>,
    code: Option<String>,
    least_status: Option<u16>,
    most_status: Option<u16>,
    /// Requests that took as long at least, in microseconds.
    least_us: Option<u32>,
    /// Unix milliseconds.
    since: Option<i64>,
    until: Option<i64>,
    /// Of those that arrived at `until`, the ones with a smaller id are wanted, too.
    before: Option<String>,
    limit: Option<usize>,
}

#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Page {
    /// Newest first.
    pub records: Vec<Packed>,
    /// There is a time limit: what arrived before this was not looked at (Unix milliseconds).
    pub looked_back_to: Option<i64>,
}

impl Wanted {
    /// # Errors
    /// What the disk says.
    pub fn page(&self, ring: &Ring) -> std::io::Result<Page> {
        self.page_within(ring, Instant::now() + LONGEST_LOOK)
    }

    fn page_within(&self, ring: &Ring, deadline: Instant) -> std::io::Result<Page> {
        let mut look = Look { wanted: self, deadline, found: BTreeMap::new(), seen: 0, looked_back_to: None };
        ring.recent(|bytes| look.visit(bytes))?;
        // What was found beyond the end of a look may have gaps.
        let reached = look.looked_back_to.unwrap_or(i64::MIN);
        let old = (reached, RequestId::default());
        let records = look.found.split_off(&old).into_values().rev().collect();
        Ok(Page { records, looked_back_to: look.looked_back_to })
    }

    fn fits(&self, record: &Record<'_>) -> bool {
        let is = |wanted: &Option<String>, known: &str| wanted.as_ref().is_none_or(|wanted| wanted == known);
        self.is_in_time(record)
            && is(&self.api_id, record.api_id)
            && is(&self.group_id, record.group_id)
            && is(&self.stage, record.stage)
            && is(&self.client_ip, record.client_ip)
            && is(&self.code, record.error_code)
            && self.app_id.is_none_or(|app_id| record.app_id == Some(app_id))
            && self.least_status.is_none_or(|least| record.status >= least)
            && self.most_status.is_none_or(|most| record.status <= most)
            && self.least_us.is_none_or(|least| record.total_us >= least)
    }

    fn is_in_time(&self, record: &Record<'_>) -> bool {
        let is_before = self.until.is_none_or(|until| {
            let has_smaller_id = self.before.as_ref().is_some_and(|before| *record.request_id.as_str() < **before);
            record.time < until || (record.time == until && has_smaller_id)
        });
        is_before && self.since.is_none_or(|since| record.time >= since)
    }

    fn limit(&self) -> usize {
        self.limit.unwrap_or(MOST).clamp(1, MOST)
    }
}

struct Look<'w> {
    wanted: &'w Wanted,
    deadline: Instant,
    found: BTreeMap<(i64, RequestId), Packed>,
    seen: usize,
    looked_back_to: Option<i64>,
}

impl Look<'_> {
    /// Takes the record if it fits; says whether an older one may still be wanted.
    fn visit(&mut self, bytes: &[u8]) -> bool {
        self.seen += 1;
        let Some(record) = Record::unpack(bytes) else { return true };
        // The largest number stands for everything above it.
        let ended = (record.total_us < u32::MAX).then(|| record.time + i64::from(record.total_us / 1000));
        if self.wanted.fits(&record) {
            self.found.insert((record.time, record.request_id), Packed::from(bytes));
            if self.found.len() > self.wanted.limit() {
                self.found.pop_first();
            }
        }
        let Some(ended) = ended else { return true };
        // Whatever comes now had ended by then, so it arrived earlier still.
        let newest_to_come = ended + OUT_OF_ORDER_MS;
        let oldest = self.found.first_key_value().map(|((time, _), _)| *time);
        let is_full = self.found.len() >= self.wanted.limit();
        if self.wanted.since.is_some_and(|since| newest_to_come < since)
            || (is_full && oldest.is_some_and(|oldest| newest_to_come < oldest))
        {
            return false;
        }
        // A clock is asked now and then only.
        if self.seen.is_multiple_of(512) && Instant::now() >= self.deadline {
            // A page must end before it began, or the next one would be the same.
            let reached = self.wanted.until.map_or(newest_to_come, |until| newest_to_come.min(until - OUT_OF_ORDER_MS));
            self.looked_back_to = Some(reached);
            return false;
        }
        true
    }
}

#[cfg(test)]
#[path = "newest_tests.rs"]
mod tests;
