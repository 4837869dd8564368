//! `errorMapping`: answers that callers understand in place of those the backend or the gateway gave.

use super::selector::Parameters;
use super::{scalar, OwnAnswer, Problems};
use crate::expression::Expression;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

/// When `errorCondition` holds for an answer, the first mapping that fits replaces its status, message, headers and
/// body, as far as the mapping names them. Source: vendor page "Plug-ins of the error mapping type".
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ErrorMapping {
    /// Names for what the conditions and texts look at: StatusCode, ErrorCode, Header, BodyJsonField, System, Token.
    pub parameters: Parameters,
    /// Which answers are errors, for example `$statusCode = 200 and $resultCode <> 'OK'`.
    pub error_condition: Expression,
    /// Name of the parameter that mappings compare with their `code`.
    #[serde(default, deserialize_with = "variable")]
    pub error_code: Option<String>,
    #[serde(default)]
    pub mappings: Vec<Mapping>,
    /// For an error that no mapping fits; without it such an answer stays as it is.
    #[serde(default)]
    pub default_mapping: Option<OwnAnswer>,
}

/// One mapping: which errors, and what they become.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Mapping {
    /// Fits when the parameter named by `errorCode` has this value.
    #[serde(default, deserialize_with = "scalar::optional")]
    #[schemars(with = "Option<String>")]
    pub code: Option<String>,
    /// Fits when it holds.
    #[serde(default)]
    pub condition: Option<Expression>,
    /// What it becomes.
    #[serde(flatten)]
    pub answer: OwnAnswer,
}

/// `resultCode`, `$resultCode` and `${resultCode}` name the same parameter.
fn variable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text: Option<String> = Option::deserialize(deserializer)?;
    Ok(text.map(|text| text.trim_matches(|one| matches!(one, '$' | '{' | '}')).to_owned()))
}

impl ErrorMapping {
    pub(super) fn check(&self, problems: &mut Problems) {
        problems.undeclared("errorCondition", &self.parameters, self.error_condition.names());
        problems.undeclared("errorCode", &self.parameters, self.error_code.as_deref());
        if self.mappings.is_empty() && self.default_mapping.is_none() {
            problems.add("mappings", "needs a mapping, or defaultMapping");
        }
        for (index, mapping) in self.mappings.iter().enumerate() {
            let field = format!("mappings[{index}]");
            match (&mapping.code, &mapping.condition) {
                (None, None) | (Some(_), Some(_)) => problems.add(&field, "needs either a code or a condition"),
                (Some(_), None) if self.error_code.is_none() => {
                    problems.add(format!("{field}.code"), "needs errorCode, which says where codes are");
                }
                (_, condition) => {
                    let names = condition.iter().flat_map(Expression::names);
                    problems.undeclared(&format!("{field}.condition"), &self.parameters, names);
                }
            }
            mapping.answer.check(&field, &self.parameters, problems);
        }
        if let Some(answer) = &self.default_mapping {
            answer.check("defaultMapping", &self.parameters, problems);
        }
    }
}
