//! An edition: the immutable result of publishing one draft to one stage, resolved so that the engine only executes.

use crate::backend::Backend;
use crate::error::{not_empty, PlanError};
use crate::plugin::{Jwk, ValueSchema};
use serde::Deserialize;
use serde_json::Value;

/// Key of its record: `<api_id>/<STAGE>`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edition {
    pub api_id: String,
    pub api_name: String,
    pub group_id: String,
    /// Upper case.
    pub stage: String,
    /// The 17-digit history version, `yyyyMMddHHmmssSSS`.
    pub version: String,
    pub protocols: Protocols,
    /// Only callers inside the networks of the engine's settings may call.
    #[serde(default)]
    pub internal_only: bool,
    #[serde(default)]
    pub two_way: TwoWayRole,
    /// Upper case, or `ANY`.
    pub method: String,
    /// The whole path pattern, the group's base path included, for example `/v1/users/[id]` or `/files/*`.
    pub path: String,
    pub auth: Auth,
    /// OpenID Connect, beside or instead of an app; a `jwtAuth` plug-in takes its place.
    #[serde(default)]
    pub open_id: Option<OpenId>,
    pub request_mode: RequestMode,
    #[serde(default)]
    pub body_format: BodyFormat,
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    /// What goes where in the backend request, in the order in which it is applied.
    #[serde(default)]
    pub mappings: Vec<Mapping>,
    pub backend: Backend,
    /// Of a draft that a debug call tries out. Only a request that names it, in `X-Ca-Stage: <STAGE>~<this>`, reaches it;
    /// grants, plug-ins and variables are those of the stage.
    #[serde(default)]
    pub draft: Option<String>,
}

/// Protocols a caller may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protocols {
    pub http: bool,
    pub https: bool,
    #[serde(default)]
    pub websocket: bool,
}

/// What an API is for on two-way connections.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TwoWayRole {
    #[default]
    Common,
    /// A device calls it on its connection; answered 200, the device gets notices from then on.
    Register,
    /// The same for not getting any more.
    Unregister,
    /// A backend calls it to send a device a notice; it has no backend itself.
    Notify,
}

/// Who may call.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Auth {
    Anonymous,
    App {
        app_code: AppCodeLocation,
        signature_methods: Vec<SignatureMethod>,
        #[serde(default)]
        force_nonce: bool,
    },
}

/// What an API has to do with tokens.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum OpenId {
    /// It hands out tokens; its key verifies those that callers of the group's business APIs send in this stage.
    IdToken { jwk: Box<Jwk> },
    /// It asks for a token in this parameter, a header or in the query.
    Business { parameter: String, location: Location },
}

/// Where an AppCode is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppCodeLocation {
    Nowhere,
    /// A header, once the group has a code of its own.
    Group,
    Header,
    HeaderAndQuery,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum SignatureMethod {
    HmacSHA1,
    HmacSHA256,
}

/// What happens to parameters that the API does not declare, and whether declared ones are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestMode {
    /// Everything is forwarded untouched; only path parameters are read.
    Passthrough,
    /// Declared parameters are checked and mapped, others are dropped.
    Mapping,
    /// Declared parameters are checked and mapped, others are forwarded.
    MappingPassthrough,
}

/// How a mapping API treats a body: rebuilt from declared form fields, or forwarded as bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BodyFormat {
    #[default]
    Stream,
    Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Location {
    Path,
    Query,
    Head,
    Body,
}

/// A declared request parameter.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    pub name: String,
    pub location: Location,
    pub parameter_type: ParameterType,
    pub required: bool,
    #[serde(default)]
    pub default: Option<String>,
    #[serde(default)]
    pub constraint: Constraint,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParameterType {
    String,
    Int,
    Long,
    Float,
    Double,
    Boolean,
    File,
    Array,
}

/// Limits of a parameter's value; each applies when present.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Constraint {
    pub min_value: Option<f64>,
    pub max_value: Option<f64>,
    /// In characters.
    pub min_length: Option<u32>,
    /// In characters.
    pub max_length: Option<u32>,
    /// Must match the whole value.
    pub regular_expression: Option<String>,
    pub allowed: Vec<String>,
    /// What the value must fit, read as JSON; a schema as `ValueSchema` takes it.
    pub json_schema: Option<Value>,
}

impl Constraint {
    /// # Errors
    /// What is wrong with the schema; `parameter` is where the parameter stands.
    pub fn value_schema(&self, parameter: &str) -> Result<Option<ValueSchema>, PlanError> {
        let read = self.json_schema.clone().map(ValueSchema::new).transpose();
        read.map_err(|problem| PlanError::new(format!("{parameter}.constraint.json_schema"), problem))
    }
}

