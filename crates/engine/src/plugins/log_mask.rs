//! `logMask` at work: what a recorder of requests may write of them.
//!
//! `apply` is called by `request::serve` when nothing more will be noted of a request, and masks what a client or a backend
//! wrote: `query` the query string as it was sent, `named` one header or claim, `body` a body. Invariant: `body` is called before a body is cut, or told
//! that it was cut; then what may be the beginning of a match at its end is masked whole.

use crate::record::{Entry, From};
use isthmus_plan::plugin::{LogMask as Definition, MaskLocation, MaskPolicy, MatchMode};
use isthmus_plan::{PlanError, Plugin};
use regex::Regex;
use std::borrow::Cow;

pub struct LogMask(Vec<Rule>);

struct Rule {
    location: MaskLocation,
    /// Of headers, in lower case.
    names: Vec<Box<str>>,
    search: Option<Search>,
    policy: MaskPolicy,
}

/// Runs of characters of which those of the right length are masked.
struct Search {
    runs: Regex,
    length: Option<usize>,
    /// What a match may begin with, at the end of a body that was cut.
    beginning: Regex,
}

impl Search {
    fn new(mode: MatchMode) -> Result<Self, regex::Error> {
        let (runs, beginning, length) = match mode {
            MatchMode::Digits(count) => ("[0-9]+", "[0-9]+$", Some(count)),
            MatchMode::Hexadecimal(count) => ("[0-9A-Fa-f]+", "[0-9A-Fa-f]+$", Some(count)),
            MatchMode::IdCard => ("[0-9]+[Xx]?", "[0-9]+$", Some(18)),
            MatchMode::Email => (
                "[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(?:\\.[A-Za-z0-9-]+)+",
                "[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+(?:@[A-Za-z0-9.-]*)?$",
                None,
            ),
        };
        Ok(Self { runs: Regex::new(runs)?, length, beginning: Regex::new(beginning)? })
    }

    fn mask<'t>(&self, text: &'t str, policy: MaskPolicy, whole: bool) -> Cow<'t, str> {
        let end = if whole { text.len() } else { self.beginning.find(text).map_or(text.len(), |found| found.start()) };
        let (front, rest) = text.split_at_checked(end).unwrap_or((text, ""));
        let front = self.runs.replace_all(front, |found: &regex::Captures<'_>| {
            let run = found.get(0).map_or("", |found| found.as_str());
            let fits = self.length.is_none_or(|length| run.len() == length);
            if fits {
                masked(run, policy)
            } else {
                run.to_owned()
            }
        });
        if rest.is_empty() {
            return front;
        }
        Cow::Owned(front.into_owned() + &masked(rest, MaskPolicy::All))
    }
}

impl LogMask {
    pub fn compile(_: &Plugin, definition: &Definition) -> Result<Self, PlanError> {
        let rule = |rule: &isthmus_plan::plugin::MaskRule| -> Result<Rule, PlanError> {
            let search = rule.match_mode.map(Search::new).transpose();
            let is_header = matches!(rule.location, MaskLocation::RequestHeader | MaskLocation::ResponseHeader);
            let name = |name: &String| if is_header { name.to_ascii_lowercase() } else { name.clone() };
            Ok(Rule {
                location: rule.location,
                names: rule.parameters.iter().map(|text| name(text).into()).collect(),
                search: search.map_err(|error| PlanError::new("definition.rules", error.to_string()))?,
                policy: rule.policy,
            })
        };
        definition.rules.iter().map(rule).collect::<Result<_, _>>().map(Self)
    }

