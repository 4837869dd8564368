//! The files of a disk copy: generations of one snapshot and the log of what came after it.
//!
//! `plan-N.snapshot` holds the plan at one revision, `plan-N.log` every batch since. A new generation is begun under
//! another name and renamed when it is whole and on the disk; the one before it is kept. Reading takes the newest
//! snapshot that is whole, then each log as far as its batches follow on from each other: the result is a state that
//! was served once, or nothing.

use super::encode::{decode, Head, Piece, PieceWriter};
use super::frame::{Frames, Place, Purpose, Seal, Stop};
use crate::live::{Batch, BatchRecord};
use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

pub fn snapshot_path(dir: &Path, generation: u64) -> PathBuf {
    dir.join(format!("plan-{generation}.snapshot"))
}

pub fn log_path(dir: &Path, generation: u64) -> PathBuf {
    dir.join(format!("plan-{generation}.log"))
}

/// Generations of which any file is there, newest first.
pub fn generations(dir: &Path) -> io::Result<Vec<u64>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        let generation: Option<u64> = name.to_str().and_then(|name| {
            let number = name.strip_prefix("plan-")?;
            number.strip_suffix(".snapshot").or_else(|| number.strip_suffix(".log"))?.parse().ok()
        });
        found.extend(generation);
    }
    found.sort_unstable_by(|one, other| other.cmp(one));
    found.dedup();
    Ok(found)
}

pub fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Opens a file that only the engine's user may read.
pub fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// What changed since a snapshot, the newest of each record.
#[derive(Default)]
pub struct Overlay(HashMap<(String, String), BatchRecord>);

impl Overlay {
    fn add(&mut self, records: Vec<BatchRecord>) {
        for record in records {
            self.0.insert((record.kind.clone(), record.key.clone()), record);
        }
    }

    fn hides(&self, record: &BatchRecord) -> bool {
        // The keys of a map of owned pairs cannot be looked up by borrowed ones.
        !self.0.is_empty() && self.0.contains_key(&(record.kind.clone(), record.key.clone()))
    }

    fn into_live(self) -> impl Iterator<Item = BatchRecord> {
        self.0.into_values().filter(|record| record.body.is_some())
    }
}

/// How far a log could be read.
pub struct LogEnd {
    /// Store and revision reached.
    pub store: String,
    pub revision: u64,
    /// Where the last whole batch ends, and the place of the frame to come; None when not even the header is good.
    pub at: Option<(u64, Place)>,
    /// Whether the file ends there.
    pub clean: bool,
}

/// What was found on the disk.
pub struct Found {
    pub plan: Batch,
    /// The end of this generation's log, when it is the newest and can be written on.
    pub log: Option<LogEnd>,
}

/// The newest state that is whole.
pub fn find(dir: &Path, seal: &Seal) -> io::Result<Option<Found>> {
    let known = generations(dir)?;
    for (index, generation) in known.iter().enumerate() {
        let Some(mut plan) = read_snapshot(&snapshot_path(dir, *generation), seal)? else { continue };
        let mut overlay = Overlay::default();
        let mut end = LogEnd { store: plan.store.clone(), revision: plan.revision, at: None, clean: true };
        for later in known.iter().take(index + 1).rev() {
            end = read_log(&log_path(dir, *later), seal, end, &mut overlay)?;
            if !end.clean {
                break;
            }
        }
        plan.records.retain(|record| !overlay.hides(record));
        plan.records.extend(overlay.into_live());
        plan.revision = end.revision;
        return Ok(Some(Found { plan, log: (index == 0).then_some(end) }));
    }
    Ok(None)
}

/// The plan of a snapshot file; None when it is not there, not whole, or not of this key.
fn read_snapshot(path: &Path, seal: &Seal) -> io::Result<Option<Batch>> {
    let mut plan: Option<Batch> = None;
    let whole = each_piece(path, seal, |piece| {
        if let Some(head) = piece.head {
            plan = Some(Batch { store: head.store, snapshot: true, revision: head.revision, records: Vec::new() });
        }
        if let Some(plan) = &mut plan {
            plan.records.extend(piece.records);
        }
        Ok(())
    })?;
    Ok(plan.filter(|_| whole))
}

