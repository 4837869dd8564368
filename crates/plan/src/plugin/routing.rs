//! `routing`: another backend for some requests of an API.

use super::scalar;
use super::transformer::Place;
use super::Problems;
use crate::expression::Expression;
use crate::{Scheme, Target};
use schemars::JsonSchema;
use serde::Deserialize;

/// Routes are tried from top to bottom; the first whose condition holds is taken, and what its `backend` names replaces
/// the same part of the API's backend. Conditions may use the API's parameters and system parameters by name, without
/// declaring them. Source: vendor page "Routing plug-in".
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Routing {
    pub routes: Vec<Route>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Letters and digits; the backend gets it as `X-Ca-Routing-Name`.
    pub name: String,
    /// For example `$CaAppId = 123456 or Random() < 0.05`.
    pub condition: Expression,
    pub backend: RoutedBackend,
    /// Sent to the backend when this route is taken.
    #[serde(default, rename = "constant-parameters", alias = "constantParameters")]
    pub constant_parameters: Vec<RoutedConstant>,
}

/// Parts of a backend; what is left out stays as the API has it.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct RoutedBackend {
    #[serde(rename = "type")]
    pub backend_type: Option<RoutedType>,
    /// `http://host:port` or `https://host:port`, for the type HTTP.
    pub address: Option<String>,
    /// Name of a VPC access, for the type HTTP-VPC.
    pub vpc_access_name: Option<String>,
    /// `HTTP` or `HTTPS`, for the type HTTP-VPC.
    pub vpc_scheme: Option<String>,
    pub path: Option<String>,
    pub method: Option<String>,
    /// In milliseconds.
    #[serde(deserialize_with = "scalar::optional")]
    #[schemars(with = "Option<u64>", range(min = 1, max = 600_000))]
    pub timeout: Option<u64>,
    /// `Host` for the type HTTP.
    pub http_target_host_name: Option<String>,
    /// `Host` for the type HTTP-VPC.
    pub vpc_target_host_name: Option<String>,
    /// Status for the type MOCK, 200 without it.
    #[serde(deserialize_with = "scalar::optional")]
    #[schemars(with = "Option<u16>", range(min = 200, max = 599))]
    pub status_code: Option<u16>,
    /// Body for the type MOCK.
    #[serde(alias = "mockBody", alias = "mockResult")]
    pub body: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum RoutedType {
    #[serde(rename = "HTTP", alias = "http")]
    Http,
    #[serde(rename = "HTTP-VPC", alias = "HTTP_VPC", alias = "http-vpc")]
    Vpc,
    #[serde(rename = "MOCK", alias = "mock", alias = "Mock")]
    Mock,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoutedConstant {
    pub name: String,
    /// `header` or `query`.
    pub location: Place,
    #[serde(deserialize_with = "scalar::text")]
    #[schemars(with = "String")]
    pub value: String,
}

/// Where an `address` leads: scheme, host, port and the path that stands in front.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutedAddress {
    pub scheme: Scheme,
    pub host: String,
    pub port: u16,
    pub path: String,
}

impl RoutedAddress {
    /// # Errors
    /// A text that says what is wrong.
    pub fn parse(address: &str) -> Result<Self, String> {
        let wrong = || format!("{address:?} must be http://host:port or https://host:port");
        let (scheme, rest) = address.split_once("://").ok_or_else(wrong)?;
        let (scheme, default_port) = match scheme.to_ascii_lowercase().as_str() {
            "http" => (Scheme::Http, 80),
            "https" => (Scheme::Https, 443),
            _ => return Err(wrong()),
        };
        let (authority, path) = rest.split_once('/').map_or((rest, ""), |(authority, path)| (authority, path));
        // The last colon behind an IPv6 address's bracket is the port's.
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| wrong())?),
            _ => (authority, default_port),
        };
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        if host.is_empty() || port == 0 || host.contains(|one: char| one.is_whitespace() || "@?#\\".contains(one)) {
            return Err(wrong());
        }
        let path = if path.is_empty() { String::new() } else { format!("/{}", path.trim_end_matches('/')) };
        Ok(Self { scheme, host: host.to_owned(), port, path })
    }
}

