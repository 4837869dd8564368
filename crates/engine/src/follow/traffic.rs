//! The engine's counts by the minute, on their way to the control plane.
//!
//! What was counted since the minute began is sent every few seconds, under the minute's number: the control plane keeps
//! the newest word for each minute, so sending again does no harm. Minutes that could not be sent wait, within a bound.

use super::connection::Connection;
use super::Follower;
use crate::metrics::{sum_apis, sum_apps, Sum};
use crate::record::tally::{ApiKey, STEPS};
use crate::record::Counters;
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::sleep;

/// Minutes that wait for a control plane that is away.
const WAITING: usize = 120;
const MINUTE_MS: u64 = 60_000;

/// What happened in one minute; `minute` is its number since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Minute {
    node: String,
    minute: u64,
    apis: Vec<ApiRow>,
    apps: Vec<AppRow>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct ApiRow {
    group_id: Box<str>,
    instance_id: Box<str>,
    api_id: Box<str>,
    stage: Box<str>,
    /// Answers by class, 1xx to 5xx.
    classes: [u64; 5],
    bytes_in: u64,
    bytes_out: u64,
    total_us: u64,
    backend_calls: u64,
    backend_us: u64,
    /// Requests by how long they took, in the steps of the histogram.
    durations: [u64; STEPS.len() + 1],
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct AppRow {
    app_id: u64,
    classes: [u64; 5],
    total_us: u64,
}

/// Everything counted since the start.
#[derive(Default)]
struct Counted {
    apis: BTreeMap<ApiKey, Sum>,
    apps: BTreeMap<u64, ([u64; 5], u64)>,
}

impl Counted {
    fn now(counters: &[Arc<Counters>]) -> Self {
        Self {
            apis: sum_apis(counters.iter().map(|one| &one.tallied)),
            apps: sum_apps(counters.iter().map(|one| &one.tallied)),
        }
    }

    /// What came since `before`; what did not change is left out.
    fn since(&self, before: &Self, node: &str, minute: u64) -> Minute {
        let nothing = Sum { durations: [0; STEPS.len() + 1], ..Sum::default() };
        let apis = self.apis.iter().filter_map(|(key, sum)| {
            let old = before.apis.get(key).unwrap_or(&nothing);
            (sum.classes != old.classes).then(|| ApiRow {
                group_id: key.group_id.clone(),
                instance_id: key.instance_id.clone(),
                api_id: key.api_id.clone(),
                stage: key.stage.clone(),
                classes: less(sum.classes, old.classes),
                bytes_in: sum.bytes_in.saturating_sub(old.bytes_in),
                bytes_out: sum.bytes_out.saturating_sub(old.bytes_out),
                total_us: sum.total_us.saturating_sub(old.total_us),
                backend_calls: sum.backend_calls.saturating_sub(old.backend_calls),
                backend_us: sum.backend_us.saturating_sub(old.backend_us),
                durations: less(sum.durations, old.durations),
            })
        });
        let apps = self.apps.iter().filter_map(|(app_id, (classes, total_us))| {
            let (old, old_us) = before.apps.get(app_id).copied().unwrap_or_default();
            (*classes != old).then(|| AppRow {
                app_id: *app_id,
                classes: less(*classes, old),
                total_us: total_us.saturating_sub(old_us),
            })
        });
        Minute { node: node.to_owned(), minute, apis: apis.collect(), apps: apps.collect() }
    }
}

fn less<const N: usize>(mut counts: [u64; N], old: [u64; N]) -> [u64; N] {
    counts.iter_mut().zip(old).for_each(|(count, old)| *count = count.saturating_sub(old));
    counts
}

impl Follower {
    /// Sends counts until it is dropped.
    pub(super) async fn send_traffic(&self) {
        let mut begun = Counted::default();
        let mut minute = unix_ms() / MINUTE_MS;
        let mut waiting: VecDeque<Minute> = VecDeque::new();
        let (mut connection, mut trouble, mut sent) = (None, None, None);
        loop {
            let now = unix_ms();
            let left = Duration::from_millis(MINUTE_MS - now % MINUTE_MS);
            sleep(self.settings.times.traffic.min(left)).await;
            let counted = Counted::now(&self.sources.counters);
            let current = counted.since(&begun, &self.settings.node, minute);
            let over = unix_ms() / MINUTE_MS > minute;
            let news = !(current.apis.is_empty() && current.apps.is_empty()) && sent.as_ref() != Some(&current);
            if news {
                waiting.push_back(current.clone());
            }
            if over {
                (begun, minute, sent) = (counted, unix_ms() / MINUTE_MS, None);
            }
            let outcome = self.send_minutes(&mut connection, &mut waiting).await;
            if outcome.is_ok() && news && !over {
                sent = Some(current);
            }
            self.say(&mut trouble, "cannot send counts to", outcome.err());
        }
    }

    async fn send_minutes(
        &self,
        connection: &mut Option<Connection>,
        waiting: &mut VecDeque<Minute>,
    ) -> Result<(), String> {
        keep_newest_word(waiting);
        while let Some(minute) = waiting.front() {
            let body = serde_json::to_vec(minute).map_err(|error| error.to_string())?;
            self.post("/plane/v1/traffic", connection, body).await?;
            waiting.pop_front();
        }
        Ok(())
    }
}

/// Of each minute the last word counts; the oldest minutes are given up.
fn keep_newest_word(waiting: &mut VecDeque<Minute>) {
    let newest: BTreeMap<u64, Minute> = waiting.drain(..).map(|minute| (minute.minute, minute)).collect();
    let spare = newest.len().saturating_sub(WAITING);
    waiting.extend(newest.into_values().skip(spare));
}

fn unix_ms() -> u64 {
    let passed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(passed.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn minute(number: u64) -> Minute {
        Minute { node: "n".to_owned(), minute: number, apis: Vec::new(), apps: Vec::new() }
    }

    #[test]
    fn of_each_minute_the_last_word_waits_and_the_oldest_are_given_up() {
        let mut waiting: VecDeque<Minute> = (0..200).flat_map(|number| [minute(number), minute(number)]).collect();
        keep_newest_word(&mut waiting);
        assert_eq!(waiting.len(), WAITING);
        assert_eq!(waiting.front().map(|first| first.minute), Some(80));
    }

    #[test]
    fn a_minute_has_what_came_since_it_began() {
        let key = |api: &str| ApiKey {
            group_id: "g".into(),
            instance_id: "i".into(),
            api_id: api.into(),
            stage: "RELEASE".into(),
        };
        let sum = |count| Sum { classes: [0, count, 0, 0, 1], bytes_out: 10 * count, ..Sum::default() };
        let mut before = Counted::default();
        before.apis.insert(key("a"), sum(2));
        before.apis.insert(key("b"), sum(7));
        let mut now = Counted::default();
        now.apis.insert(key("a"), sum(5));
        now.apis.insert(key("b"), sum(7));
        now.apps.insert(9, ([0, 3, 0, 0, 0], 1234));
        let minute = now.since(&before, "n", 4);
        assert_eq!(minute.apis.len(), 1, "{minute:?}");
        assert_eq!((minute.apis[0].classes, minute.apis[0].bytes_out), ([0, 3, 0, 0, 0], 30));
        assert_eq!(minute.apps, [AppRow { app_id: 9, classes: [0, 3, 0, 0, 0], total_us: 1234 }]);
    }
}