/// One value of the backend request.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    pub source: Source,
    pub location: Location,
    pub name: String,
}

/// Where a backend value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A declared request parameter, by name.
    Request(String),
    Constant(String),
    /// A system parameter, for example `CaClientIp`.
    System(String),
}

/// One segment of a path pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathSegment<'a> {
    Text(&'a str),
    Parameter(&'a str),
    /// `*` at the end: the rest of the path.
    Rest,
}

impl<'a> PathSegment<'a> {
    /// Reads one segment of a pattern, the text between two slashes.
    pub fn of(segment: &'a str) -> Self {
        match segment.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(name) => PathSegment::Parameter(name),
            None if segment == "*" => PathSegment::Rest,
            None => PathSegment::Text(segment),
        }
    }
}

impl Edition {
    /// Of its grants and of what is bound to it.
    pub fn key(&self) -> String {
        format!("{}/{}", self.api_id, self.stage)
    }

    pub fn record_key(&self) -> String {
        format!("{}/{}", self.api_id, self.served_as())
    }

    /// What a request names to reach it.
    pub fn served_as(&self) -> String {
        match &self.draft {
            None => self.stage.clone(),
            Some(draft) => format!("{}~{draft}", self.stage),
        }
    }

    /// The segments of `path`, without the leading slash.
    pub fn segments(&self) -> impl Iterator<Item = PathSegment<'_>> {
        segments(&self.path)
    }

    pub fn check(&self) -> Result<(), PlanError> {
        not_empty("api_id", &self.api_id)?;
        not_empty("group_id", &self.group_id)?;
        not_empty("stage", &self.stage)?;
        not_empty("method", &self.method)?;
        let Protocols { http, https, websocket } = self.protocols;
        if !http && !https && !websocket {
            return Err(PlanError::new("protocols", "must allow at least one protocol"));
        }
        if self
            .draft
            .as_ref()
            .is_some_and(|draft| draft.len() < 32 || !draft.bytes().all(|one| one.is_ascii_hexdigit()))
        {
            return Err(PlanError::new("draft", "must be 32 or more hexadecimal digits: a name that nobody guesses"));
        }
        check_pattern("path", &self.path)?;
        self.check_parameters()?;
        self.check_mappings()?;
        self.backend.check()
    }

    fn check_parameters(&self) -> Result<(), PlanError> {
        for (index, parameter) in self.parameters.iter().enumerate() {
            let field = format!("parameters[{index}]");
            not_empty(&format!("{field}.name"), &parameter.name)?;
            let in_pattern = self.segments().any(|segment| segment == PathSegment::Parameter(parameter.name.as_str()));
            if parameter.location == Location::Path && !in_pattern {
                let problem = format!("{:?} is not a placeholder of the path {:?}", parameter.name, self.path);
                return Err(PlanError::new(format!("{field}.name"), problem));
            }
            parameter.constraint.value_schema(&field)?;
        }
        Ok(())
    }

    fn check_mappings(&self) -> Result<(), PlanError> {
        for (index, mapping) in self.mappings.iter().enumerate() {
            let field = format!("mappings[{index}]");
            not_empty(&format!("{field}.name"), &mapping.name)?;
            if let Source::Request(name) = &mapping.source {
                if !self.parameters.iter().any(|parameter| parameter.name == *name) {
                    let problem = format!("{name:?} is not a declared parameter");
                    return Err(PlanError::new(format!("{field}.source"), problem));
                }
            }
        }
        Ok(())
    }
}

fn segments(pattern: &str) -> impl Iterator<Item = PathSegment<'_>> {
    let inner = pattern.strip_prefix('/').unwrap_or(pattern);
    inner.split('/').map(PathSegment::of)
}

pub(crate) fn check_pattern(field: &str, pattern: &str) -> Result<(), PlanError> {
    if !pattern.starts_with('/') {
        return Err(PlanError::new(field, format!("{pattern:?} must start with '/'")));
    }
    let count = segments(pattern).count();
    for (index, segment) in segments(pattern).enumerate() {
        if segment == PathSegment::Rest && index + 1 != count {
            return Err(PlanError::new(field, format!("{pattern:?} may have '*' only at its end")));
        }
        if segment == PathSegment::Parameter("") {
            return Err(PlanError::new(field, format!("{pattern:?} has a placeholder without a name")));
        }
    }
    Ok(())
}
