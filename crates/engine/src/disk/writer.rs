//! The thread that writes the disk copy, so that a slow or full disk never delays serving.
//!
//! It takes batches in order, writes them to the log, says so, and then waits for the disk. What cannot be written is
//! tried again for as long as the queue has room. What can no longer be told apart from good (a failed sync, an
//! overflow) makes the copy `lost`: it keeps the older state it has, and goes on from the next snapshot.

use super::files::{self, LogEnd, NewSnapshot};
use super::frame::{Place, Purpose, Seal, HEADER_LEN};
use super::{DiskTimes, Encoded, Status};
use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::Arc;
use tokio::sync::oneshot;

/// A batch on its way to the disk.
pub struct Job {
    pub batch: Encoded,
    /// Answered when the batch is written, before it is synced.
    pub written: oneshot::Sender<()>,
}

pub struct Writer {
    pub dir: PathBuf,
    pub seal: Seal,
    pub times: DiskTimes,
    pub status: Arc<Status>,
    /// The newest generation there is; 0 when there is none.
    pub generation: u64,
    pub log: Option<Log>,
    /// Store and revision on the disk; None when the next batch must be a snapshot.
    pub reached: Option<(String, u64)>,
}

/// The log that is written on.
pub struct Log {
    file: Option<(File, Place)>,
    /// Where the last whole batch ends.
    length: u64,
    snapshot_length: u64,
}

impl Log {
    /// Goes on where reading ended; what is behind it is cut off.
    pub fn resume(dir: &std::path::Path, generation: u64, end: &LogEnd) -> io::Result<Self> {
        let snapshot_length = std::fs::metadata(files::snapshot_path(dir, generation))?.len();
        let Some((length, place)) = end.at else {
            files::remove(&files::log_path(dir, generation))?;
            return Ok(Self { file: None, length: 0, snapshot_length });
        };
        let file = OpenOptions::new().write(true).open(files::log_path(dir, generation))?;
        file.set_len(length)?;
        Ok(Self { file: Some((file, place)), length, snapshot_length })
    }
}

