//! The backend of an edition: where a permitted request goes, and what it looks like there.

use crate::discovery::Discovered;
use crate::edition::check_pattern;
use crate::error::{not_empty, PlanError};
use crate::plugin::routing::RoutedAddress;
use serde::Deserialize;

/// Where the request goes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backend {
    pub target: Target,
    /// Path pattern with `[name]` placeholders; ignored by a mock.
    #[serde(default)]
    pub path: String,
    /// Upper case; without it the client's method is kept.
    #[serde(default)]
    pub method: Option<String>,
    pub timeout_ms: u64,
    #[serde(default)]
    pub content_type: ContentType,
    /// Whether target or path have a `#Name#` of a stage variable.
    #[serde(default)]
    pub uses_variables: bool,
    /// Whether the certificate of an HTTPS backend must be good.
    #[serde(default = "verified")]
    pub verify_tls: bool,
    /// Whether the backend is spoken to by HTTP/2: with prior knowledge, or over TLS where it must agree to it.
    #[serde(default)]
    pub http2: bool,
}

/// What holds when nothing is said.
pub(crate) fn verified() -> bool {
    true
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Target {
    Http {
        scheme: Scheme,
        host: String,
        port: u16,
        /// `Host` sent to the backend in place of the address's; it never decides where to connect.
        #[serde(default)]
        host_header: Option<String>,
    },
    /// An address with stage variables in it, `http://host:port` once they are filled in.
    Address {
        address: String,
        #[serde(default)]
        host_header: Option<String>,
    },
    Vpc {
        /// Name of the VPC access.
        access: String,
        scheme: Scheme,
        /// `Host` of the backend service, stronger than that of the access.
        #[serde(default)]
        host: Option<String>,
    },
    Function(Function),
    Discovered(Discovered),
    Mock {
        status: u16,
        #[serde(default)]
        headers: Vec<MockHeader>,
        body: String,
    },
}

/// A function that gets requests as events.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Function {
    /// Its HTTP trigger; without one, an engine's setting makes an URL of the names.
    #[serde(default)]
    pub url: Option<String>,
    #[serde(default)]
    pub region: String,
    #[serde(default)]
    pub service: String,
    #[serde(default)]
    pub function: String,
    #[serde(default)]
    pub qualifier: String,
    /// How headers of the event are spelled that the definition names.
    #[serde(default)]
    pub header_names: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    Http,
    Https,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MockHeader {
    pub name: String,
    pub value: String,
}

/// The `Content-Type` that the backend sees.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContentType {
    /// The gateway's default.
    Default,
    Custom(String),
    /// The client's own.
    #[default]
    Client,
}

impl Backend {
    pub(crate) fn check(&self) -> Result<(), PlanError> {
        if self.timeout_ms == 0 {
            return Err(PlanError::new("backend.timeout_ms", "must be greater than 0"));
        }
        match &self.target {
            Target::Http { host, port, .. } => {
                not_empty("backend.target.host", host)?;
                if *port == 0 {
                    return Err(PlanError::new("backend.target.port", "must be between 1 and 65535"));
                }
                check_pattern("backend.path", &self.path)
            }
            Target::Address { address, .. } => {
                not_empty("backend.target.address", address)?;
                if !self.uses_variables {
                    return Err(PlanError::new("backend.uses_variables", "must be true for an address with variables"));
                }
                check_pattern("backend.path", &self.path)
            }
            Target::Vpc { access, .. } => {
                not_empty("backend.target.access", access)?;
                check_pattern("backend.path", &self.path)
            }
            Target::Discovered(discovered) => {
                discovered.check()?;
                check_pattern("backend.path", &self.path)
            }
            Target::Function(function) => {
                match function.url.as_deref().map(RoutedAddress::parse) {
                    Some(Err(problem)) => return Err(PlanError::new("backend.target.url", problem)),
                    Some(Ok(_)) => {}
                    None => not_empty("backend.target.function", &function.function)?,
                }
                check_pattern("backend.path", &self.path)
            }
            Target::Mock { status, .. } if !(100..=599).contains(status) => {
                Err(PlanError::new("backend.target.status", "must be an HTTP status"))
            }
            Target::Mock { .. } => Ok(()),
        }
    }
}