/// Reads a snapshot piece by piece; whether it was whole to the end.
fn each_piece(path: &Path, seal: &Seal, mut visit: impl FnMut(Piece) -> io::Result<()>) -> io::Result<bool> {
    let file = match File::open(path) {
        Ok(file) => BufReader::with_capacity(1 << 16, file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let mut frames = match Frames::open(seal, Purpose::Snapshot, file) {
        Ok(frames) => frames,
        Err(Stop::Io(error)) => return Err(error),
        Err(_) => return Ok(false),
    };
    let mut first = true;
    loop {
        let piece = match frames.next() {
            Ok(bytes) => decode(&bytes),
            Err(Stop::Io(error)) => return Err(error),
            Err(_) => return Ok(false),
        };
        let Some(piece) = piece.filter(|piece| piece.head.is_some() == first) else { return Ok(false) };
        first = false;
        let last = piece.last;
        visit(piece)?;
        if last {
            return Ok(matches!(frames.next(), Err(Stop::End)));
        }
    }
}

/// Adds the batches of a log to the overlay, as long as each follows on from the one before.
fn read_log(path: &Path, seal: &Seal, from: LogEnd, overlay: &mut Overlay) -> io::Result<LogEnd> {
    let mut end = LogEnd { at: None, clean: true, ..from };
    let file = match File::open(path) {
        Ok(file) => BufReader::with_capacity(1 << 16, file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(end),
        Err(error) => return Err(error),
    };
    end.clean = false;
    let mut frames = match Frames::open(seal, Purpose::Log, file) {
        Ok(frames) => frames,
        Err(Stop::Io(error)) => return Err(error),
        Err(_) => return Ok(end),
    };
    end.at = Some(frames.at());
    let mut batch: Option<(Head, Vec<BatchRecord>)> = None;
    loop {
        let piece = match frames.next() {
            Ok(bytes) => decode(&bytes),
            Err(Stop::Io(error)) => return Err(error),
            Err(stop) => {
                end.clean = matches!(stop, Stop::End) && batch.is_none();
                return Ok(end);
            }
        };
        let Some(piece) = piece else { return Ok(end) };
        match (piece.head, &mut batch) {
            (Some(head), None) if !head.snapshot && head.store == end.store && head.base == end.revision => {
                batch = Some((head, piece.records));
            }
            (None, Some((_, records))) => records.extend(piece.records),
            _ => return Ok(end),
        }
        if piece.last {
            if let Some((head, records)) = batch.take() {
                overlay.add(records);
                end.revision = head.revision;
                end.at = Some(frames.at());
            }
        }
    }
}

/// A snapshot being written; it gets its name when it is whole and on the disk.
pub struct NewSnapshot<'a> {
    dir: &'a Path,
    seal: &'a Seal,
    generation: u64,
    temporary: PathBuf,
    file: BufWriter<File>,
    place: Place,
}

impl<'a> NewSnapshot<'a> {
    pub fn begin(dir: &'a Path, seal: &'a Seal, generation: u64) -> io::Result<Self> {
        let temporary = snapshot_path(dir, generation).with_extension("new");
        let mut file = BufWriter::with_capacity(1 << 16, create(&temporary)?);
        let place = seal.begin(Purpose::Snapshot, &mut file)?;
        Ok(Self { dir, seal, generation, temporary, file, place })
    }

    pub fn push(&mut self, piece: Vec<u8>) -> io::Result<()> {
        let frame = self.seal.seal(&mut self.place, piece)?;
        self.file.write_all(&frame)
    }

    /// Makes it the newest generation; gives its size.
    pub fn finish(self) -> io::Result<u64> {
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        let length = file.metadata()?.len();
        // A log of this generation can only be left over from one that was never finished.
        remove(&log_path(self.dir, self.generation))?;
        fs::rename(&self.temporary, snapshot_path(self.dir, self.generation))?;
        sync_dir(self.dir)?;
        Ok(length)
    }
}

/// Writes generation `from + 1` out of the files of generation `from`, without the plan ever being in memory.
pub fn compact(dir: &Path, seal: &Seal, from: u64, reached: &LogEnd) -> io::Result<u64> {
    let mut overlay = Overlay::default();
    let snapshot = snapshot_path(dir, from);
    let Some(base) = read_head(&snapshot, seal)? else { return Err(damaged(&snapshot)) };
    let start = LogEnd { store: base.store, revision: base.revision, at: None, clean: true };
    let end = read_log(&log_path(dir, from), seal, start, &mut overlay)?;
    if (&end.store, end.revision) != (&reached.store, reached.revision) {
        return Err(damaged(&log_path(dir, from)));
    }
    let mut new = NewSnapshot::begin(dir, seal, from + 1)?;
    let head = Head { store: end.store, snapshot: true, base: 0, revision: end.revision };
    let mut writer = PieceWriter::new(&head, |piece| new.push(piece));
    let whole = each_piece(&snapshot, seal, |piece| {
        piece.records.iter().filter(|record| !overlay.hides(record)).try_for_each(|record| writer.push(record))
    })?;
    if !whole {
        return Err(damaged(&snapshot));
    }
    for record in overlay.into_live() {
        writer.push(&record)?;
    }
    writer.finish()?;
    new.finish()
}

fn read_head(path: &Path, seal: &Seal) -> io::Result<Option<Head>> {
    let mut frames = match Frames::open(seal, Purpose::Snapshot, BufReader::new(File::open(path)?)) {
        Ok(frames) => frames,
        Err(Stop::Io(error)) => return Err(error),
        Err(_) => return Ok(None),
    };
    match frames.next() {
        Ok(bytes) => Ok(decode(&bytes).and_then(|piece| piece.head)),
        Err(Stop::Io(error)) => Err(error),
        Err(_) => Ok(None),
    }
}

fn damaged(path: &Path) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{} is damaged", path.display()))
}

/// Removes what generations before `oldest` and unfinished writes left behind.
pub fn clear_before(dir: &Path, oldest: u64) -> io::Result<()> {
    for generation in generations(dir)?.into_iter().filter(|generation| *generation < oldest) {
        remove(&snapshot_path(dir, generation))?;
        remove(&log_path(dir, generation))?;
    }
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "new") {
            remove(&path)?;
        }
    }
    Ok(())
}

pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
