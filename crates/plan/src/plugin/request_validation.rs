//! `requestValidation`: JSON Schemas that a request must fit. An addition of this gateway; the vendor has no such type.

use super::json_schema::ValueSchema;
use super::{scalar, Problems};
use schemars::JsonSchema;
use serde::Deserialize;

/// A request that does not fit is refused before anything is sent, with every violation and its place.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestValidation {
    /// Schema of the body: JSON, or a form as an object of its fields.
    #[serde(default)]
    pub body: Option<ValueSchema>,
    /// Whether POST, PUT and PATCH must have a body.
    #[serde(default = "yes", deserialize_with = "scalar::parsed")]
    #[schemars(with = "bool")]
    pub body_required: bool,
    /// Schema of the query as an object of its parameters.
    #[serde(default)]
    pub query: Option<ValueSchema>,
    /// Schema of an object of those headers that it names in `properties` or `required`, in any case.
    #[serde(default)]
    pub headers: Option<ValueSchema>,
    /// Schema of the path's parameters as an object.
    #[serde(default)]
    pub path: Option<ValueSchema>,
}

fn yes() -> bool {
    true
}

impl RequestValidation {
    pub(super) fn check(&self, problems: &mut Problems) {
        if [&self.body, &self.query, &self.headers, &self.path].iter().all(|schema| schema.is_none()) {
            problems.add("body", "needs a schema: body, query, headers or path");
        }
    }
}
