//! The `parameters` section of a plug-in: names for what its conditions and texts look at.
//!
//! Each is `Location` or `Location:Name`, as in `clientIp: System:CaClientIp`. Source: vendor page "Use parameters and
//! condition expressions in plug-ins"; the location's word is accepted in any case, as in vendor samples.

use schemars::{json_schema, JsonSchema, Schema, SchemaGenerator};
use serde::{de, Deserialize, Deserializer};
use serde_json_path::JsonPath;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Where a value is taken from.
#[derive(Debug, Clone, PartialEq)]
pub enum Selector {
    /// Upper case.
    Method,
    /// The whole path, as it was matched.
    Path,
    /// Status of the answer; answer phase only.
    StatusCode,
    /// Code of a refusal (`A403IS`); answer phase only.
    ErrorCode,
    /// First value; of the request, in the answer phase of the answer. Lower case.
    Header(Box<str>),
    Query(Box<str>),
    Form(Box<str>),
    /// Part of the host that a wildcard domain's pattern names.
    Host(Box<str>),
    /// A parameter of the API by its front name, or one set by a plug-in.
    Parameter(Box<str>),
    BodyJsonField(Box<JsonPath>),
    /// A system parameter, for example `CaClientIp`.
    System(Box<str>),
    /// A claim of the JSON Web Token.
    Token(Box<str>),
    /// Entry of `X-Forwarded-For`, from 0; negative from the end.
    ForwardedFor(i32),
}

impl Selector {
    /// # Errors
    /// A text that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (location, name) = match text.split_once(':') {
            Some((location, name)) => (location.trim(), Some(name.trim()).filter(|name| !name.is_empty())),
            None => (text.trim(), None),
        };
        let word = location.to_ascii_lowercase();
        let named = |what: fn(Box<str>) -> Selector| match name {
            Some(name) => Ok(what(name.into())),
            None => Err(format!("{location} needs a name, as in {location}:name")),
        };
        match word.as_str() {
            "method" => Ok(Selector::Method),
            // Vendor samples write `path:userId` for a parameter of the path.
            "path" => Ok(name.map_or(Selector::Path, |name| Selector::Parameter(name.into()))),
            "statuscode" => Ok(Selector::StatusCode),
            "errorcode" => Ok(Selector::ErrorCode),
            "header" => named(|name| Selector::Header(name.to_ascii_lowercase().into())),
            "query" => named(Selector::Query),
            "form" => named(Selector::Form),
            "host" => named(Selector::Host),
            "parameter" => named(Selector::Parameter),
            "system" => named(Selector::System),
            "token" => named(Selector::Token),
            "bodyjsonfield" => json_path(name.ok_or("BodyJsonField needs a path, as in BodyJsonField:$.code")?),
            "xff" => {
                let entry = name.unwrap_or("-1").parse();
                entry.map(Selector::ForwardedFor).map_err(|_| "XFF needs a whole number, as in XFF:-1".to_owned())
            }
            _ => Err(format!("the location {location:?} is unknown")),
        }
    }

    /// Whether the whole body must be read for it.
    pub fn reads_body(&self) -> bool {
        matches!(self, Selector::BodyJsonField(_) | Selector::Form(_))
    }
}

/// RFC 9535; a bare field name is the field of the outermost object.
fn json_path(text: &str) -> Result<Selector, String> {
    let whole = if text.starts_with('$') { Cow::Borrowed(text) } else { Cow::Owned(format!("$.{text}")) };
    let parsed = JsonPath::parse(&whole).map_err(|error| format!("{text:?} is not a JSONPath: {error}"))?;
    Ok(Selector::BodyJsonField(Box::new(parsed)))
}

impl<'de> Deserialize<'de> for Selector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Selector::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl JsonSchema for Selector {
    fn schema_name() -> Cow<'static, str> {
        "Selector".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "selector" })
    }
}

/// Names and what they stand for.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(try_from = "BTreeMap<String, Selector>")]
pub struct Parameters(Vec<(Box<str>, Selector)>);

impl Parameters {
    pub fn get(&self, name: &str) -> Option<&Selector> {
        self.0.iter().find(|(known, _)| **known == *name).map(|(_, selector)| selector)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Selector)> {
        self.0.iter().map(|(name, selector)| (name.as_ref(), selector))
    }

    pub fn reads_body(&self) -> bool {
        self.0.iter().any(|(_, selector)| selector.reads_body())
    }

    /// The names that are used and not declared.
    pub fn missing<'n>(&self, used: impl IntoIterator<Item = &'n str>) -> Vec<&'n str> {
        used.into_iter().filter(|name| self.get(name).is_none()).collect()
    }
}

impl TryFrom<BTreeMap<String, Selector>> for Parameters {
    type Error = String;

    fn try_from(map: BTreeMap<String, Selector>) -> Result<Self, String> {
        let is_name = |name: &str| {
            let starts = name.starts_with(|one: char| one.is_ascii_alphabetic() || one == '_');
            starts && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        match map.keys().find(|name| !is_name(name)) {
            Some(name) => Err(format!("{name:?} is not a name: letters, digits and _, no digit first")),
            None => Ok(Self(map.into_iter().map(|(name, selector)| (name.into(), selector)).collect())),
        }
    }
}

impl JsonSchema for Parameters {
    fn schema_name() -> Cow<'static, str> {
        "Parameters".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let selector = generator.subschema_for::<Selector>();
        json_schema!({ "type": "object", "additionalProperties": selector })
    }
}
