//! `jwtAuth` at work, and the OpenID Connect settings of an API, which it replaces.
//!
//! `token.rs` finds the token, `keys.rs` verifies it, `crypto.rs` does so with ring; here are the rules about empty,
//! used and blocked tokens. Invariant: a parameter that a claim is for comes from a verified claim or not at all.

mod crypto;
mod keys;
mod token;

pub use keys::{KeySet, TokenKey};

use super::outgoing::Change;
use super::Step;
use crate::record::{From, Verdict};
use crate::request::answer::{Kind, Refusal};
use crate::request::{Matched, Outgoing};
use hyper::http::request::Parts;
use isthmus_plan::plugin::transformer::Place;
use isthmus_plan::plugin::{ClaimParameter, JwtAuth as Definition, TokenLocation};
use isthmus_plan::{Location, OpenId, PlanError, Plugin};
use serde_json::Value;
use std::borrow::Cow;
use token::Source;

/// How long a used token is remembered that does not say when it expires.
const REMEMBERED_MS: i64 = 24 * 60 * 60 * 1000;

pub struct JwtAuth {
    plugin_id: Box<str>,
    keys: KeySet,
    definition: Definition,
}

impl JwtAuth {
    pub fn compile(plugin: &Plugin, definition: &Definition) -> Result<Self, PlanError> {
        let keys = definition.keys().map(TokenKey::new).collect::<Result<_, _>>()?;
        let keys = KeySet::new(keys, !definition.ignore_expiration_check);
        Ok(Self { plugin_id: plugin.plugin_id.as_str().into(), keys, definition: definition.clone() })
    }

    /// # Errors
    /// `JwtRequired`, `JwtUnreadable`, `InvalidJwt`, `JwtKeyNotFound`, `JwtExpired`, `JtiRequired`, `JtiUsed`.
    pub fn check(&self, step: &mut Step<'_, '_>, head: &Parts, matched: &Matched<'_>) -> Result<(), Refusal> {
        let notes = &step.entry.notes;
        notes.rule(&self.definition.parameter);
        let source = self.source(matched)?;
        let Some(token) = token::find(head, source, &self.definition.parameter)? else {
            notes.fact("token", "none");
            if self.definition.bypass_empty_token {
                notes.rule("bypassEmptyToken");
                notes.verdict(Verdict::Skipped);
                return Ok(());
            }
            return Err(Refusal::new(Kind::JwtRequired));
        };
        let claims = self.keys.verify(&token)?;
        for name in ["iss", "sub", "aud", "exp", "jti"] {
            if let Some(text) = claims.get(name).and_then(claim_text) {
                notes.input(From::Claim, name, name, &text);
            }
        }
        self.check_blocked(step, &claims)?;
        self.check_used(step, &claims)?;
        for one in &self.definition.claim_parameters {
            if let Some(text) = claims.get(&one.claim_name).and_then(claim_text) {
                step.passage.set.push((one.parameter_name.as_str().into(), text.into_owned()));
            }
        }
        step.passage.claims = Some(claims);
        Ok(())
    }

    fn source(&self, matched: &Matched<'_>) -> Result<Source, Refusal> {
        let declared = || {
            let known = matched.edition.parameters.iter().map(|known| &known.declared);
            known.into_iter().find(|known| known.name == self.definition.parameter).map(|known| known.location)
        };
        match self.definition.parameter_location {
            Some(TokenLocation::Header) => Ok(Source::Header),
            Some(TokenLocation::Query) => Ok(Source::Query),
            Some(TokenLocation::Cookie) => Ok(Source::Cookie),
            None => match declared() {
                None | Some(Location::Head) => Ok(Source::Header),
                Some(Location::Query) => Ok(Source::Query),
                Some(Location::Path | Location::Body) => {
                    let name = &self.definition.parameter;
                    Err(Refusal::because(
                        Kind::InvalidJwtPlugin,
                        format!("`{name}` is neither a header nor in the query"),
                    ))
                }
            },
        }
    }

