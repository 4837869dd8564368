//! The disk copy under every truncation and every flipped bit, a disk that fails, and another key.

mod damage;

use super::{DiskCopy, DiskTimes};
use crate::live::{Batch, BatchRecord};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const KEY: [u8; 32] = [7; 32];
const DEADLINE: Duration = Duration::from_secs(20);

type State = (String, u64, BTreeMap<(String, String), String>);

/// A directory that goes away with the test.
struct Dir(PathBuf);

impl Dir {
    fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("isthmus-disk-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn files(&self) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names.retain(|name| name != "plan.lock");
        names
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn copy_of(other: &Dir) -> Self {
        let new = Dir::new();
        for name in other.files() {
            fs::copy(other.file(&name), new.file(&name)).unwrap();
        }
        new
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

fn batch(snapshot: bool, revision: u64, records: &[(&str, Option<&str>)]) -> Batch {
    let records = records
        .iter()
        .map(|(key, body)| BatchRecord { kind: "app".into(), key: (*key).into(), revision, body: body.map(Into::into) })
        .collect();
    Batch { store: "store-1".into(), snapshot, revision, records }
}

fn state(batch: Batch) -> State {
    let body = |record: BatchRecord| ((record.kind, record.key), record.body.unwrap().into_string());
    let count = batch.records.len();
    let records: BTreeMap<_, _> = batch.records.into_iter().map(body).collect();
    assert_eq!(records.len(), count, "a record came twice");
    (batch.store, batch.revision, records)
}

fn small() -> DiskTimes {
    DiskTimes { retry: Duration::from_millis(5), ..DiskTimes::default() }
}

fn open(dir: &Path) -> DiskCopy {
    DiskCopy::open_with(dir, KEY, small()).unwrap()
}

fn read(dir: &Path) -> Option<State> {
    open(dir).load().map(state)
}

fn keep(disk: &mut DiskCopy, batch: &Batch) {
    disk.append(batch).blocking_recv().unwrap();
}

fn until(condition: impl Fn() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !condition() {
        assert!(Instant::now() < end, "the condition did not come true");
        std::thread::yield_now();
    }
}

/// A snapshot and four changes, and the state after each.
fn story() -> (Vec<Batch>, Vec<State>) {
    let long = format!("\"{}\"", "x".repeat(300));
    let batches = vec![
        batch(true, 3, &[("1", Some("{\"secret\":\"one\"}")), ("2", Some("{}"))]),
        batch(false, 4, &[("3", Some("{\"three\":3}"))]),
        batch(false, 5, &[("1", None), ("2", Some(&long))]),
        batch(false, 9, &[]),
        batch(false, 10, &[("1", Some("{\"again\":true}")), ("3", None)]),
    ];
    let mut states: Vec<State> = Vec::new();
    for batch in &batches {
        let mut records = states.last().map(|last| last.2.clone()).unwrap_or_default();
        for record in &batch.records {
            let name = (record.kind.clone(), record.key.clone());
            match &record.body {
                Some(body) => drop(records.insert(name, body.to_string())),
                None => drop(records.remove(&name)),
            }
        }
        states.push((batch.store.clone(), batch.revision, records));
    }
    (batches, states)
}

fn written(batches: &[Batch]) -> Dir {
    let dir = Dir::new();
    let mut disk = open(&dir.0);
    batches.iter().for_each(|batch| keep(&mut disk, batch));
    dir
}

#[test]
fn an_empty_directory_holds_no_plan() {
    let dir = Dir::new();
    let mut disk = open(&dir.0.join("made"));
    assert!(disk.load().is_none());
    assert!(disk.wants_snapshot());
}

#[test]
fn what_was_kept_is_read_back_after_each_batch() {
    let (batches, states) = story();
    let dir = Dir::new();
    for (batch, expected) in batches.iter().zip(states) {
        keep(&mut open(&dir.0), batch);
        assert_eq!(read(&dir.0), Some(expected));
    }
    assert!(!open(&dir.0).wants_snapshot());
}

#[test]
fn many_changes_are_compacted_and_nothing_is_lost() {
    let dir = Dir::new();
    let mut disk = DiskCopy::open_with(&dir.0, KEY, DiskTimes { log_floor: 2000, ..small() }).unwrap();
    keep(&mut disk, &batch(true, 1, &[]));
    let mut expected = BTreeMap::new();
    for revision in 2..400 {
        let (key, body) = ((revision % 17).to_string(), format!("{{\"n\":{revision}}}"));
        let body = (revision % 5 != 0).then_some(body.as_str());
        keep(&mut disk, &batch(false, revision, &[(&key, body)]));
        match body {
            Some(body) => drop(expected.insert(("app".to_owned(), key), body.to_owned())),
            None => drop(expected.remove(&("app".to_owned(), key))),
        }
    }
    drop(disk);
    let bytes: u64 = dir.files().iter().map(|name| fs::metadata(dir.file(name)).unwrap().len()).sum();
    assert!(bytes < 20_000, "{bytes} bytes are kept");
    assert_eq!(read(&dir.0), Some(("store-1".into(), 399, expected)));
}

#[test]
fn a_batch_of_many_pieces_is_kept_whole_or_not_at_all() {
    let dir = Dir::new();
    let body = format!("\"{}\"", "y".repeat(100_000));
    let keys: Vec<String> = (0..20).map(|number| number.to_string()).collect();
    let records: Vec<_> = keys.iter().map(|key| (key.as_str(), Some(body.as_str()))).collect();
    let mut disk = DiskCopy::open_with(&dir.0, KEY, DiskTimes { log_floor: u64::MAX, ..small() }).unwrap();
    keep(&mut disk, &batch(true, 1, &records[..15]));
    keep(&mut disk, &batch(false, 2, &records));
    drop(disk);
    assert_eq!(read(&Dir::copy_of(&dir).0).unwrap().2.len(), 20);
    let log = fs::read(dir.file("plan-1.log")).unwrap();
    fs::write(dir.file("plan-1.log"), &log[..log.len() - 50_000]).unwrap();
    let found = read(&dir.0).unwrap();
    assert_eq!((found.1, found.2.len()), (1, 15));
}

#[test]
fn a_piece_that_is_missing_or_moved_is_noticed() {
    let body = format!("\"{}\"", "y".repeat(100_000));
    let keys: Vec<String> = (0..15).map(|number| number.to_string()).collect();
    let records: Vec<_> = keys.iter().map(|key| (key.as_str(), Some(body.as_str()))).collect();
    let dir = written(&[batch(true, 1, &records)]);
    let whole = fs::read(dir.file("plan-1.snapshot")).unwrap();
    let (header, mut rest) = whole.split_at(25);
    let mut frames = Vec::new();
    while !rest.is_empty() {
        let length = u32::from_le_bytes(rest[..4].try_into().unwrap()) as usize;
        let (frame, more) = rest.split_at(4 + 12 + length);
        frames.push(frame);
        rest = more;
    }
    assert!(frames.len() > 3);
    let without: Vec<_> = [&frames[..1], &frames[2..]].concat();
    let mut swapped = frames.clone();
    swapped.swap(1, 2);
    for (order, readable) in [(without, false), (swapped, false), (frames, true)] {
        fs::write(dir.file("plan-1.snapshot"), [header, &order.concat()].concat()).unwrap();
        assert_eq!(read(&dir.0).is_some(), readable);
    }
}

#[test]
fn a_new_snapshot_of_another_store_leaves_nothing_of_the_old_one() {
    let (batches, _) = story();
    let dir = written(&batches);
    let other = Batch { store: "store-2".into(), ..batch(true, 1, &[("9", Some("{}"))]) };
    keep(&mut open(&dir.0), &other);
    assert_eq!(dir.files(), ["plan-2.snapshot"]);
    assert_eq!(read(&dir.0), Some(state(other)));
}

#[test]
fn a_tail_of_another_store_is_not_kept() {
    let (batches, states) = story();
    let dir = written(&batches);
    let mut disk = open(&dir.0);
    let stray = Batch { store: "store-2".into(), ..batch(false, 11, &[("9", Some("{}"))]) };
    assert!(disk.append(&stray).blocking_recv().is_err());
    assert!(disk.wants_snapshot());
    drop(disk);
    assert_eq!(read(&dir.0).as_ref(), states.last());
}

#[test]
fn nothing_secret_is_readable_and_another_key_opens_nothing() {
    let (batches, _) = story();
    let dir = written(&batches);
    for name in dir.files() {
        let bytes = fs::read(dir.file(&name)).unwrap();
        assert!(!bytes.windows(6).any(|window| window == b"secret"), "{name} is readable");
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(dir.file(&name)).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
    assert!(DiskCopy::open(&dir.0, [8; 32]).unwrap().load().is_none());
}

#[test]
fn a_snapshot_does_not_open_as_a_log() {
    let (batches, states) = story();
    let dir = written(&batches[..1]);
    fs::copy(dir.file("plan-1.snapshot"), dir.file("plan-1.log")).unwrap();
    assert_eq!(read(&dir.0).as_ref(), states.first());
}

#[test]
fn two_engines_cannot_use_one_directory() {
    let dir = Dir::new();
    let _first = open(&dir.0);
    let text = DiskCopy::open(&dir.0, KEY).err().unwrap().to_string();
    assert!(text.ends_with("another engine uses it; give each engine a state directory of its own"), "{text}");
}

#[test]
fn a_directory_that_cannot_be_used_is_named() {
    let dir = Dir::new();
    fs::write(dir.file("occupied"), b"").unwrap();
    let text = DiskCopy::open(&dir.file("occupied"), KEY).err().unwrap().to_string();
    assert!(text.starts_with(&format!("cannot use {}", dir.file("occupied").display())), "{text}");
}

#[test]
fn a_disk_that_fails_is_tried_again_until_it_works() {
    let dir = Dir::new();
    let inner = dir.0.join("copy");
    let mut disk = open(&inner);
    fs::rename(&inner, dir.0.join("away")).unwrap();
    let word = disk.append(&batch(true, 1, &[("1", Some("{}"))]));
    let later = disk.append(&batch(false, 2, &[("2", Some("{}"))]));
    until(|| disk.problem().is_some());
    assert!(disk.is_behind());
    fs::rename(dir.0.join("away"), &inner).unwrap();
    word.blocking_recv().unwrap();
    later.blocking_recv().unwrap();
    until(|| !disk.is_behind());
    drop(disk);
    assert_eq!(read(&inner).unwrap().1, 2);
}

#[test]
fn a_queue_that_overflows_waits_for_a_snapshot() {
    let dir = Dir::new();
    let inner = dir.0.join("copy");
    let mut disk = DiskCopy::open_with(&inner, KEY, DiskTimes { queue: 100, ..small() }).unwrap();
    keep(&mut disk, &batch(true, 1, &[]));
    until(|| !disk.is_behind());
    fs::rename(&inner, dir.0.join("away")).unwrap();
    let stuck = disk.append(&batch(false, 2, &[("2", Some("{}"))]));
    assert!(disk.append(&batch(false, 3, &[("3", Some(&"3".repeat(200)))])).blocking_recv().is_err());
    assert!(disk.append(&batch(false, 4, &[])).blocking_recv().is_err());
    assert!(!disk.wants_snapshot(), "asked although the disk does not take it");
    fs::rename(dir.0.join("away"), &inner).unwrap();
    stuck.blocking_recv().unwrap();
    until(|| disk.wants_snapshot());
    keep(&mut disk, &batch(true, 4, &[("4", Some("{}"))]));
    drop(disk);
    assert_eq!(read(&inner).unwrap().1, 4);
}

/// A measurement, not a check: `cargo test --release -p isthmus-engine cold_load -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn cold_load_of_ten_thousand_editions() {
    let dir = Dir::new();
    let records = (0..10_000)
        .map(|number| {
            let api = format!("{number:032x}");
            let body = format!(
                r#"{{"api_id":"{api}","api_name":"api-{number}","group_id":"g{}","stage":"RELEASE","version":"20261124000000000","protocols":{{"http":true,"https":true}},"method":"GET","path":"/v1/users/[id]/{number}","auth":{{"type":"anonymous"}},"request_mode":"mapping","parameters":[{{"name":"id","location":"path","parameter_type":"int","required":true}}],"mappings":[{{"source":{{"request":"id"}},"location":"query","name":"id"}}],"backend":{{"target":{{"type":"http","scheme":"http","host":"backend.example","port":80}},"path":"/","timeout_ms":10000}}}}"#,
                number / 100
            );
            let key = format!("{api}/RELEASE");
            BatchRecord { kind: "edition".into(), key, revision: 1, body: Some(body.into()) }
        })
        .collect();
    let plan = Batch { store: "store".into(), snapshot: true, revision: 1, records };
    keep(&mut open(&dir.0), &plan);
    let start = Instant::now();
    let loaded = open(&dir.0).load().unwrap();
    let read = start.elapsed();
    let applied = crate::live::Live::default().apply(loaded);
    assert_eq!((applied.revision, applied.refused), (1, vec![]));
    println!("10,000 editions: read in {read:?}, served after {:?}", start.elapsed());
}
