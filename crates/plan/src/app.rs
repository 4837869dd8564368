//! Callers: apps with their credentials, and what each may call.

use crate::error::{not_empty, PlanError};
use crate::Secret;
use serde::Deserialize;

/// A caller's identity. Key of its record: the app id in decimal.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct App {
    pub app_id: u64,
    pub name: String,
    /// The account that owns it; without one, the account that all apps without one belong to.
    #[serde(default)]
    pub user_id: Option<String>,
    /// A text of the app's own, which an API may hand to its backend (`CaAppExtendInfo`).
    #[serde(default)]
    pub extend: Option<Box<str>>,
    /// A disabled app is known but may call nothing.
    #[serde(default)]
    pub disabled: bool,
    pub keys: Vec<AppKey>,
    pub codes: Vec<Secret>,
}

/// One AppKey/AppSecret pair of an app.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppKey {
    pub key: String,
    pub secret: Secret,
}

impl App {
    pub fn check(&self) -> Result<(), PlanError> {
        for (index, pair) in self.keys.iter().enumerate() {
            not_empty(&format!("keys[{index}].key"), &pair.key)?;
            not_empty(&format!("keys[{index}].secret"), pair.secret.reveal())?;
        }
        for (index, code) in self.codes.iter().enumerate() {
            not_empty(&format!("codes[{index}]"), code.reveal())?;
        }
        Ok(())
    }
}

/// App × API × stage. Key of its record: `<api_id>/<STAGE>/<app_id>`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    pub api_id: String,
    pub stage: String,
    pub app_id: u64,
    /// Unix time in milliseconds after which the grant no longer holds.
    #[serde(default)]
    pub expires_at: Option<i64>,
}

impl Grant {
    pub fn check(&self) -> Result<(), PlanError> {
        not_empty("api_id", &self.api_id)?;
        not_empty("stage", &self.stage)
    }
}
