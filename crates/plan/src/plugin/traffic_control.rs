//! `trafficControl`: how often an API may be called, by everyone, by an account, by an app, or by what a request holds.

use super::{scalar, CommaList, Parameters, Problems};
use crate::expression::Expression;
use schemars::JsonSchema;
use serde::Deserialize;
use std::num::NonZeroU32;

/// Two forms. With `unit`: limits of the API, of each account and of each app. With `rules` or `defaultLimit`: limits by
/// parameters. Source: vendor page "Throttling plug-in".
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TrafficControl {
    /// What the limits are counted in.
    pub unit: Option<TimeUnit>,
    /// Calls of one API in a unit of time. Every API that the plug-in is bound to is counted for itself.
    #[serde(deserialize_with = "scalar::optional")]
    #[schemars(with = "Option<u32>", range(min = 1))]
    pub api_default: Option<NonZeroU32>,
    /// Calls of one account, over all its apps; at most `apiDefault`.
    #[serde(deserialize_with = "scalar::optional")]
    #[schemars(with = "Option<u32>", range(min = 1))]
    pub user_default: Option<NonZeroU32>,
    /// Calls of one app; at most `userDefault`.
    #[serde(deserialize_with = "scalar::optional")]
    #[schemars(with = "Option<u32>", range(min = 1))]
    pub app_default: Option<NonZeroU32>,
    /// Other limits for some accounts and apps.
    pub specials: Vec<Specials>,
    /// What becomes of a call over a limit per SECOND: it waits for the next second (QUEUE, the default), or is turned
    /// away at once (QUICK_RETURN).
    pub blocking_mode: Option<BlockingMode>,
    /// By parameters: whether APIs with this plug-in are counted together (PLUGIN, the default) or each for itself (API).
    pub scope: Option<CountingScope>,
    /// By parameters: the limit of requests that no rule is for.
    #[serde(deserialize_with = "scalar::optional")]
    #[schemars(with = "Option<u32>", range(min = 1))]
    pub default_limit: Option<NonZeroU32>,
    /// By parameters: the unit of `defaultLimit`, and of rules without one; MINUTE without it.
    pub default_time_unit: Option<TimeUnit>,
    /// By parameters: `Retry-After` of a refusal, in seconds.
    #[serde(deserialize_with = "scalar::optional")]
    #[schemars(with = "Option<u32>")]
    pub default_retry_after_by_second: Option<u32>,
    /// By parameters: names for what conditions look at and what is counted by.
    pub parameters: Parameters,
    /// By parameters: tried from top to bottom; the first whose condition holds counts the request.
    pub rules: Vec<LimitRule>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum TimeUnit {
    #[serde(alias = "second")]
    Second,
    #[serde(alias = "minute")]
    Minute,
    #[serde(alias = "hour")]
    Hour,
    #[serde(alias = "day")]
    Day,
}

impl TimeUnit {
    pub fn milliseconds(self) -> i64 {
        match self {
            TimeUnit::Second => 1000,
            TimeUnit::Minute => 60 * 1000,
            TimeUnit::Hour => 60 * 60 * 1000,
            TimeUnit::Day => 24 * 60 * 60 * 1000,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BlockingMode {
    Queue,
    QuickReturn,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum CountingScope {
    Plugin,
    Api,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Specials {
    /// APP or USER.
    #[serde(rename = "type")]
    pub whose: SpecialKind,
    pub policies: Vec<SpecialLimit>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum SpecialKind {
    #[serde(alias = "app")]
    App,
    #[serde(alias = "user")]
    User,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SpecialLimit {
    /// Id of the app or of the account.
    #[serde(deserialize_with = "scalar::text")]
    #[schemars(with = "String")]
    pub key: String,
    /// In place of `appDefault` or `userDefault`; at most `apiDefault`, which holds all the same.
    #[serde(deserialize_with = "scalar::parsed")]
    #[schemars(with = "u32", range(min = 1))]
    pub value: NonZeroU32,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LimitRule {
    /// Unique; shown in the message. Counts go on under a name when the definition changes.
    pub name: String,
    /// Which requests the rule is for; all without it.
    #[serde(default)]
    pub condition: Option<Expression>,
    /// Names from `parameters`, with commas: each combination of their values is counted for itself.
    #[serde(default)]
    pub by_parameters: CommaList,
    /// Calls in a unit of time.
    #[serde(deserialize_with = "scalar::parsed")]
    #[schemars(with = "u32", range(min = 1))]
    pub limit: NonZeroU32,
    /// In place of `defaultTimeUnit`.
    #[serde(default)]
    pub time_unit: Option<TimeUnit>,
    /// In place of `defaultRetryAfterBySecond`.
    #[serde(default, deserialize_with = "scalar::optional")]
    #[schemars(with = "Option<u32>")]
    pub retry_after_by_second: Option<u32>,
}

impl TrafficControl {
    pub fn is_by_parameters(&self) -> bool {
        !self.rules.is_empty() || self.default_limit.is_some()
    }

    pub(super) fn check(&self, problems: &mut Problems) {
        match (self.is_by_parameters(), self.unit) {
            (true, Some(_)) => problems.add("unit", "belongs to limits of APIs and callers; rules have timeUnit"),
            (true, None) => self.check_rules(problems),
            (false, Some(_)) => self.check_callers(problems),
            (false, None) => problems.add("unit", "must be SECOND, MINUTE, HOUR or DAY; or give rules"),
        }
    }

    fn check_callers(&self, problems: &mut Problems) {
        let (api, user, app) = (self.api_default, self.user_default, self.app_default);
        if api.is_none() && user.is_none() && app.is_none() && self.specials.is_empty() {
            problems.add("apiDefault", "needs a limit: apiDefault, userDefault, appDefault or specials");
        }
        let over = |limit: Option<NonZeroU32>, most: Option<NonZeroU32>| most.zip(limit).is_some_and(|(m, l)| l > m);
        if over(user, api) {
            problems.add("userDefault", "must not be more than apiDefault");
        }
        if over(app, user.or(api)) {
            problems.add("appDefault", "must not be more than userDefault and apiDefault");
        }
        for (index, special) in self.specials.iter().enumerate() {
            for (position, policy) in special.policies.iter().enumerate() {
                let field = |name: &str| format!("specials[{index}].policies[{position}].{name}");
                if over(Some(policy.value), api) {
                    problems.add(field("value"), "must not be more than apiDefault");
                }
                if special.whose == SpecialKind::App && policy.key.parse::<u64>().is_err() {
                    problems.add(field("key"), "must be the id of an app, a number");
                }
            }
        }
    }

    fn check_rules(&self, problems: &mut Problems) {
        if self.api_default.is_some() || self.user_default.is_some() || self.app_default.is_some() {
            problems.add("apiDefault", "belongs to limits of APIs and callers; give rules or unit, not both");
        }
        for (index, rule) in self.rules.iter().enumerate() {
            let field = |name: &str| format!("rules[{index}].{name}");
            if self.rules.iter().take(index).any(|other| other.name == rule.name) {
                problems.add(field("name"), format!("{:?} occurs twice", rule.name));
            }
            problems.undeclared(&field("byParameters"), &self.parameters, rule.by_parameters.iter());
            if let Some(condition) = &rule.condition {
                problems.undeclared(&field("condition"), &self.parameters, condition.names());
            }
        }
    }
}
