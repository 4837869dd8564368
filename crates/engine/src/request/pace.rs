//! How fast a client must deliver a body: something within each time limit, and not slower than a trickle on average.
//!
//! `body.rs` asks it whenever nothing of a body is there. Only the time in which the gateway waits for the client
//! counts: a backend that reads slowly is not the client's fault. Costs nothing for a body that is there already.

use std::future::Future;
use std::pin::Pin;
use std::task::Context;
use std::time::Duration;
use tokio::time::{Instant, Sleep};

/// Bytes a second, once the first time limit is over; what other servers ask for.
const SLOWEST: u32 = 500;

pub struct Pace {
    limit: Duration,
    waited: Option<Box<Waited>>,
}

struct Waited {
    before: Duration,
    since: Option<Instant>,
    timer: Pin<Box<Sleep>>,
}

impl Pace {
    pub fn new(limit: Duration) -> Self {
        Self { limit, waited: None }
    }

    /// Nothing is there; whether that has lasted too long, `received` bytes into the body.
    pub fn is_too_slow(&mut self, received: u64, context: &mut Context<'_>) -> bool {
        let limit = self.limit;
        let waited = self.waited.get_or_insert_with(|| {
            let timer = Box::pin(tokio::time::sleep(limit));
            Box::new(Waited { before: Duration::ZERO, since: None, timer })
        });
        if waited.since.is_none() {
            let now = Instant::now();
            waited.since = Some(now);
            let earned = limit.saturating_add(Duration::from_secs(received) / SLOWEST);
            waited.timer.as_mut().reset(now + limit.min(earned.saturating_sub(waited.before)));
        }
        waited.timer.as_mut().poll(context).is_ready()
    }

    /// Something arrived.
    pub fn arrived(&mut self) {
        if let Some(waited) = &mut self.waited {
            if let Some(since) = waited.since.take() {
                waited.before += since.elapsed();
            }
        }
    }
}
