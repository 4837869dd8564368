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

pub struct AllowList {
    file: Option<PathBuf>,
    current: RefCell<Current>,
}

struct Current {
    /// Of the file that was read: a file that is replaced or written again has another one.
    stamp: Option<Stamp>,
    listed: Result<BTreeSet<SocketAddr>, String>,
}

/// Inode, size and change time.
type Stamp = (u64, u64, i64, i64);

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
        let stamp = stamp(file);
        let mut current = self.current.borrow_mut();
        if stamp.is_none() || current.stamp != stamp {
            *current = Current { stamp, listed: read(file) };
        }
    }
}

fn stamp(file: &Path) -> Option<Stamp> {
    let metadata = std::fs::metadata(file).ok()?;
    Some((metadata.ino(), metadata.size(), metadata.ctime(), metadata.ctime_nsec()))
}

fn read(file: &Path) -> Result<BTreeSet<SocketAddr>, String> {
    let unusable = |problem: String| format!("the list {} cannot be used: {problem}", file.display());
    let text = std::fs::read_to_string(file).map_err(|error| unusable(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| unusable(format!("{error}; it must be a JSON list of \"ip:port\"")))
}
