//! How long one record among many takes to find: `lookup FOLDER [RECORDS]` fills a ring of packed records (10,000,000
//! unless told otherwise) in a folder that must be empty, and prints times of look-ups in milliseconds.

use isthmus_engine::record::ring::Ring;
use isthmus_engine::settings::RecordSettings;
use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

const BLOCK: usize = 200;
/// A usual record.
const LENGTH: usize = 360;
const LOOK_UPS: usize = 1000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("usage: lookup FOLDER [RECORDS]")?);
    let count: usize = arguments.next().map_or(Ok(10_000_000), |text| text.parse())?;
    let settings = RecordSettings { bytes: 1 << 40, age_ms: u64::from(u32::MAX) };
    let ring = Ring::open(&folder, settings)?;
    let mut some = Vec::new();
    let mut written = 0;
    while written < count {
        let mut records = Vec::with_capacity(BLOCK * (LENGTH + 4));
        for _ in 0..BLOCK {
            let id = uuid::Uuid::new_v4();
            records.extend_from_slice(&u32::try_from(LENGTH)?.to_le_bytes());
            records.extend_from_slice(id.as_bytes());
            records.resize(records.len() + LENGTH - 16, b'x');
            if written % (count / LOOK_UPS).max(1) == 0 {
                some.push(id.as_u128());
            }
            written += 1;
        }
        ring.keep(&records, u32::try_from(BLOCK)?)?;
    }
    let mut times = Vec::new();
    for id in &some {
        let started = Instant::now();
        if ring.find(*id)?.is_none() {
            return Err("a record was not found".into());
        }
        times.push(started.elapsed());
    }
    let started = Instant::now();
    let nothing = ring.find(uuid::Uuid::new_v4().as_u128())?.is_none();
    let absent = started.elapsed();
    times.sort_unstable();
    let at = |share: usize| {
        times.get(times.len() * share / 100).or(times.last()).map_or(0.0, |time| time.as_secs_f64() * 1e3)
    };
    println!(
        "{}",
        serde_json::json!({"records": written, "look_ups": times.len(), "median_ms": at(50), "p99_ms": at(99),
            "longest_ms": at(100), "absent_ms": absent.as_secs_f64() * 1e3, "absent_is_absent": nothing})
    );
    Ok(())
}
