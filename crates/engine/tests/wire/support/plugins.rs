//! Records of plug-ins for tests.

use serde_json::{json, Value};

pub fn plugin(id: &str, plugin_type: &str, definition: Value) -> (&'static str, String, Value) {
    let body = json!({"plugin_id": id, "name": format!("name_{id}"), "type": plugin_type, "definition": definition});
    ("plugin", id.to_owned(), body)
}

/// In RELEASE; `scope` is `api` or `group`.
pub fn binding(scope: &str, target: &str, plugin_id: &str) -> (&'static str, String, Value) {
    let body = json!({"scope": scope, "target_id": target, "stage": "RELEASE", "plugin_id": plugin_id});
    ("plugin_binding", format!("{scope}/{target}/RELEASE/{plugin_id}"), body)
}

pub fn dataset(id: &str, dataset_type: &str, items: Value) -> (&'static str, String, Value) {
    ("dataset", id.to_owned(), json!({"dataset_id": id, "type": dataset_type, "items": items}))
}
