//! The last requests on disk: a ring of segment files, found by request id.
//!
//! The writer's thread keeps blocks of packed records; look-ups come from any thread but a serving one.
//! A segment that is full gets its index (`index.rs`) and is deleted when the ring is over its size or its age.
//! Invariant: whatever a crash leaves behind, opening finds every record of every whole block and nothing else.

mod index;
mod segment;
#[cfg(test)]
mod tests;

use crate::settings::RecordSettings;
use index::Place;
pub use segment::records;
use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// A ring has at least so many segments, so that little is lost with the oldest.
const SEGMENTS: u64 = 16;
const LARGEST_SEGMENT: u64 = 16 << 20;

pub struct Ring(Mutex<Segments>);

struct Segments {
    folder: PathBuf,
    settings: RecordSettings,
    /// Oldest first.
    sealed: VecDeque<Sealed>,
    active: Active,
}

struct Sealed {
    number: u64,
    bytes: u64,
    written: SystemTime,
}

struct Active {
    number: u64,
    file: File,
    bytes: u64,
    places: Vec<Place>,
}

impl Ring {
    /// Opens the ring of a folder, with what is in it.
    ///
    /// # Errors
    /// The folder cannot be used; the text names it.
    pub fn open(folder: &Path, settings: RecordSettings) -> io::Result<Ring> {
        let named = |error: io::Error| {
            io::Error::new(error.kind(), format!("cannot keep records in {}: {error}", folder.display()))
        };
        Ok(Ring(Mutex::new(Segments::open(folder.to_owned(), settings).map_err(named)?)))
    }

    /// Keeps a block of so many packed records, each with its length before it.
    ///
    /// # Errors
    /// What the disk says; nothing of the block is kept then.
    pub fn keep(&self, records: &[u8], count: u32) -> io::Result<()> {
        self.lock().write(records, count)
    }

    /// Deletes what is too old.
    ///
    /// # Errors
    /// What the disk says.
    pub fn prune(&self) -> io::Result<()> {
        self.lock().prune(SystemTime::now())
    }

    /// The packed record of a request; None when the ring does not have it (any more).
    ///
    /// # Errors
    /// What the disk says.
    pub fn find(&self, id: u128) -> io::Result<Option<Vec<u8>>> {
        self.lock().find(id)
    }

