//! The expression language of plug-ins: SQL-like conditions over named values, such as `$CaAppId = 123456 and
//! $ClientVersion < '2.0.5'`.
//!
//! `lexer` splits a text, `parser` builds the tree, `evaluate` answers; an expression is parsed when its plug-in is
//! saved and again when an engine reads it, never per request. Evaluation cannot fail: a value that is absent is null,
//! and a comparison that makes no sense is false. Source: vendor page "Use parameters and condition expressions in
//! plug-ins"; `docs/reference/compatibility.md` has the rows on which it is silent.

mod evaluate;
mod lexer;
mod parser;

pub use evaluate::{Scope, Value};

use schemars::{json_schema, JsonSchema, Schema, SchemaGenerator};
use serde::{de, Deserialize, Deserializer};
use std::borrow::Cow;

/// Longest expression, in characters. Source: vendor page "Plug-in of the circuit breaker type".
pub const LENGTH_LIMIT: usize = 512;

/// A parsed condition.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    text: Box<str>,
    root: Node,
}

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Null,
    Boolean(bool),
    Number(f64),
    Text(Box<str>),
    Name(Box<str>),
    Call(Function),
    Not(Box<Node>),
    Both(Box<Node>, Box<Node>),
    Either(Box<Node>, Box<Node>),
    OneOf(Box<Node>, Box<Node>),
    Compare(Comparison, Box<Node>, Box<Node>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Like,
    NotLike,
    InCidr,
    NotInCidr,
}

/// What can be called in an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// A number from 0 up to 1.
    Random,
    /// Unix time in milliseconds.
    Timestamp,
    /// Milliseconds since midnight, UTC.
    TimeOfDay,
}

impl Expression {
    /// # Errors
    /// A text that says what is wrong and where (a character position from 1).
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.chars().count() > LENGTH_LIMIT {
            return Err(format!("is longer than {LENGTH_LIMIT} characters"));
        }
        parser::parse(text).map(|root| Self { text: text.into(), root })
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the condition holds.
    pub fn holds(&self, scope: &dyn Scope) -> bool {
        evaluate::value(&self.root, scope).is_true()
    }

    /// The names it refers to.
    pub fn names(&self) -> Vec<&str> {
        let mut found = Vec::new();
        collect_names(&self.root, &mut found);
        found
    }
}

fn collect_names<'n>(node: &'n Node, found: &mut Vec<&'n str>) {
    match node {
        Node::Name(name) => found.push(name),
        Node::Not(inner) => collect_names(inner, found),
        Node::Both(left, right) | Node::Either(left, right) | Node::OneOf(left, right) => {
            collect_names(left, found);
            collect_names(right, found);
        }
        Node::Compare(_, left, right) => {
            collect_names(left, found);
            collect_names(right, found);
        }
        Node::Null | Node::Boolean(_) | Node::Number(_) | Node::Text(_) | Node::Call(_) => {}
    }
}

impl<'de> Deserialize<'de> for Expression {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Expression::parse(&text).map_err(|problem| de::Error::custom(format!("the expression {text:?} {problem}")))
    }
}

impl JsonSchema for Expression {
    fn schema_name() -> Cow<'static, str> {
        "Expression".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "maxLength": LENGTH_LIMIT, "format": "expression" })
    }
}

#[cfg(test)]
mod models;
#[cfg(test)]
mod tests;
