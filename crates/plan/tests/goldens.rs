//! Every plan record that the publisher's golden cases expect is one that an engine accepts.

#![allow(clippy::unwrap_used, clippy::panic)]

use isthmus_plan::{Kind, Record};
use std::path::Path;

#[test]
fn accepts_every_golden_edition() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/publish");
    let mut accepted = 0;
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|extension| extension != "case") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let (_, expected) = text.split_once("\n---\n").unwrap_or_else(|| panic!("{} has no rule", path.display()));
        let Ok(body) = serde_json::from_str::<serde_json::Value>(expected) else { continue };
        let (Some(api_id), Some(stage)) = (body["api_id"].as_str(), body["stage"].as_str()) else { continue };
        let key = format!("{api_id}/{stage}");
        if let Err(error) = Record::decode(Kind::Edition, &key, &body.to_string()) {
            panic!("{}: {error}", path.display());
        }
        accepted += 1;
    }
    assert!(accepted >= 5, "only {accepted} golden editions were found");
}