impl Writer {
    /// Runs until the other end of the queue is gone and everything in it was written or could not be.
    pub fn run(mut self, queue: &Receiver<Job>) {
        let mut waiting: VecDeque<Job> = VecDeque::new();
        loop {
            let failed = self.status.problem().is_some();
            let next = match failed {
                true => queue.recv_timeout(self.times.retry),
                false => queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            let closed = matches!(next, Err(RecvTimeoutError::Disconnected));
            waiting.extend(next);
            waiting.extend(queue.try_iter());
            match self.write_all(&mut waiting) {
                Ok(()) => drop(self.status.set_problem(None)),
                Err(error) => self.fail(&error),
            }
            if closed {
                return;
            }
        }
    }

    fn fail(&self, error: &io::Error) {
        let problem = format!("cannot keep the plan in {}: {error}", self.dir.display());
        if self.status.set_problem(Some(problem.clone())) {
            eprintln!("isthmus engine: {problem}; serving goes on from memory, and writing is tried again");
        }
    }

    fn write_all(&mut self, waiting: &mut VecDeque<Job>) -> io::Result<()> {
        // A snapshot makes whatever waits before it needless.
        if let Some(last) = waiting.iter().rposition(|job| job.batch.snapshot) {
            waiting.drain(..last).for_each(|job| self.status.release(job.batch.size));
        }
        let probe = waiting.is_empty() && self.status.problem().is_some();
        while let Some(job) = waiting.front() {
            let written = self.write(&job.batch)?;
            if let Some(job) = waiting.pop_front() {
                self.status.release(job.batch.size);
                written.then(|| job.written.send(()).ok());
            }
        }
        if probe {
            self.probe()?;
        }
        self.sync()?;
        self.compact_when_due()
    }

    /// Whether it is written; not when something before it is missing.
    fn write(&mut self, batch: &Encoded) -> io::Result<bool> {
        if batch.snapshot {
            return self.write_snapshot(batch).map(|()| true);
        }
        let follows = self.reached.as_ref().is_some_and(|(store, at)| *store == batch.store && *at == batch.base);
        if !follows {
            // Dropped: the next snapshot will hold it.
            self.lose();
            return Ok(false);
        }
        self.append(batch)?;
        self.reached = Some((batch.store.clone(), batch.revision));
        Ok(true)
    }

    fn write_snapshot(&mut self, batch: &Encoded) -> io::Result<()> {
        let generation = self.generation + 1;
        let mut new = NewSnapshot::begin(&self.dir, &self.seal, generation)?;
        for piece in &batch.pieces {
            new.push(piece.clone())?;
        }
        let snapshot_length = new.finish()?;
        let same_store = self.reached.as_ref().is_none_or(|(store, _)| *store == batch.store);
        self.begin_generation(generation, snapshot_length);
        self.reached = Some((batch.store.clone(), batch.revision));
        self.status.lost.store(false, Ordering::Release);
        // Another store's plan must not come back when this snapshot should be damaged one day.
        files::clear_before(&self.dir, if same_store { generation - 1 } else { generation })
    }

    fn begin_generation(&mut self, generation: u64, snapshot_length: u64) {
        self.generation = generation;
        self.log = Some(Log { file: None, length: 0, snapshot_length });
    }

    fn append(&mut self, batch: &Encoded) -> io::Result<()> {
        let (dir, generation) = (&self.dir, self.generation);
        let Some(log) = &mut self.log else { return Ok(()) };
        if log.file.is_none() {
            let mut file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(files::log_path(dir, generation))?;
            let place = self.seal.begin(Purpose::Log, &mut file)?;
            files::sync_dir(dir)?;
            log.length = HEADER_LEN;
            log.file = Some((file, place));
        }
        let Some((file, place)) = &mut log.file else { return Ok(()) };
        // An attempt that failed half-way left bytes behind.
        file.set_len(log.length)?;
        file.seek(SeekFrom::Start(log.length))?;
        let mut next = *place;
        let mut written = 0;
        for piece in &batch.pieces {
            let frame = self.seal.seal(&mut next, piece.clone())?;
            file.write_all(&frame)?;
            written += frame.len() as u64;
        }
        *place = next;
        log.length += written;
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let Some((file, _)) = self.log.as_ref().and_then(|log| log.file.as_ref()) else { return Ok(()) };
        // After a failed sync nobody knows what is on the disk (the kernel may have dropped the pages).
        file.sync_data().inspect_err(|_| self.lose())
    }

    fn lose(&mut self) {
        self.reached = None;
        self.log = None;
        self.status.lost.store(true, Ordering::Release);
    }

    /// Whether the disk takes anything again.
    fn probe(&self) -> io::Result<()> {
        let path = self.dir.join("probe.new");
        let mut file = files::create(&path)?;
        file.write_all(&[0; 4096])?;
        file.sync_all()?;
        files::remove(&path)
    }

    fn compact_when_due(&mut self) -> io::Result<()> {
        let (Some(log), Some((store, revision))) = (&self.log, &self.reached) else { return Ok(()) };
        let due = log.length > self.times.log_ceiling
            || (log.length > log.snapshot_length && log.length > self.times.log_floor);
        if !due {
            return Ok(());
        }
        let reached = LogEnd { store: store.clone(), revision: *revision, at: None, clean: true };
        match files::compact(&self.dir, &self.seal, self.generation, &reached) {
            Ok(snapshot_length) => {
                self.begin_generation(self.generation + 1, snapshot_length);
                files::clear_before(&self.dir, self.generation - 1)
            }
            Err(error) => {
                if error.kind() == io::ErrorKind::InvalidData {
                    self.lose();
                }
                Err(error)
            }
        }
    }
}
