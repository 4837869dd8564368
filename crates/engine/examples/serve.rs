//! Serves a plan from a file of JSON lines (`{"kind":…,"key":…,"body":…}`), without a control plane: for the benchmark,
//! for counting instructions and allocations per request, and for looking at the engine alone.
//!
//! `serve SETTINGS.json PLAN.jsonl` prints its addresses as one JSON line and stops when standard input closes.

use isthmus_engine::live::{Batch, BatchRecord, Live};
use isthmus_engine::settings::EngineSettings;
use isthmus_engine::Engine;
use mimalloc::MiMalloc;
use std::alloc::{GlobalAlloc, Layout};
use std::error::Error;
use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

/// The product's allocator, counted.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

#[allow(unsafe_code)]
// SAFETY: every call goes to the allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        BYTES.fetch_add(layout.size() as u64, Ordering::Relaxed);
        MiMalloc.alloc(layout)
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        MiMalloc.dealloc(pointer, layout);
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        MiMalloc.realloc(pointer, layout, size)
    }
}

#[global_allocator]
static GLOBAL: Counting = Counting;

#[derive(serde::Deserialize)]
struct Line<'l> {
    kind: String,
    key: String,
    #[serde(borrow)]
    body: &'l serde_json::value::RawValue,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(settings), Some(plan)) = (arguments.next(), arguments.next()) else {
        return Err("usage: serve SETTINGS.json PLAN.jsonl".into());
    };
    let settings: EngineSettings = serde_json::from_str(&std::fs::read_to_string(settings)?)?;
    let text = std::fs::read_to_string(plan)?;
    let mut records = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        let Line { kind, key, body } = serde_json::from_str(line)?;
        records.push(BatchRecord { kind, key, revision: 1, body: Some(body.get().into()) });
    }
    let live = Arc::new(Live::default());
    let applied = live.apply(Batch { store: "file".into(), snapshot: true, revision: 1, records });
    for refused in &applied.refused {
        eprintln!("refused: {} {}: {}", refused.kind, refused.key, refused.reason);
    }
    let engine = Engine::start(settings, live)?;
    println!("{}", serde_json::to_string(&engine.addresses)?);
    let mut until_closed = Vec::new();
    std::io::stdin().read_to_end(&mut until_closed)?;
    engine.stop();
    let (allocations, bytes) = (ALLOCATIONS.load(Ordering::Relaxed), BYTES.load(Ordering::Relaxed));
    println!("{}", serde_json::json!({ "allocations": allocations, "allocated_bytes": bytes }));
    Ok(())
}
