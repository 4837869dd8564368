//! The threads of an engine: how they begin, and that all of them end.
//!
//! `engine.rs` starts them. Those that serve callers have a limit of their own for their end; the others write what is
//! left. Invariant: no disk and no pipe that takes nothing keeps an engine from ending.

use std::future::Future;
use std::io;
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};
use tokio::runtime;
use tokio::task::LocalSet;

/// How long the threads that serve nobody have for what is left to write.
const LAST_WORDS: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(5);

#[derive(Default)]
pub struct Threads(Vec<JoinHandle<()>>);

impl Threads {
    /// Those whose names begin with `serve` serve callers.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub fn spawn(&mut self, name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<()> {
        self.0.push(Builder::new().name(format!("isthmus-{name}")).spawn(run)?);
        Ok(())
    }

    /// Whether every one runs.
    pub fn alive(&self) -> bool {
        self.0.iter().all(|thread| !thread.is_finished())
    }

    /// Waits for the end of all that were told to end. Who still writes after a moment is left behind with it.
    pub fn end(self) {
        let (serving, others): (Vec<_>, Vec<_>) = self.0.into_iter().partition(serves);
        // A thread that panicked has nothing left to end.
        serving.into_iter().for_each(|thread| drop(thread.join()));
        let deadline = Instant::now() + LAST_WORDS;
        for thread in others {
            while !thread.is_finished() && Instant::now() < deadline {
                std::thread::sleep(PAUSE);
            }
            if thread.is_finished() {
                thread.join().ok();
            }
        }
    }
}

fn serves(thread: &JoinHandle<()>) -> bool {
    thread.thread().name().is_some_and(|name| name.starts_with("isthmus-serve"))
}

/// Runs a future on a runtime of this thread's own.
pub fn local(future: impl Future<Output = ()>) {
    match runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => LocalSet::new().block_on(&runtime, future),
        Err(error) => eprintln!("isthmus engine: a thread could not start its runtime: {error}"),
    }
}
