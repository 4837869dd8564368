//! Which schemas `requestValidation` takes, and what is told of the others.

#![allow(clippy::unwrap_used)]

use isthmus_plan::{Definition, PluginType};
use serde_json::{json, Value};

fn problem(schema: Value) -> Option<String> {
    let definition = json!({"body": schema});
    Definition::decode(PluginType::RequestValidation, definition)
        .err()
        .map(|problems| problems.first().unwrap().to_string())
}

#[test]
fn both_drafts_and_recursive_schemas_are_taken() {
    for schema in [
        json!({}),
        json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "prefixItems": [{}]}),
        json!({"$schema": "http://json-schema.org/draft-07/schema#", "items": [{}], "additionalItems": false}),
        json!({"type": "object", "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}}}),
        json!({
            "$ref": "#/$defs/node",
            "$defs": {
                "node": {"anyOf": [{"$ref": "#/$defs/leaf"}, {"properties": {"all": {"items": {"$ref": "#/$defs/node"}}}}]},
                "leaf": {"type": ["string", "number"]},
            },
        }),
        json!({"properties": {"a~b": {"$ref": "#/$defs/a~1b%25"}}, "$defs": {"a/b%": {"type": "string"}}}),
        json!({"patternProperties": {"^x-[a-z]+$": {"type": "string", "pattern": "^(a+)+$"}}}),
    ] {
        assert_eq!(problem(schema.clone()), None, "{schema}");
    }
}

#[test]
fn a_schema_that_cannot_be_used_is_told_at_save() {
    let wide: Vec<Value> = (0..11).map(|level| json!({"allOf": [{"$ref": format!("#/$defs/l{}", level + 1)}, {"$ref": format!("#/$defs/l{}", level + 1)}]})).collect();
    let mut levels: serde_json::Map<String, Value> =
        wide.into_iter().enumerate().map(|(level, one)| (format!("l{level}"), one)).collect();
    levels.insert("l11".to_owned(), json!({"type": "string"}));
    for (schema, told) in [
        (json!({"type": "strin"}), "at /type"),
        (json!({"properties": {"a": {"minimum": "1"}}}), "at /properties/a/minimum"),
        (json!({"pattern": "(?<=a)b"}), "is not a JSON Schema"),
        (json!({"pattern": "("}), "is not a JSON Schema"),
        (json!({"pattern": "(?:a{1000}){1000}"}), "is not a JSON Schema"),
        (json!({"$ref": "https://example.com/schema.json"}), "only references inside"),
        (json!({"$ref": "file:///etc/passwd"}), "only references inside"),
        (json!({"$ref": "#/$defs/none"}), "leads nowhere"),
        (json!({"$ref": "#"}), "leads back to itself"),
        (
            json!({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"allOf": [{"$ref": "#/$defs/a"}]}}}),
            "leads back",
        ),
        (json!({"properties": {"a": {"$id": "https://example.com/", "$ref": "#/properties/a"}}}), "$id inside"),
        (json!({"$dynamicRef": "#a"}), "$dynamicRef"),
        (json!({"$schema": "http://json-schema.org/draft-04/schema#"}), "neither draft"),
        (json!({"$ref": "#/$defs/l0", "$defs": levels}), "too complex"),
        (json!({"properties": {"x": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}}}), "too complex"),
        (json!({"items": {"allOf": [{"$ref": "#"}, {"items": {"$ref": "#"}}]}}), "too complex"),
    ] {
        let found = problem(schema.clone()).unwrap_or_default();
        assert!(found.contains("body") && found.contains(told), "{schema}: {found}");
    }
}

#[test]
fn a_plug_in_without_a_schema_is_refused() {
    let problems = Definition::decode(PluginType::RequestValidation, json!({})).unwrap_err();
    assert_eq!(problems.first().unwrap().field, "body");
}
