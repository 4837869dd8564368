//! Definitions of plug-ins: anything is taken or refused with its field named; a schema that was taken checks any value
//! in bounded time. Input: the type's name, a line feed, JSON.

#![no_main]

use isthmus_plan::plugin::{Definition, PluginType};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Some((name, text)) = text.split_once('\n') else { return };
    let Ok(body) = serde_json::from_str::<serde_json::Value>(text) else { return };
    let Some(plugin_type) = PluginType::from_name(name) else { return };
    match Definition::decode(plugin_type, body.clone()) {
        Err(problems) => assert!(!problems.is_empty()),
        Ok(Definition::RequestValidation(definition)) => {
            let schemas = [&definition.body, &definition.query, &definition.headers, &definition.path];
            for schema in schemas.into_iter().flatten() {
                assert!(schema.violations(&body, 20).len() <= 20);
                schema.read("a", &["1".into(), "x".into()]);
            }
        }
        Ok(_) => {}
    }
});
