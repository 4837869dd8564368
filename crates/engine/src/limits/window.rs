//! How much of a limit's window is used, in one word: which window in the upper half, calls in the lower.
//!
//! Calls over the limit are those that wait: when the next window begins they are its first ones, so a queue needs no
//! place of its own. Called by `Leases` alone.

use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Default)]
pub struct Window(AtomicU64);

pub enum Taken {
    /// So many calls, at least one.
    Now(u32),
    /// One call, in the next window.
    Queued,
    Nothing,
}

impl Window {
    /// Whether `take` would find a place, now or in the queue.
    pub fn has_room(&self, index: u32, calls: u32, queue: u32) -> bool {
        let (_, used) = used_at(self.0.load(Ordering::Acquire), index, calls);
        used < calls.saturating_add(queue)
    }

    /// Up to `portion` calls of a window, or else one place in a queue of this length.
    pub fn take(&self, index: u32, calls: u32, portion: u32, queue: u32) -> Taken {
        let mut taken = Taken::Nothing;
        let update = |state: u64| {
            let (known, used) = used_at(state, index, calls);
            let got = portion.min(calls.saturating_sub(used));
            let (got, after) = if got > 0 {
                (Taken::Now(got), used.saturating_add(got))
            } else if used < calls.saturating_add(queue) {
                (Taken::Queued, used.saturating_add(1))
            } else {
                taken = Taken::Nothing;
                return None;
            };
            taken = got;
            Some((u64::from(known) << 32) | u64::from(after))
        };
        match self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, update) {
            Ok(_) => taken,
            Err(_) => Taken::Nothing,
        }
    }
}

/// The window that is current and what is used of it. A thread that read the clock a little earlier than another opens
/// no window again; a clock that was set back far does.
fn used_at(state: u64, index: u32, calls: u32) -> (u32, u32) {
    const LATE: u32 = 2;
    #[allow(clippy::cast_possible_truncation)] // The halves of the word.
    let (known, used) = ((state >> 32) as u32, state as u32);
    match known.checked_sub(index) {
        Some(0..=LATE) => (known, used),
        Some(_) => (index, 0),
        None => (index, used.saturating_sub(calls.saturating_mul(index - known))),
    }
}
