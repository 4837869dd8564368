#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::{Admission, Counts, Leases, Limit};
use std::num::NonZeroU32;

const MINUTE: i64 = 60_000;

fn limit(calls: u32, window_ms: i64, queue: bool) -> Limit {
    Limit { calls: NonZeroU32::new(calls).unwrap(), window_ms, queue }
}

#[test]
fn small_limits_are_exact_whatever_thread_is_asked() {
    let (counts, threads) = (Counts::new(4), [(); 4].map(|()| Leases::default()));
    let key = counts.key("api", "a");
    for minute in 1..4 {
        let take = |call: usize| threads[call % 4].take(&counts, key, limit(100, MINUTE, false), minute * MINUTE + 5);
        assert_eq!((0..300).filter(|call| take(*call) == Admission::Now).count(), 100);
    }
}

#[test]
fn large_limits_are_never_passed_and_missed_by_a_64th_at_most() {
    let (counts, threads) = (Counts::new(4), [(); 4].map(|()| Leases::default()));
    let key = counts.key("api", "a");
    let calls = 100_000;
    // Three threads take a little and then nothing more; the fourth gets what is left but for their portions.
    for leases in &threads[..3] {
        assert_eq!(leases.take(&counts, key, limit(calls, MINUTE, false), 0), Admission::Now);
    }
    let passed =
        (0..2 * calls).filter(|_| threads[3].take(&counts, key, limit(calls, MINUTE, false), 0) == Admission::Now);
    let passed = passed.count() + 3;
    assert!(passed <= calls as usize && passed >= (calls - calls / 64) as usize, "{passed}");
}

#[test]
fn threads_that_race_pass_no_more_than_the_limit() {
    let counts = Counts::new(4);
    let passed: usize = std::thread::scope(|scope| {
        let run = || {
            let (leases, key) = (Leases::default(), counts.key("api", "a"));
            (0..20_000).filter(|_| leases.take(&counts, key, limit(10_000, MINUTE, false), 7) == Admission::Now).count()
        };
        let running: Vec<_> = (0..4).map(|_| scope.spawn(run)).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert!((9_800..=10_000).contains(&passed), "{passed}");
}

#[test]
fn a_queue_holds_one_window_and_is_served_first() {
    let (counts, leases) = (Counts::new(1), Leases::default());
    let key = counts.key("api", "a");
    let take = |now: i64| leases.take(&counts, key, limit(2, 1000, true), now);
    assert_eq!([take(5000), take(5999)], [Admission::Now; 2]);
    assert_eq!([take(5999), take(5999)], [Admission::At(6000); 2]);
    assert_eq!(take(5999), Admission::Refused);
    assert_eq!([take(6000), take(6000)], [Admission::At(7000); 2], "those that waited have this second");
    assert_eq!(take(6000), Admission::Refused);
    assert_eq!(take(9000), Admission::Now, "a queue that ran dry is forgotten");
}

#[test]
fn counts_go_on_when_a_limit_changes() {
    let (counts, leases) = (Counts::new(1), Leases::default());
    let key = counts.key("api", "a");
    let take = |calls| leases.take(&counts, key, limit(calls, MINUTE, false), 0);
    assert_eq!([take(2), take(2), take(2)], [Admission::Now, Admission::Now, Admission::Refused]);
    assert_eq!([take(3), take(3), take(1)], [Admission::Now, Admission::Refused, Admission::Refused]);
}

#[test]
fn what_is_given_back_can_be_taken_again() {
    let (counts, leases) = (Counts::new(1), Leases::default());
    let key = counts.key("app", 7);
    assert_eq!(leases.take(&counts, key, limit(1, MINUTE, false), 0), Admission::Now);
    leases.give_back(key, limit(1, MINUTE, false), 0);
    assert_eq!(leases.take(&counts, key, limit(1, MINUTE, false), 0), Admission::Now);
    assert_eq!(leases.take(&counts, key, limit(1, MINUTE, false), 0), Admission::Refused);
}

#[test]
fn keys_that_a_caller_chooses_do_not_fill_the_memory() {
    let (counts, leases) = (Counts::with_room(1, 2000), Leases::with_room(200));
    for caller in 0..20_000 {
        leases.take(&counts, counts.key("rule", caller), limit(5, MINUTE, false), 0);
    }
    assert!(counts.windows.len() <= 2000, "{}", counts.windows.len());
    assert!(leases.held.borrow().len() <= 200);
}

#[test]
fn a_count_in_use_outlives_many_others() {
    let (counts, leases) = (Counts::with_room(1, 2000), Leases::with_room(200));
    let own = counts.key("api", "mine");
    let mut passed = 0;
    for caller in 0..20_000 {
        leases.take(&counts, counts.key("rule", caller), limit(5, MINUTE, false), 0);
        passed += usize::from(leases.take(&counts, own, limit(5, MINUTE, false), 0) == Admission::Now);
    }
    assert_eq!(passed, 5);
}
