//! Why a record was refused: which record, which field, what was wrong.

use std::fmt;

/// A record that cannot be served. `field` is a JSON path inside the record's body, empty for the body as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanError {
    pub field: String,
    pub problem: String,
}

impl PlanError {
    pub fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { field: field.into(), problem: problem.into() }
    }
}

impl fmt::Display for PlanError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            write!(formatter, "{}", self.problem)
        } else {
            write!(formatter, "{}: {}", self.field, self.problem)
        }
    }
}

impl std::error::Error for PlanError {}

/// Refuses an empty text, the blank field that looks valid (the cause of known world-wide outages).
pub(crate) fn not_empty(field: &str, text: &str) -> Result<(), PlanError> {
    if text.is_empty() {
        return Err(PlanError::new(field, "must not be empty"));
    }
    Ok(())
}
