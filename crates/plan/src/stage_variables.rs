//! The variables of one stage: what `#Name#` stands for in the backends of the APIs that run there.
//!
//! Binding state: a changed value acts at once, without publishing. The engine resolves names for each request that
//! needs one. A routed variable takes its value from a parameter of the request, but only ever one of its rules' results.

use crate::error::{not_empty, PlanError};
use crate::Location;
use serde::Deserialize;

/// Key of its record: `<group_id>/<STAGE>`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageVariables {
    pub group_id: String,
    /// Upper case.
    pub stage: String,
    pub variables: Vec<StageVariable>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageVariable {
    /// Case-sensitive.
    pub name: String,
    /// What it stands for when there is no route.
    #[serde(default)]
    pub value: String,
    #[serde(default)]
    pub route: Option<StageRoute>,
}

/// A value chosen by a parameter of the request: the result of the first rule that fits.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageRoute {
    /// Name towards the backend (`ServiceParameterName`).
    pub parameter: String,
    pub location: Location,
    pub rules: Vec<StageRouteRule>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageRouteRule {
    /// The parameter's values for which this rule fits.
    pub values: Vec<String>,
    pub result: String,
}

impl StageVariables {
    pub fn key(&self) -> String {
        format!("{}/{}", self.group_id, self.stage)
    }

    pub fn find(&self, name: &str) -> Option<&StageVariable> {
        self.variables.iter().find(|variable| variable.name == name)
    }

    pub(crate) fn check(&self) -> Result<(), PlanError> {
        not_empty("group_id", &self.group_id)?;
        not_empty("stage", &self.stage)?;
        for (index, variable) in self.variables.iter().enumerate() {
            not_empty(&format!("variables[{index}].name"), &variable.name)?;
            if let Some(route) = &variable.route {
                not_empty(&format!("variables[{index}].route.parameter"), &route.parameter)?;
                if route.location == Location::Body {
                    let problem = "must be path, query or head: a body is not read for it";
                    return Err(PlanError::new(format!("variables[{index}].route.location"), problem));
                }
            }
        }
        Ok(())
    }
}
