//! The connector's own list of what may be reached, checked at every connection.
//!
//! From a file it follows the file. A file that is missing or cannot be read allows nothing: an operator who takes
//! something off the list must never find it reachable because of a typing error.

use crate::config::Config;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Coarsest step of a file system's clock: two changes within one leave the same time behind.
const CLOCK_STEP: Duration = Duration::from_secs(2);

pub struct AllowList {
    file: Option<PathBuf>,
    current: RefCell<Current>,
}

struct Current {
    /// Of the file that was read: a file that is replaced or written again has another one. None when that is not sure.
    stamp: Option<Stamp>,
    listed: Result<BTreeSet<SocketAddr>, String>,
}

/// What tells one content of the file from another.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    size: u64,
    /// Time of change: seconds and nanoseconds.
    changed: (i64, i64),
}

impl Stamp {
    fn of(file: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(file).ok()?;
        let changed = (metadata.ctime(), metadata.ctime_nsec());
        Some(Self { inode: metadata.ino(), size: metadata.size(), changed })
    }

    /// Whether a later change is sure to leave another stamp: a young file may change again within the same step of
    /// the clock, and what was taken off the list would stay reachable for good.
    fn is_settled(&self, now: SystemTime) -> bool {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let changed = u64::try_from(self.changed.0).unwrap_or_default();
        Duration::from_secs(changed) + CLOCK_STEP < now
    }
}

impl AllowList {
    /// # Errors
    /// When the file cannot be used at the start.
    pub fn new(config: &Config) -> Result<Self, String> {
        let listed = config.allow.iter().flatten().copied().collect();
        let list = Self {
            file: config.allow_file.clone(),
            current: RefCell::new(Current { stamp: None, listed: Ok(listed) }),
        };
        list.refresh();
        let problem = list.current.borrow().listed.as_ref().err().cloned();
        match problem {
            Some(problem) => Err(problem),
            None => Ok(list),
        }
    }

    /// # Errors
    /// Why the address may not be reached.
    pub fn check(&self, address: SocketAddr) -> Result<(), String> {
        self.refresh();
        match &self.current.borrow().listed {
            Ok(listed) if listed.contains(&address) => Ok(()),
            Ok(_) => Err(format!("{address} is not on the connector's list")),
            Err(problem) => Err(format!("nothing is allowed: {problem}")),
        }
    }

    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.refresh();
        self.current.borrow().listed.iter().flatten().copied().collect()
    }

    fn refresh(&self) {
        let Some(file) = &self.file else { return };
        let stamp = Stamp::of(file);
        let mut current = self.current.borrow_mut();
        if stamp.is_none() || current.stamp != stamp {
            let settled = stamp.filter(|stamp| stamp.is_settled(SystemTime::now()));
            *current = Current { stamp: settled, listed: read(file) };
        }
    }
}

fn read(file: &Path) -> Result<BTreeSet<SocketAddr>, String> {
    let unusable = |problem: String| format!("the list {} cannot be used: {problem}", file.display());
    let text = std::fs::read_to_string(file).map_err(|error| unusable(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| unusable(format!("{error}; it must be a JSON list of \"ip:port\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_changed_just_now_is_read_again() {
        let stamp = Stamp { inode: 1, size: 20, changed: (1000, 999_999_999) };
        let at = |seconds: u64| stamp.is_settled(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!([0, 999, 1000, 1002].map(at), [false; 4]);
        assert!(at(1003));
    }

    #[test]
    fn changes_of_the_same_length_are_followed_however_quick() {
        let folder = std::env::temp_dir().join(format!("connector-allow-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("allow.json");
        std::fs::write(&file, "[]").unwrap();
        let text = serde_json::json!({"socket": "/s", "allow_file": file}).to_string();
        let list = AllowList::new(&Config::from_json(&text).unwrap()).unwrap();
        for turn in 0..100 {
            let listed = ["10.0.0.11:80", "10.0.0.12:80"][turn % 2];
            std::fs::write(&file, serde_json::json!([listed]).to_string()).unwrap();
            assert_eq!(list.addresses(), vec![listed.parse().unwrap()], "turn {turn}");
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
