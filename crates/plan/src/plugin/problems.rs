//! Everything that is wrong with a plug-in's definition, found in one pass.

use super::selector::Parameters;
use crate::PlanError;

/// Collected while checking; each names its field.
#[derive(Debug, Default)]
pub struct Problems(Vec<PlanError>);

impl Problems {
    pub fn add(&mut self, field: impl Into<String>, problem: impl Into<String>) {
        self.0.push(PlanError::new(field, problem));
    }

    /// Names that a condition or a text uses and `parameters` does not declare.
    pub fn undeclared<'n>(&mut self, field: &str, parameters: &Parameters, used: impl IntoIterator<Item = &'n str>) {
        for name in parameters.missing(used) {
            self.add(field, format!("uses ${name}, which parameters does not declare"));
        }
    }

    pub fn status(&mut self, field: &str, status: Option<u16>) {
        if status.is_some_and(|status| !(200..=599).contains(&status)) {
            self.add(field, "must be a status between 200 and 599");
        }
    }

    pub fn headers<'n>(&mut self, field: &str, names: impl IntoIterator<Item = &'n String>) {
        for name in names {
            let is_token = !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
            if !is_token {
                self.add(field, format!("{name:?} is not a header name"));
            }
            // They belong to the message or the connection; a wrong one would break what follows on it.
            let own = ["content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "te", "trailer"];
            if own.contains(&name.to_ascii_lowercase().as_str()) {
                self.add(field, format!("{name} is set by the gateway itself"));
            }
        }
    }

    /// A value that a header can hold.
    pub fn header_value(&mut self, field: &str, value: Option<&str>) {
        if value.is_some_and(|value| value.bytes().any(|byte| byte < b' ' || byte == 0x7f)) {
            self.add(field, "has a control character, which no header can hold");
        }
    }

    pub fn into_result(self) -> Result<(), Vec<PlanError>> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(self.0)
        }
    }
}
