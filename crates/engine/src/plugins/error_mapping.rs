//! `errorMapping` at work: an answer that is an error becomes the one that its mapping says.

use super::{AnswerFacts, Facts, Scoped, Step};
use crate::backend::ResponseBody;
use crate::record::Notes;
use crate::request::answer::{self, Custom, Kind, Refusal};
use hyper::header::{HeaderMap, CONTENT_ENCODING, CONTENT_TYPE};
use hyper::Response;
use isthmus_plan::expression::Scope as _;
use isthmus_plan::plugin::ErrorMapping as Definition;
use isthmus_plan::{PlanError, Plugin};

/// Largest body that is looked into; fields of a longer one are null, and it passes as it is.
const BODY_LIMIT: usize = 1024 * 1024;

pub struct ErrorMapping {
    definition: Definition,
}

impl ErrorMapping {
    pub fn compile(_: &Plugin, definition: &Definition) -> Result<Self, PlanError> {
        Ok(Self { definition: definition.clone() })
    }

    /// `refusal` is there when the gateway made the answer.
    pub async fn apply(
        &self,
        step: &mut Step<'_, '_>,
        mut response: Response<ResponseBody>,
        refusal: Option<&Refusal>,
    ) -> Response<ResponseBody> {
        let mut read = None;
        if self.definition.parameters.reads_body() && is_plain_json(response.headers()) {
            match response.body_mut().peek(BODY_LIMIT).await {
                Ok(body) => read = body,
                Err(error) => {
                    let broken = Refusal::new(Kind::BackendResponse).with_detail(error.to_string());
                    return answer::refuse(&broken, step.thread.settings.refusal_body, step.entry);
                }
            }
        }
        let body = read.unwrap_or_default();
        let code = refusal.map_or("", |refusal| refusal.kind.listed().code);
        let answered = (response.status().as_u16(), code, response.headers());
        let custom = self.mapped(&AnswerFacts::new(step, answered, &body), &step.entry.notes);
        if let Some(custom) = custom {
            step.entry.mapped(custom.message.as_deref());
            answer::customize(&mut response, &custom);
        }
        response
    }

    fn mapped(&self, facts: &dyn Facts, notes: &Notes) -> Option<Custom> {
        let scope = Scoped::new(&self.definition.parameters, facts);
        if !self.definition.error_condition.holds(&scope) {
            notes.fact("errorCondition", "does not hold");
            return None;
        }
        let code = self.definition.error_code.as_ref().and_then(|name| scope.value(name).into_text());
        let fits = self.definition.mappings.iter().find(|mapping| match (&mapping.code, &mapping.condition) {
            (Some(wanted), _) => code.as_deref() == Some(wanted),
            (None, Some(condition)) => condition.holds(&scope),
            (None, None) => false,
        });
        match fits.map(|mapping| mapping.code.as_deref().unwrap_or("a condition")) {
            Some(code) => notes.rule(code),
            None if self.definition.default_mapping.is_some() => notes.rule("defaultMapping"),
            None => notes.fact("mapping", "none fits"),
        }
        let found = fits.map(|mapping| &mapping.answer).or(self.definition.default_mapping.as_ref())?;
        Some(Custom::of(found, &scope))
    }
}

/// JSON that is not compressed.
fn is_plain_json(headers: &HeaderMap) -> bool {
    let is_json = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|text| text.split(';').next().unwrap_or_default().to_ascii_lowercase().contains("json"));
    is_json && !headers.contains_key(CONTENT_ENCODING)
}
