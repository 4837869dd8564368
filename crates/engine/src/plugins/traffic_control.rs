//! `trafficControl` at work: a call is counted against each limit that is about it, the narrowest first.
//!
//! `limits` counts. A call that a wider limit refuses is given back to the narrower ones; a call over a limit per second
//! waits for the next second, and only then is counted against the wider ones. Counts belong to the API, the caller or
//! the rule, not to the definition: they go on when it changes.

use super::{RequestFacts, Scoped, Step};
use crate::limits::{Admission, CountKey, Limit};
use crate::request::answer::{Custom, Kind, Refusal};
use crate::request::{Permitted, RequestBody};
use crate::thread::Thread;
use hyper::http::request::Parts;
use isthmus_plan::expression::Scope as _;
use isthmus_plan::plugin::TrafficControl as Definition;
use isthmus_plan::plugin::{BlockingMode, CountingScope, LimitRule, SpecialKind, TimeUnit};
use isthmus_plan::{PlanError, Plugin};
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::time::Duration;

pub struct TrafficControl {
    plugin_id: Box<str>,
    definition: Definition,
    apps: HashMap<u64, NonZeroU32>,
    users: HashMap<Box<str>, NonZeroU32>,
}

/// A count that a call was taken from, to give it back.
type Taken = (CountKey, Limit, i64);

impl TrafficControl {
    pub fn compile(plugin: &Plugin, definition: &Definition) -> Result<Self, PlanError> {
        let (mut apps, mut users) = (HashMap::new(), HashMap::new());
        for special in &definition.specials {
            for policy in &special.policies {
                match (special.whose, policy.key.parse()) {
                    (SpecialKind::App, Ok(app_id)) => drop(apps.insert(app_id, policy.value)),
                    (SpecialKind::App, Err(_)) => {}
                    (SpecialKind::User, _) => drop(users.insert(policy.key.as_str().into(), policy.value)),
                }
            }
        }
        Ok(Self { plugin_id: plugin.plugin_id.as_str().into(), definition: definition.clone(), apps, users })
    }

    /// # Errors
    /// `CallRate`, `PluginRate`; `BodyTooLarge`, `InvalidBody` when a parameter is in the body.
    pub async fn check(
        &self,
        step: &Step<'_, '_>,
        head: &Parts,
        body: &mut RequestBody,
        permitted: &Permitted<'_>,
    ) -> Result<(), Refusal> {
        match self.definition.unit {
            Some(unit) => self.check_callers(step, unit, permitted).await,
            None => self.check_rules(step, head, body, permitted).await,
        }
    }

    async fn check_callers(
        &self,
        step: &Step<'_, '_>,
        unit: TimeUnit,
        permitted: &Permitted<'_>,
    ) -> Result<(), Refusal> {
        let thread = step.thread;
        let api = permitted.matched.edition.key.as_ref();
        let counts = &thread.shared.counts;
        let app = permitted.caller.map(|caller| &caller.app);
        let user = app.map(|app| app.user_id.as_deref().unwrap_or_default());
        let of_app = app.and_then(|app| self.apps.get(&app.app_id).copied().or(self.definition.app_default));
        let of_user = user.and_then(|user| self.users.get(user).copied().or(self.definition.user_default));
        let limits = [
            ("APP", of_app, counts.key("app", (api, app.map(|app| app.app_id), unit))),
            ("USER", of_user, counts.key("user", (api, user, unit))),
            ("API", self.definition.api_default, counts.key("api", (api, unit))),
        ];
        let mut taken: [Option<Taken>; 2] = [None, None];
        for (index, (name, calls, key)) in limits.into_iter().enumerate() {
            let Some(calls) = calls else { continue };
            let limit = self.limit(unit, calls);
            step.entry.notes.written("limit", format_args!("{calls} calls each {unit:?} for the {name}"));
            match pass(thread, key, limit).await {
                Some(at) => taken.get_mut(index).into_iter().for_each(|one| *one = Some((key, limit, at))),
                None => {
                    for (key, limit, at) in taken.into_iter().flatten() {
                        thread.leases.give_back(key, limit, at);
                    }
                    step.entry.notes.rule(name);
                    return Err(Refusal::because(Kind::CallRate, name));
                }
            }
        }
        Ok(())
    }

    fn limit(&self, unit: TimeUnit, calls: NonZeroU32) -> Limit {
        let queue = unit == TimeUnit::Second && self.definition.blocking_mode != Some(BlockingMode::QuickReturn);
        Limit { calls, window_ms: unit.milliseconds(), queue }
    }

    async fn check_rules(
        &self,
        step: &Step<'_, '_>,
        head: &Parts,
        body: &mut RequestBody,
        permitted: &Permitted<'_>,
    ) -> Result<(), Refusal> {
        if self.definition.parameters.reads_body() {
            body.collect(step.thread.settings.request_body_limit).await?;
        }
        let (key, limit, rule) = {
            let facts = RequestFacts::new(step, head, body.collected(), &permitted.matched);
            let scope = Scoped::new(&self.definition.parameters, &facts);
            let applies = |rule: &&LimitRule| rule.condition.as_ref().is_none_or(|condition| condition.holds(&scope));
            let rule = self.definition.rules.iter().find(applies);
            let Some(calls) = rule.map(|rule| rule.limit).or(self.definition.default_limit) else { return Ok(()) };
            let default = self.definition.default_time_unit.unwrap_or(TimeUnit::Minute);
            let unit = rule.and_then(|rule| rule.time_unit).unwrap_or(default);
            let values: Vec<Option<String>> = rule
                .into_iter()
                .flat_map(|rule| rule.by_parameters.iter())
                .map(|name| scope.value(name).into_text().map(|text| text.into_owned()))
                .collect();
            let named = rule.map_or("default limit", |rule| rule.name.as_str());
            step.entry.notes.rule(named);
            step.entry.notes.written("limit", format_args!("{calls} calls each {unit:?}"));
            let api = match self.definition.scope.unwrap_or(CountingScope::Plugin) {
                CountingScope::Plugin => "",
                CountingScope::Api => &permitted.matched.edition.key,
            };
            let name = rule.map(|rule| rule.name.as_str());
            let key = step.thread.shared.counts.key("rule", (&self.plugin_id, api, name, unit, values));
            (key, self.limit(unit, calls), rule)
        };
        if pass(step.thread, key, limit).await.is_some() {
            return Ok(());
        }
        let retry_after =
            rule.and_then(|rule| rule.retry_after_by_second).or(self.definition.default_retry_after_by_second);
        let reason = rule.map_or_else(|| "`default limit`".to_owned(), |rule| format!("`{}`", rule.name));
        let refusal = Refusal::because(Kind::PluginRate, reason);
        Err(match retry_after {
            None => refusal,
            Some(seconds) => {
                let headers = vec![("Retry-After".to_owned(), seconds.to_string())];
                refusal.with_custom(Custom { headers, ..Custom::default() })
            }
        })
    }
}

/// Takes one call and waits for its turn; when it was taken (Unix milliseconds), or None when there is none.
async fn pass(thread: &Thread, key: CountKey, limit: Limit) -> Option<i64> {
    let now = thread.now().unix_ms();
    match thread.leases.take(&thread.shared.counts, key, limit, now) {
        Admission::Now => Some(now),
        Admission::At(moment) => {
            let wait = u64::try_from(moment.saturating_sub(now)).unwrap_or_default();
            tokio::time::sleep(Duration::from_millis(wait)).await;
            Some(moment)
        }
        Admission::Refused => None,
    }
}
