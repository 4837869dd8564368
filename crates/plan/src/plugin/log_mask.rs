//! `logMask`: what is made unreadable in the records of requests.
//!
//! A recorder of requests asks the engine's `LogMask`, which is made from this; the requests themselves do not change.

use super::Problems;
use schemars::{json_schema, JsonSchema, Schema, SchemaGenerator};
use serde::{de, Deserialize, Deserializer};
use std::borrow::Cow;

/// Rules act in their order, each on what the one before left. Source: vendor page "Log masking plug-ins".
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LogMask {
    pub rules: Vec<MaskRule>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MaskRule {
    /// Tells rules apart.
    pub name: String,
    pub location: MaskLocation,
    /// Names of the headers, query parameters or claims whose values are masked; not for bodies.
    #[serde(default)]
    pub parameters: Vec<String>,
    /// What is masked in a body: `D:n` a number of n digits, `HEX:n` n hexadecimal digits, `EMAIL` an address,
    /// `ID_CARD` the 18 characters of an identity card. For bodies only.
    #[serde(default)]
    pub match_mode: Option<MatchMode>,
    /// How much is masked: `ALL`, `KEEP_LEFT:n`, `KEEP_RIGHT:n`, `KEEP_CENTER:start,length` (start from 0).
    #[serde(default)]
    pub policy: MaskPolicy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MaskLocation {
    RequestHeader,
    RequestQuery,
    /// A claim of the JSON Web Token.
    RequestToken,
    RequestBody,
    ResponseHeader,
    ResponseBody,
}

impl MaskLocation {
    pub fn is_body(self) -> bool {
        matches!(self, MaskLocation::RequestBody | MaskLocation::ResponseBody)
    }
}

/// What is looked for in a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchMode {
    Digits(usize),
    Hexadecimal(usize),
    Email,
    IdCard,
}

impl MatchMode {
    fn parse(text: &str) -> Result<Self, String> {
        let (word, count) = match text.split_once(':') {
            Some((word, count)) => (word.trim(), Some(count)),
            None => (text.trim(), None),
        };
        match (word.to_ascii_uppercase().as_str(), count) {
            ("D", Some(count)) => number(count).map(MatchMode::Digits),
            ("HEX", Some(count)) => number(count).map(MatchMode::Hexadecimal),
            ("EMAIL", None) => Ok(MatchMode::Email),
            ("ID_CARD" | "ID", None) => Ok(MatchMode::IdCard),
            _ => Err(format!("{text:?} is not one of D:n, HEX:n, EMAIL and ID_CARD")),
        }
    }
}

/// Which characters of a value stay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MaskPolicy {
    #[default]
    All,
    KeepLeft(usize),
    KeepRight(usize),
    /// From which character on, counted from 0, and how many.
    KeepCenter(usize, usize),
}

impl MaskPolicy {
    fn parse(text: &str) -> Result<Self, String> {
        let (word, rest) = text.split_once(':').unwrap_or((text, ""));
        match word.trim().to_ascii_uppercase().as_str() {
            "ALL" if rest.is_empty() => Ok(MaskPolicy::All),
            "KEEP_LEFT" => number(rest).map(MaskPolicy::KeepLeft),
            "KEEP_RIGHT" => number(rest).map(MaskPolicy::KeepRight),
            "KEEP_CENTER" => {
                let (start, length) = rest.split_once(',').ok_or("KEEP_CENTER needs two numbers, as in 3,4")?;
                let start = start.trim().parse().map_err(|_| format!("{start:?} is not a number of characters"))?;
                Ok(MaskPolicy::KeepCenter(start, number(length)?))
            }
            _ => Err(format!("{text:?} is not one of ALL, KEEP_LEFT:n, KEEP_RIGHT:n and KEEP_CENTER:start,length")),
        }
    }
}

/// Longest text that a rule counts in.
const MOST: usize = 4096;

fn number(text: &str) -> Result<usize, String> {
    let read: Option<usize> = text.trim().parse().ok();
    read.filter(|number| (1..=MOST).contains(number)).ok_or(format!("{text:?} is not a number from 1 to {MOST}"))
}

macro_rules! read_from_text {
    ($type:ident, $format:literal) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $type::parse(&super::scalar::text(deserializer)?).map_err(de::Error::custom)
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "format": $format })
            }
        }
    };
}

read_from_text!(MatchMode, "match-mode");
read_from_text!(MaskPolicy, "mask-policy");

impl LogMask {
    pub(super) fn check(&self, problems: &mut Problems) {
        if self.rules.is_empty() {
            problems.add("rules", "must have at least one rule");
        }
        for (index, rule) in self.rules.iter().enumerate() {
            let field = |name: &str| format!("rules[{index}].{name}");
            if rule.name.trim().is_empty() {
                problems.add(field("name"), "must not be empty");
            }
            if self.rules.iter().take(index).any(|before| before.name == rule.name) {
                problems.add(field("name"), format!("{:?} is the name of another rule too", rule.name));
            }
            if rule.location.is_body() {
                if rule.match_mode.is_none() {
                    problems.add(field("matchMode"), "must say what is masked in a body");
                }
                if !rule.parameters.is_empty() {
                    problems.add(field("parameters"), "cannot name parts of a body; matchMode says what is masked");
                }
            } else {
                if rule.match_mode.is_some() {
                    problems.add(field("matchMode"), "is for bodies only; parameters says what is masked here");
                }
                if rule.parameters.is_empty() || rule.parameters.iter().any(String::is_empty) {
                    problems.add(field("parameters"), "must have at least one name, and none that is empty");
                }
            }
        }
    }
}
