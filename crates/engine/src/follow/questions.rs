//! What the control plane asks about single requests, and the engine's answers from its ring of records.
//!
//! A question comes on the feed, its answer goes back as a report of its own. Each is bounded: how many records it may
//! look through and return. Other questions are not read here but go to those who look after networks.

use super::Follower;
use crate::probe::Asked;
use crate::record::packed::Record;
use crate::record::ring::Ring;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::UnboundedReceiver;

/// Records that one question may return, and look through.
const MOST: usize = 500;
const LOOKED_THROUGH: usize = 200_000;

/// A question about records.
pub struct LookUp {
    id: String,
    ask: Ask,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Ask {
    /// The record of one request.
    Find { request_id: String },
    /// The newest that fit.
    Recent(Box<Wanted>),
}

/// Which records; a field that is not there is no condition.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    api_id: Option<String>,
    group_id: Option<String>,
    stage: Option<String>,
    app_id: Option<u64>,
    code: Option<String>,
    least_status: Option<u16>,
    /// Unix milliseconds.
    since: Option<i64>,
    until: Option<i64>,
    limit: Option<usize>,
}

#[derive(Serialize)]
struct Answer {
    id: String,
    answer: Found,
}

#[derive(Serialize)]
struct Found {
    records: Vec<Record>,
    problem: Option<String>,
}

impl LookUp {
    /// None for a question about something else.
    pub fn read(question: &Asked) -> Option<LookUp> {
        let ask = serde_json::from_str(&question.wanted).ok()?;
        Some(LookUp { id: question.id.clone(), ask })
    }
}

impl Wanted {
    fn fits(&self, record: &Record) -> bool {
        let is = |wanted: &Option<String>, known: &str| wanted.as_ref().is_none_or(|wanted| wanted == known);
        is(&self.api_id, &record.api_id)
            && is(&self.group_id, &record.group_id)
            && is(&self.stage, &record.stage)
            && is(&self.code, &record.error_code)
            && self.app_id.is_none_or(|app_id| record.app_id == Some(app_id))
            && self.least_status.is_none_or(|least| record.status >= least)
            && self.until.is_none_or(|until| record.time < until)
    }
}

impl Ask {
    fn records(&self, ring: &Ring) -> std::io::Result<Vec<Record>> {
        match self {
            Ask::Find { request_id } => {
                let Ok(id) = uuid::Uuid::try_parse(request_id) else { return Ok(Vec::new()) };
                let found = ring.find(id.as_u128())?;
                Ok(found.and_then(|bytes| Record::unpack(&bytes)).into_iter().collect())
            }
            Ask::Recent(wanted) => {
                let limit = wanted.limit.unwrap_or(MOST).min(MOST);
                let (mut found, mut seen) = (Vec::new(), 0);
                ring.recent(|bytes| {
                    seen += 1;
                    let Some(record) = Record::unpack(bytes) else { return true };
                    let old = wanted.since.is_some_and(|since| record.time < since);
                    if !old && wanted.fits(&record) {
                        found.push(record);
                    }
                    !old && found.len() < limit && seen < LOOKED_THROUGH
                })?;
                Ok(found)
            }
        }
    }
}

impl Follower {
    /// Answers questions until it is dropped.
    pub(super) async fn look_up(&self, mut look_ups: UnboundedReceiver<LookUp>) {
        let mut trouble = None;
        while let Some(LookUp { id, ask }) = look_ups.recv().await {
            let answer = Answer { id, answer: self.found(&ask) };
            self.say(&mut trouble, "cannot answer", self.send_answer(&answer).await.err());
        }
    }

    fn found(&self, ask: &Ask) -> Found {
        let read = match &self.sources.records {
            None => Err("it keeps no records: the setting record_size is 0".to_owned()),
            Some(ring) => ask.records(ring).map_err(|error| format!("its records cannot be read: {error}")),
        };
        match read {
            Ok(records) => Found { records, problem: None },
            Err(problem) => Found { records: Vec::new(), problem: Some(problem) },
        }
    }
}
