//! Following the plan: one long-lived stream from the control plane, applied batch by batch.
//!
//! `run` has a thread of its own. `connection` speaks HTTP, `stream` turns bytes into batches, `live` applies them,
//! `disk` keeps them, `report` and `traffic` tell the control plane, which `questions` answers. Invariant: whatever the control plane does or fails to do, the
//! engine goes on serving what it has; a stream that cannot be trusted is dropped whole and asked for again.

mod backoff;
mod connection;
mod questions;
mod report;
mod stream;
#[cfg(test)]
mod tests;
mod traffic;

use crate::disk::DiskCopy;
use crate::dry_run::DryRun;
use crate::live::{Applied, Batch};
use crate::metrics::Sources;
use crate::probe::{Answered, Asked};
use crate::settings::FeedSettings;
use backoff::Backoff;
use connection::{query_value, Connection, Endpoint};
use http_body_util::BodyExt;
use hyper::Method;
use questions::LookUp;
use ring::rand::{SecureRandom, SystemRandom};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use stream::{Assembler, Lines, Step};
use tokio::runtime::Builder;
use tokio::sync::{mpsc, watch, Notify};
use tokio::time::{sleep, timeout};

/// Where the plan comes from, and how patient to be.
#[derive(Debug, Clone)]
pub struct FollowSettings {
    endpoint: Endpoint,
    /// The name under which this engine reports.
    node: String,
    /// The instance whose groups alone it serves.
    pub instance: Option<String>,
    version: String,
    pub times: FollowTimes,
    /// In bytes; a longer line ends the connection.
    pub line_limit: usize,
}

#[derive(Debug, Clone, Copy)]
pub struct FollowTimes {
    /// A feed that says nothing for so long is taken for dead.
    pub silence: Duration,
    /// For a connection, and for the answer to a report.
    pub connect: Duration,
    /// How often the engine reports when nothing changes.
    pub report: Duration,
    /// How often it sends what it counted.
    pub traffic: Duration,
    pub first_wait: Duration,
    pub longest_wait: Duration,
    /// How long the report of a batch waits for the disk; serving does not wait at all.
    pub disk: Duration,
}

impl Default for FollowTimes {
    fn default() -> Self {
        Self {
            silence: Duration::from_secs(15),
            connect: Duration::from_secs(5),
            report: Duration::from_secs(2),
            traffic: Duration::from_secs(5),
            first_wait: Duration::from_millis(50),
            longest_wait: Duration::from_secs(5),
            disk: Duration::from_millis(200),
        }
    }
}

impl FollowSettings {
    /// # Errors
    /// An address or a token that cannot be used; the text says what is expected.
    pub fn new(feed: &FeedSettings, node: &str) -> io::Result<Self> {
        Ok(Self {
            endpoint: Endpoint::new(&feed.url, feed.token.clone())?,
            node: node.to_owned(),
            instance: None,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            times: FollowTimes::default(),
            line_limit: 16 << 20,
        })
    }
}

/// What those who look after networks give and take.
pub struct Links {
    /// The source addresses that backends see, by network.
    pub egress: Box<dyn Fn() -> BTreeMap<String, Vec<String>> + Send>,
    pub asked: mpsc::UnboundedSender<Asked>,
    pub answered: mpsc::UnboundedReceiver<Answered>,
    pub imagine: mpsc::UnboundedSender<DryRun>,
}

/// Follows the plan on this thread until `stop` says true or its sender is gone.
///
/// # Errors
/// The thread's runtime cannot be started.
pub fn run(
    settings: FollowSettings,
    sources: Sources,
    disk: Option<DiskCopy>,
    links: Links,
    mut stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let started_at = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs() * 1000);
    let (looked_up, look_ups) = mpsc::unbounded_channel();
    let follower = Follower {
        settings,
        sources,
        looked_up,
        disk: RefCell::new(disk),
        egress: links.egress,
        asked: links.asked,
        imagine: links.imagine,
        needs_snapshot: Cell::new(false),
        started_at,
        applied: Notify::new(),
    };
    let answered = links.answered;
    runtime.block_on(async {
        tokio::select! {
            () = follower.follow() => {}
            () = follower.report() => {}
            () = follower.answer(answered) => {}
            () = follower.look_up(look_ups) => {}
            () = follower.send_traffic() => {}
            _ = stop.wait_for(|stopped| *stopped) => {}
        }
    });
    // A name that is being looked up must not keep the engine from ending.
    runtime.shutdown_background();
    Ok(())
}

struct Follower {
    settings: FollowSettings,
    sources: Sources,
    /// Questions about records.
    looked_up: mpsc::UnboundedSender<LookUp>,
    disk: RefCell<Option<DiskCopy>>,
    egress: Box<dyn Fn() -> BTreeMap<String, Vec<String>> + Send>,
    asked: mpsc::UnboundedSender<Asked>,
    imagine: mpsc::UnboundedSender<DryRun>,
    /// What is served cannot be brought up to date by changes.
    needs_snapshot: Cell<bool>,
    /// Unix milliseconds.
    started_at: u64,
    /// Rings when there is something new to report.
    applied: Notify,
}

