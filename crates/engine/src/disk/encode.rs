//! A batch as bytes and back: what the frames of the disk copy hold before they are sealed.
//!
//! A batch is one or more pieces, so that a large plan is never one allocation: the first piece tells what the batch
//! is, the last one says that it is whole. Decoding trusts nothing: a text that ends early or has an odd flag is no
//! piece.

use crate::live::{Batch, BatchRecord};

/// Pieces end after the record that brings them here.
const PIECE_BYTES: usize = 256 * 1024;
const FIRST: u8 = 1;
const LAST: u8 = 2;
const NO_BODY: u32 = u32::MAX;

/// What a batch says about itself, without its records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub store: String,
    pub snapshot: bool,
    /// The revision a tail is to be applied to; 0 for a snapshot.
    pub base: u64,
    pub revision: u64,
}

/// One piece, read back.
#[derive(Debug)]
pub struct Piece {
    /// Present in the first piece.
    pub head: Option<Head>,
    pub records: Vec<BatchRecord>,
    pub last: bool,
}

/// Writes a batch piece by piece into a sink.
pub struct PieceWriter<S> {
    sink: S,
    bytes: Vec<u8>,
}

impl<E, S: FnMut(Vec<u8>) -> Result<(), E>> PieceWriter<S> {
    pub fn new(head: &Head, sink: S) -> Self {
        let mut bytes = vec![FIRST, u8::from(head.snapshot)];
        put_text(&mut bytes, &head.store);
        bytes.extend_from_slice(&head.base.to_le_bytes());
        bytes.extend_from_slice(&head.revision.to_le_bytes());
        Self { sink, bytes }
    }

    pub fn push(&mut self, record: &BatchRecord) -> Result<(), E> {
        put_text(&mut self.bytes, &record.kind);
        put_text(&mut self.bytes, &record.key);
        self.bytes.extend_from_slice(&record.revision.to_le_bytes());
        match &record.body {
            Some(body) => put_text(&mut self.bytes, body),
            None => self.bytes.extend_from_slice(&NO_BODY.to_le_bytes()),
        }
        if self.bytes.len() >= PIECE_BYTES {
            return (self.sink)(std::mem::replace(&mut self.bytes, vec![0]));
        }
        Ok(())
    }

    pub fn finish(mut self) -> Result<(), E> {
        if let Some(flags) = self.bytes.first_mut() {
            *flags |= LAST;
        }
        (self.sink)(self.bytes)
    }
}

/// All pieces of a batch.
pub fn pieces(batch: &Batch, base: u64) -> Vec<Vec<u8>> {
    let base = if batch.snapshot { 0 } else { base };
    let head = Head { store: batch.store.clone(), snapshot: batch.snapshot, base, revision: batch.revision };
    let mut pieces = Vec::new();
    let mut writer = PieceWriter::new(&head, |piece| {
        pieces.push(piece);
        Ok::<(), std::convert::Infallible>(())
    });
    for record in &batch.records {
        writer.push(record).unwrap_or_else(|never| match never {});
    }
    writer.finish().unwrap_or_else(|never| match never {});
    pieces
}

/// Reads one piece; None when it is none.
pub fn decode(bytes: &[u8]) -> Option<Piece> {
    let mut rest = bytes;
    let flags = take(&mut rest, 1)?.first().copied()?;
    if flags & !(FIRST | LAST) != 0 {
        return None;
    }
    let head = if flags & FIRST == 0 { None } else { Some(take_head(&mut rest)?) };
    let mut records = Vec::new();
    while !rest.is_empty() {
        records.push(take_record(&mut rest)?);
    }
    Some(Piece { head, records, last: flags & LAST != 0 })
}

fn take_head(rest: &mut &[u8]) -> Option<Head> {
    let snapshot = match take(rest, 1)?.first()? {
        0 => false,
        1 => true,
        _ => return None,
    };
    Some(Head { snapshot, store: take_text(rest)??, base: take_u64(rest)?, revision: take_u64(rest)? })
}

fn take_record(rest: &mut &[u8]) -> Option<BatchRecord> {
    let (kind, key) = (take_text(rest)??, take_text(rest)??);
    Some(BatchRecord { kind, key, revision: take_u64(rest)?, body: take_text(rest)?.map(String::into_boxed_str) })
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    // Lines of the feed are far below 4 GiB, so the length always fits; a longer text would not be read back.
    let length = u32::try_from(text.len()).unwrap_or(NO_BODY - 1);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
}

/// The outer None: not readable. The inner: no text.
fn take_text(rest: &mut &[u8]) -> Option<Option<String>> {
    let length = u32::from_le_bytes(take(rest, 4)?.try_into().ok()?);
    if length == NO_BODY {
        return Some(None);
    }
    let bytes = take(rest, usize::try_from(length).ok()?)?;
    Some(Some(std::str::from_utf8(bytes).ok()?.to_owned()))
}

fn take_u64(rest: &mut &[u8]) -> Option<u64> {
    Some(u64::from_le_bytes(take(rest, 8)?.try_into().ok()?))
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(count)?;
    *rest = left;
    Some(taken)
}
