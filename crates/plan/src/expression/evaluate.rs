//! The value of a tree. It cannot fail: what is absent is null, and a comparison without a sense is false.

use super::{Comparison, Function, Node};
use ipnet::IpNet;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::net::IpAddr;

/// A value of an expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'v> {
    Null,
    Boolean(bool),
    Number(f64),
    Text(Cow<'v, str>),
}

/// Where names and functions get their values from.
pub trait Scope {
    /// Null for a name that has no value.
    fn value(&self, name: &str) -> Value<'_>;
    fn call(&self, function: Function) -> f64;
}

impl<'v> Value<'v> {
    pub fn text(text: impl Into<Cow<'v, str>>) -> Self {
        Value::Text(text.into())
    }

    /// Null when there is none.
    pub fn of(text: Option<Cow<'v, str>>) -> Self {
        text.map_or(Value::Null, Value::Text)
    }

    pub fn into_owned(self) -> Value<'static> {
        match self {
            Value::Null => Value::Null,
            Value::Boolean(value) => Value::Boolean(value),
            Value::Number(number) => Value::Number(number),
            Value::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
        }
    }

    pub fn is_true(&self) -> bool {
        match self {
            Value::Null => false,
            Value::Boolean(value) => *value,
            Value::Number(number) => *number != 0.0,
            Value::Text(text) => text.eq_ignore_ascii_case("true"),
        }
    }

    /// As it is written into a message or a header; None for null.
    pub fn into_text(self) -> Option<Cow<'v, str>> {
        match self {
            Value::Null => None,
            Value::Boolean(value) => Some(Cow::Borrowed(if value { "true" } else { "false" })),
            Value::Number(number) => Some(Cow::Owned(number.to_string())),
            Value::Text(text) => Some(text),
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Value::Number(number) => Some(*number),
            Value::Text(text) => text.trim().parse().ok(),
            Value::Null | Value::Boolean(_) => None,
        }
    }
}

pub fn value<'n>(node: &'n Node, scope: &'n dyn Scope) -> Value<'n> {
    match node {
        Node::Null => Value::Null,
        Node::Boolean(value) => Value::Boolean(*value),
        Node::Number(number) => Value::Number(*number),
        Node::Text(text) => Value::Text(Cow::Borrowed(text)),
        Node::Name(name) => scope.value(name),
        Node::Call(function) => Value::Number(scope.call(*function)),
        Node::Not(inner) => Value::Boolean(!value(inner, scope).is_true()),
        Node::Both(left, right) => Value::Boolean(value(left, scope).is_true() && value(right, scope).is_true()),
        Node::Either(left, right) => Value::Boolean(value(left, scope).is_true() || value(right, scope).is_true()),
        Node::OneOf(left, right) => Value::Boolean(value(left, scope).is_true() != value(right, scope).is_true()),
        Node::Compare(comparison, left, right) => {
            Value::Boolean(compare(*comparison, &value(left, scope), &value(right, scope)))
        }
    }
}

fn compare(comparison: Comparison, left: &Value<'_>, right: &Value<'_>) -> bool {
    match comparison {
        Comparison::Equal => equal(left, right),
        Comparison::NotEqual => !equal(left, right),
        Comparison::Less => order(left, right) == Some(Ordering::Less),
        Comparison::LessOrEqual => matches!(order(left, right), Some(Ordering::Less | Ordering::Equal)),
        Comparison::Greater => order(left, right) == Some(Ordering::Greater),
        Comparison::GreaterOrEqual => matches!(order(left, right), Some(Ordering::Greater | Ordering::Equal)),
        Comparison::Like => like(left, right),
        Comparison::NotLike => !like(left, right),
        Comparison::InCidr => in_cidr(left, right),
        Comparison::NotInCidr => !in_cidr(left, right),
    }
}

/// A text beside a number is read as a number; two texts are compared as texts; null equals null only.
fn equal(left: &Value<'_>, right: &Value<'_>) -> bool {
    match (left, right) {
        (Value::Null, Value::Null) => true,
        (Value::Null, _) | (_, Value::Null) => false,
        (Value::Boolean(one), Value::Boolean(other)) => one == other,
        (Value::Boolean(one), Value::Text(text)) | (Value::Text(text), Value::Boolean(one)) => {
            text.eq_ignore_ascii_case(if *one { "true" } else { "false" })
        }
        _ => order(left, right) == Some(Ordering::Equal),
    }
}

fn order(left: &Value<'_>, right: &Value<'_>) -> Option<Ordering> {
    match (left, right) {
        (Value::Text(one), Value::Text(other)) => Some(one.as_bytes().cmp(other.as_bytes())),
        (Value::Number(_), _) | (_, Value::Number(_)) => left.number()?.partial_cmp(&right.number()?),
        _ => None,
    }
}

/// `%` at either end stands for any text.
fn like(left: &Value<'_>, right: &Value<'_>) -> bool {
    let (Some(text), Value::Text(pattern)) = (left.clone().into_text(), right) else { return false };
    match (pattern.strip_prefix('%'), pattern.strip_suffix('%')) {
        (Some(""), _) => true,
        (Some(rest), Some(_)) => text.contains(rest.strip_suffix('%').unwrap_or(rest)),
        (Some(end), None) => text.ends_with(end),
        (None, Some(start)) => text.starts_with(start),
        (None, None) => *text == **pattern,
    }
}

/// The right side is one address or network, or several separated by commas.
fn in_cidr(left: &Value<'_>, right: &Value<'_>) -> bool {
    let (Value::Text(address), Value::Text(networks)) = (left, right) else { return false };
    let Ok(address) = address.trim().parse::<IpAddr>() else { return false };
    let address = address.to_canonical();
    networks.split(',').map(str::trim).any(|network| match network.parse::<IpNet>() {
        Ok(network) => network.contains(&address),
        Err(_) => network.parse::<IpAddr>().is_ok_and(|single| single.to_canonical() == address),
    })
}
