//! `remoteAuth`: a service of yours that is asked whether a request may pass.

use super::routing::RoutedAddress;
use super::{scalar, Parameters, Problems, Selector, Template};
use crate::expression::Expression;
use crate::{Scheme, Target};
use schemars::JsonSchema;
use serde::Deserialize;

/// Longest wait for the service, in milliseconds.
const TIMEOUT_LIMIT: u64 = 10_000;
/// Longest memory of an answer, in seconds.
const CACHE_LIMIT: u32 = 600;

/// The service is called before the backend; the request goes on only when the condition holds for its answer. Source:
/// vendor page "Third-party authentication plug-in".
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RemoteAuth {
    /// Names for parts of the service's answer (`StatusCode`, `Header:…`, `BodyJsonField:…`) and of the request. Other
    /// plug-ins read them as `Parameter:name`.
    #[serde(default)]
    pub parameters: Parameters,
    /// HTTP: the service has an address. HTTP-VPC: it is reached through a VPC access.
    pub auth_uri_type: AuthUriType,
    pub auth_uri: AuthUri,
    /// Whether the service gets the request's body as its own.
    #[serde(default, deserialize_with = "scalar::parsed")]
    #[schemars(with = "bool")]
    pub pass_through_body: bool,
    /// Whether the service gets the request's path, in the header `X-Ca-Remote-Auth-Raw-Path`.
    #[serde(default, deserialize_with = "scalar::parsed")]
    #[schemars(with = "bool")]
    pub pass_through_path: bool,
    /// How long an answer holds for the same parameters, in seconds, at most 600; 0 means no memory.
    #[serde(default, deserialize_with = "scalar::optional")]
    #[schemars(with = "Option<u32>", range(max = 600))]
    pub cached_time_by_second: Option<u32>,
    /// Whether a word in front (`Bearer`) is taken off what comes from the header `Authorization`.
    #[serde(default, deserialize_with = "scalar::parsed")]
    #[schemars(with = "bool")]
    pub trim_authorization_header_prefix: bool,
    /// What the service gets of the request.
    #[serde(default)]
    pub auth_parameters: Vec<AuthParameter>,
    /// Holds when the request may pass, for example `$statusCode = 200`.
    pub success_condition: Expression,
    /// `X-Ca-Error-Message` of a refusal; `${name}` stands for a parameter's value.
    #[serde(default)]
    pub error_message: Option<Template>,
    /// Status of a refusal, 403 without it.
    #[serde(default, deserialize_with = "scalar::optional")]
    #[schemars(with = "Option<u16>", range(min = 200, max = 599))]
    pub error_status_code: Option<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum AuthUriType {
    #[serde(rename = "HTTP", alias = "http")]
    Http,
    #[serde(rename = "HTTP-VPC", alias = "HTTP_VPC", alias = "http-vpc")]
    Vpc,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthUri {
    /// `http://host:port` or `https://host:port`, for the type HTTP.
    #[serde(default)]
    pub address: Option<String>,
    /// Name of a VPC access, for the type HTTP-VPC.
    #[serde(default)]
    pub vpc_access_name: Option<String>,
    /// `HTTP` or `HTTPS`, for the type HTTP-VPC; HTTP without it.
    #[serde(default)]
    pub vpc_scheme: Option<String>,
    /// `/` without it.
    #[serde(default)]
    pub path: Option<String>,
    /// In milliseconds, at most 10000, which it is without it.
    #[serde(default, deserialize_with = "scalar::optional")]
    #[schemars(with = "Option<u64>", range(min = 1, max = 10_000))]
    pub timeout: Option<u64>,
    /// POST without it.
    #[serde(default)]
    pub method: Option<String>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthParameter {
    pub source_parameter_name: String,
    /// Where the request has it; what is not there is not sent.
    pub source_location: SourceLocation,
    pub target_parameter_name: String,
    pub target_location: TargetLocation,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SourceLocation {
    #[serde(alias = "Query", alias = "QUERY")]
    Query,
    #[serde(alias = "Header", alias = "HEADER", alias = "head", alias = "HEAD")]
    Header,
    #[serde(alias = "Form", alias = "FORM", alias = "body", alias = "BODY")]
    Form,
    /// A placeholder of the path.
    #[serde(alias = "Path", alias = "PATH")]
    Path,
    /// A system parameter, for example `CaAppId`.
    #[serde(alias = "System", alias = "SYSTEM")]
    System,
    /// A claim of the JSON Web Token.
    #[serde(alias = "Token", alias = "TOKEN")]
    Token,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TargetLocation {
    #[serde(alias = "Query", alias = "QUERY")]
    Query,
    #[serde(alias = "Header", alias = "HEADER", alias = "head", alias = "HEAD")]
    Header,
    /// A field of the body, which is then a form.
    #[serde(alias = "Form", alias = "FORM", alias = "body", alias = "BODY")]
    Form,
}

impl AuthParameter {
    pub fn source(&self) -> Selector {
        let name: Box<str> = self.source_parameter_name.as_str().into();
        match self.source_location {
            SourceLocation::Query => Selector::Query(name),
            SourceLocation::Header => Selector::Header(name.to_ascii_lowercase().into()),
            SourceLocation::Form => Selector::Form(name),
            SourceLocation::Path => Selector::Parameter(name),
            SourceLocation::System => Selector::System(name),
            SourceLocation::Token => Selector::Token(name),
        }
    }
}

impl RemoteAuth {
    /// Where the service is, and the path in front of its own.
    ///
    /// # Errors
    /// Which field is wrong, and how.
    pub fn target(&self) -> Result<(Target, String), (&'static str, String)> {
        let uri = &self.auth_uri;
        match self.auth_uri_type {
            AuthUriType::Http => {
                let missing = || ("authUri.address", "is needed for the type HTTP".to_owned());
                let address = uri.address.as_deref().ok_or_else(missing)?;
                let RoutedAddress { scheme, host, port, path } =
                    RoutedAddress::parse(address).map_err(|problem| ("authUri.address", problem))?;
                Ok((Target::Http { scheme, host, port, host_header: None }, path))
            }
            AuthUriType::Vpc => {
                let scheme = match uri.vpc_scheme.as_deref().map(str::to_ascii_uppercase).as_deref() {
                    None | Some("HTTP") => Scheme::Http,
                    Some("HTTPS") => Scheme::Https,
                    Some(_) => return Err(("authUri.vpcScheme", "must be HTTP or HTTPS".to_owned())),
                };
                match uri.vpc_access_name.clone().filter(|name| !name.is_empty()) {
                    Some(access) => Ok((Target::Vpc { access, scheme, host: None }, String::new())),
                    None => Err(("authUri.vpcAccessName", "is needed for the type HTTP-VPC".to_owned())),
                }
            }
        }
    }

    pub fn timeout_ms(&self) -> u64 {
        self.auth_uri.timeout.unwrap_or(TIMEOUT_LIMIT)
    }

    /// Upper case.
    pub fn method(&self) -> String {
        self.auth_uri.method.as_deref().unwrap_or("POST").to_ascii_uppercase()
    }

    pub(super) fn check(&self, problems: &mut Problems) {
        if let Err((field, problem)) = self.target() {
            problems.add(field, problem);
        }
        if self.auth_uri.path.as_ref().is_some_and(|path| !path.starts_with('/') || path.contains(['?', '#', ' '])) {
            problems.add("authUri.path", "must be a path that starts with /, without a query");
        }
        if !(1..=TIMEOUT_LIMIT).contains(&self.timeout_ms()) {
            problems.add("authUri.timeout", format!("must be 1 to {TIMEOUT_LIMIT} milliseconds"));
        }
        let method = self.method();
        if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            problems.add("authUri.method", "must be an HTTP method");
        }
        if self.cached_time_by_second.is_some_and(|seconds| seconds > CACHE_LIMIT) {
            problems.add("cachedTimeBySecond", format!("must be at most {CACHE_LIMIT} seconds"));
        }
        self.check_parameters(problems);
        problems.undeclared("successCondition", &self.parameters, self.success_condition.names());
        if let Some(text) = &self.error_message {
            problems.undeclared("errorMessage", &self.parameters, text.names());
        }
        problems.status("errorStatusCode", self.error_status_code);
    }

    fn check_parameters(&self, problems: &mut Problems) {
        let has_body = matches!(self.method().as_str(), "POST" | "PUT" | "PATCH");
        for (index, one) in self.auth_parameters.iter().enumerate() {
            let field = format!("authParameters[{index}].targetParameterName");
            if one.target_parameter_name.is_empty() {
                problems.add(&field, "must not be empty");
            } else if one.target_location == TargetLocation::Header && is_of_the_message(&one.target_parameter_name) {
                problems.add(&field, "is a header that the gateway sets itself");
            } else if one.target_location == TargetLocation::Header {
                problems.headers(&field, [&one.target_parameter_name]);
            }
            if one.target_location == TargetLocation::Form && (self.pass_through_body || !has_body) {
                let problem = "form needs the method POST, PUT or PATCH, and no passThroughBody";
                problems.add(format!("authParameters[{index}].targetLocation"), problem);
            }
        }
        if self.pass_through_body && !has_body {
            problems.add("passThroughBody", "needs the method POST, PUT or PATCH");
        }
    }
}

/// Headers that say where a message goes or where it ends.
fn is_of_the_message(name: &str) -> bool {
    const OWN: [&str; 8] =
        ["host", "content-length", "transfer-encoding", "connection", "expect", "upgrade", "te", "trailer"];
    OWN.contains(&name.to_ascii_lowercase().as_str())
}
