//! `circuitBreaker`: a backend that fails is left alone for a while.

use super::routing::RoutedBackend;
use super::{scalar, Problems};
use crate::expression::Expression;
use schemars::JsonSchema;
use serde::Deserialize;
use std::num::NonZeroU32;

/// What a condition can look at.
pub const NAMES: [&str; 3] = ["StatusCode", "LatencyMilliSeconds", "LatencySeconds"];

/// Counts timeouts (`timeoutThreshold`), or answers that a condition holds for (`errorThreshold` with `errorCondition`).
/// In place of the breaker that every API has. Source: vendor page "Plug-in of the circuit breaker type".
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CircuitBreaker {
    /// So many timeouts of the backend open it.
    #[serde(default, deserialize_with = "scalar::optional")]
    #[schemars(with = "Option<u32>", range(min = 1, max = 5000))]
    pub timeout_threshold: Option<NonZeroU32>,
    /// So many answers for which `errorCondition` holds open it.
    #[serde(default, deserialize_with = "scalar::optional")]
    #[schemars(with = "Option<u32>", range(min = 1, max = 5000))]
    pub error_threshold: Option<NonZeroU32>,
    /// For example `$StatusCode == 503` or `$LatencyMilliSeconds > 500`; `$LatencySeconds` is known, too.
    #[serde(default)]
    pub error_condition: Option<Expression>,
    /// How long is counted before counting begins anew, in seconds.
    #[serde(alias = "windowsInSeconds", deserialize_with = "scalar::parsed")]
    #[schemars(with = "u32", range(min = 10, max = 90))]
    pub window_in_seconds: u32,
    /// How long it stays open before one request tries the backend again, in seconds.
    #[serde(deserialize_with = "scalar::parsed")]
    #[schemars(with = "u32", range(min = 15, max = 300))]
    pub open_timeout_seconds: u32,
    /// Answers while it is open; parts that are left out are those of the API's backend.
    #[serde(default)]
    pub downgrade_backend: Option<RoutedBackend>,
}

impl CircuitBreaker {
    pub(super) fn check(&self, problems: &mut Problems) {
        match (self.timeout_threshold, self.error_threshold, &self.error_condition) {
            (Some(_), None, None) => check_threshold(problems, "timeoutThreshold", self.timeout_threshold),
            (None, Some(_), Some(condition)) => {
                check_threshold(problems, "errorThreshold", self.error_threshold);
                for name in condition.names().into_iter().filter(|name| !NAMES.contains(name)) {
                    problems.add("errorCondition", format!("uses ${name}; known are {}", NAMES.join(", ")));
                }
            }
            _ => problems.add("timeoutThreshold", "needs timeoutThreshold, or errorThreshold with errorCondition"),
        }
        if !(10..=90).contains(&self.window_in_seconds) {
            problems.add("windowInSeconds", "must be 10 to 90");
        }
        if !(15..=300).contains(&self.open_timeout_seconds) {
            problems.add("openTimeoutSeconds", "must be 15 to 300");
        }
        if let Some(backend) = &self.downgrade_backend {
            backend.check(problems, "downgradeBackend");
        }
    }
}

fn check_threshold(problems: &mut Problems, field: &str, threshold: Option<NonZeroU32>) {
    if threshold.is_some_and(|threshold| threshold.get() > 5000) {
        problems.add(field, "must be 1 to 5000");
    }
}