    /// Shows packed records, newest first, until `visit` says false.
    ///
    /// # Errors
    /// What the disk says.
    pub fn recent(&self, mut visit: impl FnMut(&[u8]) -> bool) -> io::Result<()> {
        let paths = self.lock().newest_first();
        for path in paths {
            // One that was deleted meanwhile is too old.
            let Ok(mut file) = File::open(path) else { return Ok(()) };
            let mut blocks = Vec::new();
            while let Some(block) = segment::read_block(&mut file)? {
                blocks.push(block);
            }
            for block in blocks.iter().rev() {
                let records: Vec<&[u8]> = segment::records(block).map(|(_, record)| record).collect();
                if !records.iter().rev().all(|record| visit(record)) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Never held by a serving thread.
    fn lock(&self) -> MutexGuard<'_, Segments> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Segments {
    fn open(folder: PathBuf, settings: RecordSettings) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        let mut numbers: Vec<u64> = fs::read_dir(&folder)?.filter_map(|entry| number(&entry.ok()?.path())).collect();
        numbers.sort_unstable();
        let active = Active::create(&folder, numbers.last().map_or(1, |last| last + 1))?;
        let mut segments = Self { folder, settings, sealed: VecDeque::new(), active };
        for number in numbers {
            segments.take_up(number)?;
        }
        segments.prune(SystemTime::now())?;
        Ok(segments)
    }

    /// A segment of an engine before this one: cut behind its last whole block and indexed, if it is not yet.
    fn take_up(&mut self, number: u64) -> io::Result<()> {
        let path = self.path(number, "rec");
        let index = self.path(number, "idx");
        if !index.exists() {
            let mut file = OpenOptions::new().read(true).write(true).open(&path)?;
            let (mut places, end) = segment::scan(&mut file)?;
            if places.is_empty() {
                return fs::remove_file(path);
            }
            file.set_len(end)?;
            index::write(&index, &mut places)?;
        }
        let about = fs::metadata(&path)?;
        self.sealed.push_back(Sealed { number, bytes: about.len(), written: about.modified()? });
        Ok(())
    }

    fn write(&mut self, records: &[u8], count: u32) -> io::Result<()> {
        let header = segment::header(records, count)?;
        let active = &mut self.active;
        let written = active.file.write_all(&header).and_then(|()| active.file.write_all(records));
        if let Err(error) = written {
            // Half a block would hide what comes after it.
            active.file.set_len(active.bytes)?;
            return Err(error);
        }
        segment::places(records, active.bytes, &mut active.places);
        active.bytes += (header.len() + records.len()) as u64;
        if active.bytes >= (self.settings.bytes / SEGMENTS).clamp(1, LARGEST_SEGMENT) {
            self.seal()?;
        }
        self.prune(SystemTime::now())
    }

    fn seal(&mut self) -> io::Result<()> {
        let next = Active::create(&self.folder, self.active.number + 1)?;
        let mut full = std::mem::replace(&mut self.active, next);
        let sealed = Sealed { number: full.number, bytes: full.bytes, written: SystemTime::now() };
        self.sealed.push_back(sealed);
        index::write(&self.path(full.number, "idx"), &mut full.places)
    }

    /// Deletes what is over the ring's size or age.
    fn prune(&mut self, now: SystemTime) -> io::Result<()> {
        let mut total = self.active.bytes + self.sealed.iter().map(|sealed| sealed.bytes).sum::<u64>();
        let age = Duration::from_millis(self.settings.age_ms);
        while let Some(oldest) = self.sealed.front() {
            let expired = now.duration_since(oldest.written).is_ok_and(|passed| passed > age);
            if total <= self.settings.bytes && !expired {
                break;
            }
            total = total.saturating_sub(oldest.bytes);
            let number = oldest.number;
            self.sealed.pop_front();
            fs::remove_file(self.path(number, "rec"))?;
            fs::remove_file(self.path(number, "idx")).ok();
        }
        Ok(())
    }

    fn find(&self, id: u128) -> io::Result<Option<Vec<u8>>> {
        if let Some((_, offset)) = self.active.places.iter().rev().find(|(known, _)| *known == id) {
            return segment::read_record(&self.active.file, *offset, id);
        }
        for sealed in self.sealed.iter().rev() {
            let found = match index::find(&self.path(sealed.number, "idx"), id) {
                // It could not be written, and is made at the next start.
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                found => found?,
            };
            if let Some(offset) = found {
                let file = File::open(self.path(sealed.number, "rec"))?;
                return segment::read_record(&file, offset, id);
            }
        }
        Ok(None)
    }

    fn newest_first(&self) -> Vec<PathBuf> {
        let sealed = self.sealed.iter().rev().map(|sealed| sealed.number);
        std::iter::once(self.active.number).chain(sealed).map(|number| self.path(number, "rec")).collect()
    }

    fn path(&self, number: u64, extension: &str) -> PathBuf {
        self.folder.join(format!("{number:010}.{extension}"))
    }
}

impl Active {
    fn create(folder: &Path, number: u64) -> io::Result<Self> {
        let path = folder.join(format!("{number:010}.rec"));
        let file = OpenOptions::new().read(true).append(true).create_new(true).mode(0o600).open(path)?;
        Ok(Self { number, file, bytes: 0, places: Vec::new() })
    }
}

/// The number of a segment file; None for any other file.
fn number(path: &Path) -> Option<u64> {
    let is_segment = path.extension().is_some_and(|extension| extension == "rec");
    path.file_stem()?.to_str()?.parse().ok().filter(|_| is_segment)
}
