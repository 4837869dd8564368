//! A request's path: what passes has one reading, and the route table takes any path that does.

#![no_main]

use isthmus_engine::live::{Batch, BatchRecord, Live};
use isthmus_engine::record::Notes;
use isthmus_engine::request::route::normal_path;
use libfuzzer_sys::fuzz_target;
use serde_json::{json, Value};
use std::sync::LazyLock;

static LIVE: LazyLock<Live> = LazyLock::new(|| {
    let paths = ["/", "/*", "/a", "/a/*", "/a/[b]", "/a/[b]/c", "/[x]/[y]/*", "/a-[b].json", "/é/[ü]"];
    let group = json!({"group_id": "g1", "name": "demo", "instance_id": "i1", "region": "r", "stages": ["RELEASE"]});
    let mut records = vec![record("group", "g1".to_owned(), group)];
    records.extend(paths.iter().enumerate().map(|(number, path)| {
        let body = json!({"api_id": format!("api{number}"), "api_name": "a", "group_id": "g1", "stage": "RELEASE",
            "version": "20260101000000000", "protocols": {"http": true, "https": true}, "method": "ANY", "path": path,
            "auth": {"type": "anonymous"}, "request_mode": "passthrough",
            "backend": {"target": {"type": "mock", "status": 200, "headers": [], "body": ""}, "path": "", "timeout_ms": 1}});
        record("edition", format!("api{number}/RELEASE"), body)
    }));
    let live = Live::default();
    live.apply(Batch { store: "fuzz".to_owned(), snapshot: true, revision: 1, records });
    live
});

fn record(kind: &str, key: String, body: Value) -> BatchRecord {
    BatchRecord { kind: kind.to_owned(), key, revision: 1, body: Some(body.to_string().into()) }
}

fuzz_target!(|text: &str| {
    let Ok(path) = normal_path(text) else { return };
    assert!(path.starts_with('/') && !path.contains("//") && !path.contains('\\'), "{path:?}");
    assert!(!path.split('/').any(|segment| segment == "." || segment == ".."), "{path:?}");
    let world = LIVE.world();
    if let Some(found) = world.routes("g1", "RELEASE").and_then(|routes| routes.find("GET", &path, &Notes::default())) {
        assert!(found.values.iter().all(|value| path.contains(value)), "{path:?}");
    }
});
