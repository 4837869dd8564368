//! When something last moved between a caller and a backend: what a stream is bounded by instead of a time for the
//! whole. The request's body marks it on the way in, the answer's on the way out.

use std::cell::Cell;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::{timeout_at, Instant};

#[derive(Clone)]
pub struct Traffic(Rc<Cell<Instant>>);

impl Traffic {
    pub fn start() -> Self {
        Self(Rc::new(Cell::new(Instant::now())))
    }

    pub fn mark(&self) {
        self.0.set(Instant::now());
    }

    /// When it will have been silent for so long.
    pub fn until(&self, limit: Duration) -> Instant {
        self.0.get() + limit
    }

    /// Waits for as long as there is no silence of `limit`.
    pub async fn within<T>(&self, limit: Duration, waited: impl Future<Output = T>) -> Option<T> {
        tokio::pin!(waited);
        loop {
            let until = self.until(limit);
            match timeout_at(until, waited.as_mut()).await {
                Ok(result) => return Some(result),
                Err(_) if self.until(limit) > until => {}
                Err(_) => return None,
            }
        }
    }
}
