//! `basicAuth`: user names and passwords (RFC 7617).

use super::{scalar, Problems};
use crate::Secret;
use schemars::JsonSchema;
use serde::Deserialize;

/// A request needs the name and the password of one of the users. Source: vendor page "BasicAuth plug-in".
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BasicAuth {
    pub users: Vec<BasicUser>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BasicUser {
    /// Without a colon.
    #[serde(deserialize_with = "scalar::text")]
    #[schemars(with = "String")]
    pub username: String,
    /// A text; numbers are read as one, so write `'0123'` where zeros in front matter.
    #[serde(deserialize_with = "scalar::secret")]
    #[schemars(with = "String")]
    pub password: Secret,
}

impl BasicAuth {
    pub(super) fn check(&self, problems: &mut Problems) {
        if self.users.is_empty() {
            problems.add("users", "must have at least one user");
        }
        for (index, user) in self.users.iter().enumerate() {
            if user.username.is_empty() || user.username.contains(':') {
                problems.add(format!("users[{index}].username"), "must not be empty and have no colon");
            }
            if user.password.reveal().is_empty() {
                problems.add(format!("users[{index}].password"), "must not be empty");
            }
            if self.users.iter().take(index).any(|other| other.username == user.username) {
                problems.add(format!("users[{index}].username"), "occurs twice");
            }
        }
    }
}
