//! Examples of `docs/plugins`: what stands there is what the tests run.

use serde_json::Value;

/// The first YAML block of a plug-in's page.
pub fn example(plugin_type: &str) -> Value {
    example_at(plugin_type, 0)
}

pub fn example_at(plugin_type: &str, index: usize) -> Value {
    let path = format!("{}/../../docs/plugins/{plugin_type}.md", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let block = text.split("```yaml\n").nth(index + 1).and_then(|rest| rest.split("```").next());
    serde_saphyr::from_str(block.unwrap_or_else(|| panic!("{path} has no YAML block {index}"))).unwrap()
}
