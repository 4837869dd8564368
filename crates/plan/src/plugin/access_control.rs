//! `accessControl`: conditions that let a request through or turn it away.

use super::selector::Parameters;
use super::{OwnAnswer, Problems};
use crate::expression::Expression;
use schemars::JsonSchema;
use serde::Deserialize;

/// Rules are tried in order; the first whose outcome is ALLOW or DENY decides, and at the end of the list the request
/// is allowed. Source: vendor page "Access control plug-in".
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessControl {
    /// Names for what the conditions and texts look at.
    #[serde(default)]
    pub parameters: Parameters,
    pub rules: Vec<AccessRule>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessRule {
    #[serde(default)]
    pub name: Option<String>,
    /// Needed unless `assertParameterName` is used.
    #[serde(default)]
    pub condition: Option<Expression>,
    /// Outcome when the condition holds.
    #[serde(default)]
    pub if_true: Option<Verdict>,
    /// Outcome when it does not hold.
    #[serde(default)]
    pub if_false: Option<Verdict>,
    /// The answer of a denial; its status is 403 without `statusCode`.
    #[serde(flatten)]
    pub answer: OwnAnswer,
    /// With `assertInDataset`: the condition is that this parameter's value is in the data set.
    #[serde(default)]
    pub assert_parameter_name: Option<String>,
    /// Id of a data set of the type PARAMETER_ACCESS.
    #[serde(default)]
    pub assert_in_dataset: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Verdict {
    #[serde(rename = "ALLOW", alias = "allow")]
    Allow,
    #[serde(rename = "DENY", alias = "deny")]
    Deny,
}

impl AccessControl {
    pub(super) fn check(&self, problems: &mut Problems) {
        if self.rules.is_empty() {
            problems.add("rules", "must have at least one rule");
        }
        for (index, rule) in self.rules.iter().enumerate() {
            let field = |name: &str| format!("rules[{index}].{name}");
            match (&rule.condition, &rule.assert_parameter_name, &rule.assert_in_dataset) {
                (Some(condition), None, None) => {
                    problems.undeclared(&field("condition"), &self.parameters, condition.names());
                }
                (None, Some(name), Some(_)) => {
                    problems.undeclared(&field("assertParameterName"), &self.parameters, [name.as_str()]);
                }
                _ => problems
                    .add(field("condition"), "needs either a condition, or assertParameterName with assertInDataset"),
            }
            if rule.if_true.is_none() && rule.if_false.is_none() {
                problems.add(field("ifTrue"), "needs ifTrue, ifFalse or both: ALLOW or DENY");
            }
            rule.answer.check(&format!("rules[{index}]"), &self.parameters, problems);
        }
    }
}
