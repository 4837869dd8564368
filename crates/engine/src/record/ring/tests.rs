#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::*;
use std::io::Write as _;

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("isthmus-ring-{name}-{}", std::process::id()));
        fs::remove_dir_all(&path).ok();
        Self(path)
    }

    fn segments(&self, bytes: u64) -> Segments {
        Segments::open(self.0.clone(), RecordSettings { bytes, age_ms: 3_600_000 }).unwrap()
    }

    fn files(&self, extension: &str) -> Vec<PathBuf> {
        let all = fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().path());
        let mut found: Vec<_> = all.filter(|path| path.extension().is_some_and(|one| one == extension)).collect();
        found.sort();
        found
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

/// Ids spread over all numbers, as random ones are.
fn spread(number: u128) -> u128 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
}

struct Block {
    records: Vec<u8>,
    count: u32,
}

impl Segments {
    fn keep(&mut self, block: &Block) -> io::Result<()> {
        self.write(&block.records, block.count)
    }
}

/// A block of the records with these numbers.
fn block(numbers: impl Iterator<Item = u128>) -> Block {
    let (mut records, mut count) = (Vec::new(), 0);
    for number in numbers {
        let text = format!("record {number}");
        records.extend_from_slice(&u32::try_from(16 + text.len()).unwrap().to_le_bytes());
        records.extend_from_slice(&spread(number).to_be_bytes());
        records.extend_from_slice(text.as_bytes());
        count += 1;
    }
    Block { records, count }
}

fn text(record: Option<Vec<u8>>) -> Option<String> {
    record.map(|record| String::from_utf8(record[16..].to_vec()).unwrap())
}

#[test]
fn every_record_is_found_in_open_and_in_full_segments() {
    let folder = Folder::new("found");
    let mut segments = folder.segments(1 << 20);
    for start in (0..6000).step_by(50) {
        segments.keep(&block(start..start + 50)).unwrap();
    }
    assert!(folder.files("idx").len() > 1, "the ring must have full segments for this test");
    for number in (0..6000).step_by(7) {
        assert_eq!(text(segments.find(spread(number)).unwrap()), Some(format!("record {number}")));
    }
    assert_eq!(segments.find(spread(6000)).unwrap(), None);
}

#[test]
fn an_index_finds_ids_however_they_are_spread() {
    let folder = Folder::new("index");
    fs::create_dir_all(&folder.0).unwrap();
    let path = folder.0.join("1.idx");
    // All close together, so that every guess is far off.
    let mut places: Vec<Place> = (0..5000).map(|number| (u128::from(number) * 3 + 7, number)).collect();
    index::write(&path, &mut places).unwrap();
    for (id, offset) in places {
        assert_eq!(index::find(&path, id).unwrap(), Some(offset));
        assert_eq!(index::find(&path, id + 1).unwrap(), None);
    }
    assert_eq!(index::find(&path, u128::MAX).unwrap(), None);
    index::write(&path, &mut []).unwrap();
    assert_eq!(index::find(&path, 7).unwrap(), None);
}

#[test]
fn what_a_crash_left_is_found_and_a_torn_tail_is_not() {
    let folder = Folder::new("torn");
    let mut segments = folder.segments(1 << 20);
    segments.keep(&block(0..10)).unwrap();
    segments.keep(&block(10..20)).unwrap();
    drop(segments);
    let path = folder.files("rec").remove(0);
    let whole = fs::read(&path).unwrap();
    let first_block = segment::HEADER + block(0..10).records.len();
    for cut in (0..whole.len()).step_by(13).chain([first_block - 1, first_block, whole.len() - 1]) {
        fs::write(&path, &whole[..cut]).unwrap();
        folder.files("idx").into_iter().for_each(|index| fs::remove_file(index).unwrap());
        let segments = folder.segments(1 << 20);
        let first = text(segments.find(spread(9)).unwrap());
        let second = text(segments.find(spread(10)).unwrap());
        assert_eq!(first.is_some(), cut >= first_block, "cut at {cut}");
        assert_eq!(second, None, "cut at {cut}");
        drop(segments);
        folder.files("rec").into_iter().for_each(|file| fs::remove_file(file).unwrap());
    }
}

#[test]
fn a_block_whose_bytes_changed_is_no_record() {
    let folder = Folder::new("flipped");
    let mut segments = folder.segments(1 << 20);
    segments.keep(&block(0..10)).unwrap();
    drop(segments);
    let path = folder.files("rec").remove(0);
    let mut bytes = fs::read(&path).unwrap();
    bytes[60] ^= 1;
    fs::write(&path, bytes).unwrap();
    assert_eq!(folder.segments(1 << 20).find(spread(0)).unwrap(), None);
}

#[test]
fn the_oldest_go_when_the_ring_is_full_or_too_old() {
    let folder = Folder::new("full");
    let mut segments = folder.segments(64 << 10);
    for start in (0..6000).step_by(10) {
        segments.keep(&block(start..start + 10)).unwrap();
    }
    let size: u64 = folder.files("rec").iter().map(|path| fs::metadata(path).unwrap().len()).sum();
    assert!(size <= 70 << 10, "{size} bytes");
    assert_eq!(segments.find(spread(0)).unwrap(), None);
    assert_eq!(text(segments.find(spread(5999)).unwrap()).as_deref(), Some("record 5999"));
    segments.prune(SystemTime::now() + Duration::from_secs(3601)).unwrap();
    assert_eq!(folder.files("rec").len(), 1, "only the open segment is left");
}

#[test]
fn the_newest_are_shown_first() {
    let folder = Folder::new("newest");
    let settings = RecordSettings { bytes: 32 << 10, age_ms: 3_600_000 };
    let ring = Ring::open(&folder.0, settings).unwrap();
    for start in (0..600).step_by(10) {
        let block = block(start..start + 10);
        ring.keep(&block.records, block.count).unwrap();
    }
    let mut shown = Vec::new();
    ring.recent(|record| {
        shown.push(String::from_utf8(record[16..].to_vec()).unwrap());
        shown.len() < 25
    })
    .unwrap();
    let expected: Vec<String> = (575..600).rev().map(|number| format!("record {number}")).collect();
    assert_eq!(shown, expected);
}

#[test]
fn a_file_that_is_something_else_is_left_alone() {
    let folder = Folder::new("else");
    fs::create_dir_all(&folder.0).unwrap();
    for name in ["notes.txt", "a.rec", "7.idx"] {
        File::create(folder.0.join(name)).unwrap().write_all(b"something else").unwrap();
    }
    drop(folder.segments(1 << 20));
    assert!(folder.0.join("notes.txt").exists() && folder.0.join("a.rec").exists());
}
