//! `basicAuth` at work.
//!
//! Users are kept as keyed hashes of name and password under a key that nobody knows; what a caller sends is hashed the
//! same way and looked up, so the time that takes tells nothing of how near a guess was.

use super::Step;
use crate::request::answer::{Custom, Kind, Refusal};
use base64::engine::general_purpose::STANDARD;
use base64::Engine as _;
use hyper::header::AUTHORIZATION;
use hyper::http::request::Parts;
use isthmus_plan::plugin::BasicAuth as Definition;
use isthmus_plan::{PlanError, Plugin};
use ring::hmac;
use ring::rand::SystemRandom;
use std::collections::HashSet;

pub struct BasicAuth {
    key: hmac::Key,
    users: HashSet<Box<[u8]>>,
}

impl BasicAuth {
    pub fn compile(_: &Plugin, definition: &Definition) -> Result<Self, PlanError> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new())
            .map_err(|_| PlanError::new("definition", "this machine gives no random numbers"))?;
        let hash = |name: &str, password: &str| hmac::sign(&key, format!("{name}:{password}").as_bytes());
        let hashes = definition.users.iter().map(|user| hash(&user.username, user.password.reveal()));
        let users = hashes.map(|hash| hash.as_ref().into()).collect();
        Ok(Self { key, users })
    }

    /// # Errors
    /// `PluginAuthorization`, as 401 with a challenge, so that browsers ask for a password.
    pub fn check(&self, step: &Step<'_, '_>, head: &Parts) -> Result<(), Refusal> {
        let mut values = head.headers.get_all(AUTHORIZATION).iter();
        let sent = match (values.next(), values.next()) {
            (Some(only), None) => only.to_str().ok().and_then(credentials),
            _ => None,
        };
        step.entry.notes.rule("users");
        step.entry.notes.fact("name and password", if sent.is_some() { "sent" } else { "not sent" });
        let known = sent.is_some_and(|sent| self.users.contains(hmac::sign(&self.key, &sent).as_ref()));
        if known {
            return Ok(());
        }
        let challenge = ("WWW-Authenticate".to_owned(), "Basic realm=\"API\", charset=\"UTF-8\"".to_owned());
        let custom = Custom { status: Some(401), headers: vec![challenge], ..Custom::default() };
        Err(Refusal::because(Kind::PluginAuthorization, "`user name and password`").with_custom(custom))
    }
}

/// Name, colon and password.
fn credentials(text: &str) -> Option<Vec<u8>> {
    let (word, encoded) = text.trim().split_once(' ')?;
    if !word.eq_ignore_ascii_case("Basic") {
        return None;
    }
    STANDARD.decode(encoded.trim()).ok()
}
