//! `circuitBreaker` at work, and the breaker that every API has without one.
//!
//! `request` calls `enter` before it builds the backend request and `leave` with what came of it. The state is the
//! API's (`backend/breaker.rs`), the rule is the plug-in's: it goes on when the definition changes.

use super::routing::overlay;
use super::{facts, Step};
use crate::backend::breaker::{self, Blocked, Pass, Rule};
use crate::backend::ResponseBody;
use crate::record::Stop;
use crate::request::answer::{Kind, Refusal};
use crate::request::Chosen;
use crate::thread::Now;
use crate::world::{path_pieces, CompiledEdition, PathPiece};
use hyper::Response;
use isthmus_plan::expression::{Expression, Function, Scope, Value};
use isthmus_plan::plugin::routing::RoutedBackend;
use isthmus_plan::plugin::CircuitBreaker as Definition;
use isthmus_plan::{Backend, PlanError, Plugin};
use std::time::Instant;

pub struct CircuitBreaker {
    rule: Rule,
    /// Timeouts are counted without one.
    condition: Option<Expression>,
    downgrade: Option<RoutedBackend>,
}

/// How a request goes on.
pub enum Entered<'w> {
    Asks {
        pass: Pass<'w>,
        began: Option<Instant>,
    },
    Downgraded {
        backend: Box<Backend>,
        path: Vec<PathPiece>,
    },
    /// Only a stored answer can help.
    Refused(Kind),
}

impl CircuitBreaker {
    pub fn compile(_: &Plugin, definition: &Definition) -> Result<Self, PlanError> {
        let threshold = definition.timeout_threshold.or(definition.error_threshold);
        let rule = Rule {
            threshold: threshold.map_or(1, std::num::NonZeroU32::get),
            window_ms: u64::from(definition.window_in_seconds) * 1000,
            open_ms: u64::from(definition.open_timeout_seconds) * 1000,
        };
        let (condition, downgrade) = (definition.error_condition.clone(), definition.downgrade_backend.clone());
        Ok(Self { rule, condition, downgrade })
    }
}

/// # Errors
/// `IncompleteBackend` when a downgrade backend and the API together lack a part.
pub fn enter<'w>(step: &mut Step<'_, 'w>, edition: &'w CompiledEdition) -> Result<Entered<'w>, Refusal> {
    let acting = step.passage.plugins.circuit_breaker();
    if let Some(acting) = acting {
        step.entry.notes.plugin(acting.about, acting.by_group);
    }
    let plugin = acting.map(|acting| acting.ready);
    let blocked = match edition.breaker.admit(unix_ms(step.now.unix_ms())) {
        Ok(pass) => {
            if plugin.is_some() {
                step.entry.notes.fact("breaker", "lets the request through");
            }
            let looks_at_time = plugin.is_some_and(|plugin| plugin.condition.is_some());
            return Ok(Entered::Asks { pass, began: looks_at_time.then(Instant::now) });
        }
        Err(blocked) => blocked,
    };
    if let Some(downgrade) = plugin.and_then(|plugin| plugin.downgrade.as_ref()) {
        let backend = overlay(downgrade, &edition.edition)
            .ok_or_else(|| Refusal::new(Kind::IncompleteBackend).with_detail("downgradeBackend"))?;
        let path = path_pieces(&backend.path);
        step.entry.notes.fact("breaker", blocked.word());
        step.entry.notes.rule("downgradeBackend");
        // Its answers are not those of the API.
        step.passage.caching.iter_mut().for_each(|intent| intent.only_use());
        return Ok(Entered::Downgraded { backend: Box::new(backend), path });
    }
    step.entry.notes.fact("breaker", blocked.word());
    Ok(Entered::Refused(match blocked {
        Blocked::Open => Kind::BreakerOpen,
        Blocked::HalfOpen => Kind::BreakerBusy,
    }))
}

impl<'w> Entered<'w> {
    /// The backend to ask, when it is not `own`.
    pub fn chosen<'e>(&'e self, own: Chosen<'e>) -> Chosen<'e> {
        match self {
            Entered::Asks { .. } | Entered::Refused(_) => own,
            Entered::Downgraded { backend, path } => Chosen { backend, path },
        }
    }

    /// # Errors
    /// `BreakerOpen`, `BreakerBusy` when nothing answers in the backend's place.
    pub fn may_ask(&self, step: &mut Step<'_, '_>) -> Result<(), Refusal> {
        match self {
            Entered::Refused(kind) => {
                match step.passage.plugins.circuit_breaker() {
                    Some(acting) => step.at(&acting),
                    None => step.entry.notes.begin(Stop::Attempt),
                }
                Err(Refusal::new(*kind).telling("breaker", "is open for this API's backend"))
            }
            Entered::Asks { .. } | Entered::Downgraded { .. } => Ok(()),
        }
    }

    /// What came of it.
    pub fn leave(self, step: &Step<'_, 'w>, answer: &Result<Response<ResponseBody>, Refusal>) {
        let Entered::Asks { pass, began } = self else { return };
        if step.thread.imagines {
            return;
        }
        let plugin = step.passage.plugins.circuit_breaker().map(|acting| acting.ready);
        let rule = plugin.map_or(breaker::DEFAULT, |plugin| plugin.rule);
        let failed = match plugin.and_then(|plugin| plugin.condition.as_ref()) {
            None => answer.as_ref().is_err_and(|refusal| is_timeout(refusal.kind)),
            Some(condition) => {
                let status = answer.as_ref().ok().map(|response| response.status().as_u16());
                let milliseconds = began.map_or(0.0, |began| began.elapsed().as_secs_f64() * 1000.0);
                condition.holds(&Outcome { status, milliseconds, now: step.now })
            }
        };
        if failed {
            pass.failed(rule, unix_ms(step.thread.now().unix_ms()));
        } else if answer.is_ok() {
            pass.succeeded();
        }
    }
}

/// A backend that cannot be connected to is as silent as one that does not answer in time.
fn is_timeout(kind: Kind) -> bool {
    matches!(kind, Kind::BackendTimeout | Kind::BackendConnect)
}

fn unix_ms(now: i64) -> u64 {
    u64::try_from(now).unwrap_or_default()
}

/// What a condition sees of an exchange.
struct Outcome<'r> {
    now: &'r Now,
    status: Option<u16>,
    milliseconds: f64,
}

impl Scope for Outcome<'_> {
    fn value(&self, name: &str) -> Value<'_> {
        match name {
            "StatusCode" => self.status.map_or(Value::Null, |status| Value::Number(f64::from(status))),
            "LatencyMilliSeconds" => Value::Number(self.milliseconds),
            "LatencySeconds" => Value::Number(self.milliseconds / 1000.0),
            _ => Value::Null,
        }
    }

    fn call(&self, function: Function) -> f64 {
        facts::call(function, self.now)
    }
}
