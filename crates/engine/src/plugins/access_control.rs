//! `accessControl` at work: the first rule with an outcome decides.

use super::{RequestFacts, Scoped, Step};
use crate::request::answer::{Custom, Kind, Refusal};
use crate::request::{Matched, RequestBody};
use hyper::http::request::Parts;
use isthmus_plan::expression::{Scope as _, Value};
use isthmus_plan::plugin::{AccessControl as Definition, AccessRule, Verdict};
use isthmus_plan::{PlanError, Plugin};

pub struct AccessControl(Definition);

impl AccessControl {
    pub fn compile(_: &Plugin, definition: &Definition) -> Result<Self, PlanError> {
        Ok(Self(definition.clone()))
    }

    /// # Errors
    /// `AccessDenied`, with the rule's own status, message, headers and body where it has them.
    pub async fn check(
        &self,
        step: &Step<'_, '_>,
        head: &Parts,
        body: &mut RequestBody,
        matched: &Matched<'_>,
    ) -> Result<(), Refusal> {
        if self.0.parameters.reads_body() {
            body.collect(step.thread.settings.request_body_limit).await?;
        }
        let facts = RequestFacts::new(step, head, body.collected(), matched);
        let scope = Scoped::new(&self.0.parameters, &facts);
        for (index, rule) in self.0.rules.iter().enumerate() {
            let verdict = if holds(rule, &scope, step) { rule.if_true } else { rule.if_false };
            match verdict {
                None => {}
                Some(verdict) => {
                    step.entry.notes.rule(&name_of(rule, index));
                    return match verdict {
                        Verdict::Allow => Ok(()),
                        Verdict::Deny => Err(denial(rule, index, &scope)),
                    };
                }
            }
        }
        step.entry.notes.fact("rules", "none decided, so the request passes");
        Ok(())
    }
}

fn name_of(rule: &AccessRule, index: usize) -> String {
    rule.name.clone().unwrap_or_else(|| format!("rule {}", index + 1))
}

fn holds(rule: &AccessRule, scope: &Scoped<'_>, step: &Step<'_, '_>) -> bool {
    if let Some(condition) = &rule.condition {
        return condition.holds(scope);
    }
    let (Some(name), Some(dataset)) = (&rule.assert_parameter_name, &rule.assert_in_dataset) else { return false };
    let Value::Text(value) = scope.value(name) else { return false };
    step.entry.notes.fact("data set", dataset);
    step.world.dataset(dataset).is_some_and(|dataset| dataset.contains(&value, step.now.unix_ms()))
}

fn denial(rule: &AccessRule, index: usize, scope: &Scoped<'_>) -> Refusal {
    Refusal::because(Kind::AccessDenied, format!("`{}`", name_of(rule, index)))
        .with_custom(Custom::of(&rule.answer, scope))
}
