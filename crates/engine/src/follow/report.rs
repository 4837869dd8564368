//! The engine's word to the control plane: what it serves, what it refused, which addresses it leaves from.
//!
//! Sent after each batch, because a publish waits for it, and every two seconds, because silence means that nobody
//! should.

use super::connection::Connection;
use super::Follower;
use crate::live::Refused;
use crate::probe::Answered;
use crate::record::Counters;
use hyper::Method;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// More would help nobody, and a report must stay small.
const REFUSED_LIMIT: usize = 1000;
const REASON_LIMIT: usize = 500;

#[derive(Serialize)]
struct Report<'a> {
    node: &'a str,
    /// Whose groups alone it serves.
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<&'a str>,
    store: String,
    revision: u64,
    digest: String,
    started_at: u64,
    version: &'a str,
    refused: Vec<Refused>,
    egress: BTreeMap<String, Vec<String>>,
    disk_problem: Option<String>,
    /// Since the start.
    counts: Counts,
}

/// What tells an operator how the engine is.
#[derive(Serialize)]
struct Counts {
    connections_open: u64,
    records_lost: u64,
    log_lines_lost: u64,
    panics: u64,
}

impl Follower {
    /// Reports until it is dropped.
    pub(super) async fn report(&self) {
        let mut connection = None;
        let mut trouble = None;
        loop {
            let outcome = self.send_report(&mut connection).await;
            self.say(&mut trouble, "cannot report to", outcome.err());
            timeout(self.settings.times.report, self.applied.notified()).await.ok();
        }
    }

    /// Hands answers to the control plane, for ever. An answer that cannot be handed over is given up: nobody waits long.
    pub(super) async fn answer(&self, mut answered: mpsc::UnboundedReceiver<Answered>) {
        while let Some(answer) = answered.recv().await {
            if let Err(error) = self.send_answer(&answer).await {
                eprintln!("isthmus engine: an answer does not reach the control plane: {error}");
            }
        }
        std::future::pending().await
    }

    pub(super) async fn send_answer(&self, answer: &impl Serialize) -> Result<(), String> {
        let text = serde_json::to_vec(answer).map_err(|error| error.to_string())?;
        self.post("/plane/v1/answer", &mut None, text).await
    }

    async fn send_report(&self, connection: &mut Option<Connection>) -> Result<(), String> {
        let report = serde_json::to_vec(&self.current()).map_err(|error| error.to_string())?;
        self.post("/plane/v1/report", connection, report).await
    }

    /// Sends on a kept connection, and once more on a new one: the other side may have closed it meanwhile.
    pub(super) async fn post(
        &self,
        path: &str,
        connection: &mut Option<Connection>,
        body: Vec<u8>,
    ) -> Result<(), String> {
        let (endpoint, patience) = (&self.settings.endpoint, self.settings.times.connect);
        if let Some(open) = connection {
            if open.send(endpoint, (Method::POST, path.to_owned()), body.clone(), patience).await.is_ok() {
                return Ok(());
            }
            *connection = None;
        }
        let mut open = Connection::open(endpoint, patience).await?;
        open.send(endpoint, (Method::POST, path.to_owned()), body, patience).await?;
        *connection = Some(open);
        Ok(())
    }

    fn current(&self) -> Report<'_> {
        let applied = self.sources.live.applied();
        let mut refused = applied.refused;
        // The newest are those that a publish waits for.
        refused.sort_by_key(|refused| std::cmp::Reverse(refused.revision));
        refused.truncate(REFUSED_LIMIT);
        for each in &mut refused {
            if let Some((end, _)) = each.reason.char_indices().nth(REASON_LIMIT) {
                each.reason.truncate(end);
            }
        }
        Report {
            node: &self.settings.node,
            instance: self.settings.instance.as_deref(),
            store: applied.store,
            revision: applied.revision,
            digest: applied.digest,
            started_at: self.started_at,
            version: &self.settings.version,
            refused,
            egress: (self.egress)(),
            disk_problem: self.disk.borrow().as_ref().and_then(crate::disk::DiskCopy::problem),
            counts: self.counts(),
        }
    }

    fn counts(&self) -> Counts {
        let total = |pick: fn(&Counters) -> &AtomicU64| -> u64 {
            self.sources.counters.iter().map(|counters| pick(counters).load(Ordering::Relaxed)).sum()
        };
        let closed = total(|all| &all.connections_closed);
        Counts {
            connections_open: total(|all| &all.connections_opened).saturating_sub(closed),
            records_lost: self.sources.lost.records.load(Ordering::Relaxed),
            log_lines_lost: self.sources.lost.lines.load(Ordering::Relaxed),
            panics: total(|all| &all.panics),
        }
    }
}
