//! What the control plane asks about single requests, and the engine's answers from its ring of records.
//!
//! A question comes on the feed, its answer goes back as a report of its own. Each is bounded in time and in what it
//! returns. Other questions are not read here but go to those who look after networks.

use super::Follower;
use crate::dry_run::{DryRun, Imagined};
use crate::probe::Asked;
use crate::record::newest::{Page, Wanted};
use crate::record::packed::Packed;
use crate::record::ring::Ring;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;

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
    /// What would become of a request.
    DryRun(Box<Imagined>),
}

#[derive(Serialize)]
struct Answer {
    id: String,
    answer: Found,
}

#[derive(Serialize)]
struct Found {
    #[serde(flatten)]
    page: Page,
    problem: Option<String>,
}

impl LookUp {
    /// None for a question about something else.
    pub fn read(question: &Asked) -> Option<LookUp> {
        let ask = serde_json::from_str(&question.wanted).ok()?;
        Some(LookUp { id: question.id.clone(), ask })
    }
}

impl Ask {
    fn page(&self, ring: &Ring) -> std::io::Result<Page> {
        match self {
            Ask::Find { request_id } => {
                let Ok(id) = uuid::Uuid::try_parse(request_id) else { return Ok(Page::default()) };
                let found = ring.find(id.as_u128())?;
                let records = found.iter().map(|bytes| Packed::whole(bytes)).collect();
                Ok(Page { records, looked_back_to: None })
            }
            Ask::Recent(wanted) => wanted.page(ring),
            Ask::DryRun(_) => Ok(Page::default()),
        }
    }
}

impl Follower {
    /// Answers questions until it is dropped.
    pub(super) async fn look_up(&self, mut look_ups: UnboundedReceiver<LookUp>) {
        let mut trouble = None;
        while let Some(LookUp { id, ask }) = look_ups.recv().await {
            let answer = Answer { id, answer: self.found(ask).await };
            self.say(&mut trouble, "cannot answer", self.send_answer(&answer).await.err());
        }
    }

    /// The disk is read on another thread: the feed goes on meanwhile.
    async fn found(&self, ask: Ask) -> Found {
        if let Ask::DryRun(imagined) = ask {
            return self.imagined(*imagined).await;
        }
        let read = match self.sources.records.clone() {
            None => Err("it keeps no records: the setting record_size is 0".to_owned()),
            Some(ring) => tokio::task::spawn_blocking(move || ask.page(&ring))
                .await
                .unwrap_or_else(|error| Err(std::io::Error::other(error)))
                .map_err(|error| format!("its records cannot be read: {error}")),
        };
        match read {
            Ok(page) => Found { page, problem: None },
            Err(problem) => Found { page: Page::default(), problem: Some(problem) },
        }
    }

    async fn imagined(&self, imagined: Imagined) -> Found {
        let (told, run) = oneshot::channel();
        let there = self.imagine.send(DryRun { imagined, told }).is_ok();
        let outcome =
            if there { run.await.unwrap_or_else(|_| Err("it failed".to_owned())) } else { Err("it stops".to_owned()) };
        let (records, problem) = match outcome {
            Ok(record) => (vec![record], None),
            Err(problem) => (Vec::new(), Some(problem)),
        };
        Found { page: Page { records, looked_back_to: None }, problem }
    }
}