    fn check_blocked(&self, step: &Step<'_, '_>, claims: &Value) -> Result<(), Refusal> {
        let Some(dataset_id) = &self.definition.block_by_dataset_id else { return Ok(()) };
        let claim = self.definition.block_claim_parameter_name.as_deref().unwrap_or("jti");
        step.entry.notes.fact("data set of blocked tokens", dataset_id);
        // A set that is not there can tell of no token that it is not blocked.
        let Some(dataset) = step.world.dataset(dataset_id) else {
            return Err(Refusal::because(Kind::InvalidJwtPlugin, "`its data set does not exist`"));
        };
        let blocked = |value: &Value| claim_text(value).is_some_and(|text| dataset.contains(&text, step.now.unix_ms()));
        let value = claims.get(claim);
        let listed = value.and_then(Value::as_array).is_some_and(|values| values.iter().any(blocked));
        if listed || value.is_some_and(blocked) {
            return Err(Refusal::because(Kind::InvalidJwt, "`it is blocked`"));
        }
        Ok(())
    }

    fn check_used(&self, step: &Step<'_, '_>, claims: &Value) -> Result<(), Refusal> {
        if !self.definition.prevent_jti_replay {
            return Ok(());
        }
        let Some(jti) = claims.get("jti").and_then(claim_text).filter(|jti| !jti.is_empty()) else {
            return Err(Refusal::new(Kind::JtiRequired));
        };
        let now = step.now.unix_ms();
        let until = match keys::expiry(claims) {
            Some(seconds) => seconds.saturating_add(keys::LEEWAY_SECONDS).saturating_mul(1000),
            None => now.saturating_add(REMEMBERED_MS),
        };
        let until =
            if self.definition.ignore_expiration_check { until.max(now.saturating_add(REMEMBERED_MS)) } else { until };
        if step.thread.first_use(&self.plugin_id, jti.as_bytes(), now, until) {
            Ok(())
        } else {
            Err(Refusal::new(Kind::JtiUsed))
        }
    }

    /// Names of the headers that carry claims.
    pub fn claim_headers(&self) -> impl Iterator<Item = &str> {
        let headers = self.definition.claim_parameters.iter().filter(|one| one.location == Place::Header);
        headers.map(|one| one.parameter_name.as_str())
    }

    /// Gives the backend the claims, and never what a client sent in their place.
    ///
    /// # Errors
    /// `InvalidJwt` for a claim that a header cannot hold.
    pub async fn pass_claims(&self, step: &Step<'_, '_>, outgoing: &mut Outgoing) -> Result<(), Refusal> {
        let limit = step.thread.settings.request_body_limit;
        for ClaimParameter { claim_name, parameter_name, location } in &self.definition.claim_parameters {
            if *location == Place::Header {
                outgoing.remove_twins(parameter_name);
            }
            let value = step.passage.claims.as_ref().and_then(|claims| claims.get(claim_name)).and_then(claim_text);
            if *location == Place::Header
                && value.as_ref().is_some_and(|text| text.bytes().any(|byte| byte < b' ' || byte == 0x7f))
            {
                let reason = format!("`the claim {claim_name} cannot be a header`");
                return Err(Refusal::because(Kind::InvalidJwt, reason).by(parameter_name.as_str()));
            }
            let change = value.as_deref().map_or(Change::Remove, Change::Put);
            outgoing.change(*location, parameter_name, change, limit).await?;
        }
        Ok(())
    }
}

/// The OpenID Connect settings of an API without a `jwtAuth` plug-in.
///
/// # Errors
/// As `JwtAuth::check`.
pub fn check_open_id(step: &mut Step<'_, '_>, head: &Parts, matched: &Matched<'_>) -> Result<(), Refusal> {
    let edition = &matched.edition.edition;
    let Some(OpenId::Business { parameter, location }) = &edition.open_id else { return Ok(()) };
    let source = if *location == Location::Query { Source::Query } else { Source::Header };
    let verified = || {
        let token = token::find(head, source, parameter)?.ok_or_else(|| Refusal::new(Kind::JwtRequired))?;
        let routes = step.world.routes(&edition.group_id, &edition.stage);
        routes.ok_or_else(|| Refusal::new(Kind::JwtKeyNotFound))?.token_keys().verify(&token)
    };
    let claims = verified().map_err(|refusal| refusal.by(parameter.as_str()))?;
    step.passage.claims = Some(claims);
    Ok(())
}

/// Texts as they are, everything else as JSON; null is none.
fn claim_text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(Cow::Borrowed(text)),
        other => Some(Cow::Owned(other.to_string())),
    }
}