impl RoutedBackend {
    pub(super) fn check(&self, problems: &mut Problems, place: &str) {
        let field = |name: &str| format!("{place}.{name}");
        if let Some(Err(problem)) = self.address.as_deref().map(RoutedAddress::parse) {
            problems.add(field("address"), problem);
        }
        if self.path.as_ref().is_some_and(|path| !path.starts_with('/')) {
            problems.add(field("path"), "must start with /");
        }
        let is_token = |method: &String| !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_alphabetic());
        if self.method.as_ref().is_some_and(|method| !is_token(method)) {
            problems.add(field("method"), "must be an HTTP method");
        }
        if self.timeout.is_some_and(|timeout| !(1..=600_000).contains(&timeout)) {
            problems.add(field("timeout"), "must be 1 to 600000 milliseconds");
        }
        problems.status(&field("statusCode"), self.status_code);
    }

    /// The target that results on top of an API's; None when a part that it needs is nowhere.
    pub fn target(&self, own: &Target) -> Option<Target> {
        let kind = self.backend_type.unwrap_or(match own {
            Target::Vpc { .. } => RoutedType::Vpc,
            Target::Mock { .. } => RoutedType::Mock,
            _ => RoutedType::Http,
        });
        match kind {
            RoutedType::Http => match &self.address {
                Some(address) => {
                    let parsed = RoutedAddress::parse(address).ok()?;
                    Some(Target::Http {
                        scheme: parsed.scheme,
                        host: parsed.host,
                        port: parsed.port,
                        host_header: None,
                    })
                }
                None => matches!(own, Target::Http { .. } | Target::Address { .. } | Target::Function(_))
                    .then(|| own.clone()),
            },
            RoutedType::Vpc => {
                let (access, scheme, host) = match own {
                    Target::Vpc { access, scheme, host } => (Some(access), *scheme, host.clone()),
                    _ => (None, Scheme::Http, None),
                };
                let scheme = match &self.vpc_scheme {
                    Some(text) if text.eq_ignore_ascii_case("https") => Scheme::Https,
                    Some(_) => Scheme::Http,
                    None => scheme,
                };
                let access = self.vpc_access_name.as_ref().or(access)?.clone();
                Some(Target::Vpc { access, scheme, host: self.vpc_target_host_name.clone().or(host) })
            }
            RoutedType::Mock => {
                let (status, headers, body) = match own {
                    Target::Mock { status, headers, body } => (*status, headers.clone(), body.clone()),
                    _ => (200, Vec::new(), String::new()),
                };
                let body = self.body.clone().unwrap_or(body);
                Some(Target::Mock { status: self.status_code.unwrap_or(status), headers, body })
            }
        }
    }
}

impl Routing {
    pub(super) fn check(&self, problems: &mut Problems) {
        if self.routes.is_empty() {
            problems.add("routes", "must have at least one route");
        }
        for (index, route) in self.routes.iter().enumerate() {
            let field = |name: &str| format!("routes[{index}].{name}");
            if route.name.is_empty()
                || !route.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
            {
                problems.add(field("name"), "must be letters and digits");
            }
            if self.routes.iter().take(index).any(|other| other.name == route.name) {
                problems.add(field("name"), format!("{:?} occurs twice", route.name));
            }
            route.backend.check(problems, &field("backend"));
            for constant in &route.constant_parameters {
                if constant.location == Place::Form {
                    problems.add(field("constant-parameters"), "can be a header or in the query");
                }
                if constant.location == Place::Header {
                    problems.headers(&field("constant-parameters"), [&constant.name]);
                    problems.header_value(&field("constant-parameters"), Some(&constant.value));
                }
            }
        }
    }
}
