//! `transformer` at work: on the built backend request, and on the answer.

use super::outgoing::Change;
use super::Step;
use crate::backend::ResponseBody;
use crate::record::Notes;
use crate::request::answer::Refusal;
use crate::request::Outgoing;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use isthmus_plan::plugin::transformer::{Place, ResponseHeader, Transformer as Definition};
use isthmus_plan::{PlanError, Plugin};

pub struct Transformer(Definition);

impl Transformer {
    pub fn compile(_: &Plugin, definition: &Definition) -> Result<Self, PlanError> {
        Ok(Self(definition.clone()))
    }

    /// # Errors
    /// `BodyTooLarge`, `InvalidBody` when a form had to be read.
    pub async fn change_request(&self, step: &Step<'_, '_>, outgoing: &mut Outgoing) -> Result<(), Refusal> {
        let limit = step.thread.settings.request_body_limit;
        let notes = &step.entry.notes;
        for add in &self.0.add_request_parameter_if_absent {
            let change = Change::AddIfAbsent(add.value.as_deref().unwrap_or_default());
            notes.written("added if absent", format_args!("{:?} {}", add.location, add.name));
            outgoing.change(add.location, &add.name, change, limit).await?;
        }
        for put in &self.0.put_request_parameter {
            let change = Change::Put(put.value.as_deref().unwrap_or_default());
            notes.written("put", format_args!("{:?} {}", put.location, put.name));
            outgoing.change(put.location, &put.name, change, limit).await?;
        }
        for gone in &self.0.remove_request_parameter {
            notes.written("removed", format_args!("{:?} {}", gone.location, gone.name));
            outgoing.change(gone.location, &gone.name, Change::Remove, limit).await?;
        }
        Ok(())
    }

    /// Names of the headers that it sets in a backend request.
    pub fn put_headers(&self) -> impl Iterator<Item = &str> {
        let all = self.0.add_request_parameter_if_absent.iter().chain(&self.0.put_request_parameter);
        all.filter(|one| one.location == Place::Header).map(|one| one.name.as_str())
    }

    pub fn change_answer(&self, response: &mut Response<ResponseBody>, notes: &Notes) {
        if let Some(status) = self.0.set_response_status_code {
            notes.number("status", status);
        }
        for header in self.0.add_response_header_if_absent.iter().chain(&self.0.put_response_header) {
            notes.fact("header", &header.name);
        }
        for gone in &self.0.remove_response_header {
            notes.fact("removed", &gone.name);
        }
        if let Some(status) = self.0.set_response_status_code.and_then(|status| StatusCode::from_u16(status).ok()) {
            *response.status_mut() = status;
        }
        let headers = response.headers_mut();
        for (name, value) in self.0.add_response_header_if_absent.iter().filter_map(parsed) {
            if !headers.contains_key(&name) {
                headers.insert(name, value);
            }
        }
        for (name, value) in self.0.put_response_header.iter().filter_map(parsed) {
            headers.insert(name, value);
        }
        for gone in &self.0.remove_response_header {
            headers.remove(gone.name.as_str());
        }
    }
}

/// What a plug-in's check let through; what is no header all the same is left out.
fn parsed(header: &ResponseHeader) -> Option<(HeaderName, HeaderValue)> {
    let name = HeaderName::from_bytes(header.name.as_bytes()).ok()?;
    let value = HeaderValue::from_bytes(header.value.as_deref().unwrap_or_default().as_bytes()).ok()?;
    Some((name, value))
}