impl Follower {
    /// Connects again and again, for ever.
    async fn follow(&self) {
        let mut backoff = Backoff::new(self.settings.times.first_wait, self.settings.times.longest_wait);
        let mut trouble = None;
        loop {
            let end = self.session(|| {
                backoff.reset();
                self.say(&mut trouble, "", None);
            });
            let end = end.await.err().unwrap_or_else(|| "the feed ended".into());
            self.say(&mut trouble, "no feed from", Some(end));
            sleep(backoff.next(random())).await;
        }
    }

    /// Follows one connection until it ends; `works` is called when a batch came and is the right one.
    async fn session(&self, mut works: impl FnMut()) -> Result<(), String> {
        let times = self.settings.times;
        let mut connection = Connection::open(&self.settings.endpoint, times.connect).await?;
        let target = (Method::GET, self.question());
        let answer = connection.send(&self.settings.endpoint, target, Vec::new(), times.silence).await?;
        let mut body = answer.into_body();
        let mut lines = Lines::new(self.settings.line_limit);
        let mut assembler = Assembler::default();
        let mut greeted = false;
        loop {
            let frame = timeout(times.silence, body.frame()).await.map_err(|_| "the feed fell silent".to_owned())?;
            let Some(frame) = frame else { return Ok(()) };
            let Ok(bytes) = frame.map_err(|error| error.to_string())?.into_data() else { continue };
            let mut batches = Vec::new();
            lines.push(&bytes, |line| {
                match assembler.line(line)? {
                    Step::Batch(batch, digest) => batches.push((batch, digest)),
                    // Whoever answers is gone when the engine stops.
                    Step::Asked(question) => match LookUp::read(&question) {
                        Some(look_up) => drop(self.looked_up.send(look_up)),
                        None => drop(self.asked.send(question)),
                    },
                    Step::More | Step::Ping => {}
                }
                Ok(())
            })?;
            for (batch, digest) in batches {
                self.take(batch, &digest).await?;
                greeted = true;
                works();
            }
            if greeted && !assembler.in_batch() && self.disk_wants_snapshot() {
                return Err("the disk copy of the plan has a gap, asking for the whole plan".into());
            }
        }
    }

    /// What to ask for.
    fn question(&self) -> String {
        let served = self.sources.live.applied();
        let whole = self.needs_snapshot.get() || self.disk_wants_snapshot();
        let after = if whole { 0 } else { served.revision };
        let (node, store) = (query_value(&self.settings.node), query_value(&served.store));
        format!("/plane/v1/feed?node={node}&asks=1&store={store}&after={after}")
    }

    async fn take(&self, batch: Batch, digest: &str) -> Result<(), String> {
        let before = self.sources.live.applied();
        if !batch.snapshot && (batch.store != before.store || batch.revision < before.revision) {
            self.needs_snapshot.set(true);
            return Err("a change does not belong to the plan that is served, asking for the whole plan".into());
        }
        if !batch.snapshot && batch.revision == before.revision && batch.records.is_empty() {
            return self.compare(&before, digest);
        }
        let encoded = self.disk.borrow().as_ref().map(|disk| disk.encode(&batch));
        let applied = catch_unwind(AssertUnwindSafe(|| self.sources.live.apply(batch)));
        let applied = applied.map_err(|_| "a change cannot be applied: this is a defect of the engine".to_owned())?;
        let verdict = self.compare(&applied, digest);
        if verdict.is_ok() {
            self.keep(encoded).await;
        }
        self.applied.notify_one();
        verdict
    }

    fn compare(&self, served: &Applied, digest: &str) -> Result<(), String> {
        let same = served.digest == digest;
        self.needs_snapshot.set(!same);
        if same {
            return Ok(());
        }
        Err(format!("revision {} has another content here than there, asking for the whole plan", served.revision))
    }

    /// Hands a batch to the disk, and gives it a moment: a revision that is reported should be there after a crash.
    async fn keep(&self, batch: Option<crate::disk::Encoded>) {
        let word = {
            let mut disk = self.disk.borrow_mut();
            let (Some(disk), Some(batch)) = (disk.as_mut(), batch) else { return };
            let was_behind = disk.is_behind();
            let word = disk.append_encoded(batch);
            if was_behind {
                return;
            }
            word
        };
        timeout(self.settings.times.disk, word).await.ok();
    }

    fn disk_wants_snapshot(&self) -> bool {
        self.disk.borrow().as_ref().is_some_and(DiskCopy::wants_snapshot)
    }

    /// Says once what is wrong, and once that it is over.
    fn say(&self, last: &mut Option<String>, what: &str, now: Option<String>) {
        if *last != now {
            let name = self.settings.endpoint.name();
            match &now {
                Some(text) => eprintln!("isthmus engine: {what} the control plane {name}: {text}; serving goes on"),
                None => eprintln!("isthmus engine: the control plane {name} is back"),
            }
            *last = now;
        }
    }
}

fn random() -> u32 {
    let mut bytes = [0; 4];
    // Without random numbers the longest wait is the safe one.
    SystemRandom::new().fill(&mut bytes).map_or(u32::MAX, |()| u32::from_le_bytes(bytes))
}
