//! Reading the feed: bytes to lines, lines to batches.
//!
//! No I/O here, so that every odd stream can be tried by a test. Invariant: a batch comes out only after its `commit`;
//! whatever does not fit the protocol is an error with which the connection ends, never a guess. An error's text never
//! quotes the stream, which carries secrets.

use crate::live::{Batch, BatchRecord};
use crate::probe::Asked;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Why the stream cannot be read on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed(pub String);

impl From<Malformed> for String {
    fn from(malformed: Malformed) -> Self {
        malformed.0
    }
}

fn malformed<T>(text: impl Into<String>) -> Result<T, Malformed> {
    Err(Malformed(text.into()))
}

/// Cuts what arrives into lines.
pub struct Lines {
    pending: Vec<u8>,
    limit: usize,
}

impl Lines {
    pub fn new(limit: usize) -> Self {
        Self { pending: Vec::new(), limit }
    }

    /// Gives each line that is complete now to `visit`.
    pub fn push(
        &mut self,
        mut bytes: &[u8],
        mut visit: impl FnMut(&[u8]) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let (line, rest) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
            bytes = rest.get(1..).unwrap_or_default();
            self.check(line.len())?;
            if self.pending.is_empty() {
                visit(line)?;
            } else {
                self.pending.extend_from_slice(line);
                let line = std::mem::take(&mut self.pending);
                visit(&line)?;
            }
        }
        self.check(bytes.len())?;
        self.pending.extend_from_slice(bytes);
        Ok(())
    }

    fn check(&self, more: usize) -> Result<(), Malformed> {
        if self.pending.len() + more > self.limit {
            return malformed(format!("a line of the feed is longer than {} bytes", self.limit));
        }
        Ok(())
    }
}

/// What a line led to.
#[derive(Debug)]
pub enum Step {
    /// More lines belong to it.
    More,
    Ping,
    /// The control plane wants to know something.
    Asked(Asked),
    /// A whole batch, and the content hash that the plan has after it.
    Batch(Batch, String),
}

/// Puts batches together.
#[derive(Default)]
pub struct Assembler {
    open: Option<Batch>,
    size: usize,
}

/// Content of one batch at most: far above any plan, far below what would take the machine down.
const BATCH_LIMIT: usize = 1 << 30;

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(rename = "type", borrow)]
    line_type: Cow<'a, str>,
    store: Option<String>,
    mode: Option<Cow<'a, str>>,
    revision: Option<u64>,
    kind: Option<String>,
    key: Option<String>,
    id: Option<String>,
    digest: Option<String>,
    #[serde(borrow, default, deserialize_with = "present")]
    body: Option<&'a RawValue>,
}

/// Tells `null` (a tombstone) from nothing (a mistake).
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

impl Assembler {
    pub fn line(&mut self, line: &[u8]) -> Result<Step, Malformed> {
        let line: Line = serde_json::from_slice(line)
            .map_err(|error| Malformed(format!("a line of the feed is not understood at column {}", error.column())))?;
        match line.line_type.as_ref() {
            "ping" => Ok(Step::Ping),
            "begin" => self.begin(line),
            "record" => self.record(line),
            "commit" => self.commit(line),
            "ask" => match (line.id, line.body) {
                (Some(id), Some(body)) => Ok(Step::Asked(Asked { id, wanted: body.get().into() })),
                _ => malformed("a question needs id and body"),
            },
            _ => malformed("a line of the feed has an unknown type; is the control plane newer than this engine?"),
        }
    }

    pub fn in_batch(&self) -> bool {
        self.open.is_some()
    }

    fn begin(&mut self, line: Line) -> Result<Step, Malformed> {
        if self.open.is_some() {
            return malformed("a batch begins before the one before it ended");
        }
        let (Some(store), Some(mode), Some(revision)) = (line.store, line.mode, line.revision) else {
            return malformed("a begin needs store, mode and revision");
        };
        let snapshot = match mode.as_ref() {
            "snapshot" => true,
            "tail" => false,
            _ => return malformed("the mode of a batch must be snapshot or tail"),
        };
        self.size = 0;
        self.open = Some(Batch { store, snapshot, revision, records: Vec::new() });
        Ok(Step::More)
    }

    fn record(&mut self, line: Line) -> Result<Step, Malformed> {
        let Some(batch) = &mut self.open else { return malformed("a record stands outside a batch") };
        let (Some(kind), Some(key), Some(revision), Some(body)) = (line.kind, line.key, line.revision, line.body)
        else {
            return malformed("a record needs kind, key, revision and body");
        };
        if revision > batch.revision {
            return malformed("a record is newer than its batch");
        }
        self.size += kind.len() + key.len() + body.get().len();
        if self.size > BATCH_LIMIT {
            return malformed(format!("a batch is larger than {BATCH_LIMIT} bytes"));
        }
        let body = (body.get() != "null").then(|| body.get().into());
        batch.records.push(BatchRecord { kind, key, revision, body });
        Ok(Step::More)
    }

