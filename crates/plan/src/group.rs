//! Groups, the domains that lead to them, and the certificates of those domains.

use crate::error::{not_empty, PlanError};
use crate::Secret;
use serde::Deserialize;

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

/// A host name that leads to a group. Key of its record: the host name, lower case, without port.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    pub host: String,
    pub group_id: String,
    /// The stage the domain serves; without it `X-Ca-Stage` chooses, `RELEASE` by default.
    #[serde(default)]
    pub stage: Option<String>,
    /// Whether this is the group's automatic domain, which is for debugging and has a daily quota.
    #[serde(default)]
    pub automatic: bool,
}

impl Domain {
    pub fn check(&self) -> Result<(), PlanError> {
        not_empty("host", &self.host)?;
        not_empty("group_id", &self.group_id)?;
        if self.host.bytes().any(|byte| byte.is_ascii_uppercase() || byte == b':' || byte <= b' ') {
            return Err(PlanError::new("host", "must be a lower-case host name without port"));
        }
        Ok(())
    }
}

/// A certificate and its key. Key of its record: the certificate id; the id `default` serves clients without SNI.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    pub certificate_id: String,
    /// Host names it is used for, lower case; a leading `*.` matches one label.
    pub hosts: Vec<String>,
    /// Chain in PEM, leaf first.
    pub chain_pem: String,
    pub key_pem: Secret,
}

impl Certificate {
    pub fn check(&self) -> Result<(), PlanError> {
        not_empty("certificate_id", &self.certificate_id)?;
        not_empty("chain_pem", &self.chain_pem)?;
        not_empty("key_pem", self.key_pem.reveal())
    }
}
