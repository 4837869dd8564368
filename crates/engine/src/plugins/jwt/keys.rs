//! Which key a token names, and whether it signed it. The key decides the algorithm; `jwk`, `jku` and `x5u` in a token's
//! own header are not looked at.

use super::crypto;
use crate::request::answer::{Kind, Refusal};
use isthmus_plan::plugin::{Jwk, KeyMaterial};
use isthmus_plan::PlanError;
use jsonwebtoken::dangerous::insecure_decode_claims;
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{decode, decode_header, Algorithm, DecodingKey, Header, Validation};
use serde_json::Value;
use std::collections::HashSet;
use std::str::FromStr;
use std::sync::Arc;
use time::format_description::well_known::Rfc3339;
use time::OffsetDateTime;

/// How far the clocks of who makes tokens and of this machine may be apart.
pub const LEEWAY_SECONDS: i64 = 60;

/// A key made ready.
pub struct TokenKey {
    kid: Option<Box<str>>,
    key: DecodingKey,
    algorithms: Vec<Algorithm>,
}

impl TokenKey {
    /// # Errors
    /// `PlanError` names the member that is wrong.
    pub fn new(jwk: &Jwk) -> Result<Arc<Self>, PlanError> {
        crypto::install();
        let wrong = |(member, problem): (&str, String)| PlanError::new(format!("jwk.{member}"), problem);
        let names = jwk.algorithms().map_err(wrong)?;
        let key = match jwk.material().map_err(wrong)? {
            KeyMaterial::Rsa { n, e } => DecodingKey::from_rsa_raw_components(&n, &e),
            KeyMaterial::Point(point) if jwk.kty == "OKP" => DecodingKey::from_ed_der(&point),
            KeyMaterial::Point(point) => DecodingKey::from_ec_der(&point),
            KeyMaterial::Shared(secret) => DecodingKey::from_secret(&secret),
        };
        let algorithms = names.into_iter().filter_map(|name| Algorithm::from_str(name).ok()).collect();
        Ok(Arc::new(Self { kid: jwk.kid.as_deref().map(Box::from), key, algorithms }))
    }
}

/// Keys, each with the rules for its tokens.
#[derive(Default)]
pub struct KeySet(Vec<(Arc<TokenKey>, Validation)>);

impl KeySet {
    pub fn new(keys: Vec<Arc<TokenKey>>, check_expiry: bool) -> Self {
        let rules = |key: &TokenKey| {
            let mut rules = Validation::default();
            rules.algorithms.clone_from(&key.algorithms);
            rules.leeway = LEEWAY_SECONDS.unsigned_abs();
            rules.validate_exp = check_expiry;
            rules.validate_nbf = true;
            // Whom a token is for is for `accessControl` to judge; the vendor's plug-in has no field for it.
            rules.validate_aud = false;
            rules.required_spec_claims = if check_expiry { HashSet::from(["exp".to_owned()]) } else { HashSet::new() };
            rules
        };
        Self(keys.into_iter().map(|key| (Arc::clone(&key), rules(&key))).collect())
    }

    /// The claims of a token that one of the keys signed.
    ///
    /// # Errors
    /// `JwtUnreadable`, `JwtKeyNotFound`, `JwtExpired`, or `InvalidJwt` with the reason.
    pub fn verify(&self, token: &str) -> Result<Value, Refusal> {
        let header = decode_header(token).map_err(|_| unreadable("it is not a JSON Web Token"))?;
        if header.crit.is_some() {
            return Err(invalid("its header has critical members"));
        }
        let named = self.named(&header)?;
        let mut fitting = named.into_iter().filter(|(key, _)| key.algorithms.contains(&header.alg)).peekable();
        if fitting.peek().is_none() {
            return Err(invalid("its algorithm is not the key's"));
        }
        for (key, rules) in fitting {
            match decode::<Value>(token, &key.key, rules) {
                Ok(read) if read.claims.is_object() => return Ok(read.claims),
                Ok(_) => return Err(unreadable("its claims are not an object")),
                Err(error) if matches!(error.kind(), ErrorKind::InvalidSignature) => {}
                Err(error) => return Err(refusal(token, &error)),
            }
        }
        Err(invalid("its signature does not hold"))
    }

    /// The key of the token's `kid`, else those without a name; every key for a token that names none.
    fn named(&self, header: &Header) -> Result<Vec<&(Arc<TokenKey>, Validation)>, Refusal> {
        let Some(kid) = header.kid.as_deref() else { return Ok(self.0.iter().collect()) };
        let of = |name: Option<&str>| self.0.iter().filter(|(key, _)| key.kid.as_deref() == name).collect::<Vec<_>>();
        let found = of(Some(kid));
        let found = if found.is_empty() { of(None) } else { found };
        if found.is_empty() {
            let shown: String = kid.chars().take(64).collect();
            return Err(Refusal::because(Kind::JwtKeyNotFound, format!("`{shown}`")));
        }
        Ok(found)
    }
}

/// When a token expires, in Unix seconds.
pub fn expiry(claims: &Value) -> Option<i64> {
    let exp = claims.get("exp")?;
    #[allow(clippy::cast_possible_truncation)] // Casting saturates.
    exp.as_i64().or_else(|| exp.as_f64().map(|seconds| seconds as i64))
}

fn refusal(token: &str, error: &Error) -> Refusal {
    match error.kind() {
        ErrorKind::ExpiredSignature => {
            // The signature held, so the claims may be shown.
            let end = insecure_decode_claims::<Value>(token).ok().as_ref().and_then(expiry);
            let end = end.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
            Refusal::because(Kind::JwtExpired, end.and_then(|end| end.format(&Rfc3339).ok()).unwrap_or_default())
        }
        ErrorKind::ImmatureSignature => invalid("it is not valid yet"),
        ErrorKind::MissingRequiredClaim(claim) => {
            Refusal::because(Kind::InvalidJwt, format!("`the claim {claim} is required`"))
        }
        ErrorKind::InvalidClaimFormat(claim) => {
            Refusal::because(Kind::InvalidJwt, format!("`the claim {claim} is not a time`"))
        }
        ErrorKind::Json(_) | ErrorKind::Utf8(_) | ErrorKind::Base64(_) => unreadable("it is not a JSON Web Token"),
        _ => invalid("it cannot be verified"),
    }
}

fn invalid(reason: &'static str) -> Refusal {
    Refusal::because(Kind::InvalidJwt, format!("`{reason}`"))
}

fn unreadable(reason: &'static str) -> Refusal {
    Refusal::because(Kind::JwtUnreadable, format!("`{reason}`"))
}
