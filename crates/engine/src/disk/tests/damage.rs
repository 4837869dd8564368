//! Files that were cut or changed: an earlier state or nothing comes back, never half of one.

use super::*;

#[test]
fn a_log_cut_anywhere_gives_the_last_whole_batch() {
    let (batches, states) = story();
    let whole = written(&batches);
    let log = fs::read(whole.file("plan-1.log")).unwrap();
    let mut seen = 0;
    for length in 0..=log.len() {
        let dir = Dir::copy_of(&whole);
        fs::write(dir.file("plan-1.log"), &log[..length]).unwrap();
        let found = read(&dir.0).unwrap();
        let index = states.iter().position(|state| *state == found).expect("a state that never was");
        assert!(index >= seen, "a longer log gave less");
        seen = index;
        // What was torn off is written again, and then the copy is whole.
        let mut disk = open(&dir.0);
        batches.iter().skip(index + 1).for_each(|batch| keep(&mut disk, batch));
        drop(disk);
        assert_eq!(read(&dir.0).as_ref(), states.last());
    }
    assert_eq!(seen, states.len() - 1);
}

#[test]
fn a_bit_flipped_anywhere_in_the_log_gives_an_earlier_state() {
    let (batches, states) = story();
    let whole = written(&batches);
    let log = fs::read(whole.file("plan-1.log")).unwrap();
    for bit in 0..log.len() * 8 {
        let mut damaged = log.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        fs::write(whole.file("plan-1.log"), &damaged).unwrap();
        let found = read(&whole.0).unwrap();
        assert!(states[..states.len() - 1].contains(&found), "bit {bit} gave a state that never was, or the last");
    }
}

#[test]
fn a_snapshot_that_is_cut_or_damaged_gives_nothing() {
    let (batches, _) = story();
    let whole = written(&batches[..1]);
    let snapshot = fs::read(whole.file("plan-1.snapshot")).unwrap();
    for length in 0..snapshot.len() {
        fs::write(whole.file("plan-1.snapshot"), &snapshot[..length]).unwrap();
        assert_eq!(read(&whole.0), None);
    }
    for bit in 0..snapshot.len() * 8 {
        let mut damaged = snapshot.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        fs::write(whole.file("plan-1.snapshot"), &damaged).unwrap();
        assert_eq!(read(&whole.0), None);
    }
}

#[test]
fn a_damaged_snapshot_falls_back_to_the_one_before_and_its_log() {
    let (batches, states) = story();
    let dir = Dir::new();
    let mut disk = DiskCopy::open_with(&dir.0, KEY, DiskTimes { log_floor: 0, log_ceiling: 600, ..small() }).unwrap();
    batches[..3].iter().for_each(|batch| keep(&mut disk, batch));
    drop(disk);
    assert_eq!(dir.files(), ["plan-1.log", "plan-1.snapshot", "plan-2.snapshot"]);
    keep(&mut open(&dir.0), &batches[3]);
    keep(&mut open(&dir.0), &batches[4]);
    fs::write(dir.file("plan-2.snapshot"), b"isthmus1 but no more").unwrap();
    let mut disk = open(&dir.0);
    // The log of the damaged generation goes on where the one before ended.
    assert_eq!(disk.load().map(state).as_ref(), states.last());
    assert!(disk.wants_snapshot());
    keep(&mut disk, &batch(true, 12, &[("8", Some("{}"))]));
    assert!(!disk.wants_snapshot());
    drop(disk);
    assert_eq!(dir.files(), ["plan-2.log", "plan-2.snapshot", "plan-3.snapshot"]);
    assert_eq!(read(&dir.0).unwrap().1, 12);
}
