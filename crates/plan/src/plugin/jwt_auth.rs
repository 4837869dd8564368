//! `jwtAuth`: JSON Web Tokens (RFC 7519) that a caller must send.

use super::transformer::Place;
use super::{scalar, Jwk, Problems};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

/// Keys that are tried for a token that names none.
const KEY_LIMIT: usize = 50;

/// A request needs a token that one of the keys signed and that has not expired. It may be bound to an API that asks for
/// an app too, and replaces the OpenID Connect settings of an API. Source: vendor page "JWT authentication plug-in".
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JwtAuth {
    /// Name of the parameter that has the token. A leading `Bearer ` is not part of it.
    pub parameter: String,
    /// Where the parameter is: header, query or cookie. Without it, where the API declares the parameter, else a header.
    #[serde(default)]
    pub parameter_location: Option<TokenLocation>,
    /// Claims that the backend gets.
    #[serde(default)]
    pub claim_parameters: Vec<ClaimParameter>,
    /// Whether a token can be used only once; it then needs the claim `jti`.
    #[serde(default, deserialize_with = "scalar::parsed")]
    #[schemars(with = "bool")]
    pub prevent_jti_replay: bool,
    /// Whether a request without a token goes on, without claims.
    #[serde(default, deserialize_with = "scalar::parsed")]
    #[schemars(with = "bool")]
    pub bypass_empty_token: bool,
    /// Whether expired tokens are good too, and tokens that never expire.
    #[serde(default, deserialize_with = "scalar::parsed")]
    #[schemars(with = "bool")]
    pub ignore_expiration_check: bool,
    /// The key that verifies tokens.
    #[serde(default)]
    pub jwk: Option<Jwk>,
    /// More keys; a token's `kid` chooses.
    #[serde(default, deserialize_with = "keys")]
    #[schemars(with = "Vec<Jwk>")]
    pub jwks: Vec<Jwk>,
    /// Id of a data set of the type JWT_BLOCKING: tokens with one of its values are refused.
    #[serde(default, alias = "blockByDataset", alias = "blockByDataSet")]
    pub block_by_dataset_id: Option<String>,
    /// The claim whose value is looked up there, `jti` without it.
    #[serde(default, alias = "blockClaimName")]
    pub block_claim_parameter_name: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TokenLocation {
    #[serde(alias = "Header", alias = "HEADER", alias = "head", alias = "HEAD")]
    Header,
    #[serde(alias = "Query", alias = "QUERY")]
    Query,
    /// The cookie of this name.
    #[serde(alias = "Cookie", alias = "COOKIE")]
    Cookie,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClaimParameter {
    pub claim_name: String,
    /// Its name towards the backend. What a client sends under this name never arrives.
    pub parameter_name: String,
    pub location: Place,
}

impl JwtAuth {
    pub fn keys(&self) -> impl Iterator<Item = &Jwk> {
        self.jwk.iter().chain(&self.jwks)
    }

    pub(super) fn check(&self, problems: &mut Problems) {
        if self.parameter.is_empty() {
            problems.add("parameter", "must name the parameter that has the token");
        }
        if self.parameter_location != Some(TokenLocation::Query) {
            problems.headers("parameter", [&self.parameter].into_iter().filter(|name| !name.is_empty()));
        }
        for (index, claim) in self.claim_parameters.iter().enumerate() {
            let field = format!("claimParameters[{index}].parameterName");
            match claim.location {
                Place::Header => problems.headers(&field, [&claim.parameter_name]),
                Place::Query | Place::Form if claim.parameter_name.is_empty() => {
                    problems.add(field, "must not be empty")
                }
                Place::Query | Place::Form => {}
            }
        }
        match self.keys().count() {
            0 => problems.add("jwk", "needs a key: jwk, jwks or both"),
            count if count > KEY_LIMIT => problems.add("jwks", format!("has more than {KEY_LIMIT} keys")),
            _ => {}
        }
        if let Some(key) = &self.jwk {
            key.check("jwk", problems);
        }
        for (index, key) in self.jwks.iter().enumerate() {
            key.check(&format!("jwks[{index}]"), problems);
        }
    }
}

/// A list of keys, or a key set as identity providers publish it: `{"keys": [...]}`.
fn keys<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Jwk>, D::Error> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<Jwk>,
    }
    let value = serde_json::Value::deserialize(deserializer)?;
    let read = match value {
        serde_json::Value::Object(_) => serde_json::from_value(value).map(|set: Set| set.keys),
        other => serde_json::from_value(other),
    };
    read.map_err(serde::de::Error::custom)
}
