//! Groups: APIs under one set of domains.

use crate::error::{not_empty, PlanError};
use crate::Secret;
use serde::Deserialize;
use std::num::NonZeroU32;

/// APIs under one set of domains. Key of its record: the group id.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    pub group_id: String,
    pub name: String,
    /// The instance that serves the group, for example `api-shared-vpc-001`.
    pub instance_id: String,
    pub region: String,
    /// Names of its stages in upper case, for example `["RELEASE", "PRE", "TEST"]`.
    pub stages: Vec<String>,
    /// Names of client headers forwarded even in mapping mode, in lower case (`PassthroughHeaders`); `host` among
    /// them makes the client's `Host` the backend's.
    #[serde(default)]
    pub passthrough_headers: Vec<String>,
    #[serde(default)]
    pub app_code: GroupAppCode,
    /// What records of its requests have beside the usual.
    #[serde(default)]
    pub recorded: RecordedParts,
    /// The domain whose certificate clients get that name none.
    #[serde(default)]
    pub default_domain: Option<String>,
    /// Calls a second for the whole group.
    #[serde(default)]
    pub requests_per_second: Option<NonZeroU32>,
    /// The instance that served it before, and goes on for a while.
    #[serde(default)]
    pub leaving: Option<Leaving>,
}

/// An instance that a group was moved away from.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leaving {
    pub instance_id: String,
    /// Unix time in milliseconds: callers may have its addresses until then.
    pub until: u64,
}

impl Group {
    /// Whether an instance serves the group at a time (Unix milliseconds).
    pub fn is_served_by(&self, instance_id: &str, now: u64) -> bool {
        let left = self.leaving.as_ref().is_some_and(|left| left.instance_id == instance_id && now < left.until);
        left || self.instance_id == instance_id
    }
}

/// How AppCodes work in a group, beside what each of its APIs says.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GroupAppCode {
    /// Good for every API of the group that takes AppCodes, without an app and without a grant.
    pub code: Option<Secret>,
    /// One more place where APIs of the group take an AppCode.
    pub place: Option<AppCodePlace>,
    /// Whether AppCodes are taken out of a request before it goes to a backend.
    pub hidden: bool,
}

/// A header, or a parameter of the query, by its name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppCodePlace {
    Header(String),
    Query(String),
}

/// Parts of requests and answers that records have only when a group asks for them (`UserLogConfig`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RecordedParts {
    pub request_body: bool,
    pub response_body: bool,
    pub query_string: RecordedNames,
    pub request_headers: RecordedNames,
    pub response_headers: RecordedNames,
    pub jwt_claims: RecordedNames,
}

/// Names of parameters, headers (in lower case) or claims; `*` stands for all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct RecordedNames(Vec<String>);

impl RecordedNames {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|known| known == "*" || known == name)
    }
}

impl Group {
    pub fn check(&self) -> Result<(), PlanError> {
        not_empty("group_id", &self.group_id)?;
        not_empty("instance_id", &self.instance_id)?;
        if self.stages.is_empty() {
            return Err(PlanError::new("stages", "must name at least one stage"));
        }
        if let Some(code) = &self.app_code.code {
            not_empty("app_code.code", code.reveal())?;
        }
        if let Some(AppCodePlace::Header(name) | AppCodePlace::Query(name)) = &self.app_code.place {
            not_empty("app_code.place", name)?;
        }
        Ok(())
    }
}
