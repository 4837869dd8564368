//! Signing in to Nacos: the user or the access token that an operator gives the engine for a server.
//!
//! Called by `nacos.rs`. A user's token is asked for by the login of the open API (Nacos documentation, "Authorization"),
//! kept until shortly before its time is over, and asked for again when a server does not take it. Read once at the
//! engine's start, from a file: secrets of the operator's registries are no part of an API. Invariant: neither password
//! nor token is part of an error.

use super::nacos::{self, Reach};
use form_urlencoded::Serializer;
use hyper::Method;
use isthmus_plan::plugin::routing::RoutedAddress;
use isthmus_plan::Secret;
use serde::Deserialize;
use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

#[derive(Clone, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Credential {
    Token { token: Secret },
    User { user: String, password: Secret },
}

/// By server, `host:port`.
#[derive(Clone, Default)]
pub struct Credentials(HashMap<String, Credential>);

/// What servers gave.
pub struct Logins {
    credentials: Credentials,
    given: RefCell<HashMap<String, (Secret, Instant)>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Given {
    access_token: Secret,
    #[serde(default)]
    token_ttl: u64,
}

impl Credentials {
    /// # Errors
    /// A file that cannot be read or is of another form; the text names it and not what is in it.
    pub fn read(file: Option<&Path>) -> io::Result<Self> {
        let Some(file) = file else { return Ok(Self::default()) };
        let wrong = |why: String| io::Error::other(format!("nacos_credentials_file: {}: {why}", file.display()));
        let text = std::fs::read(file).map_err(|error| wrong(error.to_string()))?;
        let form = "it must be a JSON object with {\"user\", \"password\"} or {\"token\"} for each host:port";
        serde_json::from_slice(&text).map(Self).map_err(|_| wrong(form.to_owned()))
    }
}

impl Logins {
    pub fn new(credentials: Credentials) -> Self {
        Self { credentials, given: RefCell::default() }
    }

    /// The token for a server; None for one that nobody signs in to.
    ///
    /// # Errors
    /// What the server says to the login.
    pub async fn token(&self, reach: &Reach<'_>, address: &RoutedAddress) -> Result<Option<Secret>, String> {
        let name = format!("{}:{}", address.host, address.port);
        let (user, password) = match self.credentials.0.get(&name) {
            None => return Ok(None),
            Some(Credential::Token { token }) => return Ok(Some(token.clone())),
            Some(Credential::User { user, password }) => (user, password),
        };
        if let Some((token, until)) = self.given.borrow().get(&name) {
            if Instant::now() < *until {
                return Ok(Some(token.clone()));
            }
        }
        let body = Serializer::new(String::new())
            .append_pair("username", user)
            .append_pair("password", password.reveal())
            .finish();
        let target = format!("{}/v1/auth/login", nacos::base(address));
        let (status, bytes) = nacos::call(reach, address, Method::POST, &target, body).await?;
        if !status.is_success() {
            return Err(format!("it does not let {user} sign in: {}", status.as_u16()));
        }
        let given: Given = serde_json::from_slice(&bytes).map_err(|_| "its login gives no accessToken".to_owned())?;
        // Somewhat sooner than it says; one without a time is asked for each time.
        let until = Instant::now() + Duration::from_secs(given.token_ttl).mul_f64(0.9);
        self.given.borrow_mut().insert(name, (given.access_token.clone(), until));
        Ok(Some(given.access_token))
    }

    /// The server does not take it any more.
    pub fn forget(&self, address: &RoutedAddress) {
        self.given.borrow_mut().remove(&format!("{}:{}", address.host, address.port));
    }
}
