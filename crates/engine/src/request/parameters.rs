//! Declared parameters: read from where they are declared, defaults filled in, every violation named at once.
//!
//! Source: vendor page "Request parameters": types, constraints, first value of a repeated name for scalars.

use super::answer::{Kind, Refusal};
use crate::plugins::read_json;
use crate::world::{CompiledEdition, CompiledParameter};
use hyper::header::HeaderMap;
use isthmus_plan::plugin::ValueSchema;
use isthmus_plan::{Constraint, Location, ParameterType};
use std::borrow::Cow;

/// Longest text about one value that does not fit its schema, in bytes.
const MOST_TEXT: usize = 500;

/// Values of the declared parameters, in the order of their declaration.
pub struct Values<'r> {
    edition: &'r CompiledEdition,
    values: Vec<Vec<Cow<'r, str>>>,
}

impl Values<'_> {
    /// The values of a parameter: none when it was not sent and has no default.
    pub fn all(&self, name: &str) -> &[Cow<'_, str>] {
        let position = self.edition.parameters.iter().position(|parameter| parameter.declared.name == name);
        position.and_then(|index| self.values.get(index)).map(Vec::as_slice).unwrap_or_default()
    }
}

/// # Errors
/// `ParameterRequired` or `InvalidParameter`, whichever comes first; the reason names all of them.
pub fn read<'r>(
    edition: &'r CompiledEdition,
    path: &'r [Box<str>],
    headers: &'r HeaderMap,
    query: &'r [(String, String)],
    form: &'r [(String, String)],
) -> Result<Values<'r>, Refusal> {
    let mut values = Vec::with_capacity(edition.parameters.len());
    let mut violations: Vec<(Kind, String)> = Vec::new();
    for parameter in &edition.parameters {
        let declared = &parameter.declared;
        let mut found: Vec<Cow<'r, str>> = match declared.location {
            Location::Path => parameter
                .placeholder
                .and_then(|index| path.get(index))
                .map(|text| Cow::Borrowed(text.as_ref()))
                .into_iter()
                .collect(),
            Location::Query => named(query, &declared.name),
            Location::Body => named(form, &declared.name),
            Location::Head => headers
                .get_all(declared.name.as_str())
                .iter()
                .map(|value| String::from_utf8_lossy(value.as_bytes()))
                .collect(),
        };
        if declared.parameter_type != ParameterType::Array {
            found.truncate(1);
        }
        if found.is_empty() {
            found.extend(declared.default.as_deref().map(Cow::Borrowed));
        }
        if found.is_empty() && declared.required {
            violations.push((Kind::ParameterRequired, format!("`{}`", declared.name)));
        }
        for value in &found {
            if let Err(problem) = check(parameter, value) {
                violations.push((Kind::InvalidParameter, format!("`{}` {problem}", declared.name)));
            }
        }
        values.push(found);
    }
    match violations.first() {
        None => Ok(Values { edition, values }),
        Some((kind, _)) => {
            let names: Vec<&str> = violations.iter().filter_map(|(_, reason)| reason.split('`').nth(1)).collect();
            let reasons: Vec<&str> = violations.iter().map(|(_, reason)| reason.as_str()).collect();
            Err(Refusal::because(*kind, reasons.join(", ")).by(names.join(", ")))
        }
    }
}

fn named<'r>(pairs: &'r [(String, String)], name: &str) -> Vec<Cow<'r, str>> {
    pairs.iter().filter(|(known, _)| known == name).map(|(_, value)| Cow::Borrowed(value.as_str())).collect()
}

fn check(parameter: &CompiledParameter, value: &str) -> Result<(), String> {
    let constraint = &parameter.declared.constraint;
    match parameter.declared.parameter_type {
        ParameterType::Int => number::<i32>(value, "a 32-bit integer", constraint)?,
        ParameterType::Long => number::<i64>(value, "a 64-bit integer", constraint)?,
        ParameterType::Float | ParameterType::Double => number::<f64>(value, "a number", constraint)?,
        ParameterType::Boolean if !matches!(value.to_ascii_lowercase().as_str(), "true" | "false") => {
            return Err("must be true or false".to_owned());
        }
        ParameterType::String => text(value, parameter)?,
        ParameterType::Boolean | ParameterType::File | ParameterType::Array => {}
    }
    if !constraint.allowed.is_empty() && !constraint.allowed.iter().any(|allowed| allowed == value) {
        return Err(format!("must be one of {}", constraint.allowed.join(",")));
    }
    parameter.schema.as_ref().map_or(Ok(()), |schema| fits(value, schema))
}

/// A key that occurs twice is a violation: what it means depends on who reads it.
fn fits(value: &str, schema: &ValueSchema) -> Result<(), String> {
    let read = read_json(value.as_bytes())?;
    match schema.violations(&read, 1).first() {
        None => Ok(()),
        // The place has names that the caller chose.
        Some(found) if found.path.len() + found.problem.len() > MOST_TEXT => Err("does not fit its schema".to_owned()),
        Some(found) if found.path.is_empty() => Err(format!("does not fit its schema: {}", found.problem)),
        Some(found) => Err(format!("does not fit its schema: {} {}", found.path, found.problem)),
    }
}

fn number<T: std::str::FromStr>(value: &str, what: &str, constraint: &Constraint) -> Result<(), String> {
    let parsed: Option<f64> = value.parse::<T>().ok().and_then(|_| value.parse().ok());
    let Some(number) = parsed.filter(|number| number.is_finite()) else { return Err(format!("must be {what}")) };
    if let Some(least) = constraint.min_value.filter(|least| number < *least) {
        return Err(format!("must be at least {least}"));
    }
    if let Some(most) = constraint.max_value.filter(|most| number > *most) {
        return Err(format!("must be at most {most}"));
    }
    Ok(())
}

fn text(value: &str, parameter: &CompiledParameter) -> Result<(), String> {
    let constraint = &parameter.declared.constraint;
    let length = value.chars().count();
    if let Some(least) = constraint.min_length.filter(|least| length < *least as usize) {
        return Err(format!("must have at least {least} characters"));
    }
    if let Some(most) = constraint.max_length.filter(|most| length > *most as usize) {
        return Err(format!("must have at most {most} characters"));
    }
    if parameter.expression.as_ref().is_some_and(|expression| !expression.is_match(value)) {
        return Err("does not match its regular expression".to_owned());
    }
    Ok(())
}
