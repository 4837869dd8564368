//! From serving threads to disk: the ring of records and the access log have one writer, on a thread of its own.
//!
//! A serving thread packs its records into blocks and hands them over through its `Inbox` without ever waiting; a block
//! that finds the writer behind is dropped and counted. The writer keeps each block in the `Ring` and writes the access
//! log's lines from the same bytes, so both say the same.

use super::access_log::AccessLog;
use super::packed::Record;
use super::ring::{self, Ring};
use super::sampled::Sampled;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::sync::Arc;
use std::time::Duration;

/// Blocks that may wait for the disk.
const WAITING: usize = 64;
/// How often the ages of segments are looked at when nothing is written.
const PAUSE: Duration = Duration::from_secs(5);

/// What could not be written.
#[derive(Debug, Default)]
pub struct Lost {
    pub records: AtomicU64,
    pub lines: AtomicU64,
    /// Requests whose spans nobody took.
    pub spans: AtomicU64,
}

/// A serving thread's end.
#[derive(Clone)]
pub struct Inbox {
    sender: SyncSender<Block>,
    lost: Arc<Lost>,
    to: (bool, bool),
}

/// Packed records, each with its length before it.
struct Block {
    records: Vec<u8>,
    count: u32,
}

/// Where records go.
#[derive(Default)]
pub struct Places {
    pub ring: Option<Arc<Ring>>,
    pub log: Option<AccessLog>,
    pub sampled: Option<Arc<Sampled>>,
}

pub struct Writer {
    places: Places,
    blocks: Receiver<Block>,
    lost: Arc<Lost>,
}

/// An inbox, to be cloned for each serving thread, and the writer behind it.
pub fn open(places: Places, lost: Arc<Lost>) -> (Inbox, Writer) {
    let (sender, blocks) = std::sync::mpsc::sync_channel(WAITING);
    let inbox = Inbox { sender, lost: Arc::clone(&lost), to: (places.ring.is_some(), places.log.is_some()) };
    (inbox, Writer { places, blocks, lost })
}

impl Inbox {
    /// Hands a block over without waiting.
    pub fn put(&self, records: Vec<u8>, count: u32) {
        if self.sender.try_send(Block { records, count }).is_err() {
            let (kept, logged) = self.to;
            self.lost.records.fetch_add(if kept { count.into() } else { 0 }, Ordering::Relaxed);
            self.lost.lines.fetch_add(if logged { count.into() } else { 0 }, Ordering::Relaxed);
        }
    }
}

impl Writer {
    /// Writes until every inbox is gone.
    pub fn run(mut self) {
        loop {
            match self.blocks.recv_timeout(PAUSE) {
                Ok(block) => self.write(&block),
                Err(RecvTimeoutError::Timeout) => {
                    // What cannot be deleted now is tried again with the next block.
                    self.places.ring.as_ref().map(|ring| ring.prune()).transpose().ok();
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn write(&mut self, block: &Block) {
        if let Some(sampled) = &self.places.sampled {
            let is_sampled = |bytes: &&[u8]| Record::unpack(bytes).is_some_and(|record| record.context.is_some());
            let records = ring::records(&block.records).map(|(_, bytes)| bytes).filter(is_sampled);
            records.filter_map(Record::unpack_whole).for_each(|record| sampled.put(&record));
        }
        if let Some(log) = &mut self.places.log {
            let records = ring::records(&block.records).filter_map(|(_, bytes)| Record::unpack(bytes));
            if log.write(records).is_err() {
                self.lost.lines.fetch_add(block.count.into(), Ordering::Relaxed);
            }
        }
        if let Some(Err(_)) = self.places.ring.as_ref().map(|ring| ring.keep(&block.records, block.count)) {
            self.lost.records.fetch_add(block.count.into(), Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_writer_that_is_behind_costs_records_and_lines_and_never_time() {
        let lost = Arc::new(Lost::default());
        let (mut inbox, _writer) = open(Places::default(), Arc::clone(&lost));
        inbox.to = (true, true);
        for _ in 0..WAITING + 3 {
            inbox.put(Vec::new(), 10);
        }
        assert_eq!((lost.records.load(Ordering::Relaxed), lost.lines.load(Ordering::Relaxed)), (30, 30));
    }
}
