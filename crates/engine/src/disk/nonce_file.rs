//! Nonces and used tokens that survive a restart, in a file beside the copy of the plan.
//!
//! `load` is called before serving begins; `keep` runs on a thread of its own and appends what was used since it last
//! looked, ten times a second, so a process that dies forgets at most the last tenth of a second. The file holds hashes
//! and times only. Damage costs what stands behind it; a disk that does not take it costs memory across restarts, and
//! never a request.

use crate::request::{Nonces, SeenNonces};
use crate::thread::Shared;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;

const NAME: &str = "nonces";
const MAGIC: &[u8; 8] = b"nonces1\n";
/// Magic and two seeds; hash and time.
const HEADER: usize = 24;
const RECORD: usize = 24;
const INTERVAL: Duration = Duration::from_millis(100);
/// A file below this size is left alone; above, it is rewritten when most of it is out of date.
const FLOOR: u64 = 4 << 20;

/// What the last run left, or nothing when there is no file or it cannot be read.
pub fn load(dir: &Path) -> Option<SeenNonces> {
    let mut bytes = Vec::new();
    File::open(dir.join(NAME)).ok()?.read_to_end(&mut bytes).ok()?;
    let (header, records) = bytes.split_at_checked(HEADER)?;
    let seeds = header.strip_prefix(MAGIC)?;
    let (first, second) = seeds.split_at_checked(8)?;
    let seeds = [u64::from_le_bytes(first.try_into().ok()?), u64::from_le_bytes(second.try_into().ok()?)];
    let record = |bytes: &[u8]| {
        let (hash, until) = bytes.split_at_checked(16)?;
        Some((u128::from_le_bytes(hash.try_into().ok()?), i64::from_le_bytes(until.try_into().ok()?)))
    };
    // A record that was cut off at the end is none.
    Some(SeenNonces { seeds, seen: records.chunks_exact(RECORD).filter_map(record).collect() })
}

/// Writes until the serving threads have ended.
pub async fn keep(shared: Arc<Shared>, dir: PathBuf, mut stop: watch::Receiver<bool>) {
    let mut file = None;
    let mut failing = false;
    loop {
        let stopped = *stop.borrow();
        let last = stopped && Arc::strong_count(&shared) == 1;
        match write(&shared.nonces, &dir, &mut file) {
            Ok(()) => failing = false,
            Err(error) => {
                file = None;
                if !failing {
                    eprintln!("isthmus engine: nonces are not kept in {}: {error}", dir.display());
                }
                failing = true;
            }
        }
        if last {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            _ = stop.changed(), if !stopped => {}
        }
    }
}

/// Appends what is new; without a file, or when most of it is out of date, writes everything anew.
fn write(nonces: &Nonces, dir: &Path, file: &mut Option<(File, u64)>) -> io::Result<()> {
    let fresh = nonces.take_fresh();
    let mut worn = file.is_none();
    if let Some((open, length)) = file {
        if !fresh.is_empty() {
            open.write_all(&encoded(&fresh))?;
            *length += (fresh.len() * RECORD) as u64;
        }
        worn = *length > FLOOR && *length > 3 * (HEADER + nonces.count() * RECORD) as u64;
    }
    if worn {
        *file = Some(create(nonces, dir)?);
    }
    Ok(())
}

fn create(nonces: &Nonces, dir: &Path) -> io::Result<(File, u64)> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let SeenNonces { seeds, seen } = nonces.all(i64::try_from(now.as_millis()).unwrap_or(i64::MAX));
    let mut bytes = MAGIC.to_vec();
    seeds.iter().for_each(|seed| bytes.extend_from_slice(&seed.to_le_bytes()));
    bytes.extend_from_slice(&encoded(&seen));
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let temporary = dir.join(format!("{NAME}.new"));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    file.write_all(&bytes)?;
    fs::rename(&temporary, dir.join(NAME))?;
    Ok((file, bytes.len() as u64))
}

fn encoded(records: &[(u128, i64)]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(records.len() * RECORD);
    for (hash, until) in records {
        bytes.extend_from_slice(&hash.to_le_bytes());
        bytes.extend_from_slice(&until.to_le_bytes());
    }
    bytes
}
