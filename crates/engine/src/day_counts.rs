//! Keeps the day's counts of automatic domains in a file beside the disk copy of the plan, for the next start.
//!
//! `engine.rs` loads them before it serves and runs `keep` in a thread of its own. Written when they changed, at most
//! every few seconds and at the end. Error bound: an engine that is killed forgets the calls of its last `INTERVAL`.

use crate::thread::Shared;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

const FILE: &str = "automatic-domains.txt";
const INTERVAL: Duration = Duration::from_secs(5);

/// A file that is not there or cannot be read is none: the counts are a convenience, not the plan.
pub fn load(state: &Path, shared: &Shared) {
    if let Ok(text) = std::fs::read_to_string(state.join(FILE)) {
        shared.automatic_domains.resume(&text);
    }
}

/// Until the engine stops.
pub async fn keep(state: PathBuf, shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    let mut written = shared.automatic_domains.text();
    loop {
        let stopped = tokio::select! {
            _ = stop.wait_for(|stopped| *stopped) => true,
            () = tokio::time::sleep(INTERVAL) => false,
        };
        let text = shared.automatic_domains.text();
        if text != written {
            match write(&state, &text) {
                Ok(()) => written = text,
                Err(error) => eprintln!("isthmus engine: the counts of automatic domains are not kept: {error}"),
            }
        }
        if stopped {
            return;
        }
    }
}

/// Whole or not at all.
fn write(state: &Path, text: &str) -> io::Result<()> {
    let fresh = state.join(format!("{FILE}.new"));
    std::fs::write(&fresh, text)?;
    std::fs::rename(fresh, state.join(FILE))
}
