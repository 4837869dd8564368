//! Where each record of a full segment stands: pairs of request id and offset, sorted by id.
//!
//! Request ids are random, so a place in the file can be guessed from the id: one read finds nearly every record. An
//! index can always be made again from its segment, so it is written whole and renamed into place.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

/// Id (big endian, so that bytes sort like numbers) and offset.
const ENTRY: usize = 20;
const ENTRY_BYTES: u64 = ENTRY as u64;
/// Entries read at once around the guess: four times the usual distance in a segment of 50,000 records.
const WINDOW: u64 = 820;

/// Where one record stands.
pub type Place = (u128, u32);

/// # Errors
/// What the disk says; the index is not there then.
pub fn write(path: &Path, places: &mut [Place]) -> io::Result<()> {
    places.sort_unstable();
    let mut bytes = Vec::with_capacity(places.len() * ENTRY);
    for (id, offset) in places {
        bytes.extend_from_slice(&id.to_be_bytes());
        bytes.extend_from_slice(&offset.to_be_bytes());
    }
    let unfinished = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(&bytes)?;
    fs::rename(&unfinished, path)
}

/// The offset of a record; None when it is not in this segment.
///
/// # Errors
/// The index is not there, or cannot be read.
pub fn find(path: &Path, id: u128) -> io::Result<Option<u32>> {
    let file = File::open(path)?;
    let count = file.metadata()?.len() / ENTRY_BYTES;
    // The id as a share of all ids, times the number of entries.
    let guess = u64::try_from(((id >> 64) * u128::from(count)) >> 64).unwrap_or(0);
    let (mut low, mut high) = (guess.saturating_sub(WINDOW / 2), (guess + WINDOW / 2).min(count));
    loop {
        let window = read(&file, low, high)?;
        match (window.first(), window.last()) {
            // The next window overlaps by one, so that an id between the two is known not to be there.
            (Some((first, _)), _) if id < *first && low > 0 => (low, high) = (low.saturating_sub(WINDOW), low + 1),
            (_, Some((last, _))) if id > *last && high < count => (low, high) = (high - 1, (high + WINDOW).min(count)),
            _ => return Ok(window.binary_search_by_key(&id, |(one, _)| *one).ok().and_then(|at| offset(&window, at))),
        }
    }
}

fn offset(window: &[Place], at: usize) -> Option<u32> {
    window.get(at).map(|(_, offset)| *offset)
}

fn read(file: &File, low: u64, high: u64) -> io::Result<Vec<Place>> {
    let length = usize::try_from(high.saturating_sub(low) * ENTRY_BYTES).unwrap_or(0);
    let mut bytes = vec![0; length];
    file.read_exact_at(&mut bytes, low * ENTRY_BYTES)?;
    Ok(bytes.chunks_exact(ENTRY).filter_map(entry).collect())
}

fn entry(bytes: &[u8]) -> Option<Place> {
    let (id, offset) = bytes.split_first_chunk::<16>()?;
    Some((u128::from_be_bytes(*id), u32::from_be_bytes(offset.try_into().ok()?)))
}
