//! The engine's own copy of the plan, for a start without the control plane.
//!
//! `DiskCopy` is opened before serving begins, gives what it holds once, and takes each batch that was applied.
//! `encode` turns batches into bytes, `frame` seals them (the plan holds every secret there is), `files` keeps
//! snapshot and log, and `writer` is the thread that writes. `nonce_file` stands beside it and has a thread of its own.
//! Invariant: what is read back was served at some moment as a whole; damage costs newer changes, never consistency.

mod encode;
mod files;
mod frame;
pub mod nonce_file;
#[cfg(test)]
mod tests;
mod writer;

use crate::live::Batch;
use frame::Seal;
use rustix::fs::{flock, FlockOperation};
use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{channel, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use writer::{Job, Log, Writer};

/// When the copy is rewritten, and how much may wait for a disk that does not take it.
#[derive(Debug, Clone, Copy)]
pub struct DiskTimes {
    /// A log below this size is left alone, however small the snapshot is.
    pub log_floor: u64,
    /// A log above this size is merged into a new snapshot, however large that one is.
    pub log_ceiling: u64,
    /// Bytes that may wait; beyond, the copy waits for a snapshot instead.
    pub queue: usize,
    /// How long after a failure it is tried again.
    pub retry: Duration,
    /// How long a stop waits for the disk.
    pub close: Duration,
}

impl Default for DiskTimes {
    fn default() -> Self {
        Self {
            log_floor: 1 << 20,
            log_ceiling: 64 << 20,
            queue: 64 << 20,
            retry: Duration::from_secs(5),
            close: Duration::from_secs(5),
        }
    }
}

/// A batch made ready for the disk.
pub struct Encoded {
    store: String,
    snapshot: bool,
    base: u64,
    revision: u64,
    size: usize,
    pieces: Vec<Vec<u8>>,
}

/// What the writer says about itself.
#[derive(Default)]
struct Status {
    /// Batches are missing on the disk; a snapshot is needed to go on.
    lost: AtomicBool,
    /// Bytes that wait to be written.
    waiting: AtomicUsize,
    problem: Mutex<Option<String>>,
}

impl Status {
    fn problem(&self) -> Option<String> {
        self.problem.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether it is another problem than before.
    fn set_problem(&self, problem: Option<String>) -> bool {
        let mut current = self.problem.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = *current != problem;
        *current = problem;
        changed
    }

    fn release(&self, bytes: usize) {
        self.waiting.fetch_sub(bytes, Ordering::AcqRel);
    }
}

/// A directory that holds the plan, locked by this process.
pub struct DiskCopy {
    loaded: Option<Batch>,
    /// Store and revision after everything that was handed to the writer; None when that was not contiguous.
    reached: Option<(String, u64)>,
    queue: Option<Sender<Job>>,
    status: Arc<Status>,
    times: DiskTimes,
    ended: Receiver<()>,
    _lock: File,
}

impl DiskCopy {
    /// Opens the copy in a directory of its own, which is made when there is none.
    ///
    /// # Errors
    /// The directory cannot be used, or another process uses it. A copy that is damaged or sealed with another key is
    /// no error: `load` gives what is whole, or nothing.
    pub fn open(dir: &Path, key: [u8; 32]) -> io::Result<DiskCopy> {
        DiskCopy::open_with(dir, key, DiskTimes::default())
    }

    /// `open` with other sizes and times.
    ///
    /// # Errors
    /// See `open`.
    pub fn open_with(dir: &Path, key: [u8; 32], times: DiskTimes) -> io::Result<DiskCopy> {
        let explain = |error: io::Error| {
            io::Error::new(
                error.kind(),
                format!("cannot use {} for the engine's copy of the plan: {error}", dir.display()),
            )
        };
        let lock = lock(dir).map_err(explain)?;
        let seal = Seal::new(key).map_err(explain)?;
        let generations = files::generations(dir).map_err(explain)?;
        let found = files::find(dir, &seal).map_err(explain)?;
        if found.is_none() && !generations.is_empty() {
            eprintln!("isthmus engine: nothing in {} can be read: damaged, or sealed with another key", dir.display());
        }
        let generation = generations.first().copied().unwrap_or_default();
        let end = found.as_ref().and_then(|found| found.log.as_ref());
        if let Some(end) = end.filter(|end| !end.clean) {
            eprintln!(
                "isthmus engine: the log in {} ends early; going on from revision {}",
                dir.display(),
                end.revision
            );
        }
        let log = end.map(|end| Log::resume(dir, generation, end)).transpose().map_err(explain)?;
        let reached = end.map(|end| (end.store.clone(), end.revision));
        let status = Arc::new(Status::default());
        let writer = Writer {
            dir: dir.into(),
            seal,
            times,
            status: Arc::clone(&status),
            generation,
            log,
            reached: reached.clone(),
        };
        let (queue, jobs) = channel();
        let (end, ended) = channel();
        std::thread::Builder::new().name("isthmus-disk".into()).spawn(move || {
            writer.run(&jobs);
            drop(end);
        })?;
        let loaded = found.map(|found| found.plan);
        Ok(DiskCopy { loaded, reached, queue: Some(queue), status, times, ended, _lock: lock })
    }

    /// The plan as it was on the disk, once.
    pub fn load(&mut self) -> Option<Batch> {
        self.loaded.take()
    }

    /// Keeps a batch that was applied; gives word when it is written.
    pub fn append(&mut self, batch: &Batch) -> oneshot::Receiver<()> {
        let encoded = self.encode(batch);
        self.append_encoded(encoded)
    }

    /// Makes a batch ready before it is applied, for `append_encoded` after it was.
    pub fn encode(&self, batch: &Batch) -> Encoded {
        let base = self.reached.as_ref().map_or(0, |(_, revision)| *revision);
        let pieces = encode::pieces(batch, base);
        let size = pieces.iter().map(Vec::len).sum();
        let (store, snapshot, revision) = (batch.store.clone(), batch.snapshot, batch.revision);
        Encoded { store, snapshot, base, revision, size, pieces }
    }

    /// Keeps a batch; the receiver ends without a word when it cannot be kept.
    pub fn append_encoded(&mut self, batch: Encoded) -> oneshot::Receiver<()> {
        let (written, word) = oneshot::channel();
        let follows = batch.snapshot || self.reached.as_ref().is_some_and(|(store, _)| *store == batch.store);
        let waiting = self.status.waiting.load(Ordering::Acquire);
        let fits = waiting == 0 || waiting.saturating_add(batch.size) <= self.times.queue;
        if !follows || !fits {
            self.reached = None;
            return word;
        }
        self.reached = Some((batch.store.clone(), batch.revision));
        self.status.waiting.fetch_add(batch.size, Ordering::AcqRel);
        if let Some(queue) = &self.queue {
            queue.send(Job { batch, written }).ok();
        }
        word
    }

    /// Whether batches are missing that only a snapshot can bring back, and the disk would take one.
    pub fn wants_snapshot(&self) -> bool {
        let missing = self.reached.is_none() || self.status.lost.load(Ordering::Acquire);
        missing && !self.is_behind()
    }

    /// Whether something waits for the disk.
    pub fn is_behind(&self) -> bool {
        self.status.waiting.load(Ordering::Acquire) > 0 || self.problem().is_some()
    }

    /// Why the copy is not kept at present.
    pub fn problem(&self) -> Option<String> {
        self.status.problem()
    }
}

impl Drop for DiskCopy {
    fn drop(&mut self) {
        self.queue = None;
        // A disk that hangs must not keep the engine from ending.
        if self.ended.recv_timeout(self.times.close) == Err(RecvTimeoutError::Timeout) {
            eprintln!(
                "isthmus engine: the disk takes too long; the newest changes may be missing in the copy of the plan"
            );
        }
    }
}

fn lock(dir: &Path) -> io::Result<File> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let lock = files::create(&dir.join("plan.lock"))?;
    match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(lock),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(io::Error::new(
            io::ErrorKind::ResourceBusy,
            "another engine uses it; give each engine a state directory of its own",
        )),
        Err(error) => Err(error.into()),
    }
}
