//! An edition made ready for requests: patterns split, expressions compiled, look-up keys built.

use crate::backend::breaker::Breaker;
use crate::plugins::TokenKey;
use isthmus_plan::plugin::ValueSchema;
use isthmus_plan::{Edition, Location, OpenId, Parameter, PathSegment, PlanError, RequestMode};
use regex::Regex;
use std::sync::Arc;

/// What a published API is at an engine: served, or known but broken (then calls get a code and its neighbours
/// nothing of it).
pub enum EditionEntry {
    Served(Box<CompiledEdition>),
    Broken { key: Box<str>, method: String, path: String, reason: Box<str> },
}

pub struct CompiledEdition {
    pub edition: Edition,
    /// `<api_id>/<STAGE>`: the key of its grants.
    pub key: Box<str>,
    /// `api/<api_id>/<STAGE>` and `group/<group_id>/<STAGE>`: what plug-ins are bound to.
    pub api_target: Box<str>,
    pub group_target: Box<str>,
    pub parameters: Vec<CompiledParameter>,
    /// Names of the path pattern's placeholders, in order; `*` for the rest.
    pub placeholders: Vec<Box<str>>,
    pub backend_path: Vec<PathPiece>,
    /// Verifies the tokens that this API hands out.
    pub token_key: Option<Arc<TokenKey>>,
    /// Closed again when the API is published again.
    pub breaker: Breaker,
}

pub struct CompiledParameter {
    pub declared: Parameter,
    /// Anchored at both ends.
    pub expression: Option<Regex>,
    pub schema: Option<ValueSchema>,
    /// Position among `placeholders`, for a parameter of the path.
    pub placeholder: Option<usize>,
}

/// A piece of the backend's path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathPiece {
    Text(Box<str>),
    /// The value mapped to this placeholder.
    Parameter(Box<str>),
    Rest,
}

/// Compiled programs larger than this are refused: an expression comes from a tenant.
const EXPRESSION_BYTES: usize = 2 * 1024 * 1024;

impl CompiledEdition {
    /// # Errors
    /// `PlanError` when an expression does not compile.
    pub fn new(edition: Edition) -> Result<Self, PlanError> {
        let placeholders: Vec<Box<str>> = edition
            .segments()
            .filter_map(|segment| match segment {
                PathSegment::Parameter(name) => Some(name.into()),
                PathSegment::Rest => Some("*".into()),
                PathSegment::Text(_) => None,
            })
            .collect();
        let parameters = edition
            .parameters
            .iter()
            .enumerate()
            .map(|(index, parameter)| compile_parameter(index, parameter, &placeholders))
            .collect::<Result<_, _>>()?;
        let backend_path = path_pieces(&edition.backend.path);
        let api_target = format!("api/{}", edition.key()).into();
        let group_target = format!("group/{}/{}", edition.group_id, edition.stage).into();
        let key = edition.key().into();
        let token_key = match &edition.open_id {
            Some(OpenId::IdToken { jwk }) => Some(TokenKey::new(jwk)?),
            _ => None,
        };
        let breaker = Breaker::default();
        Ok(Self { token_key, breaker, key, api_target, group_target, parameters, placeholders, backend_path, edition })
    }

    pub fn passes_through(&self) -> bool {
        self.edition.request_mode == RequestMode::Passthrough
    }
}

fn compile_parameter(
    index: usize,
    parameter: &Parameter,
    placeholders: &[Box<str>],
) -> Result<CompiledParameter, PlanError> {
    let expression = match &parameter.constraint.regular_expression {
        None => None,
        Some(text) => {
            Some(regex::RegexBuilder::new(&format!("^(?:{text})$")).size_limit(EXPRESSION_BYTES).build().map_err(
                |error| PlanError::new(format!("parameters[{index}].constraint.regular_expression"), error.to_string()),
            )?)
        }
    };
    let placeholder = match parameter.location {
        Location::Path => placeholders.iter().position(|name| **name == *parameter.name),
        _ => None,
    };
    let schema = parameter.constraint.value_schema(&format!("parameters[{index}]"))?;
    Ok(CompiledParameter { declared: parameter.clone(), expression, schema, placeholder })
}

/// Splits a backend path such as `/users/[id]/*`.
pub fn path_pieces(pattern: &str) -> Vec<PathPiece> {
    let mut found = Vec::new();
    let mut text = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('[') {
        let Some((name, behind)) = after.split_once(']') else { break };
        text.push_str(before);
        if !text.is_empty() {
            found.push(PathPiece::Text(std::mem::take(&mut text).into()));
        }
        found.push(PathPiece::Parameter(name.into()));
        rest = behind;
    }
    text.push_str(rest);
    if let Some(before) = text.strip_suffix("/*") {
        found.push(PathPiece::Text(format!("{before}/").into()));
        found.push(PathPiece::Rest);
    } else if !text.is_empty() {
        found.push(PathPiece::Text(text.into()));
    }
    found
}
