//! Lists that people write as one text with commas: `GET,POST, PUT`.

use schemars::{json_schema, JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;

/// Its entries, trimmed; empty ones are none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommaList(Vec<Box<str>>);

impl CommaList {
    pub fn parse(text: &str) -> Self {
        Self(text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(Box::from).collect())
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(AsRef::as_ref)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As a header has it.
    pub fn joined(&self) -> String {
        self.0.join(", ")
    }
}

impl<'de> Deserialize<'de> for CommaList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::scalar::text(deserializer).map(|text| CommaList::parse(&text))
    }
}

impl JsonSchema for CommaList {
    fn schema_name() -> Cow<'static, str> {
        "CommaList".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "comma-list" })
    }
}
