//! `remoteAuth` at work: the service is asked, and the condition decides on what it answered.
//!
//! What is remembered is the answer, under everything the service was told; the condition is evaluated anew for each
//! request. Invariant: a service that cannot be asked lets nothing through.

mod question;

use super::{facts, AnswerFacts, Facts, RequestFacts, Scoped, Step};
use crate::backend;
use crate::record::{From, Notes, Verdict};
use crate::request::answer::{Custom, Kind, Refusal};
use crate::request::{Matched, RequestBody};
use bytes::Bytes;
use hyper::http::request::Parts;
use isthmus_plan::expression::{Function, Scope, Value};
use isthmus_plan::plugin::{RemoteAuth as Definition, Selector, SourceLocation};
use isthmus_plan::{Backend, ContentType, PlanError, Plugin};
use question::Question;
use quick_cache::sync::Cache;
use quick_cache::Weighter;
use std::sync::Arc;

/// Bytes of an answer that are read.
const ANSWER_LIMIT: usize = 64 * 1024;
/// Bytes of answers that one plug-in remembers, and what one of them counts beside its texts.
const MEMORY: u64 = 8 * 1024 * 1024;
const ENTRY: u64 = 128;

/// What the parameters about the answer stand for.
type Answered = Arc<Vec<(Box<str>, Value<'static>)>>;

/// Until when (Unix milliseconds), and what.
type Remembered = (i64, Answered);

pub struct RemoteAuth {
    definition: Definition,
    backend: Backend,
    memory: Option<Cache<[u8; 32], Remembered, BySize>>,
}

#[derive(Clone)]
struct BySize;

impl Weighter<[u8; 32], Remembered> for BySize {
    fn weight(&self, _: &[u8; 32], (_, answered): &Remembered) -> u64 {
        let texts = answered.iter().map(|(_, value)| if let Value::Text(text) = value { text.len() as u64 } else { 0 });
        ENTRY + texts.sum::<u64>()
    }
}

impl RemoteAuth {
    pub fn compile(_: &Plugin, definition: &Definition) -> Result<Self, PlanError> {
        let wrong = |(field, problem): (&str, String)| PlanError::new(format!("definition.{field}"), problem);
        let (target, base) = definition.target().map_err(wrong)?;
        let path = format!("{base}{}", definition.auth_uri.path.as_deref().unwrap_or("/"));
        let timeout_ms = definition.timeout_ms();
        let content_type = ContentType::Client;
        let (method, uses_variables, verify_tls) = (None, false, true);
        let backend =
            Backend { target, path, method, timeout_ms, content_type, uses_variables, verify_tls, http2: false };
        let remembers = definition.cached_time_by_second.is_some_and(|seconds| seconds > 0);
        let memory = remembers.then(|| Cache::with_weighter(1024, MEMORY, BySize));
        Ok(Self { definition: definition.clone(), backend, memory })
    }

    /// # Errors
    /// `PluginAuthorization` with the definition's status and message; why the service could not be asked.
    pub async fn check(
        &self,
        step: &mut Step<'_, '_>,
        head: &Parts,
        body: &mut RequestBody,
        matched: &Matched<'_>,
    ) -> Result<(), Refusal> {
        if step.thread.imagines {
            step.entry.notes.verdict(Verdict::Skipped);
            step.entry.notes.fact("service", "not asked in a dry run");
            return Ok(());
        }
        if self.reads_body() {
            body.collect(step.thread.settings.request_body_limit).await?;
        }
        let passed = self.definition.pass_through_body.then(|| Bytes::copy_from_slice(body.collected()));
        let question = {
            let facts = RequestFacts::new(step, head, body.collected(), matched);
            Question::new(&self.definition, &self.backend.path, head, &facts, passed)?
        };
        let answered = self.answer(step, question, matched).await?;
        {
            let facts = RequestFacts::new(step, head, body.collected(), matched);
            let request = Scoped::new(&self.definition.parameters, &facts);
            let scope = AuthScope { answered: &answered, request, notes: &step.entry.notes };
            step.entry.notes.rule("successCondition");
            if !self.definition.success_condition.holds(&scope) {
                return Err(self.refusal(&scope));
            }
        }
        let texts = answered.iter().filter_map(|(name, value)| Some((name.clone(), value.clone().into_text()?)));
        step.passage.set.extend(texts.map(|(name, text)| (name, text.into_owned())));
        Ok(())
    }

    fn reads_body(&self) -> bool {
        let form = |selector: &Selector| matches!(selector, Selector::Form(_));
        self.definition.pass_through_body
            || self.definition.auth_parameters.iter().any(|one| one.source_location == SourceLocation::Form)
            || self.definition.parameters.iter().any(|(_, selector)| form(selector))
    }

    /// From memory, or from the service.
    async fn answer(
        &self,
        step: &mut Step<'_, '_>,
        question: Question,
        matched: &Matched<'_>,
    ) -> Result<Answered, Refusal> {
        let now = step.now.unix_ms();
        let Some(memory) = &self.memory else { return self.ask(step, question).await };
        let digest = question.digest(&matched.edition.key);
        if let Some((_, answered)) = memory.get(&digest).filter(|(until, _)| *until > now) {
            step.entry.notes.fact("answer", "remembered");
            return Ok(answered);
        }
        let answered = self.ask(step, question).await?;
        let until = now + i64::from(self.definition.cached_time_by_second.unwrap_or_default()) * 1000;
        memory.insert(digest, (until, Arc::clone(&answered)));
        Ok(answered)
    }

    async fn ask(&self, step: &mut Step<'_, '_>, question: Question) -> Result<Answered, Refusal> {
        let failed = |refusal: Refusal| {
            let detail = refusal.detail.as_deref().unwrap_or_default();
            let detail = format!("the authentication service: {detail}");
            refusal.with_detail(detail)
        };
        let outgoing = question.into_outgoing(step.entry.request_id_header.as_ref());
        let sent = backend::send(step.thread, step.world, &self.backend, outgoing, step.entry).await;
        step.entry.notes.plugin_again();
        step.entry.notes.rule("backend");
        let mut response = sent.map_err(failed)?;
        let read = response.body_mut().peek(ANSWER_LIMIT).await;
        let read = read.map_err(|error| failed(Refusal::new(Kind::BackendResponse).with_detail(error.to_string())))?;
        let body = read.unwrap_or_default();
        let status = response.status().as_u16();
        let facts = AnswerFacts::new(step, (status, "", response.headers()), &body);
        let about_answer = self.definition.parameters.iter().filter(|(_, selector)| is_about_answer(selector));
        Ok(Arc::new(about_answer.map(|(name, selector)| (name.into(), facts.value(selector).into_owned())).collect()))
    }

    fn refusal(&self, scope: &AuthScope<'_>) -> Refusal {
        Refusal::because(Kind::PluginAuthorization, "`refused by the authentication service`").with_custom(Custom {
            status: self.definition.error_status_code,
            message: self.definition.error_message.as_ref().map(|text| text.render(scope)),
            ..Custom::default()
        })
    }
}

fn is_about_answer(selector: &Selector) -> bool {
    matches!(selector, Selector::StatusCode | Selector::ErrorCode | Selector::Header(_) | Selector::BodyJsonField(_))
}

/// The answer's values before the request's.
struct AuthScope<'s> {
    answered: &'s [(Box<str>, Value<'static>)],
    request: Scoped<'s>,
    notes: &'s Notes,
}

impl Scope for AuthScope<'_> {
    fn value(&self, name: &str) -> Value<'_> {
        match self.answered.iter().find(|(known, _)| **known == *name) {
            Some((_, value)) => {
                facts::note_value(self.notes, From::Own, name, name, value);
                value.clone()
            }
            None => self.request.value(name),
        }
    }

    fn call(&self, function: Function) -> f64 {
        self.request.call(function)
    }
}
