//! Several targets behind one name: how requests are spread over them, and how it is known which are well.

use crate::error::{not_empty, PlanError};
use serde::Deserialize;

/// As many as one set may have.
const MOST_TARGETS: usize = 256;
const MOST_WEIGHT: u32 = 100;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetSet {
    pub targets: Vec<WeightedTarget>,
    #[serde(default)]
    pub balance: Balance,
    /// Without one, only connections that fail tell that a target is not well.
    #[serde(default)]
    pub check: Option<HealthCheck>,
    #[serde(default)]
    pub when_all_down: WhenAllDown,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightedTarget {
    /// As in a VPC access.
    pub target: String,
    pub port: u16,
    /// Its share of the requests; 0 gives it none.
    pub weight: u32,
}

/// Which target a request goes to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum Balance {
    #[default]
    RoundRobin,
    /// The less busy one of two that are drawn.
    LeastRequests,
    /// Always the same one for the same client address.
    ClientAddress,
    /// Always the same one for the same value; by client address where the header is missing.
    Header { name: String },
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HealthCheck {
    pub kind: CheckKind,
    #[serde(default = "slash")]
    pub path: String,
    /// Statuses that mean well, from and to; of an HTTP check.
    #[serde(default = "good_statuses")]
    pub statuses: (u16, u16),
    pub interval_ms: u64,
    pub timeout_ms: u64,
    /// So many in a row change what is thought of a target.
    pub unhealthy_after: u32,
    pub healthy_after: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckKind {
    Tcp,
    Http,
    Https,
}

/// What happens to requests while no target is well.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenAllDown {
    /// They go on as if all were well: the checks may be what is broken.
    #[default]
    Serve,
    /// They are refused at once.
    Refuse,
}

fn slash() -> String {
    "/".to_owned()
}

fn good_statuses() -> (u16, u16) {
    (200, 399)
}

impl TargetSet {
    pub(crate) fn check(&self) -> Result<(), PlanError> {
        if self.targets.is_empty() || self.targets.len() > MOST_TARGETS {
            return Err(PlanError::new("set.targets", format!("must have 1 to {MOST_TARGETS} entries")));
        }
        for (index, one) in self.targets.iter().enumerate() {
            let field = |name: &str| format!("set.targets[{index}].{name}");
            not_empty(&field("target"), &one.target)?;
            if one.port == 0 {
                return Err(PlanError::new(field("port"), "must be between 1 and 65535"));
            }
            if one.weight > MOST_WEIGHT {
                return Err(PlanError::new(field("weight"), format!("must be between 0 and {MOST_WEIGHT}")));
            }
        }
        if self.targets.iter().all(|one| one.weight == 0) {
            return Err(PlanError::new("set.targets", "must have an entry with a weight above 0"));
        }
        self.balance.check("set.balance")?;
        self.check.as_ref().map_or(Ok(()), HealthCheck::check)
    }
}

impl Balance {
    pub(crate) fn check(&self, field: &str) -> Result<(), PlanError> {
        match self {
            Balance::Header { name } => not_empty(&format!("{field}.name"), name),
            _ => Ok(()),
        }
    }
}

impl HealthCheck {
    fn check(&self) -> Result<(), PlanError> {
        if !self.path.starts_with('/') || self.path.bytes().any(|byte| !byte.is_ascii_graphic()) {
            return Err(PlanError::new("set.check.path", format!("{:?} is no path", self.path)));
        }
        for (name, value) in [("interval_ms", self.interval_ms), ("timeout_ms", self.timeout_ms)] {
            if !(10..=3_600_000).contains(&value) {
                return Err(PlanError::new(format!("set.check.{name}"), "must be between 10 and 3600000"));
            }
        }
        if self.unhealthy_after == 0 || self.healthy_after == 0 {
            return Err(PlanError::new("set.check", "unhealthy_after and healthy_after must be at least 1"));
        }
        Ok(())
    }
}
