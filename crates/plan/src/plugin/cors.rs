//! `cors`: which pages of other sites may call an API from a browser.

use super::list::CommaList;
use super::{scalar, Problems};
use schemars::JsonSchema;
use serde::Deserialize;

/// Preflight requests are answered by the gateway, and answers get the headers that let a browser hand them to the
/// page. Source: vendor page "CORS plug-in".
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cors {
    /// Origins that may call, separated by commas: `*` (all, the default), `api.foo.com`, `*.foo.com`,
    /// `https://foo.com:8443`. Without a scheme both `http` and `https` fit; without a port only the usual one does.
    #[serde(default)]
    pub allow_origins: Option<CommaList>,
    /// Methods that pages may use, separated by commas; GET,POST,PUT,DELETE,HEAD,OPTIONS,PATCH without it.
    #[serde(default)]
    pub allow_methods: Option<CommaList>,
    /// Request headers that pages may send, separated by commas; `*` allows whatever is asked for. Without it the
    /// usual ones and those of a signed request are allowed.
    #[serde(default)]
    pub allow_headers: Option<CommaList>,
    /// Response headers that pages may read, separated by commas.
    #[serde(default)]
    pub expose_headers: Option<CommaList>,
    /// Whether pages may send cookies and other credentials of the browser.
    #[serde(default, deserialize_with = "scalar::parsed")]
    #[schemars(with = "bool")]
    pub allow_credentials: bool,
    /// How long a browser may remember the answer to a preflight request, in seconds; 172800 without it.
    #[serde(default, deserialize_with = "scalar::optional")]
    #[schemars(with = "Option<u32>")]
    pub max_age: Option<u32>,
}

impl Cors {
    pub(super) fn check(&self, problems: &mut Problems) {
        for origin in self.allow_origins.iter().flat_map(CommaList::iter) {
            if let Err(problem) = OriginPattern::parse(origin) {
                problems.add("allowOrigins", problem);
            }
        }
        let methods = [("allowMethods", &self.allow_methods), ("allowHeaders", &self.allow_headers)];
        for (field, list) in methods.into_iter().chain([("exposeHeaders", &self.expose_headers)]) {
            let names: Vec<String> = list.iter().flat_map(CommaList::iter).map(str::to_owned).collect();
            problems.headers(field, &names);
        }
    }

    /// What `allowOrigins` means; entries that `check` would refuse match nothing.
    pub fn origins(&self) -> Vec<OriginPattern> {
        match &self.allow_origins {
            Some(list) if !list.is_empty() => list.iter().filter_map(|text| OriginPattern::parse(text).ok()).collect(),
            _ => vec![OriginPattern::Any],
        }
    }
}

/// One entry of `allowOrigins`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OriginPattern {
    Any,
    /// `null`, the origin of sandboxed pages and local files.
    Opaque,
    Host {
        scheme: Option<Box<str>>,
        /// For `*.foo.com`: `.foo.com`.
        suffix: bool,
        host: Box<str>,
        port: Option<Box<str>>,
    },
}

impl OriginPattern {
    /// # Errors
    /// A text that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let lower = text.to_ascii_lowercase();
        match lower.as_str() {
            "*" => return Ok(OriginPattern::Any),
            "null" => return Ok(OriginPattern::Opaque),
            _ => {}
        }
        let (scheme, authority) = match lower.split_once("://") {
            Some((scheme, rest)) => (Some(scheme.into()), rest),
            None => (None, lower.as_str()),
        };
        let (host, port) = host_and_port(authority);
        let (suffix, host) = match host.strip_prefix('*') {
            Some(rest) if rest.starts_with('.') => (true, rest),
            _ => (false, host),
        };
        let is_host =
            !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._[]:".contains(&byte));
        if !is_host || port.is_some_and(|port| port.parse::<u16>().is_err()) {
            return Err(format!("{text:?} is not an origin such as api.foo.com, *.foo.com or https://foo.com:8443"));
        }
        Ok(OriginPattern::Host { scheme, suffix, host: host.into(), port: port.map(Box::from) })
    }

    /// `origin` in lower case, as browsers send it: `https://api.foo.com`.
    pub fn matches(&self, origin: &str) -> bool {
        match self {
            OriginPattern::Any => true,
            OriginPattern::Opaque => origin == "null",
            OriginPattern::Host { scheme, suffix, host, port } => {
                let Some((its_scheme, authority)) = origin.split_once("://") else { return false };
                let (its_host, its_port) = host_and_port(authority);
                let host_fits = match suffix {
                    true => its_host.len() > host.len() && its_host.ends_with(&**host),
                    false => *its_host == **host,
                };
                let scheme_fits = scheme.as_deref().is_none_or(|scheme| scheme == its_scheme);
                host_fits && scheme_fits && port.as_deref() == its_port
            }
        }
    }
}

fn host_and_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
}
