//! One file of the ring: blocks of records, each with a checksum.
//!
//! A block is `magic ‖ length ‖ CRC-32 ‖ number of records`, then the records, each with its length before it. What
//! stands behind the last whole block was being written when the machine stopped, and counts for nothing.

use super::index::Place;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;

const MAGIC: &[u8; 4] = b"ISR1";
pub const HEADER: usize = 16;
/// No record is longer.
const RECORD_LIMIT: usize = 128 * 1024;

/// The header of a block.
pub fn header(records: &[u8], count: u32) -> io::Result<[u8; HEADER]> {
    let length = u32::try_from(records.len()).map_err(io::Error::other)?;
    let mut header = [0; HEADER];
    let parts = [*MAGIC, length.to_le_bytes(), crc32fast::hash(records).to_le_bytes(), count.to_le_bytes()];
    for (place, part) in header.chunks_exact_mut(4).zip(parts) {
        place.copy_from_slice(&part);
    }
    Ok(header)
}

/// Each record of a block with where it begins in it.
pub fn records(block: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let (length, rest) = block.get(at..)?.split_first_chunk::<4>()?;
        let record = rest.get(..usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
        let begin = at;
        at += 4 + record.len();
        Some((begin, record))
    })
}

/// The request id at the beginning of a record.
pub fn id(record: &[u8]) -> u128 {
    record.first_chunk::<16>().map_or(0, |bytes| u128::from_be_bytes(*bytes))
}

/// Adds the places of a block that begins at `offset` of its file.
pub fn places(block: &[u8], offset: u64, into: &mut Vec<Place>) {
    for (at, record) in records(block) {
        if let Ok(place) = u32::try_from(offset + (HEADER + at) as u64) {
            into.push((id(record), place));
        }
    }
}

/// Reads the block that begins here; None where no whole block does.
pub fn read_block(file: &mut File) -> io::Result<Option<Vec<u8>>> {
    let mut header = [0; HEADER];
    if !read_whole(file, &mut header)? {
        return Ok(None);
    }
    let mut parts = header.chunks_exact(4).map(|part| part.try_into().map_or(0, u32::from_le_bytes));
    let (magic, length, sum) = (parts.next(), parts.next().unwrap_or(0), parts.next());
    if magic != Some(u32::from_le_bytes(*MAGIC)) || u64::from(length) > file.metadata()?.len() {
        return Ok(None);
    }
    let mut block = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    let whole = read_whole(file, &mut block)? && sum == Some(crc32fast::hash(&block));
    Ok(whole.then_some(block))
}

fn read_whole(file: &mut File, into: &mut [u8]) -> io::Result<bool> {
    match file.read_exact(into) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// The places of every record in whole blocks, and where those end.
pub fn scan(file: &mut File) -> io::Result<(Vec<Place>, u64)> {
    let (mut found, mut end) = (Vec::new(), 0);
    file.seek(SeekFrom::Start(0))?;
    while let Some(block) = read_block(file)? {
        places(&block, end, &mut found);
        end += (HEADER + block.len()) as u64;
    }
    Ok((found, end))
}

/// The record at an offset, if it is the one that is looked for.
pub fn read_record(file: &File, offset: u32, wanted: u128) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    file.read_exact_at(&mut length, u64::from(offset))?;
    let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
    if length > RECORD_LIMIT {
        return Ok(None);
    }
    let mut record = vec![0; length];
    file.read_exact_at(&mut record, u64::from(offset) + 4)?;
    Ok((id(&record) == wanted).then_some(record))
}