    /// The value of a header, its name in lower case, or of a claim.
    pub fn named<'t>(&self, location: MaskLocation, name: &str, value: &'t str) -> Cow<'t, str> {
        let of = |rule: &&Rule| rule.location == location && rule.names.iter().any(|known| **known == *name);
        self.0.iter().filter(of).fold(Cow::Borrowed(value), |value, rule| Cow::Owned(masked(&value, rule.policy)))
    }

    /// Masks everything that is written down of a request, once nothing more is noted.
    pub fn apply(&self, entry: &mut Entry) {
        // A message or a string to sign may quote what is masked where it stands.
        let quoted = self.quoted(entry.query());
        let unquoted = |value: &str| {
            let shown = quoted.iter().fold(value.to_owned(), |text, (sent, mask)| text.replace(sent, mask));
            (shown != value).then_some(shown)
        };
        let change = |from: From, key: &str, value: &str| {
            let location = match from {
                From::Header => MaskLocation::RequestHeader,
                From::AnswerHeader => MaskLocation::ResponseHeader,
                From::Query => MaskLocation::RequestQuery,
                From::Claim => MaskLocation::RequestToken,
                From::Form | From::Body => return changed(value, self.body(MaskLocation::RequestBody, value, false)),
                From::AnswerBody => return changed(value, self.body(MaskLocation::ResponseBody, value, false)),
                From::Parameter => return changed(value, self.anywhere(key, value)),
                From::Own | From::Path => return unquoted(value),
            };
            changed(value, self.named(location, key, value)).or_else(|| unquoted(value))
        };
        entry.rewrite(|query| self.query(query).into_owned(), &change);
    }

    /// Values of a query that are masked, long enough not to be a part of any other text, and what stands for them.
    fn quoted(&self, query: &str) -> Vec<(String, String)> {
        let pairs = form_urlencoded::parse(query.as_bytes());
        let masked = pairs.filter(|(_, value)| value.len() >= 4).filter_map(|(name, value)| {
            let masked = changed(&value, self.named(MaskLocation::RequestQuery, &name, &value))?;
            Some((value.into_owned(), masked))
        });
        masked.collect()
    }

    /// A parameter of an API is in the query, in a header or in the body.
    fn anywhere<'t>(&self, name: &str, value: &'t str) -> Cow<'t, str> {
        let lower = name.to_ascii_lowercase();
        let value = match self.named(MaskLocation::RequestQuery, name, value) {
            Cow::Borrowed(value) => self.named(MaskLocation::RequestHeader, &lower, value),
            masked => masked,
        };
        match value {
            Cow::Borrowed(value) => self.body(MaskLocation::RequestBody, value, false),
            masked => masked,
        }
    }

    /// A query string, encoded as it was sent; pairs that no rule names stay byte for byte.
    pub fn query<'t>(&self, query: &'t str) -> Cow<'t, str> {
        if !self.0.iter().any(|rule| rule.location == MaskLocation::RequestQuery) {
            return Cow::Borrowed(query);
        }
        let pair = |pair: &'t str| {
            let Some((name, value)) = form_urlencoded::parse(pair.as_bytes()).next() else {
                return Cow::Borrowed(pair);
            };
            match self.named(MaskLocation::RequestQuery, &name, &value) {
                Cow::Borrowed(_) => Cow::Borrowed(pair),
                Cow::Owned(masked) => {
                    let raw = pair.split('=').next().unwrap_or_default();
                    let value: String = form_urlencoded::byte_serialize(masked.as_bytes()).collect();
                    Cow::Owned(format!("{raw}={value}"))
                }
            }
        };
        Cow::Owned(query.split('&').map(pair).collect::<Vec<_>>().join("&"))
    }

    /// `whole` says that nothing of the body is missing at the end of the text.
    pub fn body<'t>(&self, location: MaskLocation, text: &'t str, whole: bool) -> Cow<'t, str> {
        let searches = self.0.iter().filter(|rule| rule.location == location);
        searches.fold(Cow::Borrowed(text), |text, rule| match &rule.search {
            Some(search) => Cow::Owned(search.mask(&text, rule.policy, whole).into_owned()),
            None => text,
        })
    }
}

fn changed(value: &str, masked: Cow<'_, str>) -> Option<String> {
    (*masked != *value).then(|| masked.into_owned())
}

