//! Definitions of plug-ins: anything is taken or refused with its field named. Input: one byte for the type, JSON.

#![no_main]

use isthmus_plan::plugin::{Definition, PluginType};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, text)) = bytes.split_first() else { return };
    let Ok(body) = serde_json::from_slice(text) else { return };
    let all = PluginType::ALL;
    let Some(plugin_type) = all.get(usize::from(*first) % all.len()) else { return };
    if let Err(problems) = Definition::decode(*plugin_type, body) {
        assert!(!problems.is_empty());
    }
});
