//! An answer in the words of a plug-in's author, in place of the gateway's or the backend's: what `accessControl` and
//! `errorMapping` both have.

use super::selector::Parameters;
use super::template::Template;
use super::{scalar, Problems};
use schemars::JsonSchema;
use serde::{de, Deserialize, Deserializer};
use std::collections::BTreeMap;

/// Each part replaces that of the answer when it is there.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct OwnAnswer {
    #[serde(deserialize_with = "status")]
    #[schemars(with = "Option<u16>", range(min = 200, max = 599))]
    pub status_code: Option<u16>,
    /// `X-Ca-Error-Message` of the answer; `${name}` stands for a parameter's value.
    pub error_message: Option<Template>,
    /// Headers of the answer; `${name}` stands for a parameter's value.
    pub response_headers: BTreeMap<String, Template>,
    /// Body of the answer; `${name}` stands for a parameter's value.
    pub response_body: Option<Template>,
}

/// Names its field itself: a part of a rule that is read as a whole has no path.
fn status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    scalar::optional(deserializer).map_err(|error: D::Error| de::Error::custom(format!("statusCode {error}")))
}

impl OwnAnswer {
    /// `field` is where it stands.
    pub(super) fn check(&self, field: &str, parameters: &Parameters, problems: &mut Problems) {
        problems.status(&format!("{field}.statusCode"), self.status_code);
        problems.headers(&format!("{field}.responseHeaders"), self.response_headers.keys());
        let mut undeclared = |name: &str, text: &Template| {
            problems.undeclared(&format!("{field}.{name}"), parameters, text.names());
        };
        self.error_message.iter().for_each(|text| undeclared("errorMessage", text));
        self.response_headers.values().for_each(|text| undeclared("responseHeaders", text));
        self.response_body.iter().for_each(|text| undeclared("responseBody", text));
    }
}
