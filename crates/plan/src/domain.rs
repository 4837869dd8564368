//! Domains that lead to groups, and their certificates.
//!
//! A domain's patterns name parts of a host (`{svc}.example.com`); plug-ins read them as `Host:svc`.

use crate::error::{not_empty, PlanError};
use crate::Secret;
use serde::Deserialize;

/// A host name that leads to a group. Key of its record: the host name, lower case, without port.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    /// A leading `*.` stands for one label.
    pub host: String,
    pub group_id: String,
    /// The stage the domain serves; without it `X-Ca-Stage` chooses, `RELEASE` by default.
    #[serde(default)]
    pub stage: Option<String>,
    /// Whether this is the group's automatic domain, which is for debugging and has a daily quota.
    #[serde(default)]
    pub automatic: bool,
    /// Whether a call over HTTP is sent to HTTPS.
    #[serde(default)]
    pub https_redirect: bool,
    /// Id of the certificate under whose client CA a caller must have shown a certificate of its own.
    #[serde(default)]
    pub client_certificate: Option<String>,
    /// Whether clients may open two-way connections by WebSocket, and whether over TLS too.
    #[serde(default)]
    pub two_way: TwoWay,
    /// For a wildcard domain: what its hosts look like, the parts to keep in braces.
    #[serde(default)]
    pub patterns: Vec<String>,
}

/// The two-way connections that a domain takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TwoWay {
    #[default]
    Closed,
    Plain,
    PlainAndTls,
}

impl Domain {
    pub fn check(&self) -> Result<(), PlanError> {
        not_empty("host", &self.host)?;
        not_empty("group_id", &self.group_id)?;
        if self.host.bytes().any(|byte| byte.is_ascii_uppercase() || byte == b':' || byte <= b' ') {
            return Err(PlanError::new("host", "must be a lower-case host name without port"));
        }
        for (index, pattern) in self.patterns.iter().enumerate() {
            if host_pattern(pattern).is_none() {
                let text = "must be a lower-case host name with parts such as {svc}, each name once";
                return Err(PlanError::new(format!("patterns[{index}]"), text));
            }
        }
        Ok(())
    }
}

/// A piece of a host pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostPiece {
    Text(Box<str>),
    /// One or more characters of one label, kept under this name.
    Part(Box<str>),
}

/// The pieces of a pattern; None when it is not one. Two parts need a text between them, or their border is open.
pub fn host_pattern(pattern: &str) -> Option<Vec<HostPiece>> {
    let is_text = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.')
    };
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
    };
    let mut pieces = Vec::new();
    let mut rest = pattern;
    while !rest.is_empty() {
        let (text, behind) = rest.split_once('{').unwrap_or((rest, ""));
        if !is_text(text) || (text.is_empty() && !pieces.is_empty()) {
            return None;
        }
        if !text.is_empty() {
            pieces.push(HostPiece::Text(text.into()));
        }
        if rest.len() == text.len() {
            break;
        }
        let (name, behind) = behind.split_once('}')?;
        let part = HostPiece::Part(name.into());
        if !is_name(name) || pieces.contains(&part) {
            return None;
        }
        pieces.push(part);
        rest = behind;
    }
    (!pieces.is_empty()).then_some(pieces)
}

/// A certificate and its key. Key of its record: the certificate id; the id `default` serves clients without SNI.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    pub certificate_id: String,
    /// Host names it is used for, lower case; a leading `*.` matches one label.
    pub hosts: Vec<String>,
    /// Chain in PEM, leaf first.
    pub chain_pem: String,
    pub key_pem: Secret,
    /// Whose certificates callers must show.
    #[serde(default)]
    pub client: Option<ClientAuthority>,
}

/// Who may call, by certificate.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientAuthority {
    /// The certificates of the authorities, in PEM.
    pub roots_pem: String,
    /// How many certificates may stand between a caller's and an authority's.
    pub depth: u8,
    /// Whether backends get the caller's distinguished name, in `X-Client-S-Dn`.
    #[serde(default)]
    pub subject_passed: bool,
}

impl Certificate {
    pub fn check(&self) -> Result<(), PlanError> {
        not_empty("certificate_id", &self.certificate_id)?;
        not_empty("chain_pem", &self.chain_pem)?;
        if let Some(client) = &self.client {
            not_empty("client.roots_pem", &client.roots_pem)?;
        }
        not_empty("key_pem", self.key_pem.reveal())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{host_pattern, HostPiece};

    #[test]
    fn reads_parts_of_a_host_and_refuses_what_has_two_readings() {
        let part = |name: &str| HostPiece::Part(name.into());
        let text = |text: &str| HostPiece::Text(text.into());
        assert_eq!(host_pattern("{svc}.a.com").unwrap(), [part("svc"), text(".a.com")]);
        assert_eq!(host_pattern("{svc}-{env}.a.com").unwrap(), [part("svc"), text("-"), part("env"), text(".a.com")]);
        for wrong in ["", "{svc}{env}.a.com", "{svc.a.com", "{}.a.com", "{a}.{a}.com", "A.com", "a}.com", "*.a.com"] {
            assert_eq!(host_pattern(wrong), None, "{wrong}");
        }
    }
}
