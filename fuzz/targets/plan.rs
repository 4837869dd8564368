//! Records of a plan: any batch is applied, and each record in it served or refused by its name. Input: records divided
//! by `\0`, each one byte for the kind, the key, a line feed, the body (none is a removal).

#![no_main]

use isthmus_engine::live::{Batch, BatchRecord, Live};
use isthmus_plan::Kind;
use libfuzzer_sys::fuzz_target;

fn record(text: &str, revision: u64) -> Option<BatchRecord> {
    let mut letters = text.chars();
    let kind = Kind::ALL[letters.next()? as usize % Kind::ALL.len()];
    let (key, body) = letters.as_str().split_once('\n').unwrap_or((letters.as_str(), ""));
    let body = (!body.is_empty()).then(|| body.to_owned().into());
    Some(BatchRecord { kind: kind.name().to_owned(), key: key.to_owned(), revision, body })
}

fuzz_target!(|text: &str| {
    let live = Live::default();
    for (number, half) in text.split("\0\0").take(2).enumerate() {
        let revision = number as u64 + 1;
        let records: Vec<_> = half.split('\0').filter_map(|text| record(text, revision)).take(16).collect();
        let applied = live.apply(Batch { store: "fuzz".to_owned(), snapshot: number == 0, revision, records });
        assert_eq!(applied.revision, revision);
    }
    live.world().digest();
});