/// The text with every character that the policy does not keep as `*`.
fn masked(text: &str, policy: MaskPolicy) -> String {
    let count = text.chars().count();
    let kept = match policy {
        MaskPolicy::All => 0..0,
        MaskPolicy::KeepLeft(left) => 0..left,
        MaskPolicy::KeepRight(right) => count.saturating_sub(right)..count,
        MaskPolicy::KeepCenter(start, length) => start..start.saturating_add(length),
    };
    text.chars().enumerate().map(|(index, one)| if kept.contains(&index) { one } else { '*' }).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use serde_json::{json, Value};

    fn mask(rules: Value) -> LogMask {
        let stored = json!({"plugin_id": "p1", "name": "mask", "type": "logMask", "definition": {"rules": rules}});
        let plugin: Plugin = serde_json::from_value(stored).unwrap();
        match &plugin.definition {
            isthmus_plan::Definition::LogMask(definition) => LogMask::compile(&plugin, definition).unwrap(),
            _ => unreachable!(),
        }
    }

    fn named(location: &str, policy: &str) -> LogMask {
        mask(json!([{"name": "a", "location": location, "parameters": ["Phone"], "policy": policy}]))
    }

    fn in_body(mode: &str, text: &str, whole: bool) -> String {
        let rules = json!([{"name": "a", "location": "REQUEST_BODY", "matchMode": mode, "policy": "KEEP_LEFT:2"}]);
        mask(rules).body(MaskLocation::RequestBody, text, whole).into_owned()
    }

    #[test]
    fn a_policy_says_which_characters_stay() {
        for (policy, expected) in [
            ("ALL", "******"),
            ("KEEP_LEFT:3", "äb3***"),
            ("KEEP_RIGHT:2", "****56"),
            ("keep_center:2,3", "**345*"),
            ("KEEP_CENTER:0,1", "ä*****"),
            ("KEEP_LEFT:9", "äb3456"),
            ("KEEP_CENTER:4000,4000", "******"),
        ] {
            let mask = named("REQUEST_HEADER", policy);
            assert_eq!(mask.named(MaskLocation::RequestHeader, "phone", "äb3456"), expected, "{policy}");
        }
    }

    #[test]
    fn a_rule_is_for_its_location_and_names_only() {
        let mask = named("RESPONSE_HEADER", "ALL");
        assert_eq!(mask.named(MaskLocation::ResponseHeader, "phone", "1"), "*");
        assert_eq!(mask.named(MaskLocation::RequestHeader, "phone", "1"), "1");
        assert_eq!(mask.named(MaskLocation::ResponseHeader, "other", "1"), "1");
        let claim = named("REQUEST_TOKEN", "ALL");
        assert_eq!(claim.named(MaskLocation::RequestToken, "Phone", "12"), "**");
        assert_eq!(claim.named(MaskLocation::RequestToken, "phone", "12"), "12", "claims have a case");
    }

    #[test]
    fn a_query_keeps_what_no_rule_names() {
        let mask = named("REQUEST_QUERY", "KEEP_LEFT:1");
        assert_eq!(mask.query("a=%7e&Ph%6fne=1%2B3&b&Phone=&Phone"), "a=%7e&Ph%6fne=1**&b&Phone=&Phone=");
        assert_eq!(mask.query(""), "");
    }

    #[test]
    fn a_body_is_masked_where_it_matches() {
        for (mode, text, expected) in [
            ("D:4", "12345 1234 x9876y 123", "12345 12** x98**y 123"),
            ("HEX:6", "#a1B2c3 a1b2c3d", "#a1**** a1b2c3d"),
            ("EMAIL", "{\"to\":\"ann.lee@mail.example.com\",\"a@b\"}", "{\"to\":\"an**********************\",\"a@b\"}"),
            ("ID_CARD", "11010519491231002X 110105194912310021 1234", "11**************** 11**************** 1234"),
        ] {
            assert_eq!(in_body(mode, text, true), expected, "{mode}");
        }
    }

    #[test]
    fn at_the_end_of_a_cut_body_a_beginning_is_masked() {
        assert_eq!(in_body("D:11", "138 1380013", true), "138 1380013");
        assert_eq!(in_body("D:11", "138 1380013", false), "138 *******");
        assert_eq!(in_body("EMAIL", "to ann@exa", false), "to *******");
        assert_eq!(in_body("EMAIL", "to ann", false), "to ***");
        assert_eq!(in_body("ID_CARD", "x1101", false), "x****");
        assert_eq!(in_body("HEX:32", "a:beef", false), "a:****");
    }

    #[test]
    fn rules_act_in_their_order() {
        let rule = |name: &str, policy: &str| json!({"name": name, "location": "REQUEST_HEADER", "parameters": ["x"], "policy": policy});
        let mask = mask(json!([rule("a", "KEEP_LEFT:3"), rule("b", "KEEP_RIGHT:4")]));
        assert_eq!(mask.named(MaskLocation::RequestHeader, "x", "123456"), "**3***");
    }

    #[test]
    fn wrong_rules_are_told_with_their_field() {
        for (rule, field) in [
            (json!({"name": "", "location": "REQUEST_HEADER", "parameters": ["x"]}), "rules[0].name"),
            (json!({"name": "a", "location": "REQUEST_HEADER"}), "rules[0].parameters"),
            (json!({"name": "a", "location": "REQUEST_BODY"}), "rules[0].matchMode"),
            (
                json!({"name": "a", "location": "REQUEST_BODY", "matchMode": "D:4", "parameters": ["x"]}),
                "rules[0].parameters",
            ),
            (
                json!({"name": "a", "location": "REQUEST_QUERY", "matchMode": "D:4", "parameters": ["x"]}),
                "rules[0].matchMode",
            ),
            (json!({"name": "a", "location": "REQUEST_BODY", "matchMode": "D:0"}), "rules[0].matchMode"),
            (json!({"name": "a", "location": "REQUEST_BODY", "matchMode": "PHONE"}), "rules[0].matchMode"),
            (
                json!({"name": "a", "location": "REQUEST_HEADER", "parameters": ["x"], "policy": "KEEP_CENTER:3"}),
                "rules[0].policy",
            ),
            (
                json!({"name": "a", "location": "REQUEST_HEADER", "parameters": ["x"], "policy": "KEEP_LEFT:x"}),
                "rules[0].policy",
            ),
            (json!({"name": "a", "location": "HEADER", "parameters": ["x"]}), "rules[0].location"),
        ] {
            let definition = json!({"rules": [rule]});
            let problems = isthmus_plan::Definition::decode(isthmus_plan::PluginType::LogMask, definition).unwrap_err();
            assert_eq!(problems.first().unwrap().field, field, "{rule}");
        }
    }
}