    fn commit(&mut self, line: Line) -> Result<Step, Malformed> {
        let Some(batch) = self.open.take() else { return malformed("a commit stands outside a batch") };
        let (Some(revision), Some(digest)) = (line.revision, line.digest) else {
            return malformed("a commit needs revision and digest");
        };
        if revision != batch.revision {
            return malformed("a batch ends at another revision than it began with");
        }
        Ok(Step::Batch(batch, digest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: &str = r#"{"type":"begin","store":"s","mode":"snapshot","revision":7}"#;
    const RECORD: &str = r#"{"type":"record","kind":"app","key":"a\"b","revision":7,"body":{"n": 1.0,"é":[ ]}}"#;
    const TOMBSTONE: &str = r#"{"type":"record","kind":"app","key":"c","revision":6,"body":null}"#;
    const COMMIT: &str = r#"{"type":"commit","revision":7,"digest":"00ff"}"#;

    fn read(lines: &[&str]) -> Result<Vec<(Batch, String)>, Malformed> {
        let mut assembler = Assembler::default();
        let mut batches = Vec::new();
        for line in lines {
            if let Step::Batch(batch, digest) = assembler.line(line.as_bytes())? {
                batches.push((batch, digest));
            }
        }
        Ok(batches)
    }

    #[test]
    fn a_batch_comes_out_whole_with_bodies_as_they_travelled() {
        let ping = r#"{"type":"ping"}"#;
        let (batch, digest) = read(&[ping, BEGIN, RECORD, ping, TOMBSTONE, COMMIT]).unwrap().remove(0);
        assert_eq!((batch.store.as_str(), batch.snapshot, batch.revision, digest.as_str()), ("s", true, 7, "00ff"));
        let records: Vec<_> = batch.records.iter().map(|r| (r.key.as_str(), r.revision, r.body.as_deref())).collect();
        assert_eq!(records, [("a\"b", 7, Some(r#"{"n": 1.0,"é":[ ]}"#)), ("c", 6, None)]);
    }

    #[test]
    fn a_question_may_stand_between_the_lines_of_a_batch() {
        let mut assembler = Assembler::default();
        assembler.line(BEGIN.as_bytes()).unwrap();
        let step = assembler.line(br#"{"type":"ask","id":"q1","body":{"access":"nginx"}}"#).unwrap();
        let Step::Asked(asked) = step else { panic!("{step:?}") };
        assert_eq!((asked.id.as_str(), asked.wanted.as_ref()), ("q1", r#"{"access":"nginx"}"#));
        assert!(matches!(assembler.line(COMMIT.as_bytes()), Ok(Step::Batch(..))));
    }

    #[test]
    fn without_a_commit_nothing_comes_out() {
        assert_eq!(read(&[BEGIN, RECORD]).unwrap().len(), 0);
    }

    #[test]
    fn whatever_does_not_fit_is_an_error() {
        let wrong: [&[&str]; 20] = [
            &[r#"{"type":"ask","id":"q"}"#],
            &[r#"{"type":"ask","body":{}}"#],
            &["", BEGIN],
            &["nonsense"],
            &["[]"],
            &["{}"],
            &[r#"{"type":"party"}"#],
            &[r#"{"type":7}"#],
            &[BEGIN, BEGIN],
            &[RECORD],
            &[COMMIT],
            &[r#"{"type":"begin","store":"s","mode":"snapshot"}"#],
            &[r#"{"type":"begin","store":"s","mode":"half","revision":7}"#],
            &[r#"{"type":"begin","store":"s","mode":"tail","revision":-7}"#],
            &[BEGIN, r#"{"type":"record","kind":"app","key":"k","revision":7}"#],
            &[BEGIN, r#"{"type":"record","kind":"app","key":"k","revision":8,"body":{}}"#],
            &[BEGIN, r#"{"type":"record","kind":"app","key":"k","revision":7,"body":{"open":}}"#],
            &[BEGIN, r#"{"type":"commit","revision":8,"digest":"00"}"#],
            &[BEGIN, r#"{"type":"commit","revision":7}"#],
            &[BEGIN, COMMIT, COMMIT],
        ];
        for lines in wrong {
            assert!(read(lines).is_err(), "{lines:?} was accepted");
        }
    }

    #[test]
    fn an_error_does_not_quote_what_may_be_secret() {
        let text = read(&[BEGIN, r#"{"type":"record","revision":"hunter2"}"#]).unwrap_err().0;
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[test]
    fn bytes_that_are_no_text_are_an_error() {
        assert!(Assembler::default().line(b"{\"type\":\"\xff\"}").is_err());
    }

    #[test]
    fn a_stream_cut_anywhere_gives_the_same_lines() {
        let stream = format!("{BEGIN}\n{RECORD}\n\n{COMMIT}\n");
        for cut in 0..=stream.len() {
            let (one, other) = stream.as_bytes().split_at(cut);
            let mut seen = Vec::new();
            let mut lines = Lines::new(1000);
            for part in [one, other] {
                let visit = |line: &[u8]| {
                    seen.push(line.to_vec());
                    Ok(())
                };
                lines.push(part, visit).unwrap();
            }
            assert_eq!(seen, [BEGIN.as_bytes(), RECORD.as_bytes(), b"", COMMIT.as_bytes()]);
        }
    }

    #[test]
    fn a_line_without_an_end_is_given_up_at_the_limit() {
        let mut lines = Lines::new(100);
        lines.push(&[b'x'; 60], |_| Ok(())).unwrap();
        assert!(lines.push(&[b'x'; 41], |_| Ok(())).is_err());
        assert!(Lines::new(100).push(&[[b'x'; 101].as_slice(), b"\n"].concat(), |_| Ok(())).is_err());
    }
}
