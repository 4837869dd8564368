//! JSON Schemas that tenants write: read, compiled once, and bounded in what they can cost.
//!
//! `requestValidation` has them; the crate `jsonschema` checks values. A schema is refused when it asks for something
//! from outside itself, when a pattern needs backtracking, or when `bounded` finds that a small value could be looked
//! at very often. Drafts 2020-12 (without `$schema`) and 7; `format` is checked in both.

mod bounded;

use jsonschema::{Draft, PatternOptions, Retrieve, Validator};
use schemars::{json_schema, JsonSchema, Schema, SchemaGenerator};
use serde::{de, Deserialize, Deserializer};
use serde_json::Value;
use std::borrow::Cow;
use std::sync::Arc;

/// Bytes that one compiled pattern may take.
const PATTERN_SIZE: usize = 1024 * 1024;

/// A schema that compiled.
#[derive(Clone)]
pub struct ValueSchema {
    document: Value,
    validator: Arc<Validator>,
}

impl std::fmt::Debug for ValueSchema {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.document.fmt(formatter)
    }
}

/// One thing that is wrong with a value; the text does not repeat the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// JSON Pointer; empty for the whole value.
    pub path: String,
    pub problem: String,
}

struct NothingFromOutside;

impl Retrieve for NothingFromOutside {
    fn retrieve(&self, _: &jsonschema::Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        Err("only references inside the schema are followed, as in #/$defs/name".into())
    }
}

impl ValueSchema {
    /// # Errors
    /// What is wrong, and where in the schema.
    pub fn new(document: Value) -> Result<Self, String> {
        let draft = draft(&document)?;
        bounded::check(&document)?;
        let patterns = PatternOptions::regex().size_limit(PATTERN_SIZE).dfa_size_limit(PATTERN_SIZE);
        let options = jsonschema::options()
            .with_draft(draft)
            .with_retriever(NothingFromOutside)
            .with_pattern_options(patterns)
            .should_validate_formats(true);
        let validator = options.build(&document).map_err(|error| {
            let path = error.instance_path().as_str();
            format!(
                "is not a JSON Schema{}: {error}",
                if path.is_empty() { String::new() } else { format!(", at {path}") }
            )
        })?;
        Ok(Self { document, validator: Arc::new(validator) })
    }

    /// At most `most` of them.
    pub fn violations(&self, value: &Value, most: usize) -> Vec<Violation> {
        if self.validator.is_valid(value) {
            return Vec::new();
        }
        let errors = self.validator.iter_errors(value).take(most);
        errors
            .map(|error| Violation { path: error.instance_path().to_string(), problem: error.masked().to_string() })
            .collect()
    }

    /// The names that `properties` and `required` have.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let declared =
            self.document.get("properties").and_then(Value::as_object).into_iter().flat_map(|map| map.keys());
        let required = self.document.get("required").and_then(Value::as_array).into_iter().flatten();
        declared.map(String::as_str).chain(required.filter_map(Value::as_str))
    }

    /// A value as its property's `type` wants it, from the texts that were sent: numbers, booleans and lists where the
    /// type says so. What cannot be read so stays a text, and is then a violation.
    pub fn read(&self, name: &str, texts: &[Cow<'_, str>]) -> Value {
        let property = self.document.get("properties").and_then(|map| map.get(name)).map(|found| self.followed(found));
        let has = |schema: Option<&Value>, wanted: &str| match schema.and_then(|schema| schema.get("type")) {
            Some(Value::String(one)) => one == wanted,
            Some(Value::Array(several)) => several.iter().any(|one| one == wanted),
            _ => false,
        };
        let scalar = |schema: Option<&Value>, text: &str| {
            let is_number = has(schema, "integer") || has(schema, "number");
            let number = is_number.then(|| serde_json::from_str::<serde_json::Number>(text).ok()).flatten();
            match (number, text) {
                (Some(number), _) => Value::Number(number),
                (None, "true" | "false") if has(schema, "boolean") => Value::Bool(text == "true"),
                _ => Value::String(text.to_owned()),
            }
        };
        if has(property, "array") {
            let items = property.and_then(|schema| schema.get("items")).map(|found| self.followed(found));
            return Value::Array(texts.iter().map(|text| scalar(items, text)).collect());
        }
        match texts {
            [one] => scalar(property, one),
            several => Value::Array(several.iter().map(|text| scalar(property, text)).collect()),
        }
    }

    /// What a `$ref` leads to, one step.
    fn followed<'s>(&'s self, schema: &'s Value) -> &'s Value {
        let target = schema.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix('#'));
        target.and_then(|pointer| self.document.pointer(pointer)).unwrap_or(schema)
    }
}

fn draft(document: &Value) -> Result<Draft, String> {
    match document.get("$schema").map(|named| named.as_str().unwrap_or_default().trim_end_matches('#')) {
        None | Some("https://json-schema.org/draft/2020-12/schema") => Ok(Draft::Draft202012),
        Some("http://json-schema.org/draft-07/schema" | "https://json-schema.org/draft-07/schema") => Ok(Draft::Draft7),
        Some(_) => Err("has a $schema that is neither draft 2020-12 nor draft 7".to_owned()),
    }
}

impl<'de> Deserialize<'de> for ValueSchema {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        ValueSchema::new(Value::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl JsonSchema for ValueSchema {
    fn schema_name() -> Cow<'static, str> {
        "ValueSchema".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "format": "json-schema" })
    }
}
