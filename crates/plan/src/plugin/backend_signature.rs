//! `backendSignature`: requests that a backend can tell are this gateway's.

use super::{scalar, Problems};
use crate::Secret;
use schemars::JsonSchema;
use serde::Deserialize;

/// Signs requests to backends with a key that both sides know. Source: vendor page "Backend signature plug-in".
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackendSignature {
    /// APIGW_BACKEND.
    #[serde(rename = "type", default)]
    pub mode: SignatureMode,
    /// Name of the key, 6 to 20 characters; the backend gets it and may use it to choose the secret.
    #[serde(deserialize_with = "scalar::text")]
    #[schemars(with = "String", length(min = 6, max = 20))]
    pub key: String,
    /// 6 to 30 characters, shown to nobody.
    #[serde(deserialize_with = "scalar::secret")]
    #[schemars(with = "String", length(min = 6, max = 30))]
    pub secret: Secret,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum SignatureMode {
    #[default]
    #[serde(rename = "APIGW_BACKEND")]
    Backend,
}

impl BackendSignature {
    pub(super) fn check(&self, problems: &mut Problems) {
        let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        if !(6..=20).contains(&self.key.chars().count()) || !is_plain(&self.key) {
            problems.add("key", "must be 6 to 20 letters, digits and signs, without spaces");
        }
        if !(6..=30).contains(&self.secret.reveal().chars().count()) {
            problems.add("secret", "must be 6 to 30 characters");
        }
    }
}
