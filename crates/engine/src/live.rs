//! The plan that is served now, behind one pointer.
//!
//! `follow` (and `disk` at start) apply batches here; each serving thread looks at `generation` once per request, one
//! read of a word nobody writes between changes, and takes the new world when it moved. A batch becomes visible as
//! a whole or not at all, and a request keeps the world it began with.

use crate::world::World;
use arc_swap::ArcSwap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// A change of the plan as it travels: the whole plan (`snapshot`) or what changed.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Identity of the store it comes from.
    pub store: String,
    /// Whether it replaces everything served so far.
    pub snapshot: bool,
    /// The revision reached when it is applied.
    pub revision: u64,
    pub records: Vec<BatchRecord>,
}

/// One record as it travels; without a body it is a tombstone.
#[derive(Debug, Clone)]
pub struct BatchRecord {
    pub kind: String,
    pub key: String,
    pub revision: u64,
    /// The JSON text exactly as the publisher sent it.
    pub body: Option<Box<str>>,
}

/// A record the engine does not serve, and why.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Refused {
    pub kind: String,
    pub key: String,
    pub revision: u64,
    pub reason: String,
}

/// What the engine serves after a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    pub store: String,
    pub revision: u64,
    /// Content hash of all records, refused ones included.
    pub digest: String,
    /// Every record refused at present, not only those of the last batch.
    pub refused: Vec<Refused>,
}

/// The current world, shared by all threads of an engine.
pub struct Live {
    world: ArcSwap<World>,
    generation: AtomicU64,
    /// One batch at a time; readers never wait for it.
    applying: Mutex<()>,
    revisions: watch::Sender<u64>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            world: ArcSwap::from_pointee(World::default()),
            generation: AtomicU64::new(0),
            applying: Mutex::new(()),
            revisions: watch::Sender::new(0),
        }
    }
}

impl Live {
    /// Applies a batch: what it names changes, all at once, and nothing else does.
    pub fn apply(&self, batch: Batch) -> Applied {
        let _one_at_a_time = self.applying.lock().unwrap_or_else(PoisonError::into_inner);
        let mut world = if batch.snapshot { World::default() } else { World::clone(&self.world.load()) };
        world.apply(batch);
        let applied = applied(&world);
        self.world.store(Arc::new(world));
        self.generation.fetch_add(1, Ordering::Release);
        self.revisions.send_replace(applied.revision);
        applied
    }

    /// What is served now.
    pub fn applied(&self) -> Applied {
        applied(&self.world.load())
    }

    pub fn world(&self) -> Arc<World> {
        self.world.load_full()
    }

    /// Moves with every applied batch.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Wakes when the plan changed, for work that is off the path of a request.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.revisions.subscribe()
    }
}

fn applied(world: &World) -> Applied {
    Applied {
        store: world.store.clone(),
        revision: world.revision,
        digest: world.digest(),
        refused: world.refused().cloned().collect(),
    }
}
