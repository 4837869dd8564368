//! Pages of records over real rings on disk.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::super::entry::Entry;
use super::super::packed::pack;
use super::*;
use crate::settings::RecordSettings;
use std::path::PathBuf;

const NOW: i64 = 1_795_000_000_000;
const HOUR: u64 = 3_600_000;

struct Kept {
    ring: Ring,
    folder: PathBuf,
}

impl Kept {
    /// Requests in the order in which they ended: arrival after `NOW` and duration in milliseconds, status.
    fn new(name: &str, requests: &[(i64, u64, u16)]) -> Self {
        let folder = std::env::temp_dir().join(format!("isthmus-newest-{name}-{}", std::process::id()));
        std::fs::remove_dir_all(&folder).ok();
        let settings = RecordSettings { bytes: 64 << 20, age_ms: HOUR };
        let ring = Ring::open(&folder, settings).unwrap();
        let mut packed = Vec::new();
        for (number, (after, took, status)) in requests.iter().enumerate() {
            let uuid = u128::try_from(number).unwrap().to_be_bytes();
            let entry = Entry { uuid, unix_ms: NOW + after, status: *status, ..Entry::default() };
            pack(&mut packed, &entry, Duration::from_millis(*took), None);
        }
        ring.keep(&packed, u32::try_from(requests.len()).unwrap()).unwrap();
        Self { ring, folder }
    }

    /// All pages with this many records each, one after another, by arrival.
    fn all(&self, wanted: &Wanted) -> Vec<i64> {
        let (mut wanted, mut all) = (wanted.clone(), Vec::new());
        loop {
            let page = wanted.page(&self.ring).unwrap();
            assert_eq!(page.looked_back_to, None);
            let Some(last) = page.records.last().and_then(Packed::record) else { return all };
            (wanted.until, wanted.before) = (Some(last.time), Some(last.request_id.as_str().to_owned()));
            all.extend(page.records.iter().map(|record| record.record().unwrap().time - NOW));
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

#[test]
fn pages_have_every_record_once_in_the_order_of_arrival() {
    // Several in one millisecond, and one that took an hour among them.
    let mut requests: Vec<(i64, u64, u16)> = (0..100).map(|number| (10_000 * (number / 4), 5, 200)).collect();
    requests.insert(60, (-3_000_000, HOUR, 200));
    let kept = Kept::new("pages", &requests);
    let mut arrived: Vec<i64> = requests.iter().map(|request| request.0).collect();
    arrived.sort_unstable_by(|one, other| other.cmp(one));
    for limit in [1, 3, 7, 200] {
        assert_eq!(kept.all(&Wanted { limit: Some(limit), ..Wanted::default() }), arrived, "by {limit}");
    }
}

#[test]
fn a_long_request_does_not_hide_those_before_it() {
    let kept = Kept::new("long", &[(60_000, 5, 200), (-7_200_000, 2 * HOUR, 200), (70_000, 5, 200)]);
    let since = Wanted { since: Some(NOW), ..Wanted::default() };
    assert_eq!(kept.all(&since), [70_000, 60_000]);
}

#[test]
fn a_page_has_what_all_conditions_select() {
    let kept = Kept::new("conditions", &[(0, 5, 200), (10, 900, 404), (20, 5, 429), (30, 5, 502)]);
    let by_class = Wanted { least_status: Some(400), most_status: Some(499), ..Wanted::default() };
    assert_eq!(kept.all(&by_class), [20, 10]);
    let slow = Wanted { least_us: Some(500_000), ..by_class };
    assert_eq!(kept.all(&slow), [10]);
    let nobody = Wanted { client_ip: Some("192.0.2.1".into()), ..Wanted::default() };
    assert_eq!(kept.all(&nobody), [0; 0]);
}

#[test]
fn a_look_that_takes_too_long_ends_and_goes_on_with_the_next_page() {
    let requests: Vec<(i64, u64, u16)> = (0..3000).map(|number| (number * 100, 5, 200)).collect();
    let kept = Kept::new("deadline", &requests);
    let mut wanted = Wanted { least_status: Some(500), ..Wanted::default() };
    let mut reached = i64::MAX;
    for _ in 0..3 {
        let page = wanted.page_within(&kept.ring, Instant::now()).unwrap();
        assert_eq!(page.records, []);
        let now = page.looked_back_to.unwrap();
        assert!(now < reached, "{now} after {reached}");
        (reached, wanted.until) = (now, Some(now));
    }
}
